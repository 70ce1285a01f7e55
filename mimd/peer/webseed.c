/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "chan.h"
#include "child.h"
#include "loop.h"
#include "net.h"
#include "request.h"
#include "reserve.h"
#include "webseed.h"

/* Web seeds have tracker as their hands; here they are given their pieces. */
#define UNKNOWN_MS	30000U	/* a piece takes from a peer not yet known */

void
webseed_on_ask(struct net *net, const struct msg_seed_ask *m)
{
	struct msg_seed_span	 r = { .id = m->id, .tag = m->tag };
	struct swarm		*s = swarm_find(net, m->id);
	uint32_t		 max;

	if (s != NULL && s->open && s->picker != NULL) {
		if (s->reserves == NULL)
			s->reserves = reserves_new();
		max = m->bytes / s->geom.piece_length;
		r.n = reserves_take(s->reserves, s->picker, m->seed, m->tag,
		    max > 0 ? max : 1, loop_now(net->loop), &r.first);
		swarm_wake(s, RESERVE_MS);
	}
	chan_send(net->child->parent, MSG_SEED_SPAN, &r);
}

/* There may be something for those who had nothing to do. */
static void
refill_idle(struct swarm *s)
{
	struct conn	*c;

	TAILQ_FOREACH(c, &s->conns, link)
		if (c->state == CONN_UP && c->asked.n == 0)
			request_refill(c);
}

void
webseed_on_drop(struct net *net, const struct msg_seed_drop *m)
{
	struct picker_run	 avoid = { m->avoid, m->navoid };
	struct swarm		*s = swarm_find(net, m->id);

	if (s == NULL || s->reserves == NULL || s->picker == NULL)
		return;
	reserves_over(s->reserves, s->picker, m->tag, &avoid);
	refill_idle(s);
}

void
webseed_reset(struct net *net)
{
	struct swarm	*s;

	RB_FOREACH(s, swarm_ids, &net->swarms)
		if (s->reserves != NULL) {
			webseed_drop(s);
			refill_idle(s);
		}
}

void
webseed_drop(struct swarm *s)
{
	if (s->reserves == NULL)
		return;
	reserves_drop(s->reserves, s->picker);
	reserves_free(s->reserves);
	s->reserves = NULL;
}

bool
webseed_steal(struct conn *c, uint64_t rate)
{
	struct swarm	*s = c->swarm;
	uint64_t	 ms = UNKNOWN_MS;

	if (s->reserves == NULL || c->asked.n > 0)
		return false;
	if (rate > 0)
		ms = s->geom.piece_length * 1000ULL / rate;
	return reserves_steal(s->reserves, s->picker, &c->has, ms,
	    loop_now(c->net->loop));
}

void
webseed_tick(struct swarm *s, uint64_t now)
{
	if (s->reserves == NULL || s->picker == NULL)
		return;
	reserves_expire(s->reserves, s->picker, now);
	if (s->reserves->n > 0)
		swarm_wake(s, RESERVE_MS);
}

/*
 * Disk's word on a piece that tracker wrote.  That one is not blamed here:
 * tracker hears of it, too, and bans its seed.
 */
void
webseed_on_piece(struct swarm *s, uint32_t piece, bool good)
{
	if (good && s->reserves != NULL && s->picker != NULL)
		reserves_came(s->reserves, s->picker, piece,
		    loop_now(s->net->loop));
	if (good)
		return;
	s->wasted += geom_piece_size(&s->geom, piece);
	s->changed = true;
	swarm_wake(s, 0);
}
