/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "bitfield.h"
#include "mem.h"
#include "net.h"

/*
 * Of a piece: its priority, whether a file begins or ends there, and whether
 * disk cannot write it, so that it is not wanted whatever its priority.
 */
#define WISH_PRIO	0x03
#define WISH_EDGE	0x04
#define WISH_BARRED	0x08

/* Pieces that follow one another, and get this priority. */
struct wish_run {
	uint32_t	first, n;
	uint8_t		prio;
};

static void
wish_run_end(struct swarm *s, struct wish_run *run)
{
	if (run->n > 0 && s->picker != NULL)
		picker_set_priority(s->picker, run->first,
		    run->first + run->n - 1, run->prio);
	run->n = 0;
}

static uint8_t *
wishes_make(struct swarm *s)
{
	if (s->wishes == NULL) {
		s->wishes = xmalloc(s->geom.npieces);
		memset(s->wishes, PICKER_NORMAL, s->geom.npieces);
	}
	return s->wishes;
}

static uint8_t
wish_prio(uint8_t wish)
{
	return (wish & WISH_BARRED) != 0 ? PICKER_SKIP : wish & WISH_PRIO;
}

/* Let a piece have this wish; runs of pieces whose priority changes grow. */
static void
wish_set(struct swarm *s, uint32_t piece, uint8_t wish, struct wish_run *run)
{
	uint8_t	was = s->wishes[piece];

	s->wishes[piece] = wish;
	if (wish_prio(was) == wish_prio(wish))
		return;
	if (run->n > 0 && (run->first + run->n != piece ||
	    run->prio != wish_prio(wish)))
		wish_run_end(s, run);
	if (run->n++ == 0) {
		run->first = piece;
		run->prio = wish_prio(wish);
	}
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
	struct wish_run	 run = { .n = 0 };
	uint8_t		*w;
	uint32_t	 i;

	if (first > last || last >= s->geom.npieces)
		return;
	if (s->wishes == NULL && prio == PICKER_NORMAL)
		return;
	w = wishes_make(s);
	for (i = first; i <= last; i++)
		wish_set(s, i, (uint8_t)((w[i] & ~WISH_PRIO) | prio), &run);
	wish_run_end(s, &run);
}

void
swarm_set_barred(struct swarm *s, uint32_t first, const uint8_t *bits,
    uint32_t n)
{
	struct wish_run	 run = { .n = 0 };
	uint8_t		*w = wishes_make(s);
	uint32_t	 i, piece = 8 * first;

	for (i = 0; i < 8 * n && piece < s->geom.npieces; i++, piece++)
		wish_set(s, piece, bitfield_get(bits, i) ?
		    w[piece] | WISH_BARRED :
		    w[piece] & (uint8_t)~WISH_BARRED, &run);
	wish_run_end(s, &run);
}

void
swarm_unbar(struct swarm *s)
{
	struct wish_run	 run = { .n = 0 };
	uint32_t	 i;

	for (i = 0; s->wishes != NULL && i < s->geom.npieces; i++)
		wish_set(s, i, s->wishes[i] & (uint8_t)~WISH_BARRED, &run);
	wish_run_end(s, &run);
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
		if (wish_prio(s->wishes[i]) != PICKER_NORMAL)
			picker_set_priority(s->picker, i, end - 1,
			    wish_prio(s->wishes[i]));
		for (; i < end && (s->wishes[i] & WISH_EDGE) != 0; i++)
			picker_add_file(s->picker, i, i);
	}
	picker_set_mode(s->picker, wishes_mode(s));
}
