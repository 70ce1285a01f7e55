/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "reqs.h"

void
reqs_clear(struct reqs *q)
{
	free(q->v);
	memset(q, 0, sizeof(*q));
}

static void
reqs_grow(struct reqs *q)
{
	uint32_t	 size = q->size == 0 ? 8 : q->size * 2, i;
	struct req	*v = xreallocarray(NULL, size, sizeof(*v));

	for (i = 0; i < q->n; i++)
		v[i] = *reqs_at(q, i);
	free(q->v);
	q->v = v;
	q->head = 0;
	q->size = size;
}

bool
reqs_push(struct reqs *q, uint32_t max, uint32_t piece, uint32_t begin,
    uint32_t length)
{
	if (q->n >= max)
		return false;
	if (q->n == q->size)
		reqs_grow(q);
	*reqs_at(q, q->n++) = (struct req){ piece, begin, length };
	return true;
}

uint32_t
reqs_find(const struct reqs *q, uint32_t piece, uint32_t begin,
    uint32_t length)
{
	const struct req	*r;
	uint32_t		 i;

	for (i = 0; i < q->n; i++) {
		r = reqs_at(q, i);
		if (r->begin == begin && r->piece == piece &&
		    r->length == length)
			return i;
	}
	return REQS_NONE;
}

/* The older ones move up: answers come in order, so there are few. */
void
reqs_remove(struct reqs *q, uint32_t i)
{
	for (; i > 0; i--)
		*reqs_at(q, i) = *reqs_at(q, i - 1);
	q->head = (q->head + 1) & (q->size - 1);
	if (--q->n == 0 && q->size > 64)
		reqs_clear(q);
}
