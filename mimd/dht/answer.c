/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "item_krpc.h"
#include "node.h"

/*
 * The queries of others.  What an answer holds comes first; then it is cut to
 * what its source may get, so that nobody is flooded in another's name.
 */

/* An answer, and the bytes that it points to. */
struct answer {
	struct krpc	m;
	uint8_t		nodes[TABLE_K * KRPC_NODE4];
	uint8_t		nodes6[TABLE_K * KRPC_NODE6];
	uint8_t		token[TOKEN_LEN];
	uint8_t		seeds[BLOOM_LEN], peers[BLOOM_LEN];
};

static void
put_side(const struct side *side, const uint8_t *target, uint8_t *buf,
    struct krpc_bytes *out)
{
	const struct table_node	*v[TABLE_K];
	uint32_t		 i, n;

	n = table_closest(&side->table, target, v, TABLE_K);
	out->p = buf;
	for (i = 0; i < n; i++)
		out->n += krpc_put_node(buf + out->n, v[i]->id, &v[i]->addr);
}

/* Of the families that are wanted; if nothing is said, of the packet's. */
static void
put_nodes(struct dht *d, struct answer *a, const struct addr *from,
    const struct krpc *q)
{
	uint32_t	want = q->flags & (KRPC_WANT4 | KRPC_WANT6);

	if (want == 0)
		want = addr_is_v4(from) ? KRPC_WANT4 : KRPC_WANT6;
	if (want & KRPC_WANT4 && d->side[0].on)
		put_side(&d->side[0], q->target, a->nodes, &a->m.nodes);
	if (want & KRPC_WANT6 && d->side[1].on)
		put_side(&d->side[1], q->target, a->nodes6, &a->m.nodes6);
}

static void
put_token(struct dht *d, struct answer *a, const struct addr *from,
    const uint8_t *target)
{
	token_make(&d->tokens, from, target, a->token);
	a->m.token = (struct krpc_bytes){ a->token, sizeof(a->token) };
}

static void
fail(struct answer *a, int32_t code, const char *text)
{
	a->m.kind = KRPC_ERROR;
	a->m.code = code;
	a->m.text = text;
}

static void
answer_get_peers(struct dht *d, struct answer *a, const struct addr *from,
    const struct krpc *q)
{
	bool	v6 = !addr_is_v4(from);

	put_nodes(d, a, from, q);
	if (peerstore_has_room(&d->store, q->target))
		put_token(d, a, from, q->target);
	if (!peerstore_has(&d->store, q->target))
		return;
	a->m.nvalues = peerstore_get(&d->store, q->target, v6,
	    q->flags & KRPC_NOSEED, node_random(d), a->m.values,
	    v6 ? NODE_VALUES6 : NODE_VALUES4);
	if (a->m.nvalues > 0)
		a->m.flags |= KRPC_HAS_VALUES;
	if (q->flags & KRPC_SCRAPE && peerstore_filters(&d->store, q->target,
	    a->seeds, a->peers)) {
		a->m.seeds = a->seeds;
		a->m.peers = a->peers;
	}
}

static void
answer_announce(struct dht *d, struct answer *a, const struct addr *from,
    const struct krpc *q, uint64_t now)
{
	struct addr	peer = *from;

	if (!token_check(&d->tokens, from, q->target, &q->token)) {
		fail(a, KRPC_E_PROTOCOL, "bad token");
		return;
	}
	if (!(q->flags & KRPC_IMPLIED))
		peer.port = q->port;
	if (!peerstore_add(&d->store, q->target, &peer,
	    q->flags & KRPC_SEED, node_random(d), node_seconds(now)))
		fail(a, KRPC_E_SERVER, "no room");
}

static void
answer_get(struct dht *d, struct answer *a, const struct addr *from,
    const struct krpc *q)
{
	const struct item	*item = items_find(&d->items, q->target);

	put_nodes(d, a, from, q);
	put_token(d, a, from, q->target);
	if (item == NULL)
		return;
	if (item->signs && q->flags & KRPC_HAS_SEQ && item->seq <= q->seq) {
		a->m.seq = item->seq;
		a->m.flags |= KRPC_HAS_SEQ;
		return;
	}
	item_put(item, &a->m);
}

static const char *
item_error(int code)
{
	switch (code) {
	case KRPC_E_BIG:
		return "value too long";
	case KRPC_E_SIG:
		return "bad signature";
	case KRPC_E_SALT:
		return "salt too long";
	case KRPC_E_CAS:
		return "the value is another by now";
	case KRPC_E_SEQ:
		return "there is a newer value";
	case KRPC_E_SERVER:
		return "no room";
	default:
		return "not a valid item";
	}
}

/* The signature is only looked at for whoever had a token. */
static void
answer_put(struct dht *d, struct answer *a, const struct addr *from,
    const struct krpc *q, uint64_t now)
{
	struct item	item;
	int		code = item_read(&item, q, &q->salt);

	if (code == 0 && !token_check(&d->tokens, from, item.target,
	    &q->token)) {
		fail(a, KRPC_E_PROTOCOL, "bad token");
		return;
	}
	if (code == 0 && !item_verify(&item))
		code = KRPC_E_SIG;
	if (code == 0)
		code = items_store(&d->items, &item,
		    q->flags & KRPC_HAS_CAS ? &q->cas : NULL, from,
		    node_side(d, from)->table.id, node_seconds(now));
	if (code != 0)
		fail(a, code, item_error(code));
}

/* All who ask within a while get the same ones (BEP 51). */
static void
answer_sample(struct dht *d, struct answer *a, const struct addr *from,
    const struct krpc *q, uint64_t now)
{
	uint32_t	s = node_seconds(now);

	put_nodes(d, a, from, q);
	if (d->samples_at == 0 || s >= d->samples_at + NODE_SAMPLES_S) {
		d->nsamples = peerstore_sample(&d->store, node_random(d),
		    d->samples, NODE_SAMPLES);
		d->samples_at = s;
	}
	a->m.flags |= KRPC_HAS_SAMPLES;
	a->m.interval = d->samples_at + NODE_SAMPLES_S - s;
	a->m.num = d->store.nswarms;
	a->m.samples.p = d->samples[0];
	a->m.samples.n = d->nsamples * ID_LEN;
}

static void
fill(struct dht *d, struct answer *a, const struct addr *from,
    const struct krpc *q, uint64_t now)
{
	switch (q->method) {
	case KRPC_PING:
		break;
	case KRPC_FIND_NODE:
		put_nodes(d, a, from, q);
		break;
	case KRPC_GET_PEERS:
		answer_get_peers(d, a, from, q);
		break;
	case KRPC_ANNOUNCE:
		answer_announce(d, a, from, q, now);
		break;
	case KRPC_GET:
		answer_get(d, a, from, q);
		break;
	case KRPC_PUT:
		answer_put(d, a, from, q, now);
		break;
	case KRPC_SAMPLE:
		answer_sample(d, a, from, q, now);
		break;
	case KRPC_UNKNOWN:
		break;		/* has its error already */
	}
}

/* What can best be missed goes first; false when nothing is left. */
static bool
shrink(struct krpc *m)
{
	if (m->seeds != NULL) {
		m->seeds = m->peers = NULL;
	} else if (m->samples.n > 0) {
		m->samples.n = m->samples.n / ID_LEN / 2 * ID_LEN;
	} else if (m->nvalues > 4) {
		m->nvalues /= 2;
	} else if (m->v.p != NULL) {
		m->v.p = m->key = m->sig = NULL;
		m->flags &= ~KRPC_HAS_SEQ;
	} else if (m->nodes6.n > 0) {
		m->nodes6.n = m->nodes6.n / KRPC_NODE6 / 2 * KRPC_NODE6;
	} else if (m->nodes.n > 0) {
		m->nodes.n = m->nodes.n / KRPC_NODE4 / 2 * KRPC_NODE4;
	} else {
		return false;
	}
	return true;
}

static void
send_answer(struct dht *d, const struct addr *to, struct krpc *m,
    size_t query, size_t room)
{
	uint8_t	buf[KRPC_OUT_MAX];
	size_t	n;

	while ((n = node_build(buf, m)) == 0 || n > room)
		if (!shrink(m))
			return;
	gate_on_reply(&d->gate, to, query, n);
	d->stats.answers++;
	node_send(d, to, buf, n);
}

void
answer_query(struct dht *d, const struct addr *from, const struct krpc *m,
    size_t size, uint64_t now)
{
	struct side	*side = node_side(d, from);
	struct answer	 a;
	size_t		 room;

	d->stats.queries++;
	if (d->config.read_only)
		return;
	room = gate_ask(&d->gate, from, size, now);
	if (room == 0 || !budget_take(&d->budget, BUDGET_ANSWER, now)) {
		d->stats.refused++;
		return;
	}
	krpc_init(&a.m, m->code == 0 ? KRPC_RESPONSE : KRPC_ERROR);
	a.m.id = side->table.id;
	a.m.tid = m->tid;
	a.m.ip = *from;
	a.m.flags = KRPC_HAS_IP;
	if (m->code == 0)
		fill(d, &a, from, m, now);
	else
		fail(&a, m->code, m->text);
	send_answer(d, from, &a.m, size, room);
	if (m->id == NULL || m->flags & KRPC_RO)
		return;
	table_on_query(&side->table, m->id, from, node_seconds(now));
	upkeep_on_stranger(d, m->id, from, now);
}
