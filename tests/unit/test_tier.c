/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tracker/tier.h"

static const int16_t	tiers[] = { 1, 0, 0, TIER_NOT_USED, 2, 1 };
#define N		6
#define NEVER		UINT64_MAX

/* Leaves the order as it was given. */
static uint32_t
rnd_last(uint32_t bound)
{
	return bound - 1;
}

static uint32_t
rnd_first(uint32_t bound)
{
	(void)bound;
	return 0;
}

static void
test_lanes(void **state)
{
	struct tier_set	set;

	(void)state;
	tier_init(&set, tiers, N, false, rnd_last);
	assert_int_equal(set.n, 5);
	assert_int_equal(set.nlanes, 3);
	assert_int_equal(tier_lane_of(&set, 1), 0);
	assert_int_equal(tier_lane_of(&set, 2), 0);
	assert_int_equal(tier_lane_of(&set, 0), 1);
	assert_int_equal(tier_lane_of(&set, 5), 1);
	assert_int_equal(tier_lane_of(&set, 4), 2);
	assert_int_equal(tier_lane_of(&set, 3), -1);
	tier_clear(&set);
	tier_init(&set, tiers, N, true, rnd_last);
	assert_int_equal(set.nlanes, 1);
	tier_clear(&set);
	tier_init(&set, tiers, 0, true, rnd_last);
	assert_int_equal(set.nlanes, 0);
	tier_clear(&set);
}

static void
test_shuffle(void **state)
{
	struct tier_set	set;
	uint64_t	next[N] = { 0 };

	(void)state;
	tier_init(&set, tiers, N, true, rnd_first);
	assert_int_equal(set.order[0], 2);
	assert_int_equal(set.order[1], 1);
	assert_int_equal(set.order[2], 5);
	assert_int_equal(set.order[3], 0);
	assert_int_equal(set.order[4], 4);
	assert_int_equal(tier_pick(&set, 0, next, 0), 2);
	tier_clear(&set);
}

/* BEP 12: in order; a success moves to the front of its own tier. */
static void
test_strict(void **state)
{
	struct tier_set	set;
	uint64_t	next[N] = { 0 };

	(void)state;
	tier_init(&set, tiers, N, true, rnd_last);
	assert_int_equal(tier_pick(&set, 0, next, 0), 1);
	tier_failed(&set, 1);
	next[1] = 20;
	assert_int_equal(tier_pick(&set, 0, next, 0), 2);
	tier_failed(&set, 2);
	next[2] = 30;
	assert_int_equal(tier_pick(&set, 0, next, 0), 0);
	tier_failed(&set, 0);
	next[0] = 40;
	assert_int_equal(tier_pick(&set, 0, next, 0), 5);
	tier_worked(&set, 5);
	next[5] = 100;
	assert_int_equal(set.order[2], 5);
	assert_int_equal(set.order[3], 0);
	assert_int_equal(tier_due(&set, 0, next), 100);
	assert_int_equal(tier_pick(&set, 0, next, 50), -1);
	/* Its time has come: the better ones first. */
	assert_int_equal(tier_pick(&set, 0, next, 100), 1);
	tier_failed(&set, 1);
	assert_int_equal(tier_due(&set, 0, next), 100);
	tier_clear(&set);
}

static void
test_all_failed(void **state)
{
	struct tier_set	set;
	uint64_t	next[N] = { 50, 70, 60, 0, NEVER, 40 };

	(void)state;
	tier_init(&set, tiers, N, false, rnd_last);
	assert_int_equal(tier_due(&set, 0, next), 60);
	assert_int_equal(tier_pick(&set, 0, next, 59), -1);
	assert_int_equal(tier_pick(&set, 0, next, 60), 2);
	assert_int_equal(tier_pick(&set, 1, next, 60), 0);
	assert_true(tier_due(&set, 2, next) == NEVER);
	assert_int_equal(tier_pick(&set, 2, next, 60), -1);
	tier_clear(&set);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_lanes),
		cmocka_unit_test(test_shuffle),
		cmocka_unit_test(test_strict),
		cmocka_unit_test(test_all_failed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
