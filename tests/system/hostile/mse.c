/* SPDX-License-Identifier: ISC */
#include <pthread.h>
#include <string.h>

#include "hash.h"
#include "hostile.h"
#include "hostile_mse.h"

/*
 * The encrypted handshake (MSE/PE) as its caller, step by step, so that each
 * step can go wrong.  The arithmetic is mimd's own, with tests of its own.
 */
#define KEY_MS	10000

static pthread_mutex_t	dh_lock = PTHREAD_MUTEX_INITIALIZER;

static void
digest(uint8_t out[SHA1_LEN], const char *what, const void *a, size_t na,
    const void *b, size_t nb)
{
	uint8_t	buf[256];
	size_t	n = strlen(what);

	memcpy(buf, what, n);
	memcpy(buf + n, a, na);
	if (nb > 0)
		memcpy(buf + n + na, b, nb);
	hash_sha1(buf, n + na + nb, out);
}

static void
put_noise(struct peer *p, size_t n)
{
	uint8_t	noise[4096];

	hostile_fill(p, noise, n);
	peer_put(p, noise, n);
}

void
mse_send_key(struct peer *p, struct caller *c, size_t pad)
{
	uint8_t	y[DH_PUBLIC_LEN];

	memset(c, 0, sizeof(*c));
	hostile_fill(p, c->x, sizeof(c->x));
	pthread_mutex_lock(&dh_lock);
	dh_public(c->x, y);
	pthread_mutex_unlock(&dh_lock);
	p->messages++;
	peer_put(p, y, sizeof(y));
	put_noise(p, pad);
	peer_flush(p);
}

bool
mse_read_key(struct peer *p, struct caller *c)
{
	uint8_t	y[DH_PUBLIC_LEN], key[SHA1_LEN];
	int	good;

	if (!peer_read(p, y, sizeof(y), KEY_MS))
		return false;
	pthread_mutex_lock(&dh_lock);
	good = dh_secret(c->x, y, c->secret);
	pthread_mutex_unlock(&dh_lock);
	if (good == -1)
		return false;
	digest(key, "keyA", c->secret, sizeof(c->secret),
	    p->target->infohash, 20);
	c->out = rc4_new(key);
	return true;
}

void
mse_send_hashes(struct peer *p, struct caller *c, const uint8_t *infohash)
{
	uint8_t	req1[SHA1_LEN], req2[SHA1_LEN], req3[SHA1_LEN];
	int	i;

	digest(req1, "req1", c->secret, sizeof(c->secret), NULL, 0);
	digest(req2, "req2", infohash, 20, NULL, 0);
	digest(req3, "req3", c->secret, sizeof(c->secret), NULL, 0);
	for (i = 0; i < SHA1_LEN; i++)
		req2[i] ^= req3[i];
	peer_put(p, req1, sizeof(req1));
	peer_put(p, req2, sizeof(req2));
}

void
mse_put(struct peer *p, struct caller *c, const void *buf, size_t n)
{
	const uint8_t	*b = buf;
	uint8_t		 out[1024];
	size_t		 k;

	for (; n > 0; n -= k, b += k) {
		k = n < sizeof(out) ? n : sizeof(out);
		rc4_apply(c->out, b, out, k);
		peer_put(p, out, k);
	}
}

void
mse_send_offer(struct peer *p, struct caller *c, const struct offer *o)
{
	uint8_t	head[14] = { 0 }, pad[512] = { 0 }, len[2];

	memset(head, o->vc, 8);
	wire_put32(head + 8, o->methods);
	head[12] = (uint8_t)(o->pad_len >> 8);
	head[13] = (uint8_t)o->pad_len;
	mse_put(p, c, head, sizeof(head));
	mse_put(p, c, pad, o->pad);
	len[0] = (uint8_t)(o->ia_len >> 8);
	len[1] = (uint8_t)o->ia_len;
	mse_put(p, c, len, sizeof(len));
	mse_put(p, c, o->ia, o->nia);
	peer_flush(p);
}

void
mse_done(struct caller *c)
{
	rc4_free(c->out);
	c->out = NULL;
}

/* ---- keys ---- */

static void
bad_key(struct peer *p, uint8_t fill, uint8_t last)
{
	uint8_t	y[DH_PUBLIC_LEN];

	memset(y, fill, sizeof(y));
	y[sizeof(y) - 1] = last;
	p->messages++;
	peer_put(p, y, sizeof(y));
}

static void
zero_key(struct peer *p)
{
	bad_key(p, 0, 0);
}

static void
one_key(struct peer *p)
{
	bad_key(p, 0, 1);
}

static void
largest_key(struct peer *p)
{
	bad_key(p, 0xff, 0xff);
}

static void
endless_pad(struct peer *p)
{
	struct caller	c;

	mse_send_key(p, &c, 512);
	put_noise(p, 4096);
}

/* ---- offers ---- */

static void
make_offer(struct peer *p, const struct offer *o, const uint8_t *infohash)
{
	struct caller	c;

	mse_send_key(p, &c, hostile_random(p) % 513);
	if (!mse_read_key(p, &c))
		return;
	mse_send_hashes(p, &c, infohash);
	mse_send_offer(p, &c, o);
	mse_done(&c);
}

static void
other_torrent(struct peer *p)
{
	static const uint8_t	nobody[20];
	struct offer		o = { .methods = 3 };

	make_offer(p, &o, nobody);
}

#define OFFER(name, ...) \
static void \
name(struct peer *p) \
{ \
	struct offer	o = { __VA_ARGS__ }; \
 \
	make_offer(p, &o, p->target->infohash); \
}
OFFER(no_method, .methods = 4)
OFFER(all_methods_but, .methods = 0xfffffffc)
OFFER(long_pad, .methods = 3, .pad_len = 513, .pad = 512)
OFFER(longest_pad, .methods = 3, .pad_len = 65535, .pad = 512)
OFFER(long_first, .methods = 3, .ia_len = 69)
OFFER(wrong_vc, .methods = 3, .vc = 1)
OFFER(garbage_first, .methods = 3, .ia_len = 20,
    .ia = (const uint8_t *)"no BitTorrent at all", .nia = 20)
OFFER(short_pad, .methods = 3, .pad_len = 512, .pad = 100)
OFFER(half_first, .methods = 3, .ia_len = 68,
    .ia = (const uint8_t *)"\x13" "BitTorrent protocol", .nia = 20)

static void
plain_in_rc4(struct peer *p)
{
	struct offer	o = { .methods = 2 };
	uint8_t		hs[WIRE_HANDSHAKE];

	make_offer(p, &o, p->target->infohash);
	hostile_handshake(p, hs, false);
	peer_put(p, hs, sizeof(hs));
}

/* ---- streams that stop ---- */

static void
half_key(struct peer *p)
{
	put_noise(p, 50);
}

static void
key_alone(struct peer *p)
{
	struct caller	c;

	mse_send_key(p, &c, 0);
}

static void
no_offer(struct peer *p)
{
	struct caller	c;

	mse_send_key(p, &c, 0);
	if (!mse_read_key(p, &c))
		return;
	mse_send_hashes(p, &c, p->target->infohash);
	mse_done(&c);
}

/* Two exponentiations asked for at the price of none, and away. */
static void
free_ride(struct peer *p)
{
	uint8_t	y[DH_PUBLIC_LEN];

	hostile_fill(p, y, sizeof(y));
	y[0] = 1;
	p->messages++;
	peer_put(p, y, sizeof(y));
	peer_flush(p);
	peer_await_end(p, 500);
}

#define MSE(what, how, expects) \
	{ .group = "mse", .name = what, .run = how, .expect = expects, \
	    .once = true, .crowd = 1 }
const struct script mse[] = {
	MSE("a key of 0", zero_key, EXPECT_END),
	MSE("a key of 1", one_key, EXPECT_END),
	MSE("a key beyond the prime", largest_key, EXPECT_END),
	MSE("an endless pad", endless_pad, EXPECT_END),
	MSE("another torrent", other_torrent, EXPECT_END),
	MSE("no method", no_method, EXPECT_END),
	MSE("unknown methods", all_methods_but, EXPECT_END),
	MSE("a pad of 513", long_pad, EXPECT_END),
	MSE("a pad of 65535", longest_pad, EXPECT_END),
	MSE("a first payload of 69", long_first, EXPECT_END),
	MSE("a wrong constant", wrong_vc, EXPECT_END),
	MSE("a first payload of noise", garbage_first, EXPECT_END),
	MSE("plain where RC4 was chosen", plain_in_rc4, EXPECT_END),
	MSE("half a key", half_key, EXPECT_LATE),
	MSE("a key alone", key_alone, EXPECT_LATE),
	MSE("no offer", no_offer, EXPECT_LATE),
	MSE("a pad cut short", short_pad, EXPECT_LATE),
	MSE("a first payload cut short", half_first, EXPECT_LATE),
	{ .group = "mse", .name = "keys without end", .run = free_ride,
	    .crowd = 20 },
	{ .name = NULL }
};
