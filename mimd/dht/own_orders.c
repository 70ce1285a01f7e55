/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "item.h"
#include "krpc.h"
#include "own.h"

/* What the parent's clients want of our nodes. */

#define RATES_MS	5000	/* packets are counted for so long */
#define RATES_SOON_MS	1000	/* ... at least, if somebody asks */

_Static_assert(DHT_VALUE_MAX == ITEM_V_MAX, "a value fits its message");

static uint64_t
now_ms(const struct own *own)
{
	return loop_now(own->child->loop);
}

/* ---- how it stands ---- */

static void
add_side(struct msg_dht_told *m, struct rec_dht_side *s,
    const struct own_node *node, const struct dht_side_stats *stats, int f)
{
	memset(s, 0, sizeof(*s));
	s->v6 = f == 1;
	memcpy(s->ip, node->sockets[f].addr.ip, sizeof(s->ip));
	s->port = node->sockets[f].addr.port;
	memcpy(s->id, dht_id(node->dht, f == 1), sizeof(s->id));
	if (stats->external)
		memcpy(s->external, stats->address.ip, sizeof(s->external));
	s->fits = stats->fits;
	s->good = stats->table.good;
	s->dubious = stats->table.dubious;
	s->bad = stats->table.bad;
	s->spare = stats->table.spare;
	s->buckets = stats->table.buckets;
	s->lookups = stats->searches;
	m->sides.n++;
}

static uint32_t
larger(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* Every node does all torrents; the rest is each one's own. */
static void
add_node(struct msg_dht_told *m, const struct dht_stats *s)
{
	m->rtt = larger(m->rtt, s->rtt);
	m->torrents = larger(m->torrents, s->torrents);
	m->late = larger(m->late, s->late);
	m->hashes += s->hashes;
	m->peers += s->peers;
	m->items += s->items;
	m->packets_in += s->packets_in;
	m->packets_out += s->packets_out;
	m->bytes_in += s->bytes_in;
	m->bytes_out += s->bytes_out;
	m->queries += s->queries;
	m->answers += s->answers;
	m->bad += s->bad;
	m->refused += s->refused;
	m->asked += s->asked;
	m->timeouts += s->timeouts;
	m->searched += s->searched;
}

/* With room for rows; sides that have no socket now are left out. */
static void
add_up(const struct own *own, struct msg_dht_told *m,
    struct rec_dht_side rows[2 * DHT_NODES_MAX])
{
	const struct own_node	*node;
	struct dht_stats	 stats;
	int			 f;

	*m = (struct msg_dht_told){ .sides = { rows, 0 } };
	for (node = own->nodes; node < own->nodes + DHT_NODES_MAX; node++) {
		if (node->dht == NULL)
			continue;
		dht_stats(node->dht, now_ms(own), &stats);
		add_node(m, &stats);
		for (f = 0; f < 2; f++)
			if (node->sockets[f].fd != -1)
				add_side(m, &rows[m->sides.n], node,
				    &stats.side[f], f);
	}
}

static uint32_t
rate_of(uint64_t n, uint64_t before, uint64_t ms)
{
	return n < before ? 0 : (uint32_t)((n - before) * 1000 / ms);
}

static void
measure(struct own *own, const struct msg_dht_told *m)
{
	struct own_rates	*r = &own->rates;
	uint64_t		 ms = now_ms(own) - r->at;

	r->in = rate_of(m->packets_in, r->packets_in, ms);
	r->out = rate_of(m->packets_out, r->packets_out, ms);
	r->packets_in = m->packets_in;
	r->packets_out = m->packets_out;
	r->at += ms;
}

void
own_measure(struct own *own)
{
	struct rec_dht_side	rows[2 * DHT_NODES_MAX];
	struct msg_dht_told	m;

	if (now_ms(own) < own->rates.at + RATES_MS)
		return;
	add_up(own, &m, rows);
	measure(own, &m);
}

void
own_tell(struct own *own, uint64_t client)
{
	struct rec_dht_side	rows[2 * DHT_NODES_MAX];
	struct msg_dht_told	m;

	add_up(own, &m, rows);
	if (now_ms(own) >= own->rates.at + RATES_SOON_MS)
		measure(own, &m);
	m.in_rate = own->rates.in;
	m.out_rate = own->rates.out;
	m.client = client;
	chan_send(own->child->parent, MSG_DHT_TOLD, &m);
}

/* ---- items ---- */

static void
fail(const struct own *own, uint32_t request, const char *why)
{
	struct msg_dht_item	m = { .request = request, .error = why };

	chan_send(own->child->parent, MSG_DHT_ITEM, &m);
}

/* None of our nodes could begin. */
static void
fail_to_begin(const struct own *own, uint32_t request)
{
	struct rec_dht_side	rows[2 * DHT_NODES_MAX];
	struct msg_dht_told	m;
	uint32_t		i, known = 0;

	add_up(own, &m, rows);
	for (i = 0; i < m.sides.n; i++)
		known += rows[i].good + rows[i].dubious;
	fail(own, request, known > 0 ? "too many items are asked for at once: "
	    "try again" : "no other node of the DHT is known yet");
}

void
own_get(struct own *own, const struct msg_dht_get *m)
{
	struct own_node	*node;

	for (node = own->nodes; node < own->nodes + DHT_NODES_MAX; node++) {
		if (!own_is_awake(node) || !dht_get(node->dht, m->request,
		    m->target, m->salt.p, m->salt.len, now_ms(own)))
			continue;
		own_run(own);
		return;
	}
	fail_to_begin(own, m->request);
}

/* NULL, or why it is none. */
static const char *
read_item(const struct msg_dht_put *m, struct item *item)
{
	bool	is_signed = m->key.len == ITEM_KEY_LEN &&
	    m->sig.len == ITEM_SIG_LEN;

	if (!item_set(item, m->v.p, m->v.len, m->salt.p, m->salt.len,
	    is_signed ? m->key.p : NULL, m->sig.p, (int64_t)m->seq) ||
	    !item_is_bencoded(item->v, item->nv))
		return "the value is not bencoded";
	return item_verify(item) ? NULL : "the signature is wrong";
}

void
own_put(struct own *own, const struct msg_dht_put *m)
{
	struct own_node	*node;
	struct item	 item;
	const char	*why = read_item(m, &item);
	int64_t		 cas = (int64_t)m->cas;

	if (why != NULL) {
		fail(own, m->request, why);
		return;
	}
	for (node = own->nodes; node < own->nodes + DHT_NODES_MAX; node++) {
		if (!own_is_awake(node) || !dht_put(node->dht, m->request,
		    &item, m->has_cas ? &cas : NULL, now_ms(own)))
			continue;
		own_run(own);
		return;
	}
	fail_to_begin(own, m->request);
}

void
own_on_found(struct own *own, uint32_t request, const struct item *item)
{
	struct msg_dht_item	m = { .request = request, .error = "" };

	if (item == NULL) {
		fail(own, request, "no node has such an item");
		return;
	}
	m.v = (struct blob){ item->v, item->nv };
	m.salt = (struct blob){ item->salt, item->nsalt };
	if (item->signs) {
		m.key = (struct blob){ item->key, sizeof(item->key) };
		m.sig = (struct blob){ item->sig, sizeof(item->sig) };
		m.seq = (uint64_t)item->seq;
	}
	chan_send(own->child->parent, MSG_DHT_ITEM, &m);
}

void
own_on_stored(struct own *own, uint32_t request, uint32_t nodes,
    int32_t refused)
{
	struct msg_dht_item	m = {
		.request = request, .stored = nodes, .error = ""
	};
	char			text[ERROR_MAX];

	if (nodes > 0)
		chan_send(own->child->parent, MSG_DHT_ITEM, &m);
	else if (refused == KRPC_E_CAS)
		fail(own, request,
		    "the item that is there has another number than -c says");
	else if (refused == KRPC_E_SEQ)
		fail(own, request, "the item that is there has the same or a "
		    "higher number: -q sets one");
	else if (refused != 0) {
		snprintf(text, sizeof(text), "no node takes it (error %d)",
		    refused);
		fail(own, request, text);
	} else
		fail(own, request, "no node takes it");
}
