/* SPDX-License-Identifier: ISC */
#ifndef TRANSFER_H
#define TRANSFER_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "curl_late.h"
#include "hosts.h"
#include "http.h"
#include "url.h"

struct fetcher;
struct guard;
struct loop_timer;

struct transfer;

/* Who takes the body himself, as it comes. */
struct transfer_sink {
	/* A line of the head. */
	void	(*header)(struct transfer *t, const char *line, size_t len);
	/* len if it is taken; TRANSFER_PAUSE: comes again; else: enough. */
	size_t	(*body)(struct transfer *t, const uint8_t *p, size_t len);
	void	(*end)(struct transfer *t, const char *error);
};
#define TRANSFER_PAUSE	((size_t)CURL_WRITEFUNC_PAUSE)

/* One request on its way: a hop at a time, each a transfer of libcurl's. */
struct transfer {
	struct fetcher		*fetcher;
	struct http_req		*req;
	void			*owner;
	const struct transfer_sink *sink;	/* NULL: see body */
	char			 range[48];	/* "first-last", or "" */
	struct loop_timer	*deadline;	/* owner sets; freed with t */
	struct url		 url;	/* of this hop */
	struct host_wait	 wait;	/* for its addresses */
	unsigned int		 redirects;
	bool			 origin_global;	/* no private address then */
	bool			 numeric;	/* host is an address */
	const char		*refused;	/* by the guard, why */
	bool			 absent;	/* no address of the family */
	bool			 too_large;
	CURL			*easy;	/* NULL between hops */
	struct curl_slist	*pins;
	long			 status;
	struct addr		 from;	/* who answered; port 0: a proxy */
	size_t			 headers;	/* bytes of this hop */
	uint8_t			*body;
	size_t			 len, size;
	char			 redirect[HTTP_URL_MAX];	/* or "" */
	char			 error[CURL_ERROR_SIZE];
};

/* A hop ended: error in words, or an answer (redirect: where to). */
typedef void (*hop_end_fn)(struct transfer *t, const char *error, void *arg);

struct fetcher *fetcher_new(struct loop *loop, const char *ca_file,
	    const struct guard *guard, hop_end_fn end, void *arg);

struct transfer *transfer_new(struct fetcher *f, struct http_req *req);
/* Ends a hop under way. */
void	transfer_free(struct transfer *t);
/* NULL, or why t->url cannot be fetched at all. */
const char *transfer_check_url(const struct transfer *t);
/* Fetch t->url from one of these addresses; NULL, or why not. */
const char *transfer_go(struct transfer *t, const struct addr *addrs,
	    unsigned int n);
/* Go on after TRANSFER_PAUSE. */
void	transfer_resume(struct transfer *t);
/* Of the answer, while it comes. */
long	transfer_status(struct transfer *t);
/*
 * Set t->url to where t->redirect points; NULL, or why not.  What was asked
 * for in private goes nowhere in the clear.
 */
const char *transfer_redirect(struct transfer *t);
/* What took too long. */
const char *transfer_timeout_text(struct transfer *t);

#endif /* TRANSFER_H */
