/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conf.h"
#include "mem.h"
#include "node_hosts.h"

#define TIMES_MAX	16U	/* beyond, waits are as long as can be */

void
node_hosts_clear(struct node_hosts *h)
{
	while (h->n > 0)
		free(h->v[--h->n].host);
	free(h->v);
	memset(h, 0, sizeof(*h));
}

static bool
is_same(const struct node_hosts *h, const struct conf_host *v, uint32_t n)
{
	uint32_t	i;

	for (i = 0; i < n && n == h->nrouters; i++)
		if (h->v[i].port != v[i].port ||
		    strcmp(h->v[i].host, v[i].host) != 0)
			return false;
	return n == h->nrouters;
}

static void
put(struct node_hosts *h, const char *host, uint16_t port, bool router)
{
	h->v = xreallocarray(h->v, h->n + 1, sizeof(*h->v));
	h->v[h->n++] = (struct node_host){
		.host = xstrdup(host), .port = port, .router = router
	};
}

bool
node_hosts_set(struct node_hosts *h, const struct conf_host *v, uint32_t n)
{
	struct node_hosts	before = *h;
	uint32_t		i;

	if (is_same(h, v, n))
		return false;
	h->v = NULL;
	h->n = 0;
	h->nrouters = n;
	for (i = 0; i < n; i++)
		put(h, v[i].host, v[i].port, true);
	for (i = before.nrouters; i < before.n; i++)
		node_hosts_add(h, before.v[i].host, before.v[i].port);
	while (before.n > 0)
		free(before.v[--before.n].host);
	free(before.v);
	return true;
}

void
node_hosts_add(struct node_hosts *h, const char *host, uint16_t port)
{
	uint32_t	i;

	if (h->n - h->nrouters == NODE_HOSTS_MAX)
		return;
	for (i = 0; i < h->n; i++)
		if (h->v[i].port == port && strcasecmp(h->v[i].host, host) == 0)
			return;
	put(h, host, port, false);
}

void
node_hosts_want(struct node_hosts *h)
{
	uint32_t	i;

	for (i = 0; i < h->n; i++)
		h->v[i].wanted = true;
}

void
node_hosts_rest(struct node_hosts *h)
{
	uint32_t	i;

	for (i = 0; i < h->n; i++)
		h->v[i].wanted = false;
}

void
node_hosts_anew(struct node_hosts *h, uint64_t due)
{
	uint32_t	i;

	node_hosts_rest(h);
	for (i = 0; i < h->n; i++) {
		if (!h->v[i].failed)
			h->v[i].due = h->v[i].times = 0;
		if (h->v[i].due < due)
			h->v[i].due = due;
	}
}

const struct node_host *
node_hosts_next(struct node_hosts *h, uint64_t now)
{
	struct node_host	*next = NULL;
	uint32_t		 i, asked = 0;

	for (i = 0; i < h->n; i++) {
		if (h->v[i].query != 0)
			asked++;
		else if (next == NULL && h->v[i].wanted && h->v[i].due <= now)
			next = &h->v[i];
	}
	if (next == NULL || asked >= NODE_HOSTS_ASKED_MAX)
		return NULL;
	if (h->last_query++ == NODE_HOSTS_QUERY_MAX)
		h->last_query = 1;
	next->query = h->last_query;
	return next;
}

static uint64_t
wait_of(const struct node_host *v)
{
	uint64_t	ms, most;

	ms = v->failed ? NODE_HOSTS_RETRY_MS : NODE_HOSTS_AGAIN_MS;
	most = v->failed && v->router ? NODE_HOSTS_ROUTER_MS :
	    NODE_HOSTS_LAST_MS;
	ms <<= v->times;
	return ms < most ? ms : most;
}

const struct node_host *
node_hosts_answer(struct node_hosts *h, uint32_t query, bool good,
    uint64_t now)
{
	struct node_host	*v;

	for (v = h->v; v < h->v + h->n; v++)
		if (query != 0 && v->query == query)
			break;
	if (v == h->v + h->n)
		return NULL;
	if (v->failed == good)
		v->times = 0;
	v->failed = !good;
	v->query = 0;
	v->due = now + wait_of(v);
	if (v->times < TIMES_MAX)
		v->times++;
	/* Routers are there as a rule; it is the network that is not. */
	if (good || !v->router)
		v->wanted = false;
	return v;
}

void
node_hosts_unask(struct node_hosts *h)
{
	uint32_t	i;

	for (i = 0; i < h->n; i++)
		h->v[i].query = 0;
}
