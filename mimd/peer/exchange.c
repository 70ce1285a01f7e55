/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "exchange.h"
#include "loop.h"
#include "net.h"
#include "proto.h"

/*
 * Peers that peers tell of: exchange (BEP 11) and holepunch (BEP 55), which
 * are never spoken in private torrents.
 */
#define BAD_COST	100	/* of a message too soon, or that is none */

void
exchange_set(struct net *net, bool on)
{
	struct swarm	*s;
	struct conn	*c;

	if (net->pex == on)
		return;
	net->pex = on;
	/* Peers were told whether we want it: now it is otherwise. */
	TAILQ_FOREACH(s, &net->busy, busy_link)
		TAILQ_FOREACH(c, &s->conns, link)
			if (c->state == CONN_UP && !s->private)
				ext_start(c);
}

bool
exchange_allowed(const struct conn *c)
{
	return c->net->pex && !c->swarm->private;
}

bool
punch_allowed(const struct conn *c)
{
	return !c->swarm->private;
}

static uint8_t
exchange_flags(const struct conn *c)
{
	const struct ext_peer	*e = c->ext;
	uint8_t			 flags = 0;

	if (!c->incoming)
		flags |= PEX_REACHABLE;
	if ((c->has.count > 0 && c->has.count == c->swarm->geom.npieces) ||
	    (e != NULL && e->upload_only))
		flags |= PEX_SEED;
	if (e != NULL && e->encrypts)
		flags |= PEX_ENCRYPTS;
	if (e != NULL && e->ids[EXT_HOLEPUNCH] != 0)
		flags |= PEX_HOLEPUNCH;
	return flags;
}

void
exchange_start(struct conn *c)
{
	pex_member_init(&c->pex, loop_now(c->net->loop));
	exchange_update(c);
}

void
exchange_update(struct conn *c)
{
	struct addr	addr;

	if (c->swarm->private || !ext_listen_addr(c, &addr))
		return;
	pex_join(&c->swarm->traffic->pex, &c->pex, &addr, exchange_flags(c));
}

void
exchange_end(struct conn *c)
{
	pex_leave(&c->swarm->traffic->pex, &c->pex);
}

void
exchange_tick(struct conn *c, uint64_t now)
{
	struct swarm	*s = c->swarm;
	uint8_t		 out[PEX_OUT_MAX];
	size_t		 n;

	if (c->pex.joined != 0)
		c->pex.flags = exchange_flags(c);
	if (!exchange_allowed(c) || !ext_speaks(c, EXT_PEX) ||
	    !pex_due(&s->traffic->pex, &c->pex, now))
		return;
	n = pex_write(&s->traffic->pex, &c->pex, &c->addr, now, out);
	if (n > 0)
		ext_send(c, EXT_PEX, out, (uint32_t)n);
}

/* The table of extensions has seen to it that the torrent is not private. */
void
exchange_on_message(struct conn *c, const uint8_t *p, uint32_t n)
{
	static struct pex_msg	 msg;
	struct swarm		*s = c->swarm;
	uint64_t		 now = loop_now(c->net->loop);
	const struct pex_peer	*peer;
	uint32_t		 i, room, grant, taken = 0;

	if (!pex_heed(&c->pex, now) || pex_parse(&msg, p, n) == -1) {
		proto_cost(c, BAD_COST);
		return;
	}
	pex_sift(&c->addr, &msg);
	room = candidates_count(&s->cands, PEER_SOURCE_PEX);
	room = room < PEX_SHARE ? PEX_SHARE - room : 0;
	grant = pex_grant(&c->pex, now);
	if (room > grant)
		room = grant;
	for (i = 0; i < msg.nadded && taken < room; i++) {
		peer = &msg.added[i];
		if (!swarm_add_peer(s, &peer->addr, PEER_SOURCE_PEX))
			continue;
		taken++;
		if (peer->flags & PEX_SEED)
			candidates_mark(&s->cands, &peer->addr, CAND_SEED);
	}
	c->pex.grant = (uint8_t)(grant - taken);
	if (taken > 0)
		swarm_connect(s);
}

/* ---- holepunch ---- */

static void
punch_send(struct conn *c, enum holepunch_type type, const struct addr *addr,
    enum holepunch_error error)
{
	struct holepunch	h = {
		.type = (uint8_t)type, .addr = *addr, .error = error
	};
	uint8_t			out[HOLEPUNCH_OUT_MAX];

	ext_send(c, EXT_HOLEPUNCH, out, (uint32_t)holepunch_build(out, &h));
}

/* Whom c means: where it listens, or where we see it. */
static struct conn *
punch_target(const struct conn *c, const struct addr *addr)
{
	struct conn	*o;
	struct addr	 listens;

	TAILQ_FOREACH(o, &c->swarm->conns, link) {
		if (o->state != CONN_UP)
			continue;
		if (addr_cmp(&o->addr, addr) == 0 ||
		    (ext_listen_addr(o, &listens) &&
		    addr_cmp(&listens, addr) == 0))
			return o;
	}
	return NULL;
}

static enum holepunch_error
punch_relay(struct conn *c, const struct addr *addr, uint64_t now)
{
	struct conn	*o;
	struct addr	 mine, its;

	if (addr->port == 0 || addr_class(addr) == ADDR_UNUSABLE)
		return HOLEPUNCH_NO_SUCH_PEER;
	if ((o = punch_target(c, addr)) == NULL)
		return HOLEPUNCH_NOT_CONNECTED;
	if (o == c)
		return HOLEPUNCH_NO_SELF;
	if (!ext_speaks(o, EXT_HOLEPUNCH) || !ext_listen_addr(c, &mine) ||
	    !ext_listen_addr(o, &its))
		return HOLEPUNCH_NO_SUPPORT;
	/* What is in a private network is not reached from outside. */
	if (addr_is_v4(&mine) != addr_is_v4(&its) ||
	    (addr_class(&mine) == ADDR_GLOBAL) !=
	    (addr_class(&its) == ADDR_GLOBAL))
		return HOLEPUNCH_NO_SUPPORT;
	/* Nor is anybody sent to connect again and again. */
	if (!holepunch_may(&o->punch, now))
		return HOLEPUNCH_OK;
	punch_send(c, HOLEPUNCH_CONNECT, &its, HOLEPUNCH_OK);
	punch_send(o, HOLEPUNCH_CONNECT, &mine, HOLEPUNCH_OK);
	return HOLEPUNCH_OK;
}

/* Without uTP, being told to connect, or that it failed, leads to nothing. */
void
punch_on_message(struct conn *c, const uint8_t *p, uint32_t n)
{
	struct holepunch	h;
	enum holepunch_error	error;
	uint64_t		now = loop_now(c->net->loop);

	if (holepunch_parse(&h, p, n) == -1) {
		proto_cost(c, BAD_COST);
		return;
	}
	if (h.type != HOLEPUNCH_RENDEZVOUS) {
		proto_useless(c);
		return;
	}
	if (!holepunch_may(&c->punch, now)) {
		proto_cost(c, BAD_COST);
		return;
	}
	error = punch_relay(c, &h.addr, now);
	if (error != HOLEPUNCH_OK)
		punch_send(c, HOLEPUNCH_ERROR, &h.addr, error);
}
