/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "nodes.h"
#include "parent.h"

/* ---- whether ---- */

const char *
nodes_off(const struct parent *parent)
{
	if (!parent->conf->dht)
		return "\"dht no\" in mimd.conf";
	if (parent->conf->proxies[PROXY_PEERS].kind != PROXY_NONE)
		return "peers are reached by a proxy, which does not take "
		    "datagrams";
	if (!parent->ready)
		return "mimd is starting";
	if (parent->phase != PARENT_RUNNING)
		return "mimd is ending";
	return NULL;
}

/* ---- what the children are told ---- */

static void
send_sockets(struct parent *parent)
{
	struct nodes		*n = &parent->nodes;
	struct proc		*child = parent_child(parent, ROLE_DHT);
	struct msg_dht_sockets	 m = { .port = n->port };
	struct msg_dht_socket	 s;
	const struct pair	*p;

	for (p = n->pairs.v; p < n->pairs.v + n->pairs.n; p++)
		m.n += pair_is_open(p);
	proc_send(child, MSG_DHT_SOCKETS, &m);
	for (p = n->pairs.v; p < n->pairs.v + n->pairs.n; p++) {
		if (!pair_is_open(p))
			continue;
		s.node = p->node;
		s.v6 = !addr_is_v4(&p->addr);
		memcpy(s.ip, p->addr.ip, sizeof(s.ip));
		s.port = p->addr.port;
		proc_send_fd(child, MSG_DHT_SOCKET, &s,
		    parent_copy_fd(p->fds[STEER_DHT]));
	}
	if (m.n > 0 && !n->served)
		contacts_on_up(parent);
	n->served = m.n > 0;
}

/*
 * All nodes of the DHT together have one vote of many, whose voter is an
 * address that nobody else has (RFC 5737, RFC 3849).
 */
static void
send_external(struct parent *parent, const uint8_t ip[16])
{
	static const uint8_t		 unknown[16];
	static const uint8_t		 voters[2][16] = {
		{ [10] = 0xff, 0xff, 192, 0, 2, 1 },
		{ 0x20, 0x01, 0x0d, 0xb8, [15] = 1 }
	};
	struct msg_peer_external	 m;
	struct addr			 a = { .port = 0 };

	if (memcmp(ip, unknown, sizeof(unknown)) == 0)
		return;
	memcpy(a.ip, ip, sizeof(a.ip));
	memcpy(m.voter, voters[!addr_is_v4(&a)], sizeof(m.voter));
	memcpy(m.ip, ip, sizeof(m.ip));
	proc_send(parent_child(parent, ROLE_PEER), MSG_PEER_EXTERNAL, &m);
}

void
nodes_on_external(struct parent *parent, const struct msg_dht_external *m)
{
	struct addr	a = { .port = 0 };

	memcpy(a.ip, m->ip, sizeof(a.ip));
	memcpy(parent->nodes.external[!addr_is_v4(&a)], m->ip, sizeof(m->ip));
	send_external(parent, m->ip);
}

void
nodes_send_peer(struct parent *parent)
{
	const struct pairs	*ps = &parent->nodes.pairs;
	struct proc		*child = parent_child(parent, ROLE_PEER);
	struct msg_peer_listen	 m = { .datagrams = true };
	struct msg_peer_dht	 dht = { .port = 0 };
	const struct pair	*p;

	for (p = ps->v; p < ps->v + ps->n; p++) {
		if (!pair_is_open(p))
			continue;
		m.port = p->addr.port;
		if (dht.port == 0)
			dht.port = m.port;
		proc_send_fd(child, MSG_PEER_LISTEN, &m,
		    parent_copy_fd(p->fds[STEER_PEER]));
	}
	/* A router that gives another port gives it for both. */
	if (dht.port != 0 && parent->nodes.port != 0)
		dht.port = parent->nodes.port;
	proc_send(child, MSG_PEER_DHT, &dht);
	send_external(parent, parent->nodes.external[0]);
	send_external(parent, parent->nodes.external[1]);
}

void
nodes_send_address(struct parent *parent)
{
	static const uint8_t	 unknown[16];
	struct msg_dht_address	 m;

	memcpy(m.ip, parent->network.mapping.address, sizeof(m.ip));
	if (memcmp(m.ip, unknown, sizeof(m.ip)) != 0)
		proc_send(parent_child(parent, ROLE_DHT), MSG_DHT_ADDRESS,
		    &m);
}

void
nodes_send_rate(struct parent *parent)
{
	struct msg_dht_rate	m = {
		.rate = parent->conf->dht_rate,
		.read_only = parent->conf->dht_read_only,
	};

	proc_send(parent_child(parent, ROLE_DHT), MSG_DHT_RATE, &m);
}

void
nodes_setup(struct parent *parent)
{
	const struct node_memory	*mem = &parent->contacts.memory;
	struct msg_dht_conf		 m;

	memcpy(m.id4, mem->id4, sizeof(m.id4));
	memcpy(m.id6, mem->id6, sizeof(m.id6));
	proc_send(parent_child(parent, ROLE_DHT), MSG_DHT_CONF, &m);
	nodes_send_rate(parent);
}

void
nodes_send(struct parent *parent)
{
	parent->nodes.served = false;
	send_sockets(parent);
	nodes_send_address(parent);
}

/* ---- following what changes ---- */

static void
retry_soon(struct nodes *n)
{
	uint8_t	tries;

	if (pairs_lack(&n->pairs, &tries) && tries < PAIR_TRIES)
		loop_timer_set(n->retry, (uint64_t)NODES_RETRY_MS << tries);
	else
		loop_timer_clear(n->retry);
}

bool
nodes_update(struct parent *parent)
{
	struct nodes	*n = &parent->nodes;
	bool		 want = nodes_off(parent) == NULL, changed;
	uint16_t	 port = network_port_apart(parent);

	changed = pairs_update(&n->pairs, want ? &parent->listens : NULL);
	if (port != n->port) {
		n->port = port;
		changed = true;
	}
	if (want && changed)
		send_sockets(parent);
	proc_want(parent_child(parent, ROLE_DHT), want);
	retry_soon(n);
	return changed;
}

void
nodes_follow(struct parent *parent)
{
	if (nodes_update(parent))
		network_send_listens(parent);
}

void
nodes_tick(struct parent *parent)
{
	uint8_t	tries;

	if (pairs_lack(&parent->nodes.pairs, &tries))
		nodes_follow(parent);
}

static void
on_retry(void *arg)
{
	nodes_follow(arg);
}

void
nodes_init(struct parent *parent)
{
	parent->nodes.retry = loop_timer_new(parent->loop, on_retry, parent);
	proc_want(parent_child(parent, ROLE_DHT), false);
}

void
nodes_close(struct parent *parent)
{
	loop_timer_free(parent->nodes.retry);
	pairs_update(&parent->nodes.pairs, NULL);
}
