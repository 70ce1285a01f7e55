/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "dht.h"
#include "hash.h"
#include "mem.h"
#include "node.h"

#define EXPIRE_MS	60000	/* stores are swept */
#define LATE_BATCH	256	/* calls looked at in a run */

/* Two letters and two numbers (BEP 5, as in peer ids). */
static const uint8_t version[4] = { 'M', 'I', 0, 1 };

uint32_t
node_random(struct dht *d)
{
	uint32_t	v;

	d->ops->random(d->arg, &v, sizeof(v));
	return v;
}

void
node_random_id(struct dht *d, uint8_t id[ID_LEN])
{
	d->ops->random(d->arg, id, ID_LEN);
}

static void
rotate_tokens(struct dht *d, uint64_t now)
{
	uint8_t	secret[TOKEN_SECRET];

	d->ops->random(d->arg, secret, sizeof(secret));
	tokens_rotate(&d->tokens, secret, now);
}

struct dht *
dht_new(const struct dht_config *c, const struct dht_ops *ops, void *arg,
    uint64_t now)
{
	struct dht	*d = xcalloc(1, sizeof(*d));
	uint64_t	 key[2];
	int		 i;

	hash_init();
	d->ops = ops;
	d->arg = arg;
	ops->random(arg, key, sizeof(key));
	calls_init(&d->calls);
	gate_init(&d->gate, key[0]);
	peerstore_init(&d->store, key[1]);
	items_init(&d->items);
	TAILQ_INIT(&d->searches);
	RB_INIT(&d->torrents);
	for (i = 0; i < 2; i++)
		RB_INIT(&d->due[i]);
	rotate_tokens(d, now);
	d->side[0].on = c->v4;
	d->side[1].on = c->v6;
	for (i = 0; i < 2; i++) {
		d->side[i].v6 = i;
		upkeep_init(d, &d->side[i], now);
	}
	d->tick_at = now;
	d->expire_at = now + EXPIRE_MS;
	d->heard_at = now;
	d->budget.at = now;
	dht_configure(d, c, now);
	d->budget.tokens[BUDGET_QUERY] = d->budget.rate * UINT64_C(500);
	d->budget.tokens[BUDGET_ANSWER] = d->budget.tokens[BUDGET_QUERY];
	return d;
}

void
dht_configure(struct dht *d, const struct dht_config *c, uint64_t now)
{
	d->config = *c;
	budget_set(&d->budget, c->rate, now);
}

void
dht_free(struct dht *d)
{
	int	i;

	if (d == NULL)
		return;
	while (!TAILQ_EMPTY(&d->searches))
		search_free(d, TAILQ_FIRST(&d->searches));
	requests_clear(d);
	torrents_clear(d);
	for (i = 0; i < 2; i++)
		upkeep_clear(&d->side[i]);
	calls_clear(&d->calls);
	gate_clear(&d->gate);
	peerstore_clear(&d->store);
	items_clear(&d->items);
	free(d);
}

void
dht_set_id(struct dht *d, bool v6, const uint8_t *id, uint64_t now)
{
	table_rekey(&d->side[v6].table, id, node_seconds(now));
}

size_t
node_build(uint8_t out[KRPC_OUT_MAX], struct krpc *m)
{
	m->version = (struct krpc_bytes){ version, sizeof(version) };
	return krpc_build(out, m);
}

void
node_send(struct dht *d, const struct addr *to, const uint8_t *p, size_t n)
{
	d->stats.packets_out++;
	d->stats.bytes_out += n;
	d->ops->send(d->arg, to, p, n);
}

bool
node_query(struct dht *d, const struct addr *to, const uint8_t *id,
    struct krpc *m, struct search *search, uint64_t now)
{
	struct call	*call;
	uint8_t		 tid[CALLS_TID_LEN], buf[KRPC_OUT_MAX];

	call = calls_open(&d->calls, to, node_random(d), now);
	if (call == NULL)
		return false;
	call->method = (uint8_t)m->method;
	call->search = search;
	call->named = id != NULL;
	if (id != NULL)
		memcpy(call->id, id, ID_LEN);
	calls_put_tid(call, tid);
	m->kind = KRPC_QUERY;
	m->tid = (struct krpc_bytes){ tid, sizeof(tid) };
	m->id = node_side(d, to)->table.id;
	if (d->config.read_only)
		m->flags |= KRPC_RO;
	d->stats.asked++;
	node_send(d, to, buf, node_build(buf, m));
	return true;
}

/* An answer to a query of ours. */
static void
on_response(struct dht *d, struct call *call, const struct krpc *m,
    uint64_t now)
{
	struct side	*side = node_side(d, &call->to);
	struct search	*search = call->search;
	struct addr	 from = call->to;
	uint32_t	 rtt = calls_measure(&d->calls, call, now);

	calls_close(&d->calls, call);
	d->heard_at = now;
	if (memcmp(m->id, side->table.id, ID_LEN) == 0) {
		if (search != NULL)
			search_on_failure(d, search, &from, true);
		return;
	}
	if (!upkeep_is_only_router(side, &from))
		table_on_reply(&side->table, m->id, &from, rtt,
		    node_seconds(now));
	if (m->flags & KRPC_HAS_IP)
		upkeep_on_vote(d, &from, &m->ip, now);
	if (search != NULL)
		search_on_reply(d, search, &from, m);
}

static void
on_answer(struct dht *d, const struct addr *from, const struct krpc *m,
    uint64_t now)
{
	struct call	*call = calls_find(&d->calls, &m->tid, from);
	struct search	*search;

	if (call == NULL) {
		d->stats.bad++;
		return;
	}
	if (m->kind == KRPC_RESPONSE) {
		on_response(d, call, m, now);
		return;
	}
	search = call->search;
	calls_close(&d->calls, call);
	d->heard_at = now;
	if (search == NULL)
		return;
	requests_on_refusal(search, m->code);
	search_on_failure(d, search, from, true);
}

void
dht_input(struct dht *d, const struct addr *from, const uint8_t *p, size_t n,
    uint64_t now)
{
	struct krpc	m;

	d->stats.packets_in++;
	d->stats.bytes_in += n;
	if (!node_side(d, from)->on || from->port == 0 ||
	    krpc_parse(&m, p, n) == -1) {
		d->stats.bad++;
		return;
	}
	if (m.kind == KRPC_QUERY)
		answer_query(d, from, &m, n, now);
	else
		on_answer(d, from, &m, now);
}

/* One that did not answer; unless nobody does, when it is not its fault. */
static void
on_lost(struct dht *d, struct call *call, uint64_t now)
{
	struct search	*search = call->search;
	struct addr	 to = call->to;

	d->stats.timeouts++;
	if (call->named && d->heard_at + NODE_DEAF_MS > now)
		table_on_timeout(&node_side(d, &to)->table, call->id, &to);
	calls_close(&d->calls, call);
	if (search != NULL)
		search_on_failure(d, search, &to, false);
}

static void
run_calls(struct dht *d, uint64_t now)
{
	struct call	*call;
	bool		 lost;
	int		 i;

	for (i = 0; i < LATE_BATCH &&
	    (call = calls_late(&d->calls, now, &lost)) != NULL; i++) {
		if (lost)
			on_lost(d, call, now);
		else if (call->search != NULL)
			search_on_slow(d, call->search, &call->to);
	}
}

void
dht_run(struct dht *d, uint64_t now)
{
	run_calls(d, now);
	if (now >= d->tokens.rotate_at)
		rotate_tokens(d, now);
	if (now >= d->expire_at) {
		peerstore_expire(&d->store, node_seconds(now));
		items_expire(&d->items, node_seconds(now));
		d->expire_at = now + EXPIRE_MS;
	}
	if (now >= d->tick_at)
		upkeep_tick(d, now);
	torrents_run(d, now);
	search_run_all(d, now);
}

static uint64_t
earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t
dht_due(const struct dht *d)
{
	struct budget	budget = d->budget;
	uint64_t	due = earlier(d->tick_at, d->expire_at);

	due = earlier(due, calls_due(&d->calls));
	due = earlier(due, d->tokens.rotate_at);
	if (d->ready)
		return 0;
	if (d->starved)
		due = earlier(due, budget_due(&budget, budget.at));
	else
		due = earlier(due, torrents_due(d));
	return due;
}

const uint8_t *
dht_id(const struct dht *d, bool v6)
{
	return d->side[v6].table.id;
}

uint32_t
dht_nodes(const struct dht *d, bool v6, uint64_t now,
    const struct table_node **out, uint32_t max)
{
	return table_best(&d->side[v6].table, node_seconds(now), out, max);
}

void
dht_stats(const struct dht *d, uint64_t now, struct dht_stats *s)
{
	const struct search	*search;
	struct dht_side_stats	*side;
	int			 i;

	*s = d->stats;
	for (i = 0; i < 2; i++) {
		side = &s->side[i];
		side->on = d->side[i].on;
		table_count(&d->side[i].table, node_seconds(now),
		    &side->table);
		side->external = external_sure(&d->external, i == 0,
		    NODE_VOTES, side->address.ip);
		side->fits = side->external &&
		    id_fits(d->side[i].table.id, &side->address);
	}
	TAILQ_FOREACH(search, &d->searches, entry)
		s->side[search->side->v6].searches++;
	s->rtt = d->calls.srtt;
	s->torrents = d->ntorrents;
	s->late = torrents_late(d, now);
	s->hashes = d->store.nswarms;
	s->peers = d->store.npeers;
	s->items = d->items.n;
}
