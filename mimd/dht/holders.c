/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "item_krpc.h"
#include "mem.h"
#include "node.h"

bool
holders_begin(struct search *s)
{
	const struct lookup_node	*v[2 * LOOKUP_K];
	struct holder			*h;
	uint32_t			 i;

	if (s->kind == SEARCH_NODES || s->kind == SEARCH_GET)
		return false;
	s->nholders = lookup_holders(&s->lookup, v);
	if (s->nholders == 0)
		return false;
	s->holders = xcalloc(s->nholders, sizeof(*s->holders));
	for (i = 0; i < s->nholders; i++) {
		h = &s->holders[i];
		h->addr = v[i]->addr;
		memcpy(h->id, v[i]->id, ID_LEN);
		h->ntoken = v[i]->ntoken;
		memcpy(h->token, v[i]->token, h->ntoken);
	}
	return true;
}

static void
fill_announce(const struct dht *d, const struct search *s, struct krpc *m)
{
	m->method = KRPC_ANNOUNCE;
	m->target = s->lookup.target;
	m->port = d->config.port;
	if (m->port == 0)
		m->flags |= KRPC_IMPLIED;
	if (s->torrent->seed)
		m->flags |= KRPC_SEED;
}

static void
fill_put(const struct search *s, struct krpc *m)
{
	m->method = KRPC_PUT;
	item_put(s->item, m);
	if (s->item->nsalt > 0)
		m->salt = (struct krpc_bytes){ s->item->salt,
		    s->item->nsalt };
	if (s->has_cas) {
		m->cas = s->cas;
		m->flags |= KRPC_HAS_CAS;
	}
}

static void
tell(struct dht *d, struct search *s, struct holder *h, uint64_t now)
{
	struct krpc	m;

	krpc_init(&m, KRPC_QUERY);
	m.token = (struct krpc_bytes){ h->token, h->ntoken };
	if (s->kind == SEARCH_PEERS)
		fill_announce(d, s, &m);
	else
		fill_put(s, &m);
	h->tries++;
	h->waits = node_query(d, &h->addr, h->id, &m, s, now);
	h->done = !h->waits;
}

bool
holders_run(struct dht *d, struct search *s, uint64_t now)
{
	struct holder	*h;
	uint32_t	 i;
	bool		 over = true;

	for (i = 0; i < s->nholders; i++) {
		h = &s->holders[i];
		if (!h->done && !h->waits) {
			if (!budget_take(&d->budget, BUDGET_QUERY, now)) {
				d->starved = true;
				return false;
			}
			tell(d, s, h, now);
		}
		over = over && h->done;
	}
	return over;
}

static struct holder *
waiting(struct search *s, const struct addr *a)
{
	uint32_t	i;

	for (i = 0; i < s->nholders; i++)
		if (s->holders[i].waits &&
		    addr_cmp(&s->holders[i].addr, a) == 0)
			return &s->holders[i];
	return NULL;
}

void
holders_on_answer(struct search *s, const struct addr *a, bool stored)
{
	struct holder	*h = waiting(s, a);

	if (h == NULL)
		return;
	h->waits = false;
	h->done = true;
	h->stored = stored;
}

void
holders_on_timeout(struct search *s, const struct addr *a)
{
	struct holder	*h = waiting(s, a);

	if (h == NULL)
		return;
	h->waits = false;
	h->done = h->tries == SEARCH_STORE_TRIES;
}

uint32_t
holders_count(const struct search *s)
{
	uint32_t	i, n = 0;

	for (i = 0; i < s->nholders; i++)
		n += s->holders[i].stored;
	return n;
}
