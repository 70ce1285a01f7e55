/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tracker/family.h"

#define V4	FAMILY_V4
#define V6	FAMILY_V6

/* An announce to those picked; some of them answer. */
static void
announce(struct families *f, enum announce_event event, uint8_t worked)
{
	uint8_t	picked = families_pick(f, event);

	if (picked & V4)
		families_event(f, V4, event);
	if (picked & V6)
		families_event(f, V6, event);
	if ((picked & worked) != 0)
		families_answered(f, event, picked & worked,
		    picked & (uint8_t)~worked);
	else
		families_failed(f);
}

/* What would be said to one in a regular announce? */
static enum announce_event
next(const struct families *f, uint8_t family)
{
	struct families	copy = *f;

	return families_event(&copy, family, ANNOUNCE_REGULAR);
}

static void
test_both(void **state)
{
	struct families	f = { 0 };

	(void)state;
	assert_int_equal(next(&f, V4), ANNOUNCE_STARTED);
	announce(&f, ANNOUNCE_STARTED, FAMILY_ALL);
	assert_int_equal(next(&f, V4), ANNOUNCE_REGULAR);
	assert_int_equal(next(&f, V6), ANNOUNCE_REGULAR);
	families_completed(&f);
	announce(&f, ANNOUNCE_COMPLETED, FAMILY_ALL);
	assert_int_equal(next(&f, V4), ANNOUNCE_REGULAR);
	assert_int_equal(next(&f, V6), ANNOUNCE_REGULAR);
	assert_int_equal(families_pick(&f, ANNOUNCE_STOPPED), FAMILY_ALL);
	assert_int_equal(families_event(&f, V6, ANNOUNCE_STOPPED),
	    ANNOUNCE_STOPPED);
}

/* One that failed rests for a while, and is told started when it answers. */
static void
test_rest(void **state)
{
	struct families	f = { 0 };
	unsigned int	i;

	(void)state;
	announce(&f, ANNOUNCE_STARTED, V4);
	for (i = 0; i < FAMILY_REST; i++)
		assert_int_equal(families_pick(&f, ANNOUNCE_REGULAR), V4);
	assert_int_equal(families_pick(&f, ANNOUNCE_REGULAR), FAMILY_ALL);
	assert_int_equal(families_event(&f, V4, ANNOUNCE_REGULAR),
	    ANNOUNCE_REGULAR);
	assert_int_equal(families_event(&f, V6, ANNOUNCE_REGULAR),
	    ANNOUNCE_STARTED);
	/* Only one has heard of us. */
	assert_int_equal(families_pick(&f, ANNOUNCE_STOPPED), V4);
	/* If neither answers, both are tried next time. */
	announce(&f, ANNOUNCE_REGULAR, V4);
	announce(&f, ANNOUNCE_REGULAR, 0);
	assert_int_equal(families_pick(&f, ANNOUNCE_REGULAR), FAMILY_ALL);
}

/* Each is told completed until it has answered that. */
static void
test_completed(void **state)
{
	struct families	f = { 0 };

	(void)state;
	announce(&f, ANNOUNCE_STARTED, FAMILY_ALL);
	families_completed(&f);
	announce(&f, ANNOUNCE_COMPLETED, V6);
	assert_int_equal(next(&f, V6), ANNOUNCE_REGULAR);
	assert_int_equal(next(&f, V4), ANNOUNCE_COMPLETED);
	f.rest_turns = 0;
	announce(&f, ANNOUNCE_REGULAR, FAMILY_ALL);
	assert_int_equal(next(&f, V4), ANNOUNCE_REGULAR);
	/* In a new run nothing was completed. */
	families_completed(&f);
	families_start(&f);
	assert_int_equal(next(&f, V4), ANNOUNCE_REGULAR);
}

/* It was on its way without a word of it. */
static void
test_completed_meanwhile(void **state)
{
	struct families	f = { 0 };

	(void)state;
	announce(&f, ANNOUNCE_STARTED, FAMILY_ALL);
	families_pick(&f, ANNOUNCE_REGULAR);
	families_event(&f, V4, ANNOUNCE_REGULAR);
	families_event(&f, V6, ANNOUNCE_REGULAR);
	families_completed(&f);
	families_answered(&f, ANNOUNCE_REGULAR, FAMILY_ALL, 0);
	assert_int_equal(next(&f, V4), ANNOUNCE_COMPLETED);
	assert_int_equal(next(&f, V6), ANNOUNCE_COMPLETED);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_both),
		cmocka_unit_test(test_rest),
		cmocka_unit_test(test_completed),
		cmocka_unit_test(test_completed_meanwhile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
