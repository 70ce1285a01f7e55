/* SPDX-License-Identifier: ISC */
#include <sys/tree.h>

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hosts.h"
#include "http.h"
#include "loop.h"
#include "mem.h"
#include "transfer.h"

/*
 * Requests wait at their host, hosts with something to start wait in a ring,
 * so that a slow host holds up nobody but itself.  A host gets there once its
 * name has been looked up: neither does one whose name server is dead.
 */
#define HOST_ACTIVE_HURRY	16U
#define HTTP_HOSTS_MAX		1024U	/* ... before idle ones are dropped */

struct http_host {
	RB_ENTRY(http_host)	 entry;	/* http::hosts */
	TAILQ_ENTRY(http_host)	 link;	/* http::ready */
	TAILQ_HEAD(, http_req)	 waiting;
	struct http		*http;
	struct host_wait	 wait;	/* for its addresses */
	uint32_t		 active;
	bool			 asked;	/* ... is under way */
	bool			 ready;	/* is on that list */
	char			 name[];
};

RB_HEAD(http_tree, http_host);

struct http {
	struct loop		*loop;
	struct hosts		*hosts;
	struct fetcher		*fetcher;
	struct loop_timer	*pump;
	struct http_tree	 at;	/* where requests wait */
	uint32_t		 nhosts, active, host_active_max;
	TAILQ_HEAD(, http_host)	 ready;
};

static void	 http_pump(void *);
static void	 hop(struct http *, struct transfer *);
static void	 on_hop_end(struct transfer *, const char *, void *);

static int
host_cmp(const struct http_host *a, const struct http_host *b)
{
	return strcmp(a->name, b->name);
}

RB_GENERATE_INTERNAL(http_tree, http_host, entry, host_cmp,
    __attribute__((unused)) static)

struct http *
http_new(struct loop *loop, struct hosts *hosts, const char *ca_file,
    const struct guard *guard)
{
	struct http	*http = xcalloc(1, sizeof(*http));

	http->loop = loop;
	http->hosts = hosts;
	http->host_active_max = HTTP_HOST_ACTIVE_MAX;
	RB_INIT(&http->at);
	TAILQ_INIT(&http->ready);
	http->pump = loop_timer_new(loop, http_pump, http);
	http->fetcher = fetcher_new(loop, ca_file, guard, on_hop_end,
	    http);
	return http;
}

struct fetcher *
http_fetcher(const struct http *http)
{
	return http->fetcher;
}

/* ---- hosts ---- */

static void
host_drop(struct http *http, struct http_host *h)
{
	RB_REMOVE(http_tree, &http->at, h);
	http->nhosts--;
	free(h);
}

static void
hosts_sweep(struct http *http)
{
	struct http_host	*h, *next;

	RB_FOREACH_SAFE(h, http_tree, &http->at, next)
		if (h->active == 0 && !h->asked && TAILQ_EMPTY(&h->waiting))
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
	h->http = http;
	if (http->nhosts >= HTTP_HOSTS_MAX)
		hosts_sweep(http);
	if ((old = RB_INSERT(http_tree, &http->at, h)) != NULL) {
		free(h);
		return old;
	}
	http->nhosts++;
	return h;
}

static bool
host_may_start(const struct http_host *h)
{
	return !TAILQ_EMPTY(&h->waiting) &&
	    h->active < h->http->host_active_max;
}

/* Whatever came of it is known now, and each request asks by itself. */
static void
on_looked_up(struct host_wait *w, const struct addr *addrs, unsigned int n,
    const char *error)
{
	struct http_host	*h = (struct http_host *)((char *)w -
				    offsetof(struct http_host, wait));
	struct http		*http = h->http;

	(void)addrs;
	(void)n;
	(void)error;
	h->asked = false;
	if (!host_may_start(h))
		return;
	h->ready = true;
	TAILQ_INSERT_TAIL(&http->ready, h, link);
	if (!loop_timer_pending(http->pump))
		loop_timer_set(http->pump, 0);
}

static void
host_ready(struct http *http, struct http_host *h)
{
	if (h->ready || h->asked || !host_may_start(h))
		return;
	h->asked = true;
	hosts_ask(http->hosts, &h->wait, h->name, on_looked_up,
	    loop_now(http->loop));
}

/* ---- requests ---- */

void
http_submit(struct http *http, struct http_req *req,
    const struct http_user *user, const char *host, int family,
    uint32_t timeout)
{
	req->user = user;
	req->family = family;
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
		hosts_cancel(&t->wait);
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

	http->host_active_max = HOST_ACTIVE_HURRY;
	RB_FOREACH(h, http_tree, &http->at)
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
	result.absent = t->absent;
	result.status = t->status;
	result.from = t->from;
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

static void
on_host(struct host_wait *w, const struct addr *addrs, unsigned int n,
    const char *error)
{
	struct transfer	*t = (struct transfer *)((char *)w -
			    offsetof(struct transfer, wait));
	const char	*why = error;

	if (why == NULL)
		why = transfer_go(t, addrs, n);
	if (why != NULL)
		finish(t->owner, t, why);
}

/* Go to t->url: its addresses first. */
static void
hop(struct http *http, struct transfer *t)
{
	const char	*why;

	if ((why = transfer_check_url(t)) != NULL)
		finish(http, t, why);
	else
		hosts_ask(http->hosts, &t->wait, t->url.host, on_host,
		    loop_now(http->loop));
}

/* libcurl is through with a hop. */
static void
on_hop_end(struct transfer *t, const char *error, void *arg)
{
	struct http	*http = arg;
	const char	*why = error;

	if (error != NULL)
		hosts_doubt(http->hosts, t->url.host);
	else if (t->redirect[0] != '\0') {
		if ((why = transfer_redirect(t)) == NULL) {
			hop(http, t);
			return;
		}
	}
	finish(http, t, why);
}
