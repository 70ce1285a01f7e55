/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "bound.h"
#include "log.h"
#include "own.h"

#define GIVEN_MAX	128	/* nodes that a new one begins with */

#define FOREACH_NODE(node, own)						\
	for ((node) = (own)->nodes; (node) < (own)->nodes + DHT_NODES_MAX; \
	    (node)++)

static uint64_t
now_ms(const struct own *own)
{
	return loop_now(own->child->loop);
}

bool
own_is_awake(const struct own_node *node)
{
	return node->sockets[0].fd != -1 || node->sockets[1].fd != -1;
}

/* ---- what a node says ---- */

static void
on_send(void *arg, const struct addr *to, const uint8_t *p, size_t n)
{
	const struct own_node	*node = arg;

	own_socket_send(&node->sockets[!addr_is_v4(to)], to, p, n);
}

static void
on_random(void *arg, void *buf, size_t n)
{
	(void)arg;
	arc4random_buf(buf, n);
}

static void
on_peers(void *arg, const uint8_t *hash, const struct addr *v, uint32_t n)
{
	struct own		*own = ((struct own_node *)arg)->own;
	struct chan		*parent = own->child->parent;
	const struct told	*t = tolds_find_hash(&own->torrents, hash);
	struct rec_addr		 rows[256];
	struct msg_dht_peers	 m = { .peers = { rows, 0 } };

	if (t == NULL || chan_full(parent))
		return;
	m.id = t->id;
	for (; n > 0 && m.peers.n < sizeof(rows) / sizeof(rows[0]); n--, v++) {
		if (v->port == 0)
			continue;
		memcpy(rows[m.peers.n].ip, v->ip, sizeof(rows[0].ip));
		rows[m.peers.n++].port = v->port;
	}
	if (m.peers.n > 0)
		chan_send(parent, MSG_DHT_PEERS, &m);
}

static void
on_searched(void *arg, const uint8_t *hash, const struct dht_found *f)
{
	struct own		*own = ((struct own_node *)arg)->own;
	const struct told	*t = tolds_find_hash(&own->torrents, hash);

	if (t != NULL)
		log_debug("torrent %u, %s: %u peers, announced to %u nodes; "
		    "%u queries, %u hops, %u ms", t->id,
		    f->v6 ? "IPv6" : "IPv4", f->peers, f->stored, f->queries,
		    f->hops, f->ms);
}

static void
on_found(void *arg, uint32_t request, const struct item *item)
{
	own_on_found(((struct own_node *)arg)->own, request, item);
}

static void
on_stored(void *arg, uint32_t request, uint32_t nodes, int32_t refused)
{
	own_on_stored(((struct own_node *)arg)->own, request, nodes, refused);
}

static void
on_want(void *arg)
{
	((struct own_node *)arg)->own->wants = true;
}

static const struct dht_ops	node_ops = {
	.send = on_send,
	.random = on_random,
	.peers = on_peers,
	.searched = on_searched,
	.found = on_found,
	.stored = on_stored,
	.want_contacts = on_want,
};

/* ---- time ---- */

static void
tell_wish(struct own *own)
{
	struct msg_dht_want	m = { 0 };

	own->wants = false;
	chan_send(own->child->parent, MSG_DHT_WANT, &m);
}

void
own_run(struct own *own)
{
	struct own_node	*node;
	uint64_t	 now = now_ms(own), next = UINT64_MAX, due;

	FOREACH_NODE(node, own) {
		if (!own_is_awake(node))
			continue;
		if (dht_due(node->dht) <= now)
			dht_run(node->dht, now);
		due = dht_due(node->dht);
		if (due < next)
			next = due;
	}
	own_measure(own);
	if (own->wants)
		tell_wish(own);
	if (next == UINT64_MAX)
		loop_timer_clear(own->run);
	else
		loop_timer_set(own->run, next > now ? next - now : 1);
}

static void
on_run(void *arg)
{
	own_run(arg);
}

void
own_init(struct own *own, struct child *child)
{
	struct own_node	*node;
	int		 f;

	own->child = child;
	tolds_init(&own->torrents);
	FOREACH_NODE(node, own) {
		node->own = own;
		for (f = 0; f < 2; f++) {
			node->sockets[f].node = node;
			node->sockets[f].fd = -1;
		}
	}
	own->run = loop_timer_new(child->loop, on_run, own);
}

/* ---- what they are like ---- */

/* Its share of what all may send. */
static struct dht_config
config_of(const struct own *own, const struct own_node *node)
{
	const struct own_node	*other;
	struct dht_config	 c = {
		.v4 = node->families[0], .v6 = node->families[1],
		.read_only = own->read_only, .rate = own->rate,
		.port = own->port,
	};
	uint32_t		 n = 0;

	FOREACH_NODE(other, own)
		n += own_is_awake(other);
	if (n > 1 && c.rate > 0)
		c.rate = c.rate > n ? c.rate / n : 1;
	return c;
}

void
own_configure(struct own *own)
{
	struct dht_config	 c;
	struct own_node		*node;

	FOREACH_NODE(node, own) {
		if (node->dht == NULL)
			continue;
		c = config_of(own, node);
		dht_configure(node->dht, &c, now_ms(own));
	}
}

/*
 * Where others see it: at the very address that its socket has, if that is
 * one of the internet, else where the router says.
 */
static void
tell_address(const struct own *own, const struct own_node *node, int f)
{
	const struct own_socket	*s = &node->sockets[f];

	if (s->fd != -1 && addr_class(&s->addr) == ADDR_GLOBAL)
		dht_set_address(node->dht, &s->addr, now_ms(own));
	else if (own->has_seen[f])
		dht_set_address(node->dht, &own->seen[f], now_ms(own));
}

/* What others of ours know is a good beginning. */
static void
give_contacts(struct own *own, struct dht *to)
{
	const struct table_node	*v[GIVEN_MAX];
	const struct own_node	*node;
	uint32_t		 i, n;
	int			 f;

	FOREACH_NODE(node, own) {
		for (f = 0; node->dht != NULL && f < 2; f++) {
			n = dht_nodes(node->dht, f == 1, now_ms(own), v,
			    GIVEN_MAX);
			for (i = 0; i < n; i++)
				dht_add_contact(to, v[i]->id, &v[i]->addr);
		}
	}
}

/* The id that it had, or that our first node had in an earlier life. */
static void
give_ids(struct own *own, const struct own_node *node, struct dht *to,
    const bool had[2])
{
	static const uint8_t	none[ID_LEN];
	const uint8_t		*id;
	int			 f;

	for (f = 0; f < 2; f++) {
		id = none;
		if (had[f])
			id = dht_id(node->dht, f == 1);
		else if (node == own->nodes)
			id = own->ids[f];
		if (node->families[f] && memcmp(id, none, ID_LEN) != 0)
			dht_set_id(to, f == 1, id, now_ms(own));
	}
}

static void
make_node(struct own *own, struct own_node *node)
{
	struct dht_config	 c;
	struct dht		*dht;
	uint64_t		 now = now_ms(own);
	bool			 had[2];
	uint32_t		 i;
	int			 f;

	for (f = 0; f < 2; f++) {
		had[f] = node->families[f];
		node->families[f] = node->sockets[f].fd != -1;
	}
	c = config_of(own, node);
	dht = dht_new(&c, &node_ops, node, now);
	give_ids(own, node, dht, had);
	give_contacts(own, dht);
	for (i = 0; i < own->torrents.n; i++)
		dht_torrent_add(dht, own->torrents.v[i]->hash,
		    own->torrents.v[i]->seed, now);
	dht_free(node->dht);
	node->dht = dht;
}

void
own_set_sockets(struct own *own, uint32_t i, const int fds[2],
    const struct addr addrs[2])
{
	struct own_node	*node = &own->nodes[i];
	bool		 same = node->dht != NULL;
	int		 f;

	for (f = 0; f < 2; f++) {
		own_socket_close(&node->sockets[f]);
		if (fds[f] != -1)
			own_socket_open(&node->sockets[f], fds[f], &addrs[f]);
		same = same && node->families[f] == (fds[f] != -1);
	}
	if (!own_is_awake(node))
		return;
	if (!same)
		make_node(own, node);
	for (f = 0; f < 2; f++)
		tell_address(own, node, f);
}

void
own_drop_unfit(struct own *own)
{
	struct own_node	*node;
	int		 f;

	FOREACH_NODE(node, own) {
		for (f = 0; f < 2; f++)
			if (node->sockets[f].fd != -1 &&
			    !bound_fits(node->sockets[f].fd))
				own_socket_close(&node->sockets[f]);
	}
}

/* ---- what they are told ---- */

void
own_set_address(struct own *own, const struct addr *a)
{
	struct own_node	*node;
	int		 f = !addr_is_v4(a);

	own->seen[f] = *a;
	own->has_seen[f] = true;
	FOREACH_NODE(node, own)
		if (node->dht != NULL)
			tell_address(own, node, f);
}

void
own_add_contact(struct own *own, const uint8_t *id, const struct addr *a,
    bool router)
{
	struct own_node	*node;

	FOREACH_NODE(node, own) {
		if (node->dht == NULL)
			continue;
		if (router)
			dht_add_router(node->dht, a);
		else
			dht_add_contact(node->dht, id, a);
	}
}

void
own_torrent(struct own *own, uint32_t id, const uint8_t *hash, bool seed)
{
	struct told	*t = tolds_find(&own->torrents, id);
	struct own_node	*node;

	if (t != NULL && memcmp(t->hash, hash, ID_LEN) != 0) {
		own_forget(own, id);
		t = NULL;
	}
	if (t == NULL) {
		if ((t = tolds_find_hash(&own->torrents, hash)) != NULL)
			own_forget(own, t->id);
		t = tolds_add(&own->torrents, id, hash);
	}
	t->seed = seed;
	FOREACH_NODE(node, own)
		if (node->dht != NULL)
			dht_torrent_add(node->dht, hash, seed, now_ms(own));
}

void
own_forget(struct own *own, uint32_t id)
{
	struct told	*t = tolds_find(&own->torrents, id);
	struct own_node	*node;

	if (t == NULL)
		return;
	FOREACH_NODE(node, own)
		if (node->dht != NULL)
			dht_torrent_del(node->dht, t->hash);
	tolds_del(&own->torrents, t);
}

void
own_hungry(struct own *own, uint32_t id)
{
	struct told	*t = tolds_find(&own->torrents, id);
	struct own_node	*node;

	if (t == NULL)
		return;
	FOREACH_NODE(node, own)
		if (node->dht != NULL)
			dht_torrent_again(node->dht, t->hash, now_ms(own));
}
