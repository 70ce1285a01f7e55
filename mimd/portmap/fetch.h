/* SPDX-License-Identifier: ISC */
#ifndef FETCH_H
#define FETCH_H

#include <stddef.h>

#include "addr.h"

/* One HTTP request to a router, by a socket that is bound as all are. */
#define FETCH_MS	4000U	/* in all */
#define FETCH_MAX	65536U	/* bytes of an answer */

struct fetch;
struct loop;

/* error NULL: an answer, of this status. */
typedef void (*fetch_fn)(void *arg, int status, const char *body, size_t len,
	    const char *error);

struct fetch	*fetch_new(struct loop *loop, fetch_fn fn, void *arg);
/* fn is called once, later, unless fetch_cancel() comes before. */
void		 fetch_begin(struct fetch *f, const struct addr *to,
		    const char *request, size_t len);
void		 fetch_cancel(struct fetch *f);

#endif /* FETCH_H */
