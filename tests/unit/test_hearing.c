/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "peer/hearing.h"

static const struct hearing_limits	limits = {
	.burst = 64, .refill_ms = 250, .all_burst = 256, .all_refill_ms = 25
};

static void
test_sources(void **state)
{
	static struct hearing	h;
	struct addr		a, b;
	uint64_t		now = 1000000;
	uint32_t		i, n = 0;

	(void)state;
	assert_int_equal(addr_parse(&a, "10.0.0.1", 0), 0);
	assert_int_equal(addr_parse(&b, "10.0.0.2", 0), 0);
	for (i = 0; i < 1000; i++)
		n += hearing_take(&h, &limits, &a, now);
	assert_int_equal(n, limits.burst);
	assert_true(hearing_take(&h, &limits, &b, now));
	now += limits.refill_ms;
	assert_true(hearing_take(&h, &limits, &a, now));
	assert_false(hearing_take(&h, &limits, &a, now));
	/* Any number of sources: bounded all the same. */
	now += 3600000;
	for (i = n = 0; i < 10000; i++) {
		memcpy(a.ip + 8, &i, sizeof(i));
		n += hearing_take(&h, &limits, &a, now);
	}
	assert_int_equal(n, limits.all_burst);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_sources),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
