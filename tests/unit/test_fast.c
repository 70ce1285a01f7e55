/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hash.h"
#include "peer/fast.h"

/* The vector of BEP 6, and one more than it has. */
static void
test_vector(void **state)
{
	static const uint8_t	ip[4] = { 80, 4, 4, 200 };
	static const uint32_t	want[FAST_SET] = { 1059, 431, 808, 1217, 287,
	    376, 1188, 353, 508, 1246 };
	uint8_t			infohash[20];
	uint32_t		out[FAST_SET + 1], k;

	(void)state;
	memset(infohash, 0xaa, sizeof(infohash));
	for (k = 0; k <= FAST_SET; k++) {
		out[k] = 7777;
		assert_int_equal(fast_set(ip, infohash, 1313, out, k), k);
		assert_memory_equal(out, want, k * sizeof(out[0]));
		assert_int_equal(out[k], 7777);
	}
}

/* No more than there are, none twice, always an end. */
static void
test_few_pieces(void **state)
{
	uint8_t		ip[4], infohash[20];
	uint32_t	out[FAST_SET], npieces, n, i, j;
	int		round;

	(void)state;
	for (npieces = 1; npieces < 30; npieces++) {
		for (round = 0; round < 50; round++) {
			arc4random_buf(ip, sizeof(ip));
			arc4random_buf(infohash, sizeof(infohash));
			n = fast_set(ip, infohash, npieces, out, FAST_SET);
			assert_int_equal(n, npieces < FAST_SET ? npieces :
			    FAST_SET);
			for (i = 0; i < n; i++) {
				assert_true(out[i] < npieces);
				for (j = 0; j < i; j++)
					assert_int_not_equal(out[i], out[j]);
			}
		}
	}
}

static void
test_set_size(void **state)
{
	(void)state;
	assert_int_equal(fast_set_size(16384), FAST_SET);
	assert_int_equal(fast_set_size(FAST_BYTES / 4), 4);
	assert_int_equal(fast_set_size(FAST_BYTES), 1);
	assert_int_equal(fast_set_size(16U << 20), 1);
	assert_int_equal(fast_set_size(UINT32_MAX), 1);
}

/* What is given is given about once. */
static void
test_give(void **state)
{
	struct fast	f = { .ngiven = 0 };
	uint32_t	i, served = 0;

	(void)state;
	assert_false(fast_take(&f, 5, 16384));
	fast_give(&f, 5, 1U << 20);
	assert_false(fast_take(&f, 6, 16384));
	for (i = 0; i < 1000; i++)
		if (fast_take(&f, 5, 16384))
			served += 16384;
	assert_int_equal(served, (1U << 20) + FAST_SPARE);
	assert_false(fast_take(&f, 5, 1));
	for (i = 0; i < 2 * FAST_SET; i++)
		fast_give(&f, 100 + i, 1);
	assert_int_equal(f.ngiven, FAST_SET);
	assert_true(fast_take(&f, 100, 1));
	assert_false(fast_take(&f, 100 + FAST_SET, 1));
}

static void
test_allow(void **state)
{
	struct fast	f = { .ngiven = 0 };
	uint32_t	i;

	(void)state;
	for (i = 0; i < FAST_ALLOWED_MAX; i++) {
		assert_true(fast_allow(&f, i));
		assert_false(fast_allow(&f, i));
	}
	assert_false(fast_allow(&f, i));
	fast_disallow(&f, 1000);
	fast_disallow(&f, 0);
	fast_disallow(&f, FAST_ALLOWED_MAX - 1);
	assert_int_equal(f.nallowed, FAST_ALLOWED_MAX - 2);
	assert_true(fast_allow(&f, 0));
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_vector),
		cmocka_unit_test(test_few_pieces),
		cmocka_unit_test(test_set_size),
		cmocka_unit_test(test_give),
		cmocka_unit_test(test_allow),
	};

	hash_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
