/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "peer/rate.h"

static void
test_steady(void **state)
{
	struct rate	r = { 0 };
	uint64_t	now, got;

	(void)state;
	assert_true(rate_get(&r, 5000) == 0);
	for (now = 0; now < 20000; now += 10)
		rate_add(&r, now, 1000);
	got = rate_get(&r, now);
	assert_true(got > 95000 && got < 105000);
	assert_true(rate_get(&r, now + 10000) == 0);
}

/* The first moments do not read as slow. */
static void
test_start(void **state)
{
	struct rate	r = { 0 };
	uint64_t	now, got;

	(void)state;
	for (now = 100000; now < 100600; now += 10)
		rate_add(&r, now, 1000000);
	got = rate_get(&r, now);
	assert_true(got > 50000000);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_steady),
		cmocka_unit_test(test_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
