/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "connect.h"
#include "exchange.h"
#include "loss.h"
#include "mem.h"
#include "meta.h"
#include "net.h"
#include "proto.h"
#include "send.h"

/*
 * Extended messages (BEP 10): which we take, and what is done with them.  A
 * row without a handler is not spoken, and not announced.
 */
struct ext_row {
	uint32_t	 max;		/* bytes of a body */
	/* NULL: always */
	bool		(*announced)(const struct conn *);
	void		(*on_message)(struct conn *, const uint8_t *,
			    uint32_t);
};

static void	on_handshake(struct conn *, const uint8_t *, uint32_t);

static const struct ext_row rows[EXT_COUNT] = {
	[EXT_HANDSHAKE] = { EXT_HANDSHAKE_MAX, NULL, on_handshake },
	[EXT_PEX] = { PEX_BODY_MAX, exchange_allowed, exchange_on_message },
	[EXT_HOLEPUNCH] = { HOLEPUNCH_OUT_MAX, punch_allowed,
	    punch_on_message },
	[EXT_METADATA] = { UTMETA_MAX, NULL, serve_on_message },
	[EXT_UPLOAD_ONLY] = { 1, NULL, upload_only_on_message },
	[EXT_DONTHAVE] = { 4, NULL, donthave_on_message },
};

static bool
row_spoken(const struct conn *c, uint8_t id)
{
	return id < EXT_COUNT && rows[id].on_message != NULL &&
	    (rows[id].announced == NULL || rows[id].announced(c));
}

static void
on_handshake(struct conn *c, const uint8_t *p, uint32_t n)
{
	if (c->ext == NULL) {
		c->ext = xmalloc(sizeof(*c->ext));
		ext_peer_init(c->ext);
	} else {
		proto_cost(c, 1 + n / PROTO_DROP_BYTES);
	}
	/* What cannot be read is passed over: others do so, too. */
	if (ext_parse(c->ext, p, n) == -1)
		proto_useless(c);
	if (c->state == CONN_DEAD)
		return;
	if (c->ext->has_yourip)
		external_vote(&c->net->external, &c->addr, c->ext->yourip);
	connect_known(c);
	exchange_update(c);
	swarm_wake(c->swarm, 1000);
	c->changed = true;
	fetch_on_size(c);
	upload_only_part(c);
}

void
ext_start(struct conn *c)
{
	uint8_t		buf[WIRE_HEAD_EXT + EXT_HANDSHAKE_OURS];
	struct ext_ours	ours = {
		.upload_only = swarm_done(c->swarm) && !c->swarm->super_seed,
		.encrypts = c->net->encryption == ENCRYPTION_PREFER ||
		    c->net->encryption == ENCRYPTION_REQUIRE,
		.port = c->net->port,
		.reqq = CONN_QUEUE_MAX,
		.client = "mim " MIM_VERSION,
		.yourip = c->addr.ip,
		.metadata_size = serve_has(c) ? c->swarm->metadata_size : 0,
	};
	uint8_t		i;
	size_t		n;

	if (!(c->speaks & WIRE_SPEAKS_EXT))
		return;
	for (i = 1; i < EXT_COUNT; i++)
		if (row_spoken(c, i))
			ours.mask |= 1U << i;
	/* What a handshake leaves out stays as the one before had it. */
	if (c->told_pex && !(ours.mask & 1U << EXT_PEX))
		ours.off = 1U << EXT_PEX;
	c->told_pex = (ours.mask & 1U << EXT_PEX) != 0;
	n = ext_build(buf + WIRE_HEAD_EXT, &ours);
	wire_put_ext(buf, EXT_HANDSHAKE, (uint32_t)n);
	send_bytes(c, buf, (uint32_t)(WIRE_HEAD_EXT + n));
	conn_send_soon(c);
}

uint32_t
ext_body_max(const struct conn *c, uint8_t id)
{
	return row_spoken(c, id) ? rows[id].max : 0;
}

void
ext_on_message(struct conn *c, uint8_t id, const uint8_t *p, uint32_t n)
{
	if (row_spoken(c, id))
		rows[id].on_message(c, p, n);
	else
		proto_useless(c);
}

bool
ext_speaks(const struct conn *c, enum ext_id id)
{
	return c->state == CONN_UP && c->ext != NULL && c->ext->ids[id] != 0;
}

bool
ext_send(struct conn *c, enum ext_id id, const void *p, uint32_t n)
{
	uint8_t	head[WIRE_HEAD_EXT];

	if (!ext_speaks(c, id))
		return false;
	wire_put_ext(head, c->ext->ids[id], n);
	send_bytes(c, head, sizeof(head));
	send_bytes(c, p, n);
	conn_send_soon(c);
	return true;
}

bool
ext_listen_addr(const struct conn *c, struct addr *addr)
{
	*addr = c->addr;
	if (!c->incoming)
		return true;
	if (c->ext == NULL || c->ext->port == 0)
		return false;
	addr->port = c->ext->port;
	return true;
}
