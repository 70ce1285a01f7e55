/* SPDX-License-Identifier: ISC */
/* The pace of scrubbing, with a clock that runs as fast as we like. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "disk/pace.h"

#define DAY	86400ULL
#define GIB	(1ULL << 30)

/*
 * Read all there is, by jobs, as scrub.c does; returns the ms it took.  Each
 * "life" ms the process starts anew and has forgotten its credit.
 */
static uint64_t
read_all(uint64_t period, uint64_t total, uint64_t job, uint64_t life,
    uint64_t *batches)
{
	struct pace	p;
	uint64_t	now = 5000, born = now, left = total, n;

	*batches = 0;
	pace_init(&p, period, total, now);
	while (left > 0) {
		pace_earn(&p, total, now);
		if (pace_wait(&p, total) > 0) {
			now += pace_wait(&p, total);
			if (life > 0 && now - born > life) {
				pace_init(&p, period, total, now);
				born = now;
			}
			continue;
		}
		for (++*batches; p.credit > 0 && left > 0; left -= n) {
			n = left < job ? left : job;
			pace_spend(&p, n);
		}
	}
	return now - 5000;
}

static void
test_within_the_period(void **state)
{
	uint64_t	period = 30 * DAY, ms, batches;

	(void)state;
	ms = read_all(period, 10 * 1024 * GIB, 4 << 20, 0, &batches);
	assert_in_range(ms, period * 750, period * 850);
	ms = read_all(period, GIB, 4 << 20, 0, &batches);
	assert_in_range(ms, period * 600, period * 850);
	/* A small collection does not wake its disk all the time. */
	assert_in_range(batches, 8, 20);
	ms = read_all(period, 7, 7, 0, &batches);
	assert_true(ms <= period * 1000);
	assert_int_equal(batches, 1);
}

/* A daemon that is started each day comes to the end as well. */
static void
test_short_lives(void **state)
{
	uint64_t	period = 30 * DAY, batches;

	(void)state;
	assert_true(read_all(period, 100 * GIB, 4 << 20, DAY * 1000,
	    &batches) <= period * 1000);
}

static void
test_bounded(void **state)
{
	struct pace	p;
	uint64_t	batches, ms;

	(void)state;
	pace_init(&p, 1, UINT64_MAX / 2, 0);
	assert_int_equal(pace_rate(&p, UINT64_MAX / 2), PACE_RATE_MAX);
	pace_spend(&p, UINT64_MAX);
	pace_earn(&p, UINT64_MAX / 2, UINT64_MAX);
	assert_int_equal(p.credit, PACE_BATCH);
	/* What does not fit into the period takes longer, not faster. */
	ms = read_all(10, 64 * GIB, 4 << 20, 0, &batches);
	assert_in_range(ms, 1000000, 1100000);
}

/* Earned by and by, however often one looks. */
static void
test_slow_and_often(void **state)
{
	struct pace	p;
	uint64_t	now;

	(void)state;
	pace_init(&p, 1000, 4000, 0);
	assert_int_equal(pace_rate(&p, 4000), 6);
	pace_spend(&p, 4000);
	assert_int_equal(p.credit, 0);
	for (now = 1; now <= 10000; now++)
		pace_earn(&p, 4000, now);
	assert_in_range(p.credit, 50, 60);
	p.period = 0;
	assert_int_equal(pace_rate(&p, 4000), 0);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_within_the_period),
		cmocka_unit_test(test_short_lives),
		cmocka_unit_test(test_bounded),
		cmocka_unit_test(test_slow_and_often),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
