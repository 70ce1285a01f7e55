/* SPDX-License-Identifier: ISC */
#include "vec.h"

void
vec_drop(struct vec *v)
{
	v->total -= v->iov[--v->n].iov_len;
}

bool
vec_cut(struct vec *v, uint64_t max)
{
	size_t	more;

	while (v->total > max) {
		more = v->total - (size_t)max;
		if (more < v->iov[v->n - 1].iov_len) {
			v->iov[v->n - 1].iov_len -= more;
			v->total -= more;
			return true;
		}
		vec_drop(v);
	}
	return false;
}
