/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "bitfield.h"
#include "child.h"
#include "net.h"
#include "stats.h"

/* A swarm without a picker keeps no counts: ask each connection. */
static uint32_t
count_peers(const struct swarm *s, uint32_t piece)
{
	const struct conn	*c;
	uint32_t		 n = 0;

	TAILQ_FOREACH(c, &s->conns, link) {
		if (c->state == CONN_UP)
			n += conn_is_seed(c) || (c->has.bits != NULL &&
			    bitfield_get(c->has.bits, piece));
	}
	return n;
}

void
pieces_tell(struct swarm *s, uint64_t client, uint32_t first)
{
	uint8_t			have[PIECES_PAGE / 8] = { 0 };
	uint8_t			begun[PIECES_PAGE / 8] = { 0 };
	uint8_t			peers[PIECES_PAGE];
	struct msg_pieces_told	m = {
		.id = s->id,
		.client = client,
		.first = first,
	};
	uint32_t		i, n = s->geom.npieces - first, count;

	if (n > PIECES_PAGE)
		n = PIECES_PAGE;
	for (i = 0; i < n; i++) {
		if (swarm_has(s, first + i))
			bitfield_set(have, i);
		else if (s->picker != NULL && picker_begun(s->picker,
		    first + i))
			bitfield_set(begun, i);
		count = s->picker != NULL ? picker_availability(s->picker,
		    first + i) : count_peers(s, first + i);
		peers[i] = count > UINT8_MAX ? UINT8_MAX : (uint8_t)count;
	}
	m.have.p = have;
	m.begun.p = begun;
	m.have.len = m.begun.len = (uint32_t)bitfield_size(n);
	m.peers.p = peers;
	m.peers.len = n;
	chan_send(s->net->child->parent, MSG_PIECES_TOLD, &m);
}
