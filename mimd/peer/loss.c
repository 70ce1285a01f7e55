/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "bitfield.h"
#include "exchange.h"
#include "loss.h"
#include "mem.h"
#include "net.h"
#include "proto.h"
#include "request.h"
#include "reveal.h"
#include "upload.h"

/*
 * Pieces that are had no more, by a peer or by us (BEP 54), and who has
 * nothing to fetch (BEP 21).
 */
static void
seed_lost(struct conn *c, uint32_t piece)
{
	struct swarm	*s = c->swarm;
	uint32_t	 n = s->geom.npieces;

	if (s->picker != NULL)
		picker_del_set(s->picker, &c->has);
	c->has.bits = xmalloc(bitfield_size(n));
	memset(c->has.bits, 0xff, bitfield_size(n));
	bitfield_trim(c->has.bits, n);
	bitfield_clear(c->has.bits, piece);
	if (s->picker != NULL)
		picker_add_set(s->picker, &c->has);
	s->nseeds--;
	s->changed = true;
}

static void
peer_lost(struct conn *c, uint32_t piece)
{
	struct swarm	*s = c->swarm;

	reveal_on_lost(c, piece);
	if (c->has.bits == NULL) {
		seed_lost(c, piece);
	} else {
		bitfield_clear(c->has.bits, piece);
		if (s->picker != NULL)
			picker_del_piece(s->picker, piece);
	}
	if (--c->has.count == 0) {
		free(c->has.bits);
		c->has.bits = NULL;
	}
	if (s->picker != NULL && picker_lacks(s->picker, piece))
		c->wanted--;
	c->changed = true;
	request_drop_piece(c, piece);
	proto_update_interest(c);
	request_refill(c);
	exchange_update(c);
}

void
donthave_on_message(struct conn *c, const uint8_t *p, uint32_t n)
{
	uint32_t	piece = n == 4 ? wire_get32(p) : UINT32_MAX;

	if (swarm_is_bare(c->swarm) || piece >= c->swarm->geom.npieces ||
	    !conn_has(c, piece)) {
		proto_useless(c);
		return;
	}
	/* A whole set is rebuilt when it was one of all pieces. */
	proto_cost(c, c->has.bits == NULL ? PROTO_SET_COST : 1);
	if (c->state != CONN_DEAD)
		peer_lost(c, piece);
}

void
upload_only_on_message(struct conn *c, const uint8_t *p, uint32_t n)
{
	bool	on = n == 1 && p[0] != 0;

	if (n != 1 || c->ext == NULL || c->ext->upload_only == on) {
		proto_useless(c);
		return;
	}
	c->ext->upload_only = on;
	exchange_update(c);
	upload_only_part(c);
}

void
upload_only_part(struct conn *c)
{
	if (c->state == CONN_UP && swarm_done(c->swarm) && c->ext != NULL &&
	    c->ext->upload_only)
		conn_part(c, "both only upload");
}

void
upload_only_tell(struct conn *c)
{
	uint8_t	on = swarm_done(c->swarm) && c->super == NULL;

	ext_send(c, EXT_UPLOAD_ONLY, &on, 1);
}

void
swarm_lost(struct swarm *s, uint32_t piece)
{
	uint8_t		 index[4];
	struct conn	*c;

	wire_put32(index, piece);
	TAILQ_FOREACH(c, &s->conns, link) {
		if (c->state != CONN_UP)
			continue;
		ext_send(c, EXT_DONTHAVE, index, sizeof(index));
		upload_drop_piece(c, piece);
	}
}
