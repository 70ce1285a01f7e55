/* SPDX-License-Identifier: ISC */
#ifndef HTTP_H
#define HTTP_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"

/*
 * GET requests through libcurl's multi interface on the loop.  A transfer
 * follows redirects itself, hop by hop: each host is looked up by the
 * owner's lookup(), its addresses are judged, then pinned into libcurl, which
 * never resolves a name.
 */
#define HTTP_ACTIVE_MAX		50U	/* transfers at a time */
#define HTTP_HOST_ACTIVE_MAX	4U	/* ... that began at one host */
#define HTTP_BODY_MAX		(1U << 20)	/* bytes, after decoding */
#define HTTP_HEADER_MAX		(64U << 10)	/* bytes of a hop's headers */
#define HTTP_REDIRECTS_MAX	5U
#define HTTP_URL_MAX		4096U
#define HTTP_ERROR_MAX		300U
#define HTTP_ADDRS_MAX		16U

struct http;
struct http_host;
struct http_req;
struct http_result;
struct loop;
struct transfer;

/* Who a request is for; called from the loop and from http_addresses(). */
struct http_user {
	/* It is req's turn: write its URL, or return -1 if there is none. */
	int	(*url)(struct http_req *req, char *buf, size_t size);
	void	(*done)(struct http_req *req,
		    const struct http_result *result);
};

/* A request; embedded in what it is for.  All members are http.c's. */
struct http_req {
	const struct http_user	*user;
	TAILQ_ENTRY(http_req)	 link;	/* http_host::waiting */
	struct http_host	*host;	/* NULL: idle */
	struct transfer		*transfer;	/* NULL: waits its turn */
	uint32_t		 timeout;	/* ms */
};

struct http_result {
	const char	*error;		/* "host: reason", or NULL: answered */
	long		 status;	/* of HTTP */
	const uint8_t	*body;
	size_t		 len;
};

/* Have host looked up; answered by http_addresses(). */
typedef void (*http_lookup_fn)(void *arg, uint32_t query, const char *host);

/*
 * Opens all that needs a file or the sandbox would refuse later; without
 * ca_file ("") the system's certificates are used.
 */
struct http *http_new(struct loop *loop, http_lookup_fn lookup, void *arg,
	    const char *ca_file, bool allow_local);
/*
 * Queue a request to a host (of its URL); timeout counts from its turn and
 * holds for look-ups and all hops together.  req must be idle.
 */
void	 http_submit(struct http *http, struct http_req *req,
	    const struct http_user *user, const char *host, uint32_t timeout);
/* Give it up, without done(); an idle one is fine. */
void	 http_cancel(struct http *http, struct http_req *req);
/* The answer to lookup(); none and error if there are no addresses. */
void	 http_addresses(struct http *http, uint32_t query,
	    const struct addr *addrs, unsigned int n, const char *error);
/* From now on time is short: more at once to one host, old addresses. */
void	 http_hurry(struct http *http);

#endif /* HTTP_H */
