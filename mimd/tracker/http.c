/* SPDX-License-Identifier: ISC */
#include <sys/tree.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http.h"
#include "log.h"
#include "loop.h"
#include "mem.h"
#include "transfer.h"

/*
 * Requests wait at their host, hosts with something to start wait in a ring,
 * so that a slow host holds up nobody but itself.
 */
#define HOST_ACTIVE_HURRY	16U
#define HOSTS_MAX		1024U	/* ... before idle ones are dropped */
#define ADDRS_TTL		300000U	/* ms that addresses are kept */

struct http_host {
	RB_ENTRY(http_host)	 entry;	/* http::hosts */
	TAILQ_ENTRY(http_host)	 link;	/* http::ready */
	TAILQ_HEAD(, http_req)	 waiting;
	uint32_t		 active;
	bool			 ready;	/* is on that list */
	uint64_t		 addrs_until;
	uint32_t		 naddrs;
	struct addr		 addrs[HTTP_ADDRS_MAX];
	char			 name[];
};

RB_HEAD(host_tree, http_host);

struct http {
	struct loop		*loop;
	http_lookup_fn		 lookup;
	void			*arg;
	struct fetcher		*fetcher;
	struct loop_timer	*pump;
	struct host_tree	 hosts;
	uint32_t		 nhosts, active, host_active_max;
	bool			 hurry;
	TAILQ_HEAD(, http_host)	 ready;
	TAILQ_HEAD(, transfer)	 running;
	uint32_t		 last_query;
};

static void	 http_pump(void *);
static void	 hop(struct http *, struct transfer *);
static void	 on_hop_end(struct transfer *, const char *, void *);

static int
host_cmp(const struct http_host *a, const struct http_host *b)
{
	return strcmp(a->name, b->name);
}

RB_GENERATE_INTERNAL(host_tree, http_host, entry, host_cmp,
    __attribute__((unused)) static)

struct http *
http_new(struct loop *loop, http_lookup_fn lookup, void *arg,
    const char *ca_file, bool allow_local)
{
	struct http	*http = xcalloc(1, sizeof(*http));

	http->loop = loop;
	http->lookup = lookup;
	http->arg = arg;
	http->host_active_max = HTTP_HOST_ACTIVE_MAX;
	RB_INIT(&http->hosts);
	TAILQ_INIT(&http->ready);
	TAILQ_INIT(&http->running);
	http->pump = loop_timer_new(loop, http_pump, http);
	http->fetcher = fetcher_new(loop, ca_file, allow_local, on_hop_end,
	    http);
	return http;
}

/* ---- hosts ---- */

static void
host_drop(struct http *http, struct http_host *h)
{
	RB_REMOVE(host_tree, &http->hosts, h);
	http->nhosts--;
	free(h);
}

static void
hosts_sweep(struct http *http)
{
	struct http_host	*h, *next;

	RB_FOREACH_SAFE(h, host_tree, &http->hosts, next)
		if (h->active == 0 && TAILQ_EMPTY(&h->waiting))
			host_drop(http, h);
}

static struct http_host *
host_get(struct http *http, const char *name)
{
	struct http_host	*h, *old;
	size_t			 len = strlen(name) + 1;

	h = xcalloc(1, sizeof(*h) + len);
	memcpy(h->name, name, len);
	TAILQ_INIT(&h->waiting);
	if (http->nhosts >= HOSTS_MAX)
		hosts_sweep(http);
	if ((old = RB_INSERT(host_tree, &http->hosts, h)) != NULL) {
		free(h);
		return old;
	}
	http->nhosts++;
	return h;
}

static void
host_ready(struct http *http, struct http_host *h)
{
	if (h->ready || TAILQ_EMPTY(&h->waiting) ||
	    h->active >= http->host_active_max)
		return;
	h->ready = true;
	TAILQ_INSERT_TAIL(&http->ready, h, link);
	if (!loop_timer_pending(http->pump))
		loop_timer_set(http->pump, 0);
}

/* ---- requests ---- */

void
http_submit(struct http *http, struct http_req *req,
    const struct http_user *user, const char *host, uint32_t timeout)
{
	req->user = user;
	req->host = host_get(http, host);
	req->transfer = NULL;
	req->timeout = timeout;
	TAILQ_INSERT_TAIL(&req->host->waiting, req, link);
	host_ready(http, req->host);
}

/* The request has no more to do with us; its place is free. */
static void
release(struct http *http, struct http_req *req)
{
	struct http_host	*h = req->host;
	struct transfer		*t = req->transfer;

	req->host = NULL;
	req->transfer = NULL;
	if (t != NULL) {
		TAILQ_REMOVE(&http->running, t, link);
		transfer_free(t);
		http->active--;
		h->active--;
	} else
		TAILQ_REMOVE(&h->waiting, req, link);
	if (h->ready && TAILQ_EMPTY(&h->waiting)) {
		h->ready = false;
		TAILQ_REMOVE(&http->ready, h, link);
	}
	host_ready(http, h);
	if (!TAILQ_EMPTY(&http->ready) && !loop_timer_pending(http->pump))
		loop_timer_set(http->pump, 0);
}

void
http_cancel(struct http *http, struct http_req *req)
{
	if (req->host != NULL)
		release(http, req);
}

void
http_hurry(struct http *http)
{
	struct http_host	*h;

	http->hurry = true;
	http->host_active_max = HOST_ACTIVE_HURRY;
	RB_FOREACH(h, host_tree, &http->hosts)
		host_ready(http, h);
}

/* The end of a request, good or bad; its transfer is gone afterwards. */
static void
finish(struct http *http, struct transfer *t, const char *error)
{
	struct http_req		*req = t->req;
	struct http_result	 result = { .error = error };
	uint8_t			*body = t->body;
	char			 text[HTTP_ERROR_MAX];

	if (error != NULL) {
		snprintf(text, sizeof(text), "%s: %s", t->url.host[0] != '\0' ?
		    t->url.host : req->host->name, error);
		result.error = text;
	}
	result.status = t->status;
	result.body = body;
	result.len = t->len;
	t->body = NULL;
	release(http, req);
	req->user->done(req, &result);
	free(body);
}

static void
on_timeout(void *arg)
{
	struct transfer	*t = arg;

	finish(t->owner, t, transfer_timeout_text(t));
}

static void
start(struct http *http, struct http_req *req)
{
	struct transfer	*t;
	const char	*why;
	char		 url[HTTP_URL_MAX];

	t = transfer_new(http->fetcher, req);
	t->owner = http;
	t->deadline = loop_timer_new(http->loop, on_timeout, t);
	loop_timer_set(t->deadline, req->timeout);
	req->transfer = t;
	TAILQ_REMOVE(&req->host->waiting, req, link);
	TAILQ_INSERT_TAIL(&http->running, t, link);
	req->host->active++;
	http->active++;
	host_ready(http, req->host);
	if (req->user->url(req, url, sizeof(url)) == -1)
		finish(http, t, "URL too long");
	else if (url_parse(&t->url, url, &why) == -1)
		finish(http, t, why);
	else
		hop(http, t);
}

static void
http_pump(void *arg)
{
	struct http		*http = arg;
	struct http_host	*h;

	while (http->active < HTTP_ACTIVE_MAX &&
	    (h = TAILQ_FIRST(&http->ready)) != NULL) {
		TAILQ_REMOVE(&http->ready, h, link);
		h->ready = false;
		start(http, TAILQ_FIRST(&h->waiting));
	}
}

/* ---- hops ---- */

/* Go to t->url: its addresses first. */
static void
hop(struct http *http, struct transfer *t)
{
	struct http_host	*h;
	const char		*why;

	if ((why = transfer_check_url(t)) != NULL) {
		finish(http, t, why);
		return;
	}
	h = host_get(http, t->url.host);
	if (h->naddrs > 0 && (http->hurry ||
	    loop_now(http->loop) < h->addrs_until)) {
		if ((why = transfer_go(t, h->addrs, h->naddrs)) != NULL)
			finish(http, t, why);
		return;
	}
	if (++http->last_query == 0)
		http->last_query = 1;
	t->query = http->last_query;
	http->lookup(http->arg, t->query, t->url.host);
}

void
http_addresses(struct http *http, uint32_t query, const struct addr *addrs,
    unsigned int n, const char *error)
{
	struct http_host	*h;
	struct transfer		*t;
	const char		*why;

	TAILQ_FOREACH(t, &http->running, link)
		if (t->query == query)
			break;
	if (t == NULL)		/* given up meanwhile */
		return;
	t->query = 0;
	if (n == 0) {
		finish(http, t, error != NULL && *error != '\0' ? error :
		    "no address");
		return;
	}
	h = host_get(http, t->url.host);
	h->naddrs = n > HTTP_ADDRS_MAX ? HTTP_ADDRS_MAX : n;
	memcpy(h->addrs, addrs, h->naddrs * sizeof(*addrs));
	h->addrs_until = loop_now(http->loop) + ADDRS_TTL;
	if ((why = transfer_go(t, h->addrs, h->naddrs)) != NULL)
		finish(http, t, why);
}

/* libcurl is through with a hop. */
static void
on_hop_end(struct transfer *t, const char *error, void *arg)
{
	struct http		*http = arg;
	struct http_host	*h;
	const char		*why = error;

	if (error != NULL) {	/* perhaps it has moved */
		h = host_get(http, t->url.host);
		h->addrs_until = 0;
	} else if (t->redirect[0] != '\0') {
		if ((why = transfer_redirect(t)) == NULL) {
			hop(http, t);
			return;
		}
	}
	finish(http, t, why);
}
