/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "peer/candidates.h"

static struct addr
address(uint8_t n, uint16_t port)
{
	struct addr	a = { .ip = { [10] = 0xff, 0xff, 10, 0, 0, n },
	    .port = port };

	return a;
}

static void
test_backoff(void **state)
{
	struct candidates	 c = { 0 };
	struct addr		 a = address(1, 6881), b = address(2, 6881);
	struct candidate	*cand;
	uint64_t		 now = 1000, due, before = 0;
	int			 i;

	(void)state;
	assert_true(candidates_add(&c, &a, 1, now));
	assert_false(candidates_add(&c, &a, 1, now));
	assert_true(candidates_add(&c, &b, 1, now));
	assert_non_null(candidates_next(&c, false, now));
	assert_non_null(candidates_next(&c, false, now));
	assert_null(candidates_next(&c, false, now));
	candidates_on_end(&c, &b, true, now);
	assert_true(candidates_due(&c, false) > now);
	for (i = 0; i < CANDIDATE_FAILS_MAX; i++) {
		candidates_on_end(&c, &a, false, now);
		cand = candidates_find(&c, &a);
		assert_non_null(cand);
		due = cand->due - now;
		assert_true(due > before);
		before = due;
		assert_true(due <= CANDIDATE_WAIT_MAX_MS);
		now = cand->due;
	}
	candidates_on_end(&c, &a, false, now);
	assert_null(candidates_find(&c, &a));
	candidates_clear(&c);
}

static void
test_flags(void **state)
{
	struct candidates	c = { 0 };
	struct addr		a = address(1, 1), b = address(2, 1);

	(void)state;
	candidates_add(&c, &a, 1, 0);
	candidates_add(&c, &b, 1, 0);
	candidates_mark(&c, &a, CAND_SEED);
	candidates_mark(&c, &b, CAND_SELF);
	assert_null(candidates_next(&c, true, 5));
	assert_true(candidates_due(&c, true) == UINT64_MAX);
	assert_non_null(candidates_next(&c, false, 5));
	candidates_drop_ip(&c, &a);
	assert_int_equal(c.n, 1);
	candidates_clear(&c);
}

static void
test_bound(void **state)
{
	struct candidates	c = { 0 };
	struct addr		a;
	uint32_t		i;

	(void)state;
	for (i = 0; i < CANDIDATES_MAX + 50; i++) {
		a = address((uint8_t)(i / 5000), (uint16_t)(i + 1));
		assert_true(candidates_add(&c, &a, 1, 0) ==
		    (i < CANDIDATES_MAX));
	}
	/* One that failed makes room. */
	a = address(0, 1);
	candidates_on_end(&c, &a, false, 0);
	a = address(9, 9);
	assert_true(candidates_add(&c, &a, 1, 0));
	assert_int_equal(c.n, CANDIDATES_MAX);
	candidates_clear(&c);
}

static void
test_bans(void **state)
{
	struct bans	b = { 0 };
	struct addr	a;
	uint32_t	i;

	(void)state;
	a = address(1, 0);
	assert_false(bans_has(&b, a.ip, 0));
	bans_add(&b, a.ip, 1000);
	bans_add(&b, a.ip, 1000);
	assert_int_equal(b.n, 1);
	assert_true(bans_has(&b, a.ip, 1000 + BAN_MS - 1));
	assert_false(bans_has(&b, a.ip, 1000 + BAN_MS));
	for (i = 0; i < BANS_MAX + 10; i++) {
		a.ip[0] = (uint8_t)(i >> 8);
		a.ip[1] = (uint8_t)i;
		a.ip[15] = 77;
		bans_add(&b, a.ip, 2000);
	}
	assert_int_equal(b.n, BANS_MAX);
	assert_true(bans_has(&b, a.ip, 2000));
	bans_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_backoff),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_bound),
		cmocka_unit_test(test_bans),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
