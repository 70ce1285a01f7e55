/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "choker.h"
#include "loop.h"
#include "mem.h"
#include "net.h"

/* Puts into effect what choker.c decides. */

static void
set_choke(struct conn *c, bool choke, uint64_t now)
{
	if (c->am_choking == choke)
		return;
	c->am_choking = choke;
	c->choked_at = now;
	c->changed = true;
	c->net->nunchoked += choke ? -1U : 1U;
	send_plain(c, choke ? WIRE_CHOKE : WIRE_UNCHOKE);
	if (choke)
		upload_on_choke(c);
}

void
unchoke_on_interest(struct conn *c)
{
	if (!c->peer_interested || !c->am_choking)
		return;
	if (c->net->nunchoked < c->net->unchoke_slots)
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
	net->nunchoked--;
	if (net->nunchoked >= net->unchoke_slots)
		return;
	TAILQ_FOREACH(s, &net->busy, busy_link) {
		TAILQ_FOREACH(o, &s->conns, link) {
			if (o == c || o->state != CONN_UP || !o->am_choking ||
			    !o->peer_interested)
				continue;
			if (best == NULL || o->choked_at < best->choked_at)
				best = o;
		}
	}
	if (best != NULL)
		set_choke(best, false, loop_now(net->loop));
}

void
unchoke_tick(struct net *net, uint64_t now)
{
	struct choker_peer	*v;
	struct swarm		*s;
	struct conn		*c;
	uint32_t		 n = 0, blocked = 0, i;

	if (now < net->rechoke_at)
		return;
	v = xcalloc(net->nconns + 1, sizeof(*v));
	TAILQ_FOREACH(s, &net->busy, busy_link) {
		TAILQ_FOREACH(c, &s->conns, link) {
			if (c->state != CONN_UP)
				continue;
			if (!c->am_choking && c->blocked)
				blocked++;
			v[n].interested = c->peer_interested;
			v[n].unchoked = !c->am_choking;
			v[n].since = c->choked_at;
			v[n++].arg = c;
		}
	}
	net->unchoke_slots = choker_slots(net->unchoke_slots,
	    net->nunchoked, blocked,
	    net->up_since * 1000 / CHOKER_ROUND_MS);
	net->up_since = 0;
	net->rechoke_at = now + CHOKER_ROUND_MS;
	choker_run(v, n, net->unchoke_slots, now);
	for (i = 0; i < n; i++)
		if (!v[i].unchoked)
			set_choke(v[i].arg, true, now);
	for (i = 0; i < n; i++)
		if (v[i].unchoked)
			set_choke(v[i].arg, false, now);
	free(v);
}
