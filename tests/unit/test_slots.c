/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "peer/slots.h"

static void
test_low_end(void **state)
{
	struct slots	s;
	uint32_t	i;

	(void)state;
	slots_init(&s, 5000);
	for (i = 0; i < 5000; i++)
		assert_int_equal(slots_take(&s), i);
	assert_int_equal(slots_take(&s), SLOT_NONE);
	slots_give(&s, 4500, 0);
	slots_give(&s, 70, 0);
	assert_int_equal(slots_take(&s), 70);
	assert_int_equal(slots_take(&s), 4500);
	slots_clear(&s);
}

static void
test_cache(void **state)
{
	struct slots	s;
	uint32_t	i, slot, gen;

	(void)state;
	slots_init(&s, 64);
	slot = slots_take_cache(&s);
	gen = slots_read(&s, slot, 1, 2, 16384, 16384);
	assert_int_equal(slots_find(&s, 1, 2, 16384, 16384), slot);
	assert_int_equal(slots_find(&s, 1, 2, 16384, 100), slot);
	assert_int_equal(slots_find(&s, 1, 2, 0, 16384), SLOT_NONE);
	slots_filled(&s, slot, 1);
	slots_pin(&s, slot, 1);
	/* A cache cannot push out what is being sent, nor take all. */
	for (i = 0; i < 200; i++) {
		uint32_t	t = slots_take_cache(&s);

		assert_int_not_equal(t, SLOT_NONE);
		assert_int_not_equal(t, slot);
		slots_read(&s, t, 1, 100 + i, 0, 16384);
		slots_filled(&s, t, 2);
	}
	assert_true(s.nfree >= 64 / 4);
	/* What is received may use all of it. */
	for (i = 0; i < 63; i++)
		assert_int_not_equal(slots_take(&s), SLOT_NONE);
	assert_int_equal(slots_take(&s), SLOT_NONE);
	slots_unpin(&s, slot, 3);
	assert_int_equal(slots_take(&s), slot);
	assert_int_equal(slots_write(&s, slot, 1, 1, 0, 1), gen + 1);
	assert_int_equal(s.nwrite, 1);
	slots_clear(&s);
}

static void
test_forget(void **state)
{
	struct slots	s;
	uint32_t	a, b;

	(void)state;
	slots_init(&s, 64);
	a = slots_take(&s);
	slots_read(&s, a, 5, 0, 0, 16384);
	b = slots_take(&s);
	slots_read(&s, b, 5, 1, 0, 16384);
	slots_filled(&s, b, 0);
	slots_pin(&s, b, 0);
	slots_forget(&s, 5, 0);
	assert_int_equal(slots_find(&s, 5, 0, 0, 1), SLOT_NONE);
	assert_int_equal(slots_find(&s, 5, 1, 0, 1), SLOT_NONE);
	slots_filled(&s, a, 0);
	slots_unpin(&s, b, 0);
	assert_int_equal(s.nfree, 64);
	slots_clear(&s);
}

static void
test_idle(void **state)
{
	struct slots	s;
	uint32_t	i, from = 0, n, released = 0;

	(void)state;
	slots_init(&s, 256);
	for (i = 0; i < 100; i++)
		slots_take(&s);
	for (i = 0; i < 100; i++)
		if (i != 50)
			slots_give(&s, i, 1000);
	assert_int_equal(slots_idle_run(&s, 2000, &from), 0);
	from = 0;
	while ((n = slots_idle_run(&s, 1000 + SLOTS_KEEP_MS, &from)) > 0) {
		released += n;
		from += n;
	}
	assert_int_equal(released, 99);
	assert_int_equal(s.high, 51);
	slots_clear(&s);
}

/* The count of what cannot be evicted follows every end of a pin. */
static void
test_pinned(void **state)
{
	struct slots	s;
	uint32_t	i, slot[64];

	(void)state;
	slots_init(&s, 64);
	for (i = 0; i < 64; i++) {
		slot[i] = slots_take(&s);
		slots_read(&s, slot[i], 1, i, 0, 16384);
		slots_filled(&s, slot[i], 1);
		slots_pin(&s, slot[i], 1);
	}
	slots_pin(&s, slot[0], 1);
	assert_int_equal(s.npinned, 64);
	assert_int_equal(slots_take(&s), SLOT_NONE);
	assert_int_equal(slots_take_cache(&s), SLOT_NONE);
	slots_forget(&s, 1, 2);
	assert_int_equal(s.nfree, 0);
	slots_unpin(&s, slot[0], 2);
	assert_int_equal(s.npinned, 64);
	for (i = 0; i < 64; i++)
		slots_unpin(&s, slot[i], 2);
	assert_int_equal(s.npinned, 0);
	assert_int_equal(s.ncached, 0);
	assert_int_equal(s.nfree, 64);
	slots_clear(&s);
}

/* A peer asks for block k and is sent it; was it cached? */
static bool
serve(struct slots *s, uint32_t k)
{
	uint32_t	slot = slots_find(s, 1, k, 0, 16384);
	bool		hit = slot != SLOT_NONE;

	if (!hit) {
		slot = slots_take_cache(s);
		assert_int_not_equal(slot, SLOT_NONE);
		slots_read(s, slot, 1, k, 0, 16384);
		slots_filled(s, slot, 1);
	}
	slots_pin(s, slot, 1);
	slots_unpin(s, slot, 1);
	return hit;
}

static uint32_t
serve_round(struct slots *s, uint32_t first, uint32_t n)
{
	uint32_t	k, hits = 0;

	for (k = first; k < first + n; k++)
		hits += serve(s, k);
	return hits;
}

/* The cache is as large as it is of use, and no larger. */
static void
test_size_follows_use(void **state)
{
	struct slots	s;
	uint32_t	i, next = 1000;

	(void)state;
	slots_init(&s, 1024);
	assert_int_equal(serve_round(&s, next, 5000), 0);
	assert_true(s.ncached <= SLOTS_CACHE_MIN);
	assert_true(s.high <= SLOTS_CACHE_MIN + 1);
	/* The same blocks round and round, more than it holds now. */
	for (i = 0; i < 10; i++)
		serve_round(&s, 0, 500);
	assert_int_equal(serve_round(&s, 0, 500), 500);
	assert_true(s.ncached >= 500);
	/* Never all of it: the rest is for what is received. */
	for (i = 0; i < 10; i++)
		serve_round(&s, 0, 1000);
	assert_true(s.nfree >= 1024 / 4);
	/* Then they ask for others. */
	next += 5000;
	assert_int_equal(serve_round(&s, next, 1024 * SLOTS_CACHE_NEWS), 0);
	assert_true(s.ncached <= SLOTS_CACHE_MIN);
	assert_int_equal(s.nfree + s.ncached, 1024);
	slots_clear(&s);
}

/* What was read and not sent yet stays while there is anything else. */
static void
test_unsent_stays(void **state)
{
	struct slots	s;
	uint32_t	i, slot;

	(void)state;
	slots_init(&s, 1024);
	for (i = 0; i < 2 * SLOTS_CACHE_MIN; i++) {
		slot = slots_take_cache(&s);
		slots_read(&s, slot, 2, i, 0, 16384);
		slots_filled(&s, slot, 1);
	}
	serve_round(&s, 0, 1000);
	for (i = 0; i < 2 * SLOTS_CACHE_MIN; i++)
		assert_int_not_equal(slots_find(&s, 2, i, 0, 1), SLOT_NONE);
	slots_expire(&s, 100000, 1000);
	assert_int_equal(s.nfree, 1024);
	slots_clear(&s);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_low_end),
		cmocka_unit_test(test_cache),
		cmocka_unit_test(test_forget),
		cmocka_unit_test(test_idle),
		cmocka_unit_test(test_pinned),
		cmocka_unit_test(test_size_follows_use),
		cmocka_unit_test(test_unsent_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
