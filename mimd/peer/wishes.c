/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "net.h"

/* Of a piece: its priority, and whether a file begins or ends there. */
#define WISH_PRIO	0x03
#define WISH_EDGE	0x04

static uint8_t *
wishes_make(struct swarm *s)
{
	if (s->wishes == NULL) {
		s->wishes = xmalloc(s->geom.npieces);
		memset(s->wishes, PICKER_NORMAL, s->geom.npieces);
	}
	return s->wishes;
}

static uint32_t
wishes_mode(const struct swarm *s)
{
	return (s->sequential ? PICKER_SEQUENTIAL : 0) |
	    (s->first_last ? PICKER_EDGES_FIRST : 0);
}

void
swarm_set_mode(struct swarm *s, bool sequential, bool first_last)
{
	if (s->sequential == sequential && s->first_last == first_last)
		return;
	s->sequential = sequential;
	s->first_last = first_last;
	if (s->picker != NULL)
		picker_set_mode(s->picker, wishes_mode(s));
}

void
swarm_set_priority(struct swarm *s, uint32_t first, uint32_t last,
    enum picker_prio prio)
{
	uint8_t		*w;
	uint32_t	 i;

	if (first > last || last >= s->geom.npieces)
		return;
	if (s->wishes == NULL && prio == PICKER_NORMAL)
		return;
	w = wishes_make(s);
	for (i = first; i <= last; i++)
		w[i] = (uint8_t)((w[i] & ~WISH_PRIO) | prio);
	if (s->picker != NULL)
		picker_set_priority(s->picker, first, last, prio);
}

void
swarm_add_file(struct swarm *s, uint32_t first, uint32_t last)
{
	uint8_t	*w;

	if (first > last || last >= s->geom.npieces)
		return;
	w = wishes_make(s);
	w[first] |= WISH_EDGE;
	w[last] |= WISH_EDGE;
	if (s->picker != NULL)
		picker_add_file(s->picker, first, last);
}

void
swarm_tell_wishes(struct swarm *s)
{
	uint32_t	i, n = s->geom.npieces, end;

	for (i = 0; s->wishes != NULL && i < n; i = end) {
		for (end = i + 1; end < n && s->wishes[end] == s->wishes[i]; )
			end++;
		if ((s->wishes[i] & WISH_PRIO) != PICKER_NORMAL)
			picker_set_priority(s->picker, i, end - 1,
			    s->wishes[i] & WISH_PRIO);
		for (; i < end && (s->wishes[i] & WISH_EDGE) != 0; i++)
			picker_add_file(s->picker, i, i);
	}
	picker_set_mode(s->picker, wishes_mode(s));
}
