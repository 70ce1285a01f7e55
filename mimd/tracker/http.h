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
 * follows redirects itself, hop by hop: each host is looked up, its addresses
 * are judged, then pinned into libcurl, which never resolves a name.
 */
#define HTTP_ACTIVE_MAX		50U	/* transfers at a time */
#define HTTP_HOST_ACTIVE_MAX	4U	/* ... that began at one host */
#define HTTP_BODY_MAX		(1U << 20)	/* bytes, after decoding */
#define HTTP_HEADER_MAX		(64U << 10)	/* bytes of a hop's headers */
#define HTTP_REDIRECTS_MAX	5U
#define HTTP_URL_MAX		4096U
#define HTTP_ERROR_MAX		300U

struct fetcher;
struct guard;
struct hosts;
struct http;
struct http_host;
struct http_req;
struct http_result;
struct loop;
struct transfer;

/* Who a request is for; called from the loop and from hosts_answer(). */
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
	int			 family;
};

struct http_result {
	const char	*error;		/* "host: reason", or NULL: answered */
	bool		 absent;	/* no address of the family */
	long		 status;	/* of HTTP */
	struct addr	 from;		/* who answered; port 0: a proxy */
	const uint8_t	*body;
	size_t		 len;
};

/*
 * Opens all that needs a file or the sandbox would refuse later; without
 * ca_file ("") the system's certificates are used.
 */
struct http *http_new(struct loop *loop, struct hosts *hosts,
	    const char *ca_file, const struct guard *guard);
/*
 * Queue a request to a host (of its URL), at its addresses of one family
 * (AF_INET, AF_INET6) or of any (AF_UNSPEC).  timeout counts from its turn
 * and holds for look-ups and all hops together.  req must be idle.
 */
void	 http_submit(struct http *http, struct http_req *req,
	    const struct http_user *user, const char *host, int family,
	    uint32_t timeout);
/* Give it up, without done(); an idle one is fine. */
void	 http_cancel(struct http *http, struct http_req *req);
/* For transfers of others on the same connections. */
struct fetcher *http_fetcher(const struct http *http);
/* From now on time is short: more at once to one host. */
void	 http_hurry(struct http *http);

#endif /* HTTP_H */
