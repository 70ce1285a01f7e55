/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "bitfield.h"
#include "loop.h"
#include "mem.h"
#include "net.h"
#include "proto.h"
#include "request.h"
#include "send.h"

/* What the messages of the fast extension do (BEP 6), and who sends them. */

static struct fast *
fast_of(struct conn *c)
{
	if (c->fast == NULL)
		c->fast = xcalloc(1, sizeof(*c->fast));
	return c->fast;
}

bool
conn_has(const struct conn *c, uint32_t piece)
{
	if (c->has.bits == NULL)
		return conn_is_seed(c);
	return bitfield_get(c->has.bits, piece);
}

void
fast_refuse(struct conn *c, uint32_t piece, uint32_t begin, uint32_t length)
{
	uint8_t	buf[WIRE_HEAD_MAX];

	if (!(c->speaks & WIRE_SPEAKS_FAST))
		return;
	send_bytes(c, buf, (uint32_t)wire_put_range(buf, WIRE_REJECT, piece,
	    begin, length));
	conn_send_soon(c);
}

/* Who has something to give by now waits for its turn like all others. */
bool
fast_serves(struct conn *c, uint32_t piece, uint32_t length)
{
	return c->fast != NULL && c->has.count <
	    fast_set_size(c->swarm->geom.piece_length) &&
	    fast_take(c->fast, piece, length);
}

/*
 * A choked newcomer may have a few pieces, so that it has something to give.
 * BEP 6 knows sets of IPv4 addresses only.
 */
void
fast_offer(struct conn *c)
{
	struct swarm	*s = c->swarm;
	uint32_t	 set[FAST_SET], n, i;
	uint8_t		 msg[9];

	if (!(c->speaks & WIRE_SPEAKS_FAST) || !addr_is_v4(&c->addr) ||
	    !c->am_choking || !c->peer_interested || c->super != NULL ||
	    swarm_is_bare(s) ||
	    c->has.count >= fast_set_size(s->geom.piece_length) ||
	    (c->fast != NULL && c->fast->offered))
		return;
	n = fast_set(c->addr.ip + 12, s->infohash, s->geom.npieces, set,
	    fast_set_size(s->geom.piece_length));
	fast_of(c)->offered = true;
	for (i = 0; i < n; i++) {
		if (!swarm_has(s, set[i]) || conn_has(c, set[i]))
			continue;
		fast_give(c->fast, set[i], geom_piece_size(&s->geom, set[i]));
		send_bytes(c, msg, (uint32_t)wire_put_index(msg,
		    WIRE_ALLOWED_FAST, set[i]));
	}
	conn_send_soon(c);
}

/* Legal also for a piece that it lacks: it may come to have it. */
static void
on_allowed(struct conn *c, uint32_t piece)
{
	if (swarm_is_bare(c->swarm) || swarm_has(c->swarm, piece) ||
	    !fast_allow(fast_of(c), piece)) {
		proto_useless(c);
		return;
	}
	request_refill(c);
}

static void
on_suggest(struct conn *c, uint32_t piece)
{
	struct swarm	*s = c->swarm;

	proto_useless(c);
	if (c->state == CONN_UP && s->picker != NULL && conn_has(c, piece))
		picker_suggest(s->picker, c->id, piece);
}

void
fast_on_control(struct conn *c, const struct wire_msg *m)
{
	if (!(c->speaks & WIRE_SPEAKS_FAST)) {
		conn_close(c, "did not say that it speaks so");
		return;
	}
	switch (m->id) {
	case WIRE_HAVE_ALL:
	case WIRE_HAVE_NONE:
		proto_on_all(c, m->id == WIRE_HAVE_ALL);
		break;
	case WIRE_REJECT:
		request_on_reject(c, m->piece, m->begin, m->length);
		break;
	case WIRE_ALLOWED_FAST:
		on_allowed(c, m->piece);
		break;
	case WIRE_SUGGEST:
		on_suggest(c, m->piece);
		break;
	default:
		break;
	}
}
