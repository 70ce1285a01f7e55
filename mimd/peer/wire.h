/* SPDX-License-Identifier: ISC */
#ifndef WIRE_H
#define WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "geom.h"

/*
 * The peer wire protocol (BEP 3), without I/O: what a message's head means,
 * whether its length may stand, and how to write one.
 */
#define WIRE_HANDSHAKE		68
#define WIRE_HANDSHAKE_HASH	48	/* enough to answer */
#define WIRE_PROTOCOL_LEN	20	/* length byte and name */
#define WIRE_HEAD_PIECE		13	/* length, id, index, begin */
#define WIRE_HEAD_EXT		6	/* length, id, extended id */
#define WIRE_HEAD_MAX		17	/* the longest whole control message */
#define WIRE_PORT_SIZE		7
#define WIRE_BLOCK_MAX		16384U
#define WIRE_SKIP_MAX		(512U << 10)	/* an unknown message */

enum wire_id {
	WIRE_CHOKE, WIRE_UNCHOKE, WIRE_INTERESTED, WIRE_NOT_INTERESTED,
	WIRE_HAVE, WIRE_BITFIELD, WIRE_REQUEST, WIRE_PIECE, WIRE_CANCEL,
	WIRE_PORT,
	WIRE_SUGGEST = 13, WIRE_HAVE_ALL, WIRE_HAVE_NONE, WIRE_REJECT,
	WIRE_ALLOWED_FAST,	/* 13 to 17: BEP 6 */
	WIRE_EXTENDED = 20	/* BEP 10 */
};

/* Of a handshake's reserved bits, those that mean something to us. */
#define WIRE_SPEAKS_EXT		0x01	/* BEP 10 */
#define WIRE_SPEAKS_FAST	0x02	/* BEP 6 */
#define WIRE_SPEAKS_DHT		0x04	/* BEP 5 */

enum wire_kind {
	WIRE_MORE,		/* .need bytes are wanted in all */
	WIRE_KEEPALIVE,
	WIRE_CONTROL,		/* a whole message of fixed length */
	WIRE_DATA,		/* head of a piece; .length bytes follow */
	WIRE_BITS,		/* head of a bitfield; .length bytes follow */
	WIRE_EXT,		/* head of an extended one; .length follow */
	WIRE_SKIP,		/* head of one to ignore; .length follow */
	WIRE_BAD		/* close; .why says so */
};

struct wire_msg {
	enum wire_kind	 kind;
	uint8_t		 id;
	uint8_t		 ext;		/* WIRE_EXT: whose message it is */
	uint32_t	 piece, begin;	/* as the message has them */
	uint32_t	 length;	/* asked for, or bytes that follow */
	uint16_t	 port;		/* of PORT: the peer's node */
	uint32_t	 need;
	uint32_t	 size;		/* bytes of head used up */
	const char	*why;
};

/*
 * Look at the n <= WIRE_HEAD_MAX bytes at the start of a message.  Piece
 * indices and ranges are checked against g; a request's range is not (that
 * is only counted, see upload.c).  Where g has no pieces, as nobody knows them
 * yet, any index and any set will pass, but no block.
 */
void	wire_parse(const uint8_t *buf, size_t n, const struct geom *g,
	    struct wire_msg *msg);

/* The first n bytes of a handshake, as far as they go: -1 if not BitTorrent. */
int	wire_handshake_check(const uint8_t *buf, size_t n);
/* WIRE_SPEAKS_* of a whole handshake. */
uint8_t	wire_speaks(const uint8_t hs[WIRE_HANDSHAKE]);
/* dht: we have a node of it, and may speak of it in this torrent. */
void	wire_handshake(uint8_t out[WIRE_HANDSHAKE],
	    const uint8_t infohash[20], const uint8_t peer_id[20], bool dht);
#define WIRE_OFF_HASH	28
#define WIRE_OFF_ID	48

static inline uint32_t
wire_get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3];
}

static inline void
wire_put32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

/* Builders return the bytes written. */
size_t	wire_put_plain(uint8_t *out, enum wire_id id);		/* 5 */
/* have, suggest or allowed fast */
size_t	wire_put_index(uint8_t *out, enum wire_id id,
	    uint32_t piece);					/* 9 */
/* request, cancel or reject */
size_t	wire_put_range(uint8_t *out, enum wire_id id, uint32_t piece,
	    uint32_t begin, uint32_t length);			/* 17 */
size_t	wire_put_piece(uint8_t *out, uint32_t piece, uint32_t begin,
	    uint32_t length);					/* 13 */
size_t	wire_put_port(uint8_t out[WIRE_PORT_SIZE], uint16_t port);
size_t	wire_put_ext(uint8_t *out, uint8_t ext, uint32_t nbytes); /* 6 */
size_t	wire_put_bitfield(uint8_t *out, uint32_t nbytes);	/* 5 */

#endif /* WIRE_H */
