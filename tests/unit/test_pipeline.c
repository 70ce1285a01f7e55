/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "peer/pipeline.h"

/* A fast peer gets the longest queue soon, and keeps it. */
static void
test_slow_start(void **state)
{
	struct pipeline	p;
	uint64_t	now;
	int		i;

	(void)state;
	pipeline_init(&p);
	assert_int_equal(pipeline_window(&p, 0, 0, 1000), PIPELINE_MIN);
	pipeline_start(&p, 1000);
	for (now = 1000, i = 0; i < 5000; i++, now++)
		pipeline_on_block(&p, now, 16384);
	assert_int_equal(pipeline_window(&p, 16384000, 1, 1000),
	    PIPELINE_MAX);
	assert_int_equal(pipeline_window(&p, 16384000, 1, 100), 100);
}

/* A slow one: what it sends in a second or in two round trips. */
static void
test_steady(void **state)
{
	struct pipeline	p;
	uint64_t	now;
	int		i;

	(void)state;
	pipeline_init(&p);
	for (now = 1000, i = 0; i < 100; i++, now += 100)
		pipeline_on_block(&p, now, 16384);
	assert_true(p.steady);
	assert_in_range(pipeline_window(&p, 163840, 10, 1000), 10, 12);
	assert_in_range(pipeline_window(&p, 163840, 1000, 1000), 20, 22);
	assert_int_equal(pipeline_window(&p, 1000, 10, 1000), PIPELINE_MIN);
}

static void
test_snub(void **state)
{
	struct pipeline	p;
	uint64_t	now;
	int		i;

	(void)state;
	pipeline_init(&p);
	pipeline_start(&p, 1000);
	assert_false(pipeline_late(&p, 1000 + PIPELINE_SNUB_MS));
	assert_true(pipeline_late(&p, 1001 + PIPELINE_SNUB_MS));
	/* One that sends each 10 ms is late sooner. */
	for (now = 1000, i = 0; i < 200; i++, now += 10)
		pipeline_on_block(&p, now, 16384);
	assert_false(pipeline_late(&p, now + 1000));
	assert_true(pipeline_late(&p, now + PIPELINE_WAIT_MIN + 1));
	pipeline_on_timeout(&p, now);
	assert_int_equal(pipeline_window(&p, 1000000, 10, 1000), 1);
	assert_false(pipeline_late(&p, now + PIPELINE_WAIT_MAX));
	assert_true(pipeline_late(&p, now + PIPELINE_WAIT_MAX + 1));
	pipeline_on_block(&p, now, 16384);
	assert_true(pipeline_window(&p, 1000000, 10, 1000) >= PIPELINE_MIN);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_slow_start),
		cmocka_unit_test(test_steady),
		cmocka_unit_test(test_snub),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
