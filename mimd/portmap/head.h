/* SPDX-License-Identifier: ISC */
#ifndef HEAD_H
#define HEAD_H

#include <stdbool.h>
#include <stddef.h>

/* The head of an HTTP answer (RFC 9112), as far as it is needed. */
#define HEAD_MAX	8192U		/* bytes */

struct head {
	int	status;
	size_t	size;			/* of the head: the body follows */
	bool	sized;			/* length is known */
	size_t	length;			/* of the body */
	bool	chunked;
};

/* 1: it is complete, 0: there is more to come, -1: it makes no sense. */
int	head_parse(struct head *h, const char *p, size_t len);
/* Put together the chunks of a body, in place: its length, or -1. */
long	head_join(char *body, size_t len);

#endif /* HEAD_H */
