/* SPDX-License-Identifier: ISC */
#include "connect.h"
#include "loop.h"
#include "meta.h"
#include "net.h"
#include "patience.h"
#include "replace.h"
#include "room.h"

/*
 * Room for one connection more.  When all places are taken, one that nobody
 * has any use of makes way, so that idle peers cannot keep out the others.
 */
#define ROOM_FULL_MS	200	/* not looked for again so soon */

struct patience
conn_patience(const struct conn *c)
{
	return (struct patience){
		.up = c->state == CONN_UP,
		.hurry = c->state == CONN_CONNECTING &&
		    c->net->nhalf_open >= NET_HALF_OPEN_MAX,
		.paused = c->waiting || c->rx_line.waiting,
		.blocked = c->blocked,
		.interested = c->am_interested || c->peer_interested ||
		    (c->meta != NULL && c->meta->joined),
		.payload = c->downloaded + c->uploaded > 0,
		.started = c->started,
		.received = c->received,
		.sent = c->sent,
	};
}

static void
room_search(struct swarm *s, uint64_t now, struct conn **worst,
    uint64_t *worst_rank)
{
	struct conn	*c;
	struct patience	 p;
	uint64_t	 rank;

	TAILQ_FOREACH(c, &s->conns, link) {
		p = conn_patience(c);
		rank = patience_rank(&p, now);
		if (rank > *worst_rank) {
			*worst = c;
			*worst_rank = rank;
		}
	}
}

static uint32_t
room_of(const struct swarm *s)
{
	return s->max_peers != 0 ? s->max_peers : s->net->max_peers_torrent;
}

void
room_fit(struct swarm *s)
{
	struct conn	*worst;
	uint64_t	 rank;

	while (s->nconns > room_of(s)) {
		worst = TAILQ_LAST(&s->conns, conn_list);
		rank = 0;
		room_search(s, loop_now(s->net->loop), &worst, &rank);
		conn_close(worst, "fewer peers are allowed now");
	}
}

/* When payload last moved, as far as it was some seconds ago. */
static uint64_t
moved_at(const struct conn *c)
{
	uint64_t	tick = c->down.last > c->up.last ? c->down.last :
	    c->up.last;

	return tick == 0 ? c->started : tick << RATE_SHIFT;
}

/* One that is worth less than who comes from addr; seldom. */
static struct conn *
room_replaceable(struct swarm *s, const struct addr *addr, uint64_t now)
{
	struct replace		 r = { .priority = self_priority(s->net,
	    addr) };
	struct replace_peer	 p;
	struct conn		*c;
	uint64_t		 pause;

	if (now < s->churn_at)
		return NULL;
	TAILQ_FOREACH(c, &s->conns, link) {
		if (c->state != CONN_UP)
			continue;
		p.priority = self_priority(s->net, &c->addr);
		p.age = now - c->started;
		p.still = now > moved_at(c) ? now - moved_at(c) : 0;
		p.rate = rate_get(&c->down, now) + rate_get(&c->up, now);
		if (p.age > 0 && (c->downloaded + c->uploaded) * 1000 /
		    p.age > p.rate)
			p.rate = (c->downloaded + c->uploaded) * 1000 / p.age;
		replace_look(&r, &p, c);
	}
	c = replace_pick(&r, &pause);
	if (c != NULL)
		s->churn_at = now + pause;
	return c;
}

void
room_tidy(struct swarm *s, uint64_t now)
{
	struct conn	*c, *next;
	struct patience	 p;
	uint32_t	 idle = 0;

	for (c = TAILQ_FIRST(&s->conns); c != NULL; c = next) {
		next = TAILQ_NEXT(c, link);
		if (c->state != CONN_UP)
			continue;
		p = conn_patience(c);
		if (patience_useless(&p, &c->useful_at, now) &&
		    ++idle > SWARM_KEEP_IDLE)
			conn_close(c, "of no use for long");
	}
}

bool
room_for_one(struct swarm *s, const struct addr *addr, bool evict)
{
	struct net	*net = s->net;
	struct swarm	*o;
	struct conn	*worst = NULL;
	uint64_t	 now = loop_now(net->loop), rank = 0;
	bool		 swarm_full, net_full;

	swarm_full = s->nconns >= room_of(s);
	net_full = net->nconns - net->nnewcomers >= net->max_peers;
	if (!swarm_full && !net_full)
		return true;
	if (!evict || now < net->full_until)
		return false;
	room_search(s, now, &worst, &rank);
	if (!swarm_full && worst == NULL)
		TAILQ_FOREACH(o, &net->busy, busy_link)
			room_search(o, now, &worst, &rank);
	if (worst == NULL)
		worst = room_replaceable(s, addr, now);
	if (worst == NULL) {
		net->full_until = now + ROOM_FULL_MS;
		return false;
	}
	conn_close(worst, "makes room for another");
	return true;
}
