/* SPDX-License-Identifier: ISC */
#include <arpa/inet.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hostile.h"

/*
 * Messages of a right form without end, of each type.  A script's make()
 * writes the i-th of a connection.
 */
#define EACH(p, i)	((i) % (p)->target->npieces)

static void
make_keepalive(struct peer *p, uint32_t i)
{
	(void)i;
	p->messages++;
	peer_put(p, "\0\0\0", 4);
}

static void
make_chokes(struct peer *p, uint32_t i)
{
	peer_plain(p, i % 2 == 0 ? WIRE_UNCHOKE : WIRE_CHOKE);
}

static void
make_unchokes(struct peer *p, uint32_t i)
{
	(void)i;
	peer_plain(p, WIRE_UNCHOKE);
}

static void
make_interest(struct peer *p, uint32_t i)
{
	peer_plain(p, i % 2 == 0 ? WIRE_INTERESTED : WIRE_NOT_INTERESTED);
}

static void
make_haves(struct peer *p, uint32_t i)
{
	peer_index(p, WIRE_HAVE, i % (p->target->npieces - 1));
}

static void
make_bitfields(struct peer *p, uint32_t i)
{
	(void)i;
	peer_bitfield(p, false);
}

static void
make_requests(struct peer *p, uint32_t i)
{
	if (i == 0)
		peer_plain(p, WIRE_INTERESTED);
	peer_range(p, WIRE_REQUEST, EACH(p, i), 0, WIRE_BLOCK_MAX);
}

static void
make_choked_requests(struct peer *p, uint32_t i)
{
	peer_range(p, WIRE_REQUEST, EACH(p, i), 0, WIRE_BLOCK_MAX);
}

static void
make_bad_requests(struct peer *p, uint32_t i)
{
	static const uint32_t	lengths[] = { 0, 1, WIRE_BLOCK_MAX + 1,
	    1U << 17, UINT32_MAX };

	if (i == 0)
		peer_plain(p, WIRE_INTERESTED);
	peer_range(p, WIRE_REQUEST, EACH(p, i), hostile_random(p),
	    lengths[i % (sizeof(lengths) / sizeof(lengths[0]))]);
}

static void
make_cancelled(struct peer *p, uint32_t i)
{
	uint32_t	k;

	if (i == 0)
		peer_plain(p, WIRE_INTERESTED);
	for (k = 0; k < 50; k++)
		peer_range(p, WIRE_REQUEST, EACH(p, k), 0, WIRE_BLOCK_MAX);
	for (k = 0; k < 50; k++)
		peer_range(p, WIRE_CANCEL, EACH(p, k), 0, WIRE_BLOCK_MAX);
}

static void
make_cancels(struct peer *p, uint32_t i)
{
	peer_range(p, WIRE_CANCEL, EACH(p, i), 0, WIRE_BLOCK_MAX);
}

/* Blocks that nobody asked for, of a seed. */
static void
make_pieces(struct peer *p, uint32_t i)
{
	static const uint8_t	zeros[WIRE_BLOCK_MAX];
	uint8_t			head[8];

	if (i == 0)
		peer_plain(p, WIRE_UNCHOKE);
	peer_head(p, 9 + sizeof(zeros), WIRE_PIECE);
	wire_put32(head, i % (p->target->npieces - 1));
	wire_put32(head + 4, 0);
	peer_put(p, head, sizeof(head));
	peer_put(p, zeros, sizeof(zeros));
}

static void
make_empty_pieces(struct peer *p, uint32_t i)
{
	uint8_t	head[8] = { 0 };

	peer_head(p, 9, WIRE_PIECE);
	wire_put32(head, EACH(p, i));
	peer_put(p, head, sizeof(head));
}

static void
make_ports(struct peer *p, uint32_t i)
{
	(void)i;
	peer_head(p, 3, WIRE_PORT);
	peer_put(p, "\x1a\xe1", 2);
}

static void
make_suggests(struct peer *p, uint32_t i)
{
	peer_index(p, WIRE_SUGGEST, EACH(p, i));
}

static void
make_allowed(struct peer *p, uint32_t i)
{
	peer_index(p, WIRE_ALLOWED_FAST, EACH(p, i));
}

static void
make_rejects(struct peer *p, uint32_t i)
{
	peer_range(p, WIRE_REJECT, EACH(p, i), 0, WIRE_BLOCK_MAX);
}

static void
make_have_nones(struct peer *p, uint32_t i)
{
	(void)i;
	peer_plain(p, WIRE_HAVE_NONE);
}

/* A set is replaced over and over. */
static void
make_sets(struct peer *p, uint32_t i)
{
	if (i % 2 == 0)
		peer_plain(p, WIRE_HAVE_NONE);
	else
		peer_index(p, WIRE_HAVE, 1);
}

static void
make_skipped(struct peer *p, uint32_t i)
{
	static const uint8_t	zeros[1000];

	peer_head(p, 1 + sizeof(zeros), (uint8_t)(10 + i % 3));
	peer_put(p, zeros, sizeof(zeros));
}

/* ---- extended messages ---- */

static const char client_head[] = "d1:v15000:", m_head[] = "d1:md";

/* Bombs of many shapes. */
static void
make_handshakes(struct peer *p, uint32_t i)
{
	static const char	bad[] = "d1:md6:ut_pexi1e11:lt_donthavei2e11:"
	    "upload_onlyi3ee13:metadata_sizei1125899906842624e1:pi1048576e4:"
	    "reqqi1099511627776ee";
	char			bomb[EXT_HANDSHAKE_MAX];
	size_t			n = sizeof(bomb);
	uint32_t		k;

	memset(bomb, "ld\0i9\xff"[i % 6], n);
	switch (i % 8) {
	case 0:
		memcpy(bomb, client_head, sizeof(client_head) - 1);
		break;
	case 1:
		memcpy(bomb, bad, sizeof(bad));
		n = sizeof(bad) - 1;
		break;
	case 2:		/* very many ids */
		n = (size_t)snprintf(bomb, sizeof(bomb), "%s", m_head);
		for (k = 10000; k < 11000; k++)
			n += (size_t)snprintf(bomb + n, sizeof(bomb) - n,
			    "6:%uzi%ue", k, k);
		n += (size_t)snprintf(bomb + n, sizeof(bomb) - n, "ee");
		break;
	case 3:
		n = (size_t)snprintf(bomb, sizeof(bomb), "99999999999:");
		break;
	default:
		break;
	}
	peer_ext(p, 0, bomb, n);
}

static void
make_long_handshakes(struct peer *p, uint32_t i)
{
	static const uint8_t	zeros[EXT_BODY_MAX];

	(void)i;
	peer_ext(p, 0, zeros, sizeof(zeros));
}

static void
make_unknown_ids(struct peer *p, uint32_t i)
{
	static const uint8_t	zeros[1000];

	peer_ext(p, (uint8_t)(EXT_COUNT + i % 200), zeros, sizeof(zeros));
}

/* Has all but one, and loses and finds another over and over. */
static void
make_donthaves(struct peer *p, uint32_t i)
{
	static const uint8_t	one[4] = { 0, 0, 0, 1 };

	if (i % 2 == 0)
		peer_index(p, WIRE_HAVE, 1);
	else
		peer_ext(p, p->ids[EXT_DONTHAVE], one, sizeof(one));
}

static void
make_upload_only(struct peer *p, uint32_t i)
{
	peer_ext(p, p->ids[EXT_UPLOAD_ONLY], "\1\1", 1 + i % 2);
}

/* 50 addresses each of both kinds, none of them told before. */
static void
make_pex(struct peer *p, uint32_t i)
{
	static _Thread_local uint32_t	told;
	char				buf[2048];
	uint8_t				v4[50][6] = { { 0 } }, v6[50][18];
	uint32_t			k;
	size_t				n;

	hostile_fill(p, v6, sizeof(v6));
	for (k = 0; k < 50; k++, told++) {
		wire_put32(v4[k], 10U << 24 | 99U << 16 |
		    (100 + hostile_random(p) % 20) << 8 | (1 + told % 250));
		v4[k][4] = (uint8_t)(4 + told / 256);
		v4[k][5] = (uint8_t)told;
		memcpy(v6[k], "\xfd\x99\0\0\0\0\0\0", 8);
	}
	n = (size_t)snprintf(buf, sizeof(buf), "d5:added300:");
	memcpy(buf + n, v4, sizeof(v4));
	n += sizeof(v4);
	n += (size_t)snprintf(buf + n, sizeof(buf) - n, "7:added.f50:");
	memset(buf + n, (int)(i % 32), 50);
	n += 50;
	n += (size_t)snprintf(buf + n, sizeof(buf) - n, "6:added6900:");
	memcpy(buf + n, v6, sizeof(v6));
	n += sizeof(v6);
	buf[n++] = 'e';
	peer_ext(p, p->ids[EXT_PEX], buf, n);
}

/* Who is to be sent to whom: itself, others, nobody, and what is no one. */
static void
make_holepunch(struct peer *p, uint32_t i)
{
	uint8_t	m[12] = { (uint8_t)(i % 4), (uint8_t)(i / 4 % 3) };

	wire_put32(m + 2, 10U << 24 | 99U << 16 | hostile_random(p) % 65536);
	m[6] = 0x1a;
	peer_ext(p, p->ids[EXT_HOLEPUNCH], m, i % 8 == 7 ? 5 : 8);
}

static void
make_meta_requests(struct peer *p, uint32_t i)
{
	char	buf[64];
	int	n;

	n = snprintf(buf, sizeof(buf), "d8:msg_typei%ue5:piecei%uee",
	    i % 16 == 15 ? 2 : 0, i % 7 == 6 ? UINT32_MAX : i % 3);
	peer_ext(p, p->ids[EXT_METADATA], buf, (size_t)n);
}

/* Metadata that nobody asked for. */
static void
make_meta_data(struct peer *p, uint32_t i)
{
	char	buf[64 + WIRE_BLOCK_MAX] = { 0 };
	int	n;

	n = snprintf(buf, sizeof(buf), "d8:msg_typei1e5:piecei%ue10:"
	    "total_sizei%uee", i % 5, i % 2 == 0 ? 300000 : 10U << 20);
	peer_ext(p, p->ids[EXT_METADATA], buf, (size_t)n + WIRE_BLOCK_MAX);
}

static void
make_meta_junk(struct peer *p, uint32_t i)
{
	static const char *const	junk[] = { "", "d", "le", "i1e",
	    "d8:msg_typei1ee", "d8:msg_typei-1e5:piecei0ee",
	    "d8:msg_typei0e5:piecei4294967296ee",
	    "d8:msg_typei1e5:piecei99999ee", "d8:msg_typei9e5:piecei0ee" };
	const char			*s = junk[i % 9];

	peer_ext(p, p->ids[EXT_METADATA], s, strlen(s));
}

/* ---- allowed fast ---- */

/*
 * Takes its allowance and then on: the same blocks again and again, and
 * what it was not allowed, choked all the time.
 */
static void
abuse_allowed(struct peer *p)
{
	uint8_t		body[64];
	uint32_t	n, i, piece = 0;
	int		id;

	if (!peer_greet(p))
		return;
	peer_plain(p, WIRE_INTERESTED);
	peer_flush(p);
	while ((id = peer_message(p, body, sizeof(body), &n, 1000)) != -1) {
		if (id == WIRE_ALLOWED_FAST && n == 4)
			piece = wire_get32(body);
		if (id == WIRE_ALLOWED_FAST || id == WIRE_UNCHOKE)
			break;
	}
	for (i = 0; !p->gone && hostile_now() < p->until; i++) {
		peer_range(p, WIRE_REQUEST, i % 4 == 0 ? EACH(p, i) : piece,
		    i % 4 * WIRE_BLOCK_MAX, WIRE_BLOCK_MAX);
		if (i % 64 == 63) {
			peer_flush(p);
			peer_drain(p);
		}
	}
}

#define FLOOD(what, how, expects) \
	{ .group = "floods", .name = what, .make = how, .expect = expects }
const struct script floods[] = {
	FLOOD("keep-alive", make_keepalive, EXPECT_END),
	FLOOD("choke and unchoke", make_chokes, EXPECT_END),
	FLOOD("unchoke", make_unchokes, EXPECT_END),
	FLOOD("interested and not", make_interest, EXPECT_END),
	FLOOD("have", make_haves, EXPECT_END),
	FLOOD("bitfield", make_bitfields, EXPECT_END),
	FLOOD("cancel", make_cancels, EXPECT_END),
	FLOOD("piece", make_pieces, EXPECT_END),
	FLOOD("empty piece", make_empty_pieces, EXPECT_END),
	FLOOD("port", make_ports, EXPECT_END),
	FLOOD("suggest", make_suggests, EXPECT_END),
	FLOOD("allowed fast", make_allowed, EXPECT_END),
	FLOOD("reject", make_rejects, EXPECT_END),
	FLOOD("have-none", make_have_nones, EXPECT_END),
	FLOOD("have-none and have", make_sets, EXPECT_END),
	FLOOD("messages to skip", make_skipped, EXPECT_END),
	FLOOD("handshake bombs", make_handshakes, EXPECT_END),
	FLOOD("long handshakes", make_long_handshakes, EXPECT_END),
	FLOOD("unknown ids", make_unknown_ids, EXPECT_END),
	FLOOD("donthave", make_donthaves, EXPECT_END),
	FLOOD("upload_only", make_upload_only, EXPECT_END),
	FLOOD("pex", make_pex, EXPECT_END),
	FLOOD("holepunch", make_holepunch, EXPECT_END),
	FLOOD("metadata requests", make_meta_requests, EXPECT_END),
	FLOOD("metadata", make_meta_data, EXPECT_END),
	FLOOD("metadata junk", make_meta_junk, EXPECT_END),
	FLOOD("requests while choked", make_choked_requests, EXPECT_END),
	FLOOD("requests of no block", make_bad_requests, EXPECT_END),
	FLOOD("requests and cancels", make_cancelled, EXPECT_NOTHING),
	FLOOD("requests", make_requests, EXPECT_NOTHING),
	{ .group = "floods", .name = "requests, never read",
	    .make = make_requests, .deaf = true, .expect = EXPECT_END },
	{ .group = "floods", .name = "metadata requests, never read",
	    .make = make_meta_requests, .deaf = true, .expect = EXPECT_END },
	{ .group = "floods", .name = "allowed fast, beyond what is allowed",
	    .run = abuse_allowed, .expect = EXPECT_NOTHING },
	{ .name = NULL }
};
