/* SPDX-License-Identifier: ISC */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bitfield.h"
#include "hostile.h"

/*
 * Every message at wrong lengths and at wrong times, each on a connection of
 * its own: made as a list of scripts, as there are as many as types times
 * ways to be wrong.
 */
#define WRONG_MAX	256
#define KEY_AND_PAD	1024	/* more than MSE lets pass */

static const struct {
	uint8_t		 id;
	const char	*name;
	uint32_t	 length;	/* after the length itself */
	bool		 indexed;	/* begins with a piece */
	bool		 fast;		/* of BEP 6 */
} types[] = {
	{ WIRE_CHOKE, "choke", 1, false, false },
	{ WIRE_UNCHOKE, "unchoke", 1, false, false },
	{ WIRE_INTERESTED, "interested", 1, false, false },
	{ WIRE_NOT_INTERESTED, "not interested", 1, false, false },
	{ WIRE_HAVE, "have", 5, true, false },
	{ WIRE_REQUEST, "request", 13, true, false },
	{ WIRE_CANCEL, "cancel", 13, true, false },
	{ WIRE_PORT, "port", 3, false, false },
	{ WIRE_SUGGEST, "suggest", 5, true, true },
	{ WIRE_HAVE_ALL, "have-all", 1, false, true },
	{ WIRE_HAVE_NONE, "have-none", 1, false, true },
	{ WIRE_REJECT, "reject", 13, true, true },
	{ WIRE_ALLOWED_FAST, "allowed fast", 5, true, true },
};
#define NTYPES	(sizeof(types) / sizeof(types[0]))

static struct script	 wrong[WRONG_MAX + 1];
static uint32_t		 nwrong;

static void
say_after_handshake(struct peer *p)
{
	if (!peer_greet(p))
		return;
	p->messages++;
	peer_put(p, p->script->bytes, p->script->nbytes);
}

/*
 * Where a handshake should be; over and over, or it may still be a key of
 * the encrypted one.
 */
static void
say_at_once(struct peer *p)
{
	size_t	n;

	p->messages++;
	for (n = 0; n < KEY_AND_PAD; n += p->script->nbytes)
		peer_put(p, p->script->bytes, p->script->nbytes);
}

static void
add(const char *type, const char *how, void (*run)(struct peer *),
    bool plain, const uint8_t *bytes, size_t n)
{
	struct script	*s = &wrong[nwrong++];
	uint8_t		*copy = malloc(n);
	char		*name;

	if (nwrong > WRONG_MAX || copy == NULL ||
	    asprintf(&name, "%s %s", type, how) == -1)
		errx(1, "wrong messages");
	memcpy(copy, bytes, n);
	*s = (struct script){
		.group = "wrong", .name = name, .expect = EXPECT_END,
		.once = true, .run = run, .plain = plain, .bytes = copy,
		.nbytes = n
	};
}

/* A head, and n bytes of zeros: piece 0, offset 0, length 0. */
static void
add_message(const char *type, const char *how, uint32_t length, uint8_t id,
    size_t n, bool plain)
{
	uint8_t	buf[64] = { 0 };

	wire_put32(buf, length);
	buf[4] = id;
	add(type, how, say_after_handshake, plain, buf, 5 + n);
}

static void
add_fixed(const struct target *t)
{
	uint8_t	buf[64] = { 0 };
	size_t	i;

	for (i = 0; i < NTYPES; i++) {
		const char	*name = types[i].name;
		uint8_t		 id = types[i].id;
		uint32_t	 len = types[i].length;

		add_message(name, "too long", len + 1, id, len, false);
		add_message(name, "of 2 GiB", 1U << 31, id, len, false);
		if (len > 1)
			add_message(name, "too short", len - 1, id, len - 2,
			    false);
		if (len > 1)
			add_message(name, "without a body", 1, id, 0, false);
		if (types[i].fast)
			add_message(name, "without the bit", len, id, len - 1,
			    true);
		wire_put32(buf, len);
		buf[4] = id;
		add(name, "before the handshake", say_at_once, false, buf,
		    4 + len);
		if (!types[i].indexed)
			continue;
		wire_put32(buf + 5, t->npieces);
		add(name, "just beyond the end", say_after_handshake, false,
		    buf, 4 + len);
		wire_put32(buf + 5, UINT32_MAX);
		add(name, "far beyond the end", say_after_handshake, false,
		    buf, 4 + len);
		wire_put32(buf + 5, 0);
	}
}

static void
add_bitfields(const struct target *t)
{
	uint32_t	size = (uint32_t)bitfield_size(t->npieces), i;
	uint32_t	sizes[] = { 0, size - 1, size + 1, size + 100,
			    1U << 20, UINT32_MAX - 1 };
	char		how[32];

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		snprintf(how, sizeof(how), "of %u bytes", sizes[i]);
		add_message("bitfield", how, sizes[i] + 1, WIRE_BITFIELD, 0,
		    false);
	}
}

static void
add_pieces(const struct target *t)
{
	struct {
		const char	*how;
		uint32_t	 piece, begin, length;
	} rows[] = {
		{ "of 16 KiB and a byte", 0, 0, WIRE_BLOCK_MAX + 1 },
		{ "of 1 MiB", 0, 0, 1U << 20 },
		{ "of 4 GiB", 0, 0, UINT32_MAX - 9 },
		{ "beyond the end", t->npieces, 0, 1 },
		{ "far beyond the end", UINT32_MAX, 0, 1 },
		{ "behind its piece", 0, t->piece_size, 1 },
		{ "across its piece's end", 0, t->piece_size - 1, 2 },
		{ "at an offset that wraps", 0, UINT32_MAX, 2 },
	};
	uint8_t		buf[WIRE_HEAD_PIECE];
	size_t		i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		wire_put_piece(buf, rows[i].piece, rows[i].begin,
		    rows[i].length);
		add("piece", rows[i].how, say_after_handshake, false, buf,
		    sizeof(buf));
	}
	add_message("piece", "without a body", 1, WIRE_PIECE, 0, false);
	add_message("piece", "of half a head", 5, WIRE_PIECE, 4, false);
}

static void
add_others(const struct target *t)
{
	static const uint8_t	http[] = "GET / HTTP/1.0\r\n\r\n";
	static const uint8_t	unknown[] = { 21, 22, 64, 128, 255 };
	uint8_t			hs[WIRE_HANDSHAKE];
	uint8_t			id[20] = "-TT0001-somebodyelse";
	uint8_t			other[20] = { 1 };
	size_t			i;
	char			how[32];

	add_message("extended", "without an id", 1, WIRE_EXTENDED, 0, false);
	add_message("extended", "and too long", 2 + EXT_BODY_MAX + 1,
	    WIRE_EXTENDED, 1, false);
	add_message("extended", "of 4 GiB", UINT32_MAX, WIRE_EXTENDED, 1,
	    false);
	for (i = 0; i < sizeof(unknown); i++) {
		snprintf(how, sizeof(how), "of type %u", unknown[i]);
		add_message("message", how, 1, unknown[i], 0, false);
	}
	add_message("skipped message", "of 1 MiB", 1U << 20, 10, 0, false);
	wire_handshake(hs, other, id, false);
	add("handshake", "for another torrent", say_at_once, false, hs,
	    sizeof(hs));
	wire_handshake(hs, t->infohash, id, false);
	hs[5] ^= 1;
	add("handshake", "of another protocol", say_at_once, true, hs,
	    sizeof(hs));
	add("handshake", "of HTTP", say_at_once, true, http,
	    sizeof(http) - 1);
}

const struct script *
wrong_scripts(const struct target *t)
{
	add_fixed(t);
	add_bitfields(t);
	add_pieces(t);
	add_others(t);
	return wrong;
}
