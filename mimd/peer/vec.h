/* SPDX-License-Identifier: ISC */
#ifndef VEC_H
#define VEC_H

#include <sys/uio.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net_limits.h"

/* The buffers of one readv(2) or writev(2): a head and data of each block. */
#define VEC_MAX	(2 * CONN_SEND_BLOCKS + 4)

struct vec {
	struct iovec	 iov[VEC_MAX];
	int		 n;
	size_t		 total;		/* bytes */
};

static inline void
vec_clear(struct vec *v)
{
	v->n = 0;
	v->total = 0;
}

/* There is room: who adds knows how many blocks it takes. */
static inline void
vec_add(struct vec *v, void *p, size_t n)
{
	v->iov[v->n].iov_base = p;
	v->iov[v->n++].iov_len = n;
	v->total += n;
}

/* Take from the end what is beyond max bytes; was a buffer cut in two? */
bool	vec_cut(struct vec *v, uint64_t max);
/* Take away the last buffer. */
void	vec_drop(struct vec *v);

#endif /* VEC_H */
