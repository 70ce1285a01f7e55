/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "bare.h"
#include "bitfield.h"
#include "loop.h"
#include "mem.h"
#include "net.h"
#include "proto.h"
#include "request.h"
#include "rx.h"

static void
rx_start_head(struct rx *rx)
{
	rx->state = RX_HEAD;
	rx->hlen = 0;
	rx->slot = SLOT_NONE;
}

static void
rx_start_drop(struct rx *rx, uint32_t length)
{
	rx_start_head(rx);
	rx->length = length;
	rx->got = 0;
	if (length > 0)
		rx->state = RX_DROP;
}

void
rx_start_data(struct conn *c, const struct wire_msg *m, uint32_t slot)
{
	struct rx	*rx = &c->rx;

	rx->state = RX_DATA;
	rx->hlen = 0;
	rx->slot = slot;
	rx->piece = m->piece;
	rx->begin = m->begin;
	rx->length = m->length;
	rx->got = 0;
	rx->since = loop_now(c->net->loop);
}

void
rx_data_done(struct conn *c)
{
	struct rx	*rx = &c->rx;
	uint32_t	 slot = rx->slot;

	rx_start_head(rx);
	request_on_block(c, rx->piece, rx->begin, rx->length, slot);
}

/* A block, by a read that did not foresee it: wanted, and is there room? */
static void
rx_on_data_head(struct conn *c, const struct wire_msg *m)
{
	uint32_t	slot = SLOT_NONE;

	if (m->length == 0) {
		/* So BitComet refuses a request. */
		request_on_refused(c, m->piece, m->begin);
	} else {
		if (request_expects(c, m->piece, m->begin, m->length))
			slot = slots_take(&c->net->slots);
		if (slot != SLOT_NONE) {
			rx_start_data(c, m, slot);
			return;
		}
		request_on_dropped(c, m->piece, m->begin);
		c->swarm->wasted += m->length;
		c->swarm->changed = true;
	}
	rx_start_drop(&c->rx, m->length);
}

static uint8_t *
rx_take_body(struct conn *c)
{
	struct rx	*rx = &c->rx;
	uint8_t		*body = rx->body;

	if (rx->bare)
		c->net->bare_bytes -= rx->length;
	c->net->body_bytes -= rx->size;
	rx->bare = false;
	rx->body = NULL;
	rx->size = 0;
	return body;
}

static void
rx_on_ext_head(struct conn *c, const struct wire_msg *m)
{
	struct rx	*rx = &c->rx;

	if (m->length > ext_body_max(c, m->ext)) {
		proto_cost(c, 1 + m->length / PROTO_DROP_BYTES);
		rx_start_drop(rx, m->length);
		return;
	}
	rx_start_head(rx);
	rx->ext = m->ext;
	rx->length = m->length;
	rx->got = 0;
	rx->since = loop_now(c->net->loop);
	if (m->length == 0)
		ext_on_message(c, m->ext, NULL, 0);
	else
		rx->state = RX_EXT;
}

/*
 * An extended message's bytes.  Most come whole, and are read where they
 * are; the others are gathered in memory that grows as they come, so that a
 * length alone costs nothing.
 */
static uint32_t
feed_ext(struct conn *c, const uint8_t *p, uint32_t n)
{
	struct rx	*rx = &c->rx;
	uint32_t	 k = rx->length - rx->got, size;
	uint8_t		*body;

	if (k > n)
		k = n;
	if (k == rx->length) {
		rx_start_head(rx);
		ext_on_message(c, rx->ext, p, k);
		return k;
	}
	if (rx->got + k > rx->size) {
		size = (rx->got + k + CONN_BODY_CHUNK - 1) /
		    CONN_BODY_CHUNK * CONN_BODY_CHUNK;
		if (size > CONN_BODY_CHUNK && c->net->body_bytes + size -
		    rx->size > NET_BODIES_MAX) {
			conn_close(c, "too many messages half received");
			return k;
		}
		c->net->body_bytes += size - rx->size;
		rx->size = size;
		rx->body = xreallocarray(rx->body, size, 1);
	}
	memcpy(rx->body + rx->got, p, k);
	rx->got += k;
	if (rx->got < rx->length)
		return k;
	body = rx_take_body(c);
	rx_start_head(rx);
	ext_on_message(c, rx->ext, body, rx->length);
	free(body);
	return k;
}

static void
rx_on_head(struct conn *c, const struct wire_msg *m)
{
	struct rx	*rx = &c->rx;

	switch (m->kind) {
	case WIRE_KEEPALIVE:
		rx->hlen = 0;
		proto_on_keepalive(c);
		break;
	case WIRE_CONTROL:
		rx->hlen = 0;
		proto_on_control(c, m);
		break;
	case WIRE_DATA:
		rx_on_data_head(c, m);
		break;
	case WIRE_BITS:
		if (swarm_is_bare(c->swarm) && !bare_room(c, m->length)) {
			rx_start_drop(rx, m->length);
			break;
		}
		rx->state = RX_BITS;
		rx->hlen = 0;
		rx->length = m->length;
		rx->got = 0;
		rx->body = xcalloc(1, m->length);
		rx->bare = swarm_is_bare(c->swarm);
		if (rx->bare)
			c->net->bare_bytes += m->length;
		break;
	case WIRE_EXT:
		rx_on_ext_head(c, m);
		break;
	case WIRE_SKIP:
		proto_cost(c, 1 + m->length / PROTO_DROP_BYTES);
		rx_start_drop(rx, m->length);
		break;
	case WIRE_BAD:
		conn_close(c, m->why);
		break;
	case WIRE_MORE:
		break;
	}
}

static uint32_t
feed_head(struct conn *c, const uint8_t *p, uint32_t n)
{
	struct rx	*rx = &c->rx;
	struct wire_msg	 m;
	uint32_t	 used = 0, k;

	for (;;) {
		wire_parse(rx->head, rx->hlen, &c->swarm->geom, &m);
		if (m.kind != WIRE_MORE)
			break;
		k = m.need - rx->hlen;
		if (k > n - used)
			k = n - used;
		if (k == 0)
			return used;
		memcpy(rx->head + rx->hlen, p + used, k);
		rx->hlen += (uint8_t)k;
		used += k;
	}
	rx_on_head(c, &m);
	return used;
}

/* The metadata may have come while this was read: then it is judged so. */
static void
on_bits(struct conn *c, uint8_t *bits, uint32_t n)
{
	if (swarm_is_bare(c->swarm)) {
		bare_on_bits(c, bits, n);
		proto_useless(c);
	} else if (n == bitfield_size(c->swarm->geom.npieces)) {
		proto_on_bitfield(c, bits);
	} else {
		free(bits);
		conn_close(c, "bitfield of a wrong length");
	}
}

static uint32_t
feed_body(struct conn *c, const uint8_t *p, uint32_t n)
{
	struct rx	*rx = &c->rx;
	uint8_t		*bits;
	uint32_t	 k = rx->length - rx->got;

	if (k > n)
		k = n;
	if (rx->state == RX_DATA)
		memcpy(arena_slot(&c->net->arena, rx->slot) + rx->got, p, k);
	else if (rx->state == RX_BITS)
		memcpy(rx->body + rx->got, p, k);
	rx->got += k;
	if (rx->got < rx->length)
		return k;
	if (rx->state == RX_DATA) {
		rx_data_done(c);
	} else if (rx->state == RX_BITS) {
		n = rx->length;
		bits = rx_take_body(c);
		rx_start_head(rx);
		on_bits(c, bits, n);
	} else {
		rx_start_head(rx);
	}
	return k;
}

static uint32_t
feed_handshake(struct conn *c, const uint8_t *p, uint32_t n)
{
	struct rx	*rx = &c->rx;
	uint32_t	 k = WIRE_HANDSHAKE - rx->hlen;

	if (k > n)
		k = n;
	memcpy(rx->head + rx->hlen, p, k);
	rx->hlen += (uint8_t)k;
	conn_on_handshake(c);
	return k;
}

void
rx_feed(struct conn *c, uint8_t *p, uint32_t n)
{
	uint32_t	k;

	while (n > 0 && c->state != CONN_DEAD) {
		if (crypt_busy(c))
			k = crypt_feed(c, p, n);
		else if (c->state == CONN_HANDSHAKE)
			k = feed_handshake(c, p, n);
		else if (c->rx.state == RX_HEAD)
			k = feed_head(c, p, n);
		else if (c->rx.state == RX_EXT)
			k = feed_ext(c, p, n);
		else
			k = feed_body(c, p, n);
		p += k;
		n -= k;
	}
}

void
rx_clear(struct conn *c)
{
	if (c->rx.state == RX_DATA)
		slots_give(&c->net->slots, c->rx.slot,
		    loop_now(c->net->loop));
	free(rx_take_body(c));
	rx_start_head(&c->rx);
}

void
rx_detach(struct conn *c)
{
	if (c->rx.state != RX_DATA)
		return;
	/* The request is still on record: nothing will answer it now. */
	request_on_dropped(c, c->rx.piece, c->rx.begin);
	slots_give(&c->net->slots, c->rx.slot, loop_now(c->net->loop));
	c->rx.state = RX_DROP;
	c->rx.slot = SLOT_NONE;
}
