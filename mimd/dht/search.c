/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "node.h"
#include "subnet.h"

struct search *
search_new(struct dht *d, struct side *side, enum search_kind kind,
    const uint8_t *target, uint64_t now)
{
	const struct table_node	*v[2 * LOOKUP_K];
	struct search		*s;
	uint32_t		 i, n;

	if (d->nsearches == SEARCHES_MAX)
		return NULL;
	s = xcalloc(1, sizeof(*s));
	s->kind = kind;
	s->side = side;
	s->since = now;
	lookup_init(&s->lookup, target, side->v6);
	n = table_closest(&side->table, target, v, 2 * LOOKUP_K);
	for (i = 0; i < n; i++)
		lookup_start(&s->lookup, v[i]->id, &v[i]->addr);
	TAILQ_INSERT_TAIL(&d->searches, s, entry);
	d->nsearches++;
	d->ready = true;
	return s;
}

void
search_free(struct dht *d, struct search *s)
{
	struct call	*call;

	/* Who answers is still entered into the table. */
	while ((call = calls_of(&d->calls, s)) != NULL)
		call->search = NULL;
	TAILQ_REMOVE(&d->searches, s, entry);
	d->nsearches--;
	lookup_clear(&s->lookup);
	free(s->peers);
	free(s->item);
	free(s->holders);
	free(s);
}

static void
ask(struct dht *d, struct search *s, struct lookup_node *node, uint64_t now)
{
	static const enum krpc_method	methods[] = {
		[SEARCH_NODES] = KRPC_FIND_NODE,
		[SEARCH_PEERS] = KRPC_GET_PEERS,
		[SEARCH_GET] = KRPC_GET, [SEARCH_PUT] = KRPC_GET
	};
	struct krpc			m;

	krpc_init(&m, KRPC_QUERY);
	m.method = methods[s->kind];
	m.target = s->lookup.target;
	/* Of the other family, too, as long as that has few. */
	if (s->kind == SEARCH_NODES && d->side[0].on && d->side[1].on)
		m.flags |= KRPC_WANT4 | KRPC_WANT6;
	if (!node_query(d, &node->addr, node->nameless ? NULL : node->id, &m,
	    s, now))
		lookup_on_timeout(&s->lookup, &node->addr, true);
}

/* Nodes of the other family that an answer brought. */
static void
take_other_family(struct dht *d, const struct search *s,
    const struct addr *from, const struct krpc *m)
{
	bool		 v6 = !s->side->v6;
	const uint8_t	*id;
	struct addr	 a;
	size_t		 i;

	if (!d->side[v6].on || d->side[v6].table.n >= 4 * TABLE_K)
		return;
	for (i = 0; i < TABLE_K &&
	    krpc_node(v6 ? &m->nodes6 : &m->nodes, v6, i, &id, &a); i++)
		if (subnet_is_local(from) || !subnet_is_local(&a))
			dht_add_contact(d, id, &a);
}

static bool
is_told(const struct search *s, const struct addr *a)
{
	uint32_t	i;

	for (i = 0; i < s->npeers; i++)
		if (addr_cmp(&s->peers[i], a) == 0)
			return true;
	return false;
}

static void
take_peers(struct dht *d, struct search *s, const struct addr *from,
    const struct addr *v, uint32_t n)
{
	const struct addr	*a;
	uint32_t		 i, had = s->npeers;

	if (n == 0)
		return;
	if (s->peers == NULL)
		s->peers = xcalloc(SEARCH_PEERS_MAX, sizeof(*s->peers));
	for (i = 0; i < n && s->npeers < SEARCH_PEERS_MAX; i++) {
		a = &v[i];
		if (a->port == 0 || addr_class(a) == ADDR_UNUSABLE ||
		    addr_is_v4(a) == s->side->v6 || is_told(s, a) ||
		    (from != NULL && subnet_is_local(a) &&
		    !subnet_is_local(from)))
			continue;
		s->peers[s->npeers++] = *a;
	}
	if (s->npeers > had && d->ops->peers != NULL)
		d->ops->peers(d->arg, s->lookup.target, s->peers + had,
		    s->npeers - had);
}

void
search_take_stored(struct dht *d, struct search *s)
{
	struct addr	v[NODE_VALUES4];

	take_peers(d, s, NULL, v, peerstore_get(&d->store, s->lookup.target,
	    s->side->v6, s->torrent->seed, node_random(d), v, NODE_VALUES4));
}

void
search_on_reply(struct dht *d, struct search *s, const struct addr *from,
    const struct krpc *m)
{
	d->ready = true;
	if (s->holders != NULL) {
		holders_on_answer(s, from, true);
		return;
	}
	if (lookup_on_reply(&s->lookup, from, m) == NULL)
		return;
	if (s->kind == SEARCH_PEERS)
		take_peers(d, s, from, m->values, m->nvalues);
	else if (s->kind == SEARCH_GET)
		requests_on_item(s, m);
	else if (s->kind == SEARCH_NODES)
		take_other_family(d, s, from, m);
}

void
search_on_slow(struct dht *d, struct search *s, const struct addr *a)
{
	d->ready = true;
	lookup_on_slow(&s->lookup, a);
}

void
search_on_failure(struct dht *d, struct search *s, const struct addr *a,
    bool final)
{
	d->ready = true;
	if (s->holders == NULL)
		lookup_on_timeout(&s->lookup, a, final);
	else if (final)
		holders_on_answer(s, a, false);
	else
		holders_on_timeout(s, a);
}

static void
end(struct dht *d, struct search *s, uint64_t now)
{
	switch (s->kind) {
	case SEARCH_NODES:
		upkeep_on_end(d, s);
		break;
	case SEARCH_PEERS:
		torrents_on_end(d, s, now);
		break;
	case SEARCH_GET:
	case SEARCH_PUT:
		requests_on_end(d, s);
		break;
	}
	search_free(d, s);
}

/* Ask as many as it may at a time; false if the budget is used up. */
static bool
run(struct dht *d, struct search *s, uint64_t now)
{
	struct lookup_node	*node;

	for (;;) {
		if (!lookup_can_ask(&s->lookup))
			return true;
		if (!budget_take(&d->budget, BUDGET_QUERY, now))
			return false;
		node = lookup_next(&s->lookup);
		ask(d, s, node, now);
	}
}

/* Returns whether it is over. */
static bool
step(struct dht *d, struct search *s, uint64_t now)
{
	if (s->holders == NULL) {
		if (!run(d, s, now))
			d->starved = true;
		if (!lookup_done(&s->lookup))
			return false;
		if (!holders_begin(s))
			return true;
	}
	return holders_run(d, s, now);
}

void
search_run_all(struct dht *d, uint64_t now)
{
	struct search	*s, *next;

	d->ready = false;
	d->starved = false;
	TAILQ_FOREACH_SAFE(s, &d->searches, entry, next) {
		if (step(d, s, now))
			end(d, s, now);
		if (d->starved)
			break;
	}
	/* Whoever was served is last the next time. */
	if (d->starved && (s = TAILQ_FIRST(&d->searches)) != NULL) {
		TAILQ_REMOVE(&d->searches, s, entry);
		TAILQ_INSERT_TAIL(&d->searches, s, entry);
	}
}
