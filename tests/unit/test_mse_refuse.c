/* SPDX-License-Identifier: ISC */
/* What a handshake must not be, and what it must not cost to find out. */
#include "mse_pair.h"

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

/* The cipher from A to B, or back, as it begins. */
static EVP_CIPHER_CTX *
cipher(const struct end *a, bool to_b)
{
	uint8_t	key[SHA1_LEN], text[4 + 96 + SHA1_LEN] = "key";

	text[3] = to_b ? 'A' : 'B';
	memcpy(text + 4, a->m.secret, 96);
	memcpy(text + 100, torrent, SHA1_LEN);
	hash_sha1(text, sizeof(text), key);
	return rc4_new(key);
}

/* Plain text of step 3 behind the hashes, or of step 4, as one likes it. */
static enum mse_want
try_fields(bool to_b, const uint8_t *fields, size_t n, const char **why)
{
	struct end	 a, b, *to = to_b ? &b : &a;
	EVP_CIPHER_CTX	*rc4;
	uint8_t		 buf[1024];
	enum mse_want	 want;

	begin(&a, &b, BOTH, BOTH, MSE_RC4, 68);
	a.m.pad = b.m.pad = 0;
	end_compute(&a);
	carry(&a, &b, STREAM_MAX);
	end_take(&a, b.sent, 96);
	rc4 = cipher(&a, to_b);
	rc4_apply(rc4, fields, buf, n);
	rc4_free(rc4);
	if (to_b)
		end_take(&b, a.sent + 96, 40);
	end_take(to, buf, n);
	want = to->m.want;
	*why = to->m.why;
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

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_public_values),
		cmocka_unit_test(test_wrong_torrent),
		cmocka_unit_test(test_endless_pad),
		cmocka_unit_test(test_fields_of_offer),
		cmocka_unit_test(test_fields_of_answer),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_garbage),
	};

	return cmocka_run_group_tests(tests, load, NULL);
}
