/* SPDX-License-Identifier: ISC */
#include <sys/tree.h>

#include <stdlib.h>
#include <string.h>

#include "hosts.h"
#include "mem.h"

struct host {
	RB_ENTRY(host)		 entry;		/* hosts::all */
	TAILQ_ENTRY(host)	 link;		/* hosts::queue or ::asked */
	TAILQ_HEAD(, host_wait)	 waiting;
	enum { IDLE, QUEUED, ASKED } state;
	uint32_t		 query;		/* if ASKED */
	uint64_t		 until;		/* addrs or error hold */
	uint32_t		 naddrs;
	struct addr		*addrs;
	char			*error;		/* if there are none */
	char			 name[];
};

RB_HEAD(host_tree, host);
TAILQ_HEAD(host_list, host);

struct hosts {
	hosts_lookup_fn		 lookup;
	void			*arg;
	struct host_tree	 all;
	struct host_list	 queue, asked;
	uint32_t		 n, nasked, last_query;
	bool			 hurry;
	bool			 proxied;
};

static int
host_cmp(const struct host *a, const struct host *b)
{
	return strcmp(a->name, b->name);
}

RB_GENERATE_INTERNAL(host_tree, host, entry, host_cmp,
    __attribute__((unused)) static)

struct hosts *
hosts_new(hosts_lookup_fn lookup, void *arg)
{
	struct hosts	*hosts = xcalloc(1, sizeof(*hosts));

	hosts->lookup = lookup;
	hosts->arg = arg;
	RB_INIT(&hosts->all);
	TAILQ_INIT(&hosts->queue);
	TAILQ_INIT(&hosts->asked);
	return hosts;
}

static void
host_drop(struct hosts *hosts, struct host *h)
{
	RB_REMOVE(host_tree, &hosts->all, h);
	hosts->n--;
	free(h->addrs);
	free(h->error);
	free(h);
}

void
hosts_free(struct hosts *hosts)
{
	struct host	*h;

	while ((h = RB_ROOT(&hosts->all)) != NULL)
		host_drop(hosts, h);
	free(hosts);
}

static struct host *
host_find(struct hosts *hosts, const char *name)
{
	struct host	*h = RB_ROOT(&hosts->all);
	int		 c;

	while (h != NULL && (c = strcmp(name, h->name)) != 0)
		h = c < 0 ? RB_LEFT(h, entry) : RB_RIGHT(h, entry);
	return h;
}

static struct host *
host_get(struct hosts *hosts, const char *name)
{
	struct host	*h, *next;
	size_t		 len = strlen(name) + 1;

	if ((h = host_find(hosts, name)) != NULL)
		return h;
	if (hosts->n >= HOSTS_MAX)
		RB_FOREACH_SAFE(h, host_tree, &hosts->all, next)
			if (h->state == IDLE)
				host_drop(hosts, h);
	h = xcalloc(1, sizeof(*h) + len);
	memcpy(h->name, name, len);
	TAILQ_INIT(&h->waiting);
	RB_INSERT(host_tree, &hosts->all, h);
	hosts->n++;
	return h;
}

/* Look up those whose turn it is. */
static void
pump(struct hosts *hosts)
{
	struct host	*h;

	while (hosts->nasked < HOSTS_LOOKUPS_MAX &&
	    (h = TAILQ_FIRST(&hosts->queue)) != NULL) {
		TAILQ_REMOVE(&hosts->queue, h, link);
		if (TAILQ_EMPTY(&h->waiting)) {	/* given up meanwhile */
			h->state = IDLE;
			continue;
		}
		h->state = ASKED;
		TAILQ_INSERT_TAIL(&hosts->asked, h, link);
		hosts->nasked++;
		if (++hosts->last_query == 0)
			hosts->last_query = 1;
		h->query = hosts->last_query;
		hosts->lookup(hosts->arg, h->query, h->name);
	}
}

static void
host_keep(struct host *h, const struct addr *addrs, unsigned int n,
    uint32_t ttl, const char *error, uint64_t now)
{
	free(h->addrs);
	free(h->error);
	h->addrs = NULL;
	h->error = NULL;
	h->naddrs = n < HOST_ADDRS_MAX ? n : HOST_ADDRS_MAX;
	if (n == 0) {
		h->error = xstrdup(error != NULL && *error != '\0' ? error :
		    "no address");
		ttl = HOST_TTL_ERROR;
	} else {
		h->addrs = xcalloc(h->naddrs, sizeof(*addrs));
		memcpy(h->addrs, addrs, h->naddrs * sizeof(*addrs));
		ttl = ttl < HOST_TTL_MIN ? HOST_TTL_MIN :
		    ttl > HOST_TTL_MAX ? HOST_TTL_MAX : ttl;
	}
	h->until = now + ttl * UINT64_C(1000);
}

void
hosts_ask(struct hosts *hosts, struct host_wait *w, const char *name,
    host_fn fn, uint64_t now)
{
	struct host	*h;
	struct addr	 a;

	w->fn = fn;
	w->host = NULL;
	if (hosts->proxied) {
		fn(w, NULL, 0, NULL);
		return;
	}
	h = host_get(hosts, name);
	/* What is an address already is nothing to look up. */
	if (h->state == IDLE && addr_parse(&a, name, 0) == 0)
		host_keep(h, &a, 1, HOST_TTL_MAX, NULL, now);
	if (h->state == IDLE && (now < h->until ||
	    (hosts->hurry && h->naddrs > 0))) {
		fn(w, h->addrs, h->naddrs, h->error);
		return;
	}
	w->host = h;
	TAILQ_INSERT_TAIL(&h->waiting, w, link);
	if (h->state != IDLE)
		return;
	h->state = QUEUED;
	TAILQ_INSERT_TAIL(&hosts->queue, h, link);
	pump(hosts);
}

void
hosts_cancel(struct host_wait *w)
{
	if (w->host == NULL)
		return;
	TAILQ_REMOVE(&w->host->waiting, w, link);
	w->host = NULL;
}

void
hosts_answer(struct hosts *hosts, uint32_t query, const struct addr *addrs,
    unsigned int n, uint32_t ttl, const char *error, uint64_t now)
{
	struct host_wait	*w;
	struct host		*h;

	TAILQ_FOREACH(h, &hosts->asked, link)
		if (h->query == query)
			break;
	if (h == NULL)
		return;
	TAILQ_REMOVE(&hosts->asked, h, link);
	hosts->nasked--;
	host_keep(h, addrs, n, ttl, error, now);
	/* Still ASKED: h stays, and who asks within is told below, too. */
	while ((w = TAILQ_FIRST(&h->waiting)) != NULL) {
		hosts_cancel(w);
		w->fn(w, h->addrs, h->naddrs, h->error);
	}
	h->state = IDLE;
	pump(hosts);
}

void
hosts_doubt(struct hosts *hosts, const char *name)
{
	struct host	*h;

	if ((h = host_find(hosts, name)) != NULL)
		h->until = 0;
}

bool
hosts_are_near(struct hosts *hosts, const char *name)
{
	const struct host	*h = host_find(hosts, name);
	uint32_t		 i;

	for (i = 0; h != NULL && i < h->naddrs; i++)
		if (addr_class(&h->addrs[i]) == ADDR_GLOBAL)
			return false;
	return h != NULL && h->naddrs > 0;
}

void
hosts_hurry(struct hosts *hosts)
{
	hosts->hurry = true;
}

void
hosts_leave_to_proxy(struct hosts *hosts)
{
	hosts->proxied = true;
}
