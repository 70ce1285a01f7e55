/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "choker.h"
#include "loop.h"
#include "mem.h"
#include "net.h"
#include "send.h"
#include "unchoke.h"
#include "upload.h"

/* Puts into effect what choker.c decides. */

static void
count_slot(struct conn *c, bool taken)
{
	uint32_t	one = taken ? 1 : -1U;

	c->net->nunchoked += one;
	c->net->class_unchoked[c->tx_line.class] += one;
	c->swarm->traffic->nunchoked += one;
}

static void
set_choke(struct conn *c, bool choke, uint64_t now)
{
	if (c->am_choking == choke)
		return;
	c->am_choking = choke;
	c->optimistic = false;
	c->choked_at = now;
	c->changed = true;
	count_slot(c, !choke);
	send_plain(c, choke ? WIRE_CHOKE : WIRE_UNCHOKE);
	if (!choke) {
		c->asked_us = false;
		return;
	}
	if (c->asked_us)
		c->idle_turns = 0;
	else if (c->idle_turns < CHOKER_IDLE_MAX)
		c->idle_turns++;
	upload_on_choke(c);
}

static uint64_t
class_rate(const struct conn *c)
{
	return c->net->tx_line.classes[c->tx_line.class].bucket.rate;
}

/* Do the limits of its torrent and of its class of peers feed one more? */
static bool
limits_leave_slot(const struct conn *c)
{
	const struct traffic	*t = c->swarm->traffic;
	uint8_t			 class = c->tx_line.class;

	return t->nunchoked < choker_slots_max(t->tx_line.bucket.rate) &&
	    (class == 0 || c->net->class_unchoked[class] <
	    choker_slots_max(class_rate(c)));
}

/* May it have a free slot without waiting for the round? */
static bool
may_serve_now(const struct conn *c)
{
	return c->state == CONN_UP && c->peer_interested && c->am_choking &&
	    c->idle_turns == 0 && !c->net->scarce &&
	    (!swarm_done(c->swarm) ||
	    c->uploaded - c->got_on_at <= 2 * c->swarm->geom.size) &&
	    limits_leave_slot(c);
}

void
unchoke_on_interest(struct conn *c)
{
	if (!c->peer_interested || !c->am_choking)
		return;
	if (c->net->nunchoked < c->net->unchoke_slots && may_serve_now(c))
		set_choke(c, false, loop_now(c->net->loop));
	/* Else its turn comes with the next round. */
	swarm_wake(c->swarm, 1000);
}

/* Its slot goes to whoever has waited longest. */
void
unchoke_on_gone(struct conn *c)
{
	struct net	*net = c->net;
	struct swarm	*s;
	struct conn	*o, *best = NULL;

	if (c->am_choking)
		return;
	c->am_choking = true;
	count_slot(c, false);
	if (net->nunchoked >= net->unchoke_slots)
		return;
	TAILQ_FOREACH(s, &net->busy, busy_link) {
		TAILQ_FOREACH(o, &s->conns, link) {
			if (o == c || !may_serve_now(o))
				continue;
			if (best == NULL || o->choked_at < best->choked_at)
				best = o;
		}
	}
	if (best != NULL)
		set_choke(best, false, loop_now(net->loop));
}

static void
peer_fill(struct choker_peer *p, struct conn *c, uint64_t now)
{
	const struct swarm	*s = c->swarm;

	if (c->has.count != c->got_on) {
		c->got_on = c->has.count;
		c->got_on_at = c->uploaded;
	}
	*p = (struct choker_peer){
		.torrent = s->id,
		.seeding = swarm_done(s),
		.interested = c->peer_interested,
		.unchoked = !c->am_choking,
		.served = c->choked_at != 0,
		.busy = c->asked_us,
		.idle = c->idle_turns,
		.since = c->choked_at != 0 ? c->choked_at : c->started,
		.rate = rate_get(&c->down, now),
		.heard = c->heard_at,
		/* While we do not read, silence is not the peer's. */
		.silent = c->am_interested && !c->peer_choking &&
		    !c->waiting && !c->rx_line.waiting,
		.taken = c->uploaded - c->got_on_at,
		.size = s->geom.size,
		.max = choker_slots_max(s->traffic->tx_line.bucket.rate),
		.class = c->tx_line.class,
		.class_max = choker_slots_max(class_rate(c)),
		.arg = c,
	};
	if (s->geom.npieces > 0)
		p->progress = (uint16_t)((uint64_t)c->has.count * 1000 /
		    s->geom.npieces);
}

static void
slots_follow(struct net *net, uint32_t used, uint32_t blocked)
{
	uint64_t	rate = net->up_since * 1000 / CHOKER_ROUND_MS;
	uint64_t	limit = net->tx_line.all.rate;

	net->unchoke_slots = choker_slots(net->unchoke_slots, used, blocked,
	    rate, limit);
	net->scarce = choker_scarce(used, blocked, rate, limit);
	net->up_since = 0;
}

void
unchoke_tick(struct net *net, uint64_t now)
{
	struct choker_peer	*v;
	struct swarm		*s;
	struct conn		*c;
	uint32_t		 n = 0, used = 0, blocked = 0, i;

	if (now < net->rechoke_at)
		return;
	v = xcalloc(net->nconns + 1, sizeof(*v));
	TAILQ_FOREACH(s, &net->busy, busy_link) {
		TAILQ_FOREACH(c, &s->conns, link) {
			if (c->state != CONN_UP)
				continue;
			peer_fill(&v[n++], c, now);
			/* Its class's limit says nothing of what is left. */
			if (c->am_choking || !c->asked_us || c->tx_line.held)
				continue;
			used++;
			blocked += c->blocked || c->tx_line.waiting;
		}
	}
	slots_follow(net, used, blocked);
	net->rechoke_at = now + CHOKER_ROUND_MS;
	choker_run(v, n, net->unchoke_slots, net->scarce, now);
	for (i = 0; i < n; i++)
		if (!v[i].unchoked)
			set_choke(v[i].arg, true, now);
	for (i = 0; i < n; i++) {
		if (!v[i].unchoked)
			continue;
		c = v[i].arg;
		set_choke(c, false, now);
		c->changed |= c->optimistic != v[i].optimistic;
		c->optimistic = v[i].optimistic;
	}
	free(v);
}
