/* SPDX-License-Identifier: ISC */
#include "mse_pair.h"

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

static void
test_size(void **state)
{
	(void)state;
	assert_true(sizeof(struct mse) < 1024);
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
		cmocka_unit_test(test_size),
	};

	return cmocka_run_group_tests(tests, load, NULL);
}
