/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "chan.h"
#include "child.h"
#include "connect.h"
#include "dhtport.h"
#include "loop.h"
#include "net.h"
#include "proto.h"
#include "send.h"

/*
 * Nodes of the DHT that peers tell each other of by PORT (BEP 5), which is
 * never said nor heeded in private torrents.
 */
#define TELL_MS	1000	/* the parent, at most once in */

bool
dhtport_allowed(const struct swarm *s)
{
	return s->net->dht_port != 0 && !s->private;
}

/* Of our node, for who has one, too. */
static void
tell_peer(struct conn *c)
{
	uint8_t	msg[WIRE_PORT_SIZE];

	if (!(c->speaks & WIRE_SPEAKS_DHT))
		return;
	send_bytes(c, msg, (uint32_t)wire_put_port(msg, c->net->dht_port));
	conn_send_soon(c);
}

/* Of its node. */
static void
tell_parent(const struct conn *c)
{
	struct net	*net = c->net;
	struct addr	 node = c->addr;

	node.port = c->node_port;
	if (!net_allows(net, &node) ||
	    !nodebook_add(&net->nodebook, &node, loop_now(net->loop)))
		return;
	if (!loop_timer_pending(net->nodes_timer))
		loop_timer_set(net->nodes_timer, TELL_MS);
}

static void
on_timer(void *arg)
{
	struct net		*net = arg;
	struct addr		 nodes[NODEBOOK_QUEUE];
	struct rec_addr		 rows[NODEBOOK_QUEUE];
	struct msg_peer_nodes	 m = { .nodes = { rows, 0 } };
	uint32_t		 i;

	m.nodes.n = nodebook_take(&net->nodebook, nodes);
	for (i = 0; i < m.nodes.n; i++) {
		memcpy(rows[i].ip, nodes[i].ip, sizeof(rows[i].ip));
		rows[i].port = nodes[i].port;
	}
	chan_send(net->child->parent, MSG_PEER_NODES, &m);
}

void
dhtport_init(struct net *net)
{
	net->nodes_timer = loop_timer_new(net->loop, on_timer, net);
}

void
dhtport_start(struct conn *c)
{
	if (dhtport_allowed(c->swarm))
		tell_peer(c);
}

void
dhtport_on_message(struct conn *c, uint16_t port)
{
	proto_useless(c);
	if (c->state == CONN_DEAD || port == c->node_port)
		return;
	c->node_port = port;
	if (dhtport_allowed(c->swarm))
		tell_parent(c);
}

/* Who came before there was a node, or when it had another port. */
void
dhtport_set(struct net *net, uint16_t port)
{
	struct swarm	*s;
	struct conn	*c;

	if (port == net->dht_port)
		return;
	net->dht_port = port;
	TAILQ_FOREACH(s, &net->busy, busy_link) {
		if (!dhtport_allowed(s))
			continue;
		TAILQ_FOREACH(c, &s->conns, link) {
			if (c->state != CONN_UP)
				continue;
			tell_peer(c);
			tell_parent(c);
		}
	}
}
