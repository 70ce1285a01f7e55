/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "bitfield.h"
#include "ext.h"
#include "msg.h"
#include "wire.h"

static const uint8_t protocol[WIRE_PROTOCOL_LEN] = "\x13" "BitTorrent protocol";

#define WIRE_VARIABLE	UINT32_MAX

/* Bytes after the length prefix, by id. */
static const uint32_t lengths[] = {
	[WIRE_CHOKE] = 1, [WIRE_UNCHOKE] = 1, [WIRE_INTERESTED] = 1,
	[WIRE_NOT_INTERESTED] = 1, [WIRE_HAVE] = 5,
	[WIRE_BITFIELD] = WIRE_VARIABLE, [WIRE_REQUEST] = 13,
	[WIRE_PIECE] = WIRE_VARIABLE, [WIRE_CANCEL] = 13, [WIRE_PORT] = 3,
	[WIRE_SUGGEST] = 5, [WIRE_HAVE_ALL] = 1, [WIRE_HAVE_NONE] = 1,
	[WIRE_REJECT] = 13, [WIRE_ALLOWED_FAST] = 5,
	[WIRE_EXTENDED] = WIRE_VARIABLE
};
#define WIRE_IDS	(sizeof(lengths) / sizeof(lengths[0]))

static void
wire_bad(struct wire_msg *msg, const char *why)
{
	msg->kind = WIRE_BAD;
	msg->why = why;
}

static void
wire_more(struct wire_msg *msg, uint32_t need)
{
	msg->kind = WIRE_MORE;
	msg->need = need;
}

/* Ids that no one negotiated: some are harmless to skip. */
static void
wire_unknown(struct wire_msg *msg, uint32_t len)
{
	if (!(msg->id >= 10 && msg->id <= 12) &&
	    !(msg->id >= 18 && msg->id <= 19)) {
		wire_bad(msg, "message of unknown type");
		return;
	}
	if (len > WIRE_SKIP_MAX) {
		wire_bad(msg, "message too long");
		return;
	}
	msg->kind = WIRE_SKIP;
	msg->size = 5;
	msg->length = len - 1;
}

static void
wire_piece(const uint8_t *buf, size_t n, uint32_t len, const struct geom *g,
    struct wire_msg *msg)
{
	if (len < 9 || len - 9 > WIRE_BLOCK_MAX) {
		wire_bad(msg, "piece of a wrong length");
		return;
	}
	if (n < WIRE_HEAD_PIECE) {
		wire_more(msg, WIRE_HEAD_PIECE);
		return;
	}
	msg->piece = wire_get32(buf + 5);
	msg->begin = wire_get32(buf + 9);
	msg->length = len - 9;
	if (msg->piece >= g->npieces ||
	    msg->begin >= geom_piece_size(g, msg->piece) ||
	    msg->length > geom_piece_size(g, msg->piece) - msg->begin) {
		wire_bad(msg, "piece out of range");
		return;
	}
	msg->kind = WIRE_DATA;
	msg->size = WIRE_HEAD_PIECE;
}

static void
wire_extended(const uint8_t *buf, size_t n, uint32_t len,
    struct wire_msg *msg)
{
	if (len < 2 || len - 2 > EXT_BODY_MAX) {
		wire_bad(msg, "extended message of a wrong length");
		return;
	}
	if (n < WIRE_HEAD_EXT) {
		wire_more(msg, WIRE_HEAD_EXT);
		return;
	}
	msg->kind = WIRE_EXT;
	msg->size = WIRE_HEAD_EXT;
	msg->ext = buf[5];
	msg->length = len - 2;
}

static void
wire_control(const uint8_t *buf, size_t n, uint32_t len, const struct geom *g,
    struct wire_msg *msg)
{
	if (n < 4 + len) {
		wire_more(msg, 4 + len);
		return;
	}
	msg->kind = WIRE_CONTROL;
	msg->size = 4 + len;
	if (msg->id == WIRE_PORT)
		msg->port = (uint16_t)(buf[5] << 8 | buf[6]);
	if (len >= 5)
		msg->piece = wire_get32(buf + 5);
	if (len == 13) {
		msg->begin = wire_get32(buf + 9);
		msg->length = wire_get32(buf + 13);
	}
	if (len >= 5 && msg->piece >= (g->npieces > 0 ? g->npieces :
	    PIECES_MAX))
		wire_bad(msg, "piece index out of range");
}

void
wire_parse(const uint8_t *buf, size_t n, const struct geom *g,
    struct wire_msg *msg)
{
	uint32_t	len;

	memset(msg, 0, sizeof(*msg));
	if (n < 4) {
		wire_more(msg, 4);
		return;
	}
	if ((len = wire_get32(buf)) == 0) {
		msg->kind = WIRE_KEEPALIVE;
		msg->size = 4;
		return;
	}
	if (n < 5) {
		wire_more(msg, 5);
		return;
	}
	msg->id = buf[4];
	if (msg->id >= WIRE_IDS || lengths[msg->id] == 0) {
		wire_unknown(msg, len);
	} else if (msg->id == WIRE_PIECE) {
		wire_piece(buf, n, len, g, msg);
	} else if (msg->id == WIRE_EXTENDED) {
		wire_extended(buf, n, len, msg);
	} else if (msg->id == WIRE_BITFIELD) {
		msg->kind = WIRE_BITS;
		msg->size = 5;
		msg->length = len - 1;
		if (g->npieces > 0 ?
		    msg->length != bitfield_size(g->npieces) :
		    msg->length == 0 || msg->length > PIECES_MAX / 8)
			wire_bad(msg, "bitfield of a wrong length");
	} else if (len != lengths[msg->id]) {
		wire_bad(msg, "message of a wrong length");
	} else {
		wire_control(buf, n, len, g, msg);
	}
}

int
wire_handshake_check(const uint8_t *buf, size_t n)
{
	if (n > sizeof(protocol))
		n = sizeof(protocol);
	return memcmp(buf, protocol, n) == 0 ? 0 : -1;
}

uint8_t
wire_speaks(const uint8_t hs[WIRE_HANDSHAKE])
{
	const uint8_t	*r = hs + WIRE_PROTOCOL_LEN;

	return (uint8_t)((r[5] & 0x10 ? WIRE_SPEAKS_EXT : 0) |
	    (r[7] & 0x04 ? WIRE_SPEAKS_FAST : 0) |
	    (r[7] & 0x01 ? WIRE_SPEAKS_DHT : 0));
}

void
wire_handshake(uint8_t out[WIRE_HANDSHAKE], const uint8_t infohash[20],
    const uint8_t peer_id[20], bool dht)
{
	memcpy(out, protocol, sizeof(protocol));
	memset(out + sizeof(protocol), 0, 8);
	out[sizeof(protocol) + 5] = 0x10;
	out[sizeof(protocol) + 7] = dht ? 0x05 : 0x04;
	memcpy(out + WIRE_OFF_HASH, infohash, 20);
	memcpy(out + WIRE_OFF_ID, peer_id, 20);
}

size_t
wire_put_plain(uint8_t *out, enum wire_id id)
{
	wire_put32(out, 1);
	out[4] = (uint8_t)id;
	return 5;
}

size_t
wire_put_index(uint8_t *out, enum wire_id id, uint32_t piece)
{
	wire_put32(out, 5);
	out[4] = (uint8_t)id;
	wire_put32(out + 5, piece);
	return 9;
}

size_t
wire_put_range(uint8_t *out, enum wire_id id, uint32_t piece, uint32_t begin,
    uint32_t length)
{
	wire_put32(out, 13);
	out[4] = (uint8_t)id;
	wire_put32(out + 5, piece);
	wire_put32(out + 9, begin);
	wire_put32(out + 13, length);
	return 17;
}

size_t
wire_put_piece(uint8_t *out, uint32_t piece, uint32_t begin, uint32_t length)
{
	wire_put32(out, 9 + length);
	out[4] = WIRE_PIECE;
	wire_put32(out + 5, piece);
	wire_put32(out + 9, begin);
	return WIRE_HEAD_PIECE;
}

size_t
wire_put_port(uint8_t out[WIRE_PORT_SIZE], uint16_t port)
{
	wire_put32(out, 3);
	out[4] = WIRE_PORT;
	out[5] = (uint8_t)(port >> 8);
	out[6] = (uint8_t)port;
	return WIRE_PORT_SIZE;
}

size_t
wire_put_ext(uint8_t *out, uint8_t ext, uint32_t nbytes)
{
	wire_put32(out, 2 + nbytes);
	out[4] = WIRE_EXTENDED;
	out[5] = ext;
	return WIRE_HEAD_EXT;
}

size_t
wire_put_bitfield(uint8_t *out, uint32_t nbytes)
{
	wire_put32(out, 1 + nbytes);
	out[4] = WIRE_BITFIELD;
	return 5;
}
