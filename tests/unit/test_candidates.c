/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "msg.h"
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
	assert_true(candidates_add(&c, &a, 1, 0, now));
	assert_false(candidates_add(&c, &a, 1, 0, now));
	assert_true(candidates_add(&c, &b, 1, 0, now));
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
	candidates_add(&c, &a, 1, 0, 0);
	candidates_add(&c, &b, 1, 0, 0);
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
		assert_true(candidates_add(&c, &a, 1, 0, 0) ==
		    (i < CANDIDATES_MAX));
	}
	/* One that failed makes room. */
	a = address(0, 1);
	candidates_on_end(&c, &a, false, 0);
	a = address(9, 9);
	assert_true(candidates_add(&c, &a, 1, 0, 0));
	assert_int_equal(c.n, CANDIDATES_MAX);
	candidates_clear(&c);
}

/* The addresses in the order in which they are tried. */
static void
test_order(void **state)
{
	static const struct {
		uint8_t		source;
		uint32_t	priority;
		uint8_t		fails;
		bool		worked;
	} v[] = {	/* in that order */
		{ PEER_SOURCE_PEX, 1, 0, true },
		{ PEER_SOURCE_TRACKER, 9, 1, true },
		{ PEER_SOURCE_USER, 1, 0, false },
		{ PEER_SOURCE_RESUME, 5, 0, false },
		{ PEER_SOURCE_TRACKER, 8, 0, false },
		{ PEER_SOURCE_TRACKER, 7, 0, false },
		{ PEER_SOURCE_LSD, 9, 0, false },
		{ PEER_SOURCE_INCOMING, 9, 0, false },
		{ PEER_SOURCE_PEX, 9, 0, false },
		{ PEER_SOURCE_TRACKER, 9, 1, false },
	};
	struct candidates	 c = { 0 };
	struct candidate	*cand;
	struct addr		 a;
	size_t			 i, n = sizeof(v) / sizeof(v[0]);

	(void)state;
	for (i = n; i-- > 0;) {
		a = address((uint8_t)i, 1);
		assert_true(candidates_add(&c, &a, v[i].source,
		    v[i].priority, 0));
		cand = candidates_find(&c, &a);
		cand->fails = v[i].fails;
		cand->flags = v[i].worked ? CAND_WORKED : 0;
	}
	for (i = 0; i < n; i++) {
		cand = candidates_next(&c, false, 1);
		assert_non_null(cand);
		assert_int_equal(cand->addr.ip[15], i);
	}
	assert_null(candidates_next(&c, false, 1));
	candidates_clear(&c);
}

static void
test_again(void **state)
{
	struct candidates	c = { 0 };
	struct addr		a = address(4, 1);

	(void)state;
	assert_true(candidates_add(&c, &a, PEER_SOURCE_TRACKER, 0, 0));
	assert_non_null(candidates_next(&c, false, 1));
	/* Not tried after all: no failure. */
	candidates_put_back(&c, &a, 70);
	assert_null(candidates_next(&c, false, 69));
	assert_true(candidates_next(&c, false, 70) == candidates_find(&c, &a));
	assert_int_equal(candidates_find(&c, &a)->fails, 0);
	candidates_on_end(&c, &a, true, 70);
	assert_true(candidates_find(&c, &a)->flags & CAND_WORKED);
	/* A better source counts. */
	a = address(8, 1);
	assert_true(candidates_add(&c, &a, PEER_SOURCE_PEX, 0, 0));
	assert_non_null(candidates_next(&c, false, 70));
	assert_false(candidates_add(&c, &a, PEER_SOURCE_TRACKER, 0, 0));
	assert_int_equal(candidates_find(&c, &a)->source,
	    PEER_SOURCE_TRACKER);
	assert_false(candidates_add(&c, &a, PEER_SOURCE_PEX, 0, 0));
	assert_int_equal(candidates_find(&c, &a)->source,
	    PEER_SOURCE_TRACKER);
	/* Whom the user names has another chance at once. */
	candidates_on_end(&c, &a, false, 100);
	assert_null(candidates_next(&c, false, 200));
	assert_false(candidates_add(&c, &a, PEER_SOURCE_USER, 0, 200));
	assert_non_null(candidates_next(&c, false, 200));
	candidates_clear(&c);
}

/* Hearsay does not keep out what a tracker says, but the reverse. */
static void
test_flood(void **state)
{
	struct candidates	c = { 0 };
	struct addr		a;
	uint32_t		i;

	(void)state;
	for (i = 0; i < CANDIDATES_MAX; i++) {
		a = address(1, (uint16_t)(i + 1));
		assert_true(candidates_add(&c, &a, PEER_SOURCE_PEX, i, 0));
	}
	a = address(2, 1);
	assert_true(candidates_add(&c, &a, PEER_SOURCE_TRACKER, 0, 0));
	a = address(3, 1);
	assert_false(candidates_add(&c, &a, PEER_SOURCE_PEX, UINT32_MAX, 0));
	a = address(1, 1);
	assert_null(candidates_find(&c, &a));
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
	bans_add(&b, a.ip, 1000, BAN_MS);
	bans_add(&b, a.ip, 1000, BAN_MS);
	assert_int_equal(b.n, 1);
	assert_true(bans_has(&b, a.ip, 1000 + BAN_MS - 1));
	assert_false(bans_has(&b, a.ip, 1000 + BAN_MS));
	bans_del(&b, a.ip);
	assert_false(bans_has(&b, a.ip, 1000));
	for (i = 0; i < BANS_MAX + 10; i++) {
		a.ip[0] = (uint8_t)(i >> 8);
		a.ip[1] = (uint8_t)i;
		a.ip[15] = 77;
		bans_add(&b, a.ip, 2000, BAN_MS);
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
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_again),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_bans),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
