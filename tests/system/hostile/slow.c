/* SPDX-License-Identifier: ISC */
#include "hostile.h"

/*
 * Crowds that begin something and never end it: each member costs memory and
 * a place, until the other side has been patient enough.
 */
#define CROWD	100
#define DRIP_MS	500

/* A handshake, a byte at a time. */
static void
drip_handshake(struct peer *p)
{
	uint8_t		hs[WIRE_HANDSHAKE];
	uint32_t	i;

	hostile_handshake(p, hs, false);
	for (i = 0; i < sizeof(hs) && !p->gone; i++) {
		peer_put(p, hs + i, 1);
		peer_flush(p);
		peer_await_end(p, DRIP_MS);
	}
}

static void
say_nothing(struct peer *p)
{
	(void)p;
}

static void
half_handshake(struct peer *p)
{
	uint8_t	hs[WIRE_HANDSHAKE];

	hostile_handshake(p, hs, false);
	peer_put(p, hs, WIRE_HANDSHAKE_HASH);
}

/* The largest message there may be, but for its last bytes. */
static void
half_extended(struct peer *p)
{
	static const uint8_t	body[EXT_HANDSHAKE_MAX] = "d";

	if (!peer_greet(p))
		return;
	peer_head(p, 2 + sizeof(body), WIRE_EXTENDED);
	peer_put(p, body, sizeof(body));	/* the first is its id */
}

/* The same, a few bytes at a time: it is not idle. */
static void
drip_extended(struct peer *p)
{
	if (!peer_greet(p))
		return;
	peer_head(p, 2 + EXT_HANDSHAKE_MAX, WIRE_EXTENDED);
	while (!p->gone && peer_flush(p) && !peer_await_end(p, DRIP_MS))
		peer_put(p, "\0\0", 3);
}

static void
half_piece(struct peer *p)
{
	if (!peer_greet(p))
		return;
	peer_bitfield(p, true);
	peer_plain(p, WIRE_UNCHOKE);
	peer_head(p, 9 + WIRE_BLOCK_MAX, WIRE_PIECE);
	peer_put(p, "\0\0\0", 4);
}

#define SLOW(what, how, expects) \
	{ .group = "slow", .name = what, .run = how, .expect = expects, \
	    .once = true, .crowd = CROWD }
const struct script slow[] = {
	SLOW("handshake, byte by byte", drip_handshake, EXPECT_LATE),
	SLOW("no handshake", say_nothing, EXPECT_LATE),
	SLOW("half a handshake", half_handshake, EXPECT_LATE),
	SLOW("half an extended message", half_extended, EXPECT_NOTHING),
	SLOW("extended message, byte by byte", drip_extended, EXPECT_LATE),
	SLOW("half a piece", half_piece, EXPECT_NOTHING),
	{ .name = NULL }
};
