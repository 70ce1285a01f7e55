/* SPDX-License-Identifier: ISC */
/* The scheduler of checks, with devices and a clock that are not real. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "disk/sched.h"

static struct sched_device *
device(struct sched *s, dev_t dev, enum device_kind kind)
{
	struct sched_device	*p = sched_device(s, dev);

	p->kind = (uint8_t)kind;
	return p;
}

/* Begin what may begin of n checks; how many did. */
static uint32_t
start_all(struct sched *s, struct sched_device *dev, uint32_t n)
{
	uint32_t	i;

	for (i = 0; i < n && sched_may_start(dev); i++)
		sched_started(s, dev);
	return i;
}

/* Hand out jobs until there is no more to be had; how many there were. */
static uint32_t
fill(struct sched *s, struct sched_device *dev, uint64_t now)
{
	uint32_t	n;

	for (n = 0; sched_wait(s, dev, now) == 0; n++)
		sched_job(dev);
	return n;
}

static void
test_one_on_a_disk(void **state)
{
	struct sched		 s;
	struct sched_device	*disk, *ssd, *what;

	(void)state;
	sched_init(&s, 4);
	disk = device(&s, 1, DEVICE_ROTATING);
	ssd = device(&s, 2, DEVICE_SOLID);
	what = sched_device(&s, 3);
	assert_ptr_equal(sched_device(&s, 1), disk);
	assert_int_equal(start_all(&s, disk, 10), 1);
	assert_int_equal(start_all(&s, ssd, 10), SCHED_SOLID);
	assert_int_equal(start_all(&s, what, 10), 1);
	sched_ended(&s, disk);
	assert_true(sched_may_start(disk));
}

/* Alone a device gets all workers; else a slow one must not hold them all. */
static void
test_shares(void **state)
{
	struct sched		 s;
	struct sched_device	*slow, *fast;

	(void)state;
	sched_init(&s, 4);
	slow = device(&s, 1, DEVICE_ROTATING);
	fast = device(&s, 2, DEVICE_SOLID);
	start_all(&s, slow, 1);
	assert_int_equal(fill(&s, slow, 0), SCHED_DEPTH * 4);
	start_all(&s, fast, 1);
	assert_int_equal(sched_wait(&s, slow, 0), SCHED_LATER);
	assert_int_equal(fill(&s, fast, 0), 2);
	while (slow->jobs > 0)
		sched_job_done(slow, 5, 5);
	assert_int_equal(fill(&s, slow, 5), 2);
	sched_ended(&s, fast);
	assert_int_equal(fill(&s, slow, 5), SCHED_DEPTH * 4 - 2);
}

/* More devices than workers: each gets its turn. */
static void
test_many_devices(void **state)
{
	struct sched	s;
	dev_t		dev;

	(void)state;
	sched_init(&s, 2);
	for (dev = 1; dev <= 10; dev++)
		sched_started(&s, device(&s, dev, DEVICE_ROTATING));
	for (dev = 1; dev <= 10; dev++)
		assert_int_equal(fill(&s, sched_device(&s, dev), 0), 1);
	for (dev = 11; dev < 1000; dev++)
		sched_device(&s, dev);
	assert_int_equal(s.n, SCHED_DEVICES);
}

/*
 * Run a check for a second of the clock on a device whose jobs take 10 ms
 * each, with transfers or without; how many ms the device was at it.
 */
static uint64_t
duty(enum device_kind kind, bool transfers)
{
	struct sched		 s;
	struct sched_device	*dev;
	uint64_t		 now, ends = 0, busy = 0;

	sched_init(&s, 4);
	dev = device(&s, 1, kind);
	sched_started(&s, dev);
	for (now = 10000; now < 11000; now++) {
		if (transfers)
			sched_transfer(dev, now);
		if (dev->jobs > 0 && now == ends)
			sched_job_done(dev, now, 10);
		if (dev->jobs == 0 && sched_wait(&s, dev, now) == 0) {
			sched_job(dev);
			ends = now + 10;
		}
		busy += dev->jobs > 0;
		if (transfers)
			assert_true(dev->jobs <= 1);
	}
	return busy;
}

static void
test_transfers_first(void **state)
{
	uint64_t	half = duty(DEVICE_ROTATING, true);

	(void)state;
	assert_int_equal(duty(DEVICE_ROTATING, false), 1000);
	assert_in_range(half, 490, 510);
	assert_in_range(duty(DEVICE_UNKNOWN, true), 490, 510);
	assert_int_equal(duty(DEVICE_SOLID, true), 1000);
}

static void
test_quiet_again(void **state)
{
	struct sched		 s;
	struct sched_device	*dev;

	(void)state;
	sched_init(&s, 2);
	dev = device(&s, 1, DEVICE_ROTATING);
	assert_true(sched_is_quiet(dev, 0));
	sched_started(&s, dev);
	sched_transfer(dev, 100);
	assert_int_equal(fill(&s, dev, 100), 1);
	/* A job that took long makes a pause that is not endless. */
	sched_job_done(dev, 200, 100000);
	assert_int_equal(sched_wait(&s, dev, 200), SCHED_PAUSE_MS);
	assert_int_equal(sched_wait(&s, dev, 700), SCHED_PAUSE_MS - 500);
	assert_false(sched_is_quiet(dev, 100 + SCHED_QUIET_MS - 1));
	assert_true(sched_is_quiet(dev, 100 + SCHED_QUIET_MS));
	assert_int_equal(fill(&s, dev, 200 + SCHED_PAUSE_MS),
	    SCHED_DEPTH * 2);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_one_on_a_disk),
		cmocka_unit_test(test_shares),
		cmocka_unit_test(test_many_devices),
		cmocka_unit_test(test_transfers_first),
		cmocka_unit_test(test_quiet_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
