/* SPDX-License-Identifier: ISC */
#include <sys/socket.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "hostile.h"
#include "hostile_mse.h"

/*
 * Valid sessions with a few accidents: bytes that change, go, come twice or
 * from nowhere, lengths that lie, streams that stop.  Plain and encrypted,
 * cut into packets as it comes, ended politely or not.  The seed of main.c
 * makes them the same again.
 */
#define SESSION_MAX	(1U << 17)
#define ACCIDENTS_MAX	8

struct session {
	uint8_t	buf[SESSION_MAX];
	size_t	n;
};

static void
add(struct session *s, const void *buf, size_t n)
{
	memcpy(s->buf + s->n, buf, n);
	s->n += n;
}

static void
add_ext(struct session *s, uint8_t id, const char *body, size_t n)
{
	s->n += wire_put_ext(s->buf + s->n, id, (uint32_t)n);
	add(s, body, n);
}

/* One of everything, and some of what matters most. */
static void
make_session(struct peer *p, struct session *s)
{
	static const char	hello[] = "d1:md11:lt_donthavei5e11:"
	    "upload_onlyi3e12:ut_holepunchi4e11:ut_metadatai2e6:ut_pexi1ee1:"
	    "pi6881e4:reqqi250e1:v9:hostile 16:yourip4:\x7f\0\0\1" "e";
	static const char	pex[] = "d5:added6:\x0a\x63\x0a\1\x1a\xe1" "7:"
	    "added.f1:\2" "6:added60:8:added6.f0:e";
	static const char	ask[] = "d8:msg_typei0e5:piecei0ee";
	uint32_t		n = p->target->npieces, i;

	s->n = 0;
	hostile_handshake(p, s->buf, false);
	s->n = WIRE_HANDSHAKE;
	add_ext(s, 0, hello, sizeof(hello) - 1);
	s->n += wire_put_plain(s->buf + s->n, WIRE_HAVE_NONE);
	s->n += wire_put_plain(s->buf + s->n, WIRE_INTERESTED);
	s->n += wire_put_plain(s->buf + s->n, WIRE_UNCHOKE);
	add_ext(s, EXT_PEX, pex, sizeof(pex) - 1);
	add_ext(s, EXT_METADATA, ask, sizeof(ask) - 1);
	add_ext(s, EXT_HOLEPUNCH, "\0\0\x0a\x63\0\1\x1a\xe1", 8);
	for (i = 0; i < 8; i++)
		s->n += wire_put_range(s->buf + s->n, WIRE_REQUEST,
		    hostile_random(p) % n, 0, WIRE_BLOCK_MAX);
	s->n += wire_put_range(s->buf + s->n, WIRE_CANCEL, 0, 0,
	    WIRE_BLOCK_MAX);
	s->n += wire_put_index(s->buf + s->n, WIRE_HAVE, hostile_random(p) %
	    n);
	add_ext(s, EXT_DONTHAVE, "\0\0\0\1", 4);
	s->n += wire_put_index(s->buf + s->n, WIRE_SUGGEST, 0);
	s->n += wire_put_index(s->buf + s->n, WIRE_ALLOWED_FAST, 1);
	s->n += wire_put_range(s->buf + s->n, WIRE_REJECT, 0, 0, 16384);
	s->n += wire_put_piece(s->buf + s->n, 0, 0, WIRE_BLOCK_MAX);
	memset(s->buf + s->n, 0, WIRE_BLOCK_MAX);
	s->n += WIRE_BLOCK_MAX;
	add(s, "\0\0\0", 4);
	s->n += wire_put_plain(s->buf + s->n, WIRE_CHOKE);
	s->n += wire_put_plain(s->buf + s->n, WIRE_NOT_INTERESTED);
	/* A seed hangs up on these. */
	s->n += wire_put_plain(s->buf + s->n, WIRE_HAVE_ALL);
	add_ext(s, EXT_UPLOAD_ONLY, "\1", 1);
}

static void
drop(struct session *s, size_t at, size_t n)
{
	memmove(s->buf + at, s->buf + at + n, s->n - at - n);
	s->n -= n;
}

static void
make_room(struct session *s, size_t at, size_t n)
{
	memmove(s->buf + at + n, s->buf + at, s->n - at);
	s->n += n;
}

static void
have_accident(struct peer *p, struct session *s)
{
	static const uint8_t	odd[] = { 0, 1, 0x7f, 0x80, 0xff, 'e', 'd' };
	uint32_t		r = hostile_random(p);
	/* Few in the handshake: little comes after those. */
	size_t			from = r % 8 == 0 ? 0 : WIRE_HANDSHAKE;
	size_t			at, n;

	if (s->n < from + 64)
		return;
	/* Nor many in the zeros of a block. */
	at = from + hostile_random(p) % ((s->n - from < 900 ? s->n - from :
	    900) - 40);
	n = 1 + hostile_random(p) % 32;
	switch (r / 8 % 7) {
	case 0:
		s->buf[at] ^= (uint8_t)(1U << hostile_random(p) % 8);
		break;
	case 1:
		s->buf[at] = odd[hostile_random(p) % sizeof(odd)];
		break;
	case 2:
		drop(s, at, n);
		break;
	case 3:		/* twice */
		if (s->n + n <= SESSION_MAX) {
			make_room(s, at, n);
			memcpy(s->buf + at, s->buf + at + n, n);
		}
		break;
	case 4:
		if (s->n + n <= SESSION_MAX) {
			make_room(s, at, n);
			hostile_fill(p, s->buf + at, n);
		}
		break;
	case 5:
		wire_put32(s->buf + at, hostile_random(p) >>
		    hostile_random(p) % 32);
		break;
	default:
		s->n = at;
		break;
	}
}

static void
put_some(struct peer *p, struct caller *c, const uint8_t *b, size_t n)
{
	if (c != NULL)
		mse_put(p, c, b, n);
	else
		peer_put(p, b, n);
}

static void
play(struct peer *p, struct caller *c, const struct session *s)
{
	size_t	off, n;

	for (off = 0; off < s->n && !p->gone; off += n) {
		n = hostile_random(p) % 3 == 0 ? 1 + hostile_random(p) % 40 :
		    s->n;
		if (n > s->n - off)
			n = s->n - off;
		put_some(p, c, s->buf + off, n);
		peer_flush(p);
		peer_drain(p);
		if (n < s->n)
			hostile_sleep(hostile_random(p) % 4);
	}
	p->messages++;
	peer_await_end(p, hostile_random(p) % 100);
}

/* Politely, or with a reset that loses what is under way. */
static void
leave(struct peer *p)
{
	struct linger	l = { 1, 0 };

	if (hostile_random(p) % 2)
		setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l));
	else
		shutdown(p->fd, SHUT_WR);
}

static void
mutate(struct peer *p)
{
	static _Thread_local struct session	s;
	uint32_t				k;

	make_session(p, &s);
	for (k = hostile_random(p) % ACCIDENTS_MAX; k > 0; k--)
		have_accident(p, &s);
	play(p, NULL, &s);
	leave(p);
}

/* The same behind an encrypted handshake that may have its own. */
static void
mutate_encrypted(struct peer *p)
{
	static _Thread_local struct session	s;
	struct caller				c;
	struct offer				o = { .methods = 2 };
	uint32_t				k;

	mse_send_key(p, &c, hostile_random(p) % 513);
	if (!mse_read_key(p, &c))
		return;
	mse_send_hashes(p, &c, p->target->infohash);
	o.pad = o.pad_len = (uint16_t)(hostile_random(p) % 513);
	switch (hostile_random(p) % 8) {
	case 0:
		o.methods = hostile_random(p) % 8;
		break;
	case 1:
		o.pad_len = (uint16_t)hostile_random(p);
		break;
	case 2:
		o.ia_len = (uint16_t)(hostile_random(p) % 80);
		break;
	default:
		break;
	}
	mse_send_offer(p, &c, &o);
	make_session(p, &s);
	for (k = hostile_random(p) % ACCIDENTS_MAX; k > 0; k--)
		have_accident(p, &s);
	play(p, &c, &s);
	mse_done(&c);
	leave(p);
}

const struct script mutations[] = {
	{ .group = "mutations", .name = "plain", .run = mutate, .crowd = 6 },
	{ .group = "mutations", .name = "encrypted", .run = mutate_encrypted,
	    .crowd = 6 },
	{ .name = NULL }
};
