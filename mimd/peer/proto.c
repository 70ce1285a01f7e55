/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "bare.h"
#include "bitfield.h"
#include "dhtport.h"
#include "loop.h"
#include "mem.h"
#include "net.h"
#include "proto.h"
#include "request.h"
#include "reveal.h"
#include "send.h"
#include "unchoke.h"
#include "upload.h"

/* What the messages of a peer do (BEP 3). */
#define USELESS_MS	60000

void
proto_cost(struct conn *c, uint32_t cost)
{
	uint64_t	now = loop_now(c->net->loop);

	if (now - c->useless_at > USELESS_MS) {
		c->useless_at = now;
		c->useless = 0;
	}
	c->useless += cost;
	if (c->useless > CONN_USELESS_MAX)
		conn_close(c, "talks without saying anything");
}

void
proto_useless(struct conn *c)
{
	proto_cost(c, 1);
}

void
proto_on_keepalive(struct conn *c)
{
	proto_useless(c);
}

void
proto_update_interest(struct conn *c)
{
	bool	want = c->swarm->picker != NULL && c->wanted > 0;

	if (want == c->am_interested || c->state != CONN_UP)
		return;
	c->am_interested = want;
	c->changed = true;
	send_plain(c, want ? WIRE_INTERESTED : WIRE_NOT_INTERESTED);
}

/* It has all: a set is not needed to say so. */
static void
peer_is_seed(struct conn *c)
{
	struct swarm	*s = c->swarm;

	if (s->picker != NULL && c->has.bits != NULL) {
		picker_del_set(s->picker, &c->has);
		free(c->has.bits);
		c->has.bits = NULL;
		picker_add_set(s->picker, &c->has);
	}
	free(c->has.bits);
	c->has.bits = NULL;
	s->nseeds++;
	s->changed = true;
	candidates_mark(&s->cands, &c->addr, CAND_SEED);
	if (swarm_done(s))
		conn_part(c, "it is a seed and we want no more");
}

static void
on_have(struct conn *c, uint32_t piece)
{
	struct swarm	*s = c->swarm;
	uint32_t	 n = s->geom.npieces;

	if (swarm_is_bare(s)) {
		if (!bare_on_have(c, piece))
			proto_useless(c);
		return;
	}
	if (c->has.count == n || (c->has.bits != NULL &&
	    bitfield_get(c->has.bits, piece))) {
		proto_useless(c);
		return;
	}
	if (c->has.bits == NULL)
		c->has.bits = xcalloc(1, bitfield_size(n));
	bitfield_set(c->has.bits, piece);
	c->has.count++;
	c->changed = true;
	reveal_on_have(c, piece);
	if (s->picker != NULL) {
		picker_add_piece(s->picker, piece);
		if (picker_lacks(s->picker, piece))
			c->wanted++;
	}
	if (c->has.count == n)
		peer_is_seed(c);
	if (c->state == CONN_DEAD)
		return;
	proto_update_interest(c);
	request_refill(c);
}

/* A set may come again: it replaces the one before.  bits: all or none. */
static void
proto_on_set(struct conn *c, uint8_t *bits, uint32_t count)
{
	struct swarm	*s = c->swarm;
	uint32_t	 n = s->geom.npieces;

	/* The work grows with the set, so few may come. */
	if (c->has.count > 0)
		proto_cost(c, PROTO_SET_COST);
	else if (count == 0)
		proto_useless(c);
	if (c->state == CONN_DEAD) {
		free(bits);
		return;
	}
	reveal_del_set(c);
	if (s->picker != NULL)
		picker_del_set(s->picker, &c->has);
	if (c->has.count == n)
		s->nseeds--;
	free(c->has.bits);
	c->has.bits = bits;
	c->has.count = count;
	c->changed = true;
	reveal_add_set(c);
	if (s->picker != NULL) {
		picker_add_set(s->picker, &c->has);
		c->wanted = picker_count_wanted(s->picker, &c->has);
	}
	if (c->has.count == n)
		peer_is_seed(c);
	if (c->state == CONN_DEAD)
		return;
	proto_update_interest(c);
	request_refill(c);
}

void
proto_on_bitfield(struct conn *c, uint8_t *bits)
{
	uint32_t	n = c->swarm->geom.npieces, count;

	bitfield_trim(bits, n);
	count = bitfield_count(bits, n);
	if (count == 0 || count == n) {
		free(bits);
		bits = NULL;
	}
	proto_on_set(c, bits, count);
}

void
proto_on_all(struct conn *c, bool all)
{
	if (swarm_is_bare(c->swarm)) {
		bare_on_all(c, all);
		proto_useless(c);
	} else {
		proto_on_set(c, NULL, all ? c->swarm->geom.npieces : 0);
	}
}

static void
on_choke(struct conn *c, bool choke)
{
	if (c->peer_choking == choke) {
		proto_useless(c);
		return;
	}
	c->peer_choking = choke;
	c->changed = true;
	if (choke) {
		request_on_choke(c);	/* with BEP 6, each is answered */
		proto_useless(c);
	} else {
		c->heard_at = loop_now(c->net->loop);
		pipeline_start(&c->pipeline, c->heard_at);
		request_refill(c);
	}
}

static void
on_interested(struct conn *c, bool interested)
{
	if (c->peer_interested == interested) {
		proto_useless(c);
		return;
	}
	c->peer_interested = interested;
	c->changed = true;
	unchoke_on_interest(c);
	fast_offer(c);
	if (!interested)
		proto_useless(c);
}

void
proto_on_control(struct conn *c, const struct wire_msg *m)
{
	switch (m->id) {
	case WIRE_CHOKE:
	case WIRE_UNCHOKE:
		on_choke(c, m->id == WIRE_CHOKE);
		break;
	case WIRE_INTERESTED:
	case WIRE_NOT_INTERESTED:
		on_interested(c, m->id == WIRE_INTERESTED);
		break;
	case WIRE_HAVE:
		on_have(c, m->piece);
		break;
	case WIRE_REQUEST:
		upload_on_request(c, m->piece, m->begin, m->length);
		break;
	case WIRE_CANCEL:
		upload_on_cancel(c, m->piece, m->begin, m->length);
		break;
	case WIRE_SUGGEST:
	case WIRE_HAVE_ALL:
	case WIRE_HAVE_NONE:
	case WIRE_REJECT:
	case WIRE_ALLOWED_FAST:
		fast_on_control(c, m);
		break;
	case WIRE_PORT:
		dhtport_on_message(c, m->port);
		break;
	default:
		break;
	}
}
