/* SPDX-License-Identifier: ISC */
#ifndef REQS_H
#define REQS_H

#include <stdbool.h>
#include <stdint.h>

/* A queue of block ranges; grows on demand, all zero is empty. */
struct req {
	uint32_t	piece, begin, length;
};

struct reqs {
	struct req	*v;
	uint32_t	 head, n, size;
};

#define REQS_NONE	UINT32_MAX

void	 reqs_clear(struct reqs *q);
/* False if it has max already. */
bool	 reqs_push(struct reqs *q, uint32_t max, uint32_t piece,
	    uint32_t begin, uint32_t length);
/* Index counted from the oldest, REQS_NONE if it is not there. */
uint32_t reqs_find(const struct reqs *q, uint32_t piece, uint32_t begin,
	    uint32_t length);
void	 reqs_remove(struct reqs *q, uint32_t i);

static inline struct req *
reqs_at(const struct reqs *q, uint32_t i)
{
	return &q->v[(q->head + i) & (q->size - 1)];
}

#endif /* REQS_H */
