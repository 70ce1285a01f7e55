/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "bitfield.h"
#include "loop.h"
#include "loss.h"
#include "mem.h"
#include "net.h"
#include "reveal.h"
#include "send.h"

/*
 * Super seeding put into effect (BEP 16): connections that come up while it
 * is on are told of no piece but those that superseed.c shows them.
 */
bool
reveal_active(const struct swarm *s)
{
	return s->super_seed && s->complete;
}

static void
reveal_more(struct conn *c)
{
	struct swarm	*s = c->swarm;
	uint8_t		 have[9];
	uint32_t	 piece;

	while ((piece = superseed_next(s->super, c->super, &c->has,
	    loop_now(s->net->loop))) != PICKER_NONE) {
		send_bytes(c, have, (uint32_t)wire_put_index(have, WIRE_HAVE,
		    piece));
		conn_send_soon(c);
	}
}

void
reveal_start(struct conn *c)
{
	struct swarm	*s = c->swarm;

	if (s->super == NULL)
		s->super = superseed_new(s->geom.npieces);
	c->super = xmalloc(sizeof(*c->super));
	superseed_join(s->super, c->super, &c->has);
	if (c->speaks & WIRE_SPEAKS_FAST)
		send_plain(c, WIRE_HAVE_NONE);
	reveal_more(c);
}

void
reveal_end(struct conn *c)
{
	struct swarm	*s = c->swarm;

	if (c->super == NULL)
		return;
	superseed_leave(s->super, c->super, &c->has);
	free(c->super);
	c->super = NULL;
	if (s->super->npeers > 0)
		return;
	superseed_free(s->super);
	s->super = NULL;
}

bool
reveal_shows(const struct conn *c, uint32_t piece)
{
	return c->super == NULL || superseed_shows(c->super, piece);
}

void
reveal_on_have(struct conn *c, uint32_t piece)
{
	struct superseed	*ss = c->swarm->super;
	struct conn		*o;
	uint64_t		 now = loop_now(c->net->loop);

	if (ss == NULL)
		return;
	if (c->super != NULL)
		superseed_on_have(ss, piece);
	TAILQ_FOREACH(o, &c->swarm->conns, link) {
		if (o->super == NULL)
			continue;
		superseed_on_seen(ss, o->super, piece, o == c, now);
		reveal_more(o);
	}
}

void
reveal_on_lost(struct conn *c, uint32_t piece)
{
	if (c->super != NULL)
		superseed_on_lost(c->swarm->super, piece);
}

void
reveal_del_set(struct conn *c)
{
	if (c->super != NULL)
		superseed_del_set(c->swarm->super, &c->has);
}

void
reveal_add_set(struct conn *c)
{
	if (c->super != NULL)
		superseed_add_set(c->swarm->super, &c->has);
}

void
reveal_tick(struct conn *c, uint64_t now)
{
	if (c->super == NULL)
		return;
	superseed_tick(c->super, &c->has, c->swarm->geom.npieces, now);
	reveal_more(c);
}

/* Now it may know; false if that is more than one may be sent at once. */
static bool
reveal_all(struct conn *c)
{
	uint32_t	n = c->swarm->geom.npieces, i;
	uint8_t		have[9];

	if (n > CONN_OUT_MAX / 2 / sizeof(have))
		return false;
	for (i = 0; i < n; i++) {
		if (reveal_shows(c, i) || !swarm_has(c->swarm, i))
			continue;
		send_bytes(c, have, (uint32_t)wire_put_index(have, WIRE_HAVE,
		    i));
	}
	reveal_end(c);
	upload_only_tell(c);
	conn_send_soon(c);
	return true;
}

void
reveal_stop(struct swarm *s)
{
	struct conn	*c, *next;

	for (c = TAILQ_FIRST(&s->conns); c != NULL; c = next) {
		next = TAILQ_NEXT(c, link);
		if (c->state == CONN_UP && c->super != NULL &&
		    !reveal_all(c))
			conn_part(c, "super seeding ends");
	}
}

void
superseed_enable(struct swarm *s, bool on)
{
	struct conn	*c, *next;

	if (s->super_seed == on)
		return;
	s->super_seed = on;
	if (!on) {
		reveal_stop(s);
		return;
	}
	/* Who knows that we have all is to come anew. */
	for (c = TAILQ_FIRST(&s->conns); c != NULL; c = next) {
		next = TAILQ_NEXT(c, link);
		if (c->state == CONN_UP && reveal_active(s))
			conn_part(c, "super seeding begins");
	}
}
