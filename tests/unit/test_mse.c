/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "peer/mse.h"

#define STREAM_MAX	4096
#define BOTH		(MSE_PLAIN | MSE_RC4)

static const uint8_t torrent[SHA1_LEN] = {
	0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa,
	0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa
};

/* One end, and what it has to say to the other. */
struct end {
	struct mse	 m;
	uint8_t		 sent[STREAM_MAX];	/* all of it */
	size_t		 nsent, ntaken;		/* taken by the other */
	const uint8_t	*torrent;	/* B: that it has */
};

static void
from_hex(const char *hex, uint8_t *out)
{
	size_t	i, n = strlen(hex) / 2;
	char	byte[3] = "";

	for (i = 0; i < n; i++) {
		memcpy(byte, hex + 2 * i, 2);
		out[i] = (uint8_t)strtoul(byte, NULL, 16);
	}
}

static void
end_say(struct end *e, const struct mse_out *out)
{
	assert_true(e->nsent + out->len <= sizeof(e->sent));
	memcpy(e->sent + e->nsent, out->buf, out->len);
	e->nsent += out->len;
}

static void
end_compute(struct end *e)
{
	struct mse_out	out;
	uint8_t		req2[SHA1_LEN];

	while (e->m.want == MSE_DH) {
		mse_dh(&e->m, &out);
		end_say(e, &out);
	}
	if (e->m.want == MSE_TORRENT) {
		mse_req2(e->torrent, req2);
		mse_torrent(&e->m, memcmp(req2, e->m.buf, SHA1_LEN) == 0 ?
		    e->torrent : NULL);
	}
}

/* Bytes from outside; returns what was used. */
static size_t
end_take(struct end *e, const uint8_t *p, size_t n)
{
	struct mse_out	out;
	size_t		used, k, room;

	for (used = 0; used < n && e->m.want == MSE_INPUT; used += k) {
		room = mse_room(&e->m);
		k = mse_feed(&e->m, p + used, n - used, &out);
		/* All that there was room for is used. */
		assert_true(k >= (room < n - used ? room : n - used) ||
		    e->m.want == MSE_BAD || (e->m.a &&
		    e->m.want == MSE_DONE));
		end_say(e, &out);
		end_compute(e);
	}
	return used;
}

/* Let to have the next n bytes that from has sent. */
static void
carry(struct end *from, struct end *to, size_t n)
{
	size_t	k;

	if (n > from->nsent - from->ntaken)
		n = from->nsent - from->ntaken;
	k = end_take(to, from->sent + from->ntaken, n);
	from->ntaken += k;
}

static void
begin(struct end *a, struct end *b, uint8_t offers, uint8_t accepts,
    uint8_t prefers, uint8_t ia_len)
{
	uint8_t	ia[MSE_IA_MAX];

	memset(a, 0, sizeof(*a));
	memset(b, 0, sizeof(*b));
	memset(ia, 0x5a, sizeof(ia));
	mse_connect(&a->m, offers, torrent, ia, ia_len);
	mse_accept(&b->m, accepts, prefers);
	b->torrent = torrent;
}

static void
end(struct end *a, struct end *b)
{
	mse_clear(&a->m);
	mse_clear(&b->m);
}

static void
assert_agreed(struct end *a, struct end *b, uint8_t method, uint8_t ia_len)
{
	uint8_t	text[3000], ia[MSE_IA_MAX], key[2][100] = { { 0 } };
	int	i;

	assert_int_equal(a->m.want, MSE_DONE);
	assert_int_equal(b->m.want, MSE_DONE);
	assert_int_equal(a->m.method, method);
	assert_int_equal(b->m.method, method);
	assert_memory_equal(b->m.skey, torrent, SHA1_LEN);
	memset(ia, 0x5a, sizeof(ia));
	assert_int_equal(b->m.ia_len, ia_len);
	assert_memory_equal(b->m.ia, ia, ia_len);
	assert_int_equal(a->ntaken, a->nsent);
	assert_int_equal(b->ntaken, b->nsent);
	if (method == MSE_PLAIN) {
		assert_null(a->m.in);
		assert_null(b->m.out);
		return;
	}
	memset(text, 7, sizeof(text));
	for (i = 0; i < 3; i++) {
		rc4_apply(a->m.out, text, text, sizeof(text));
		rc4_apply(b->m.in, text, text, 1);
		rc4_apply(b->m.in, text + 1, text + 1, sizeof(text) - 1);
	}
	assert_int_equal(text[0], 7);
	assert_int_equal(text[sizeof(text) - 1], 7);
	rc4_apply(b->m.out, key[0], key[0], sizeof(key[0]));
	rc4_apply(a->m.in, key[1], key[1], sizeof(key[1]));
	assert_memory_equal(key[0], key[1], sizeof(key[0]));
}

/* What was negotiated under every pair of policies, or 0 for nothing. */
static void
test_methods(void **state)
{
	static const struct {
		uint8_t	offers, accepts, prefers, result;
	} rows[] = {
		{ MSE_RC4, MSE_RC4, MSE_RC4, MSE_RC4 },
		{ MSE_RC4, BOTH, MSE_RC4, MSE_RC4 },
		{ MSE_RC4, BOTH, MSE_PLAIN, MSE_RC4 },
		{ BOTH, MSE_RC4, MSE_RC4, MSE_RC4 },
		{ BOTH, BOTH, MSE_RC4, MSE_RC4 },
		{ BOTH, BOTH, MSE_PLAIN, MSE_PLAIN },
		{ MSE_PLAIN, BOTH, MSE_RC4, MSE_PLAIN },
		{ MSE_PLAIN, MSE_RC4, MSE_RC4, 0 },
		{ MSE_RC4, MSE_PLAIN, MSE_PLAIN, 0 },
	};
	struct end	a, b;
	size_t		i;
	int		turn;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin(&a, &b, rows[i].offers, rows[i].accepts,
		    rows[i].prefers, 68);
		end_compute(&a);
		for (turn = 0; turn < 4; turn++) {
			carry(&a, &b, STREAM_MAX);
			carry(&b, &a, STREAM_MAX);
		}
		if (rows[i].result == 0)
			assert_int_equal(b.m.want, MSE_BAD);
		else
			assert_agreed(&a, &b, rows[i].result, 68);
		end(&a, &b);
	}
}

/* Pads of any length, first messages of any length. */
static void
test_lengths(void **state)
{
	static const uint16_t	pads[] = { 0, 1, 7, 8, 19, 20, 511, 512 };
	static const uint8_t	ias[] = { 0, 1, 20, 67, 68 };
	struct end		a, b;
	size_t			i, j;
	int			turn;

	(void)state;
	for (i = 0; i < sizeof(pads) / sizeof(pads[0]); i++) {
		for (j = 0; j < sizeof(ias); j++) {
			begin(&a, &b, MSE_RC4, BOTH, MSE_RC4, ias[j]);
			a.m.pad = pads[i];
			b.m.pad = pads[sizeof(pads) / sizeof(pads[0]) - 1 - i];
			end_compute(&a);
			for (turn = 0; turn < 4; turn++) {
				carry(&a, &b, STREAM_MAX);
				carry(&b, &a, STREAM_MAX);
			}
			assert_agreed(&a, &b, MSE_RC4, ias[j]);
			end(&a, &b);
		}
	}
}

/* Each stream cut in two at every place, byte by byte, and at random. */
static void
test_cuts(void **state)
{
	struct end	a, b;
	size_t		cut;
	int		turn;

	(void)state;
	for (cut = 0; cut < 400; cut++) {
		begin(&a, &b, BOTH, BOTH, cut & 1 ? MSE_RC4 : MSE_PLAIN, 68);
		a.m.pad = 100;
		b.m.pad = 60;
		end_compute(&a);
		carry(&a, &b, cut);
		carry(&a, &b, STREAM_MAX);
		carry(&b, &a, cut);
		carry(&b, &a, STREAM_MAX);
		/* The second half of the cuts falls into step 3. */
		carry(&a, &b, cut > 196 ? cut - 196 : cut);
		carry(&a, &b, STREAM_MAX);
		carry(&b, &a, cut > 156 ? cut - 156 : cut);
		carry(&b, &a, STREAM_MAX);
		assert_agreed(&a, &b, cut & 1 ? MSE_RC4 : MSE_PLAIN, 68);
		end(&a, &b);
	}
	for (cut = 0; cut < 200; cut++) {
		begin(&a, &b, MSE_RC4, MSE_RC4, MSE_RC4, 68);
		end_compute(&a);
		for (turn = 0; turn < 10000; turn++) {
			carry(&a, &b, cut == 0 ? 1 :
			    arc4random_uniform(40));
			carry(&b, &a, cut == 0 ? 1 :
			    arc4random_uniform(40));
			if (a.m.want != MSE_INPUT && b.m.want != MSE_INPUT)
				break;
		}
		assert_agreed(&a, &b, MSE_RC4, 68);
		end(&a, &b);
	}
}

/* What follows the handshake is left alone. */
static void
test_payload_behind(void **state)
{
	static const uint8_t	text[] = "payload";
	struct end		a, b;
	size_t			n;

	(void)state;
	begin(&a, &b, MSE_RC4, MSE_RC4, MSE_RC4, 0);
	end_compute(&a);
	carry(&a, &b, STREAM_MAX);
	carry(&b, &a, STREAM_MAX);
	memcpy(a.sent + a.nsent, text, sizeof(text));
	n = a.nsent - a.ntaken;
	assert_int_equal(end_take(&b, a.sent + a.ntaken, n + sizeof(text)),
	    n);
	assert_int_equal(b.m.want, MSE_DONE);
	end(&a, &b);
}

static void
test_vectors(void **state)
{
	static const char *const	ya =
	    "96e112dab29e8c5272accb9b17b26887ce54a144a4e3b697c7d159b7a817e556"
	    "b0918db2b4c658e02a87f7e5fb14b18a553e084cbf3dad2d30f16596ccb982d4"
	    "06258c61b30c5c1dae2ddc60bdbd48d79896312aad63238c39e1a633821eb693";
	static const char *const	yb =
	    "8f9c9f400fe9b3258f3e48598a95c7805cc90c995cd770283322679d132ebdae"
	    "09b75eeadc01de698ef86945cf38314a95fad08c2ad5641802bd5f658eb3ea0d"
	    "b2712c04aa5efed03deecc5104f75d869d2d197e4336c61f0d71d763bee99416";
	static const char *const	secret =
	    "cd8536d5f2c98f01f8f5a648f69f6f2d6a6aafd044666b01fc8beb81f63ddbea"
	    "0a862b2b6306431f7a308b063f795d181ca711b22ab0602a9c4b5d1c53269837"
	    "773ff53a4de47d9aace6b6a1b789ea37077507842742eb7581ea180b16748826";
	static const char *const	step3 =
	    "361e3668027ecec9d1086d5f839d191781e8de17"
	    "ff86a5c7383cb12b4912f17768e0688bd072e568"
	    "cb54a65b377d988493cbbe06d20b9741"
	    "9ad590a35c41ba4bac97fda72daf0e28fa9d5a47";
	uint8_t		ia[68] = "\x13" "BitTorrent protocol", want[128];
	struct end	a, b;

	(void)state;
	begin(&a, &b, BOTH, BOTH, MSE_RC4, 0);
	mse_connect(&a.m, BOTH, torrent, ia, sizeof(ia));
	from_hex("0102030405060708090a0b0c0d0e0f1011121314", a.m.x);
	from_hex("2122232425262728292a2b2c2d2e2f3031323334", b.m.x);
	a.m.pad = b.m.pad = 0;
	end_compute(&a);
	from_hex(ya, want);
	assert_int_equal(a.nsent, 96);
	assert_memory_equal(a.sent, want, 96);
	carry(&a, &b, STREAM_MAX);
	from_hex(yb, want);
	assert_int_equal(b.nsent, 96);
	assert_memory_equal(b.sent, want, 96);
	carry(&b, &a, STREAM_MAX);
	from_hex(secret, want);
	assert_memory_equal(a.m.secret, want, 96);
	assert_memory_equal(b.m.secret, want, 96);
	assert_int_equal(a.nsent, 96 + 56 + 68);
	from_hex(step3, want);
	assert_memory_equal(a.sent + 96, want, 76);
	carry(&a, &b, STREAM_MAX);
	from_hex("5c8a3690b2051725a0ae37c265d5", want);
	assert_int_equal(b.nsent, 96 + 14);
	assert_memory_equal(b.sent + 96, want, 14);
	carry(&b, &a, STREAM_MAX);
	assert_int_equal(a.m.want, MSE_DONE);
	assert_memory_equal(b.m.ia, ia, sizeof(ia));
	mse_req2(torrent, want);
	from_hex("c9b0599dfa950cfbde978efc6aa0588f510fa315", want + 20);
	assert_memory_equal(want, want + 20, 20);
	end(&a, &b);
}

/* 0, 1, P - 1, P and more are no public values; 2 and P - 2 are. */
static void
test_public_values(void **state)
{
	static const char *const	p =
	    "ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74"
	    "020bbea63b139b22514a08798e3404ddef9519b3cd3a431b302b0a6df25f1437"
	    "4fe1356d6d51c245e485b576625e7ec6f44c42e9a63a36210000000000090563";
	uint8_t		y[7][96] = { { 0 } };
	struct end	a, b;
	size_t		i;

	(void)state;
	y[1][95] = 1;
	for (i = 2; i < 5; i++)
		from_hex(p, y[i]);
	y[2][95] -= 1;
	memset(y[4], 0xff, 96);
	y[5][95] = 2;
	from_hex(p, y[6]);
	y[6][95] -= 2;
	for (i = 0; i < 7; i++) {
		begin(&a, &b, BOTH, BOTH, MSE_RC4, 68);
		end_compute(&a);
		end_take(&a, y[i], 96);
		end_take(&b, y[i], 96);
		assert_int_equal(a.m.want, i < 5 ? MSE_BAD : MSE_INPUT);
		assert_int_equal(b.m.want, i < 5 ? MSE_BAD : MSE_INPUT);
		if (i < 5)
			assert_string_equal(b.m.why, "not a public key");
		end(&a, &b);
	}
}

static void
test_wrong_torrent(void **state)
{
	uint8_t		other[SHA1_LEN] = { 1 };
	struct end	a, b;

	(void)state;
	begin(&a, &b, BOTH, BOTH, MSE_RC4, 68);
	b.torrent = other;
	end_compute(&a);
	carry(&a, &b, STREAM_MAX);
	carry(&b, &a, STREAM_MAX);
	carry(&a, &b, STREAM_MAX);
	assert_int_equal(b.m.want, MSE_BAD);
	assert_string_equal(b.m.why, "unknown torrent");
	assert_null(b.m.in);
	end(&a, &b);
}

/* A pad of 513 bytes, and one that never ends: given up in time. */
static void
test_endless_pad(void **state)
{
	uint8_t		noise[1024];
	struct end	a, b;
	size_t		used;

	(void)state;
	memset(noise, 0x55, sizeof(noise));
	begin(&a, &b, BOTH, BOTH, MSE_RC4, 68);
	a.m.pad = b.m.pad = 512;
	end_compute(&a);
	carry(&a, &b, STREAM_MAX);
	carry(&b, &a, STREAM_MAX);
	assert_int_equal(end_take(&b, noise, 1), 1);
	carry(&a, &b, STREAM_MAX);
	assert_int_equal(b.m.want, MSE_BAD);
	assert_string_equal(b.m.why, "pad without an end");
	end(&a, &b);

	begin(&a, &b, BOTH, BOTH, MSE_RC4, 68);
	b.m.pad = 0;
	end_compute(&a);
	carry(&a, &b, 96);
	carry(&b, &a, 96);
	assert_int_equal(end_take(&b, noise, sizeof(noise)), 512 + 20);
	assert_int_equal(b.m.want, MSE_BAD);
	used = end_take(&a, noise, sizeof(noise));
	assert_int_equal(used, 512 + 8);
	assert_int_equal(a.m.want, MSE_BAD);
	end(&a, &b);
}

/* Plain text of step 3 behind the hashes, or of step 4, as one likes it. */
static enum mse_want
try_fields(bool to_b, const uint8_t *fields, size_t n, const char **why)
{
	struct end	a, b;
	uint8_t		buf[1024], mark[40];
	enum mse_want	want;

	begin(&a, &b, BOTH, BOTH, MSE_RC4, 68);
	a.m.pad = b.m.pad = 0;
	end_compute(&a);
	carry(&a, &b, STREAM_MAX);
	/* The other's cipher, as it is before step 3. */
	end_take(&a, b.sent, 96);
	memcpy(mark, a.sent + 96, 40);
	rc4_free(a.m.out);
	rc4_free(a.m.in);
	a.m.in = NULL;
	{
		uint8_t	key[SHA1_LEN], text[4 + 96 + 20] = "keyA";

		text[3] = to_b ? 'A' : 'B';
		memcpy(text + 4, a.m.secret, 96);
		memcpy(text + 100, torrent, 20);
		hash_sha1(text, sizeof(text), key);
		a.m.out = rc4_new(key);
	}
	rc4_apply(a.m.out, fields, buf, n);
	if (to_b) {
		end_take(&b, mark, 40);
		end_take(&b, buf, n);
		want = b.m.want;
		*why = b.m.why;
	} else {
		struct end	c;

		/* A that has come to step 4: the same, once more. */
		memset(&c, 0, sizeof(c));
		c.m = a.m;
		c.m.out = NULL;
		{
			uint8_t	key[SHA1_LEN], text[120] = "keyB";

			memcpy(text + 4, a.m.secret, 96);
			memcpy(text + 100, torrent, 20);
			hash_sha1(text, sizeof(text), key);
			c.m.in = rc4_new(key);
			memset(key, 0, 8);
			rc4_apply(c.m.in, key, key, 8);
		}
		end_take(&c, buf, n);
		want = c.m.want;
		*why = c.m.why;
		mse_clear(&c.m);
	}
	end(&a, &b);
	return want;
}

static void
test_fields_of_offer(void **state)
{
	static const struct {
		uint8_t		 bytes[16];
		enum mse_want	 want;
		const char	*why;
	} rows[] = {
		{ { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0 },
		    MSE_DONE, NULL },
		{ { 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0, 0 },
		    MSE_BAD, "wrong key" },
		{ { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 },
		    MSE_BAD, "no method of encryption in common" },
		{ { 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0, 0, 4, 0, 0, 0, 0 },
		    MSE_BAD, "no method of encryption in common" },
		{ { 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0,
		    0, 0 }, MSE_DONE, NULL },
		{ { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 1, 0, 0 },
		    MSE_BAD, "pad too long" },
		{ { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0xff, 0xff, 0, 0 },
		    MSE_BAD, "pad too long" },
		{ { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 68 },
		    MSE_INPUT, NULL },
		{ { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 69 },
		    MSE_BAD, "first message too long" },
		{ { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0xff, 0xff },
		    MSE_BAD, "first message too long" },
	};
	uint8_t		long_pad[14 + 512 + 2] = { 0 };
	const char	*why;
	size_t		i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(try_fields(true, rows[i].bytes, 16, &why),
		    rows[i].want);
		if (rows[i].why != NULL)
			assert_string_equal(why, rows[i].why);
	}
	long_pad[11] = 2;
	long_pad[12] = 2;
	memset(long_pad + 14, 0x77, 512);
	assert_int_equal(try_fields(true, long_pad, sizeof(long_pad), &why),
	    MSE_DONE);
	assert_int_equal(try_fields(true, long_pad, sizeof(long_pad) - 1,
	    &why), MSE_INPUT);
}

static void
test_fields_of_answer(void **state)
{
	static const struct {
		uint8_t		bytes[14];
		enum mse_want	want;
	} rows[] = {
		{ { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0 }, MSE_DONE },
		{ { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0 }, MSE_DONE },
		{ { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, MSE_BAD },
		{ { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0 }, MSE_BAD },
		{ { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0 }, MSE_BAD },
		{ { 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 2, 0, 0 }, MSE_BAD },
		{ { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1 }, MSE_INPUT },
		{ { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 0 }, MSE_INPUT },
		{ { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 1 }, MSE_BAD },
	};
	uint8_t		long_pad[14 + 512] = { 0 };
	const char	*why;
	size_t		i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(try_fields(false, rows[i].bytes, 14, &why),
		    rows[i].want);
	long_pad[11] = 1;
	long_pad[12] = 2;
	assert_int_equal(try_fields(false, long_pad, sizeof(long_pad), &why),
	    MSE_DONE);
}

/* Whatever is cut off is waited for; nothing is ever sent on a guess. */
static void
test_truncated(void **state)
{
	struct end	a, b;
	size_t		n;

	(void)state;
	for (n = 0; n < 96 + 30 + 124; n++) {
		begin(&a, &b, BOTH, BOTH, MSE_RC4, 68);
		a.m.pad = 30;
		b.m.pad = 0;
		end_compute(&a);
		carry(&a, &b, n < 126 ? n : 126);
		if (n >= 96)
			assert_int_equal(b.nsent, 96);
		else
			assert_int_equal(b.nsent, 0);
		if (n > 126) {
			carry(&b, &a, STREAM_MAX);
			carry(&a, &b, n - 126);
		}
		assert_int_equal(b.m.want, MSE_INPUT);
		end(&a, &b);
	}
}

static void
test_garbage(void **state)
{
	uint8_t		noise[2048];
	struct end	a, b;
	int		i;

	(void)state;
	for (i = 0; i < 500; i++) {
		arc4random_buf(noise, sizeof(noise));
		begin(&a, &b, BOTH, BOTH, MSE_RC4, 68);
		end_compute(&a);
		end_take(&a, noise, sizeof(noise));
		end_take(&b, noise, sizeof(noise));
		assert_int_equal(a.m.want, MSE_BAD);
		assert_int_equal(b.m.want, MSE_BAD);
		end(&a, &b);
	}
}

static void
test_size(void **state)
{
	(void)state;
	assert_true(sizeof(struct mse) < 1024);
}

static int
load(void **state)
{
	(void)state;
	return rc4_load() == NULL ? 0 : -1;
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_methods),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_cuts),
		cmocka_unit_test(test_payload_behind),
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_public_values),
		cmocka_unit_test(test_wrong_torrent),
		cmocka_unit_test(test_endless_pad),
		cmocka_unit_test(test_fields_of_offer),
		cmocka_unit_test(test_fields_of_answer),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_size),
	};

	return cmocka_run_group_tests(tests, load, NULL);
}
