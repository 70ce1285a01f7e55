/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "bound.h"
#include "connect.h"
#include "filter.h"
#include "loop.h"
#include "net.h"
#include "priority.h"
#include "proto.h"
#include "proxy.h"
#include "room.h"
#include "via.h"

/* Whom we connect to, whom we let in, and which addresses are our own. */
#define CONNECT_WAIT_MS		1000	/* until the next few */
#define CONNECT_FULL_MS		10000	/* ... when there is no room */
#define CONNECT_CROWD_MS	5000	/* ... to one host that is silent */

/* ---- our own addresses ---- */

void
self_init(struct net *net)
{
	static const uint8_t	mapped[12] = { [10] = 0xff, [11] = 0xff };

	/* As long as it is not known how we are seen: an order by chance. */
	arc4random_buf(net->self, sizeof(net->self));
	memcpy(net->self[0].ip, mapped, sizeof(mapped));
}

uint32_t
self_priority(const struct net *net, const struct addr *addr)
{
	struct addr	self = net->self[addr_is_v4(addr) ? 0 : 1];

	if (external_get(&net->external, addr, self.ip))
		self.port = net->port;
	return peer_priority(&self, addr);
}

/* A connection to there came out here. */
void
self_met(struct net *net, const struct addr *addr)
{
	net->met[net->nmet++ % NET_SELF_MAX] = *addr;
}

static bool
is_self(const struct net *net, const struct addr *addr)
{
	uint32_t	i;

	for (i = 0; i < net->nmet && i < NET_SELF_MAX; i++)
		if (addr_cmp(&net->met[i], addr) == 0)
			return true;
	return false;
}

/* ---- who may come ---- */

bool
swarm_accepts(const struct swarm *s, const struct addr *addr)
{
	const struct conn	*c;
	uint32_t		 same = 0;

	if (net_refuses(s->net, addr))
		return false;
	if (s->net->allow_local && addr_class(addr) != ADDR_GLOBAL)
		return true;
	TAILQ_FOREACH(c, &s->conns, link)
		if (addr_cmp_ip(&c->addr, addr) == 0)
			same++;
	return same < SWARM_PER_IP;
}

/* ---- whom to call ---- */

bool
net_allows(const struct net *net, const struct addr *a)
{
	switch (addr_class(a)) {
	case ADDR_GLOBAL:
	case ADDR_PRIVATE:
		return a->port != 0;
	case ADDR_LINK_LOCAL:
	case ADDR_LOOPBACK:
		return a->port != 0 && net->allow_local;
	case ADDR_UNUSABLE:
		break;
	}
	return false;
}

bool
swarm_add_peer(struct swarm *s, const struct addr *addr, uint8_t source)
{
	return net_allows(s->net, addr) &&
	    !net_refuses(s->net, addr) && !is_self(s->net, addr) &&
	    candidates_add(&s->cands, addr, source,
	    self_priority(s->net, addr), loop_now(s->net->loop));
}

void
swarm_add_peers(struct swarm *s, const struct msg_peers_found *m)
{
	struct addr	a;
	uint32_t	i;

	for (i = 0; i < m->peers.n; i++) {
		memcpy(a.ip, m->peers.v[i].ip, sizeof(a.ip));
		a.port = m->peers.v[i].port;
		swarm_add_peer(s, &a, m->source);
	}
	swarm_connect(s);
}

/* Are so many connects to this host under way that it seems to be away? */
static bool
is_crowded(const struct swarm *s, const struct addr *addr)
{
	const struct conn	*c;
	uint32_t		 same = 0;

	TAILQ_FOREACH(c, &s->conns, link)
		if (c->state == CONN_CONNECTING &&
		    addr_cmp_ip(&c->addr, addr) == 0)
			same++;
	return same >= HALF_OPEN_PER_IP;
}

/* One candidate; false if there is no use in trying another now. */
static bool
connect_one(struct swarm *s, const struct addr *addr, uint8_t source,
    bool evict, uint64_t *wait)
{
	struct net	*net = s->net;
	uint64_t	 now = loop_now(net->loop);

	if (net_refuses(net, addr)) {
		candidates_drop_ip(&s->cands, addr);
		return true;
	}
	if (is_crowded(s, addr) || !swarm_accepts(s, addr)) {
		candidates_put_back(&s->cands, addr, now + CONNECT_CROWD_MS);
		return true;
	}
	/* Look around, but do not churn. */
	if (!room_for_one(s, addr, evict)) {
		candidates_put_back(&s->cands, addr, now);
		*wait = CONNECT_FULL_MS;
		return false;
	}
	switch (conn_connect(s, addr, source)) {
	case CONNECT_BEGUN:
		break;
	case CONNECT_FAILED:
		candidates_on_end(&s->cands, addr, false, now);
		break;
	case CONNECT_NO_SOCKET:
		candidates_put_back(&s->cands, addr, now);
		return false;
	}
	return true;
}

void
swarm_connect(struct swarm *s)
{
	struct net		*net = s->net;
	uint64_t		 now = loop_now(net->loop), due;
	uint64_t		 wait = CONNECT_WAIT_MS;
	struct candidate	*cand;
	struct addr		 addr;
	bool			 done = swarm_done(s);
	int			 i;

	if (!s->known || filter_loading(net) || bound_refuses() != NULL ||
	    proxy_refuses() != NULL)
		return;
	for (i = 0; i < SWARM_CONNECTS; i++) {
		if (net->nhalf_open >= NET_HALF_OPEN_MAX ||
		    s->nhalf_open >= SWARM_HALF_OPEN_MAX)
			break;
		cand = candidates_next(&s->cands, done, now);
		if (cand == NULL)
			break;
		addr = cand->addr;	/* the list may move */
		if (!connect_one(s, &addr, cand->source,
		    i == 0 && !done, &wait))
			break;
	}
	due = candidates_due(&s->cands, done);
	if (due != UINT64_MAX)
		swarm_wake(s, due > now + wait ? due - now : wait);
	if (i > 0 && s->nconns > 0)
		swarm_wake(s, CONNECT_WAIT_MS);
}

void
connect_known(struct conn *c)
{
	struct addr	addr;

	if (c->incoming && ext_listen_addr(c, &addr))
		candidates_mark(&c->swarm->cands, &addr, CAND_CONNECTED);
}

/* Close what is bound otherwise than it is to be; call others anew. */
void
connect_rebound(struct net *net)
{
	struct swarm	*s, *next_swarm;
	struct conn	*c, *next;

	for (c = TAILQ_FIRST(&net->newcomers); c != NULL; c = next) {
		next = TAILQ_NEXT(c, link);
		if (!bound_fits(c->fd))
			conn_close(c, "the network has changed");
	}
	for (s = TAILQ_FIRST(&net->busy); s != NULL; s = next_swarm) {
		next_swarm = TAILQ_NEXT(s, busy_link);
		for (c = TAILQ_FIRST(&s->conns); c != NULL; c = next) {
			next = TAILQ_NEXT(c, link);
			if (!bound_fits(c->fd))
				conn_close(c, "the network has changed");
		}
	}
	connect_again(net);
}

void
connect_again(struct net *net)
{
	struct swarm	*s;

	if (bound_refuses() != NULL)
		return;
	RB_FOREACH(s, swarm_ids, &net->swarms)
		if (candidates_due(&s->cands, false) != UINT64_MAX)
			swarm_wake(s, arc4random_uniform(CONNECT_WAIT_MS));
}

void
connect_ended(struct conn *c)
{
	struct candidates	*cands = &c->swarm->cands;
	uint64_t		 now = loop_now(c->net->loop);
	bool			 useful;
	struct addr		 addr;

	useful = c->downloaded > 0 || c->uploaded > 0 ||
	    (c->state == CONN_UP && now - c->started > CONN_LONG_MS);
	/* A host that calls us may call from any port. */
	if (!ext_listen_addr(c, &addr))
		return;
	if (c->twice)
		candidates_put_back(cands, &addr, now + CONN_TWICE_MS);
	else if (!bound_fits(c->fd) || via_is_to_blame(c))
		candidates_put_back(cands, &addr, now);
	else if (!crypt_falls_back(c))
		candidates_on_end(cands, &addr, useful, now);
}
