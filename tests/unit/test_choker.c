/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "peer/choker.h"

static uint32_t
unchoked(const struct choker_peer *v, uint32_t n)
{
	uint32_t	i, k = 0;

	for (i = 0; i < n; i++)
		k += v[i].unchoked;
	return k;
}

/* Over some minutes everyone who is interested gets a turn, others none. */
static void
test_turns(void **state)
{
	struct choker_peer	v[30];
	bool			was[30];
	uint32_t		served[30] = { 0 }, i, id;
	uint64_t		now;

	(void)state;
	memset(v, 0, sizeof(v));
	for (i = 0; i < 30; i++) {
		v[i].interested = i >= 5;
		v[i].arg = (void *)(uintptr_t)i;
	}
	for (now = 1000; now < 300000; now += CHOKER_ROUND_MS) {
		for (i = 0; i < 30; i++)
			was[(uintptr_t)v[i].arg] = v[i].unchoked;
		choker_run(v, 30, 8, now);
		assert_int_equal(unchoked(v, 30), 8);
		for (i = 0; i < 30; i++) {
			id = (uint32_t)(uintptr_t)v[i].arg;
			if (v[i].unchoked != was[id])
				v[i].since = now;
			served[id] += v[i].unchoked;
		}
	}
	for (i = 0; i < 30; i++)
		assert_true((served[i] > 0) == (i >= 5));
}

static void
test_room_for_all(void **state)
{
	struct choker_peer	v[5];
	uint32_t		i;

	(void)state;
	memset(v, 0, sizeof(v));
	for (i = 0; i < 5; i++) {
		v[i].interested = true;
		v[i].unchoked = i == 2;
	}
	choker_run(v, 5, 8, 100000);
	assert_int_equal(unchoked(v, 5), 5);
	choker_run(v, 0, 8, 100000);
}

static void
test_slots(void **state)
{
	(void)state;
	assert_int_equal(choker_slots(8, 0, 0, 0), CHOKER_SLOTS_MAX);
	assert_true(choker_slots(8, 8, 0, 8 * CHOKER_SLOT_HIGH) > 8);
	assert_true(choker_slots(40, 40, 30, 40 * 1000) < 40);
	assert_int_equal(choker_slots(8, 8, 8, 100), CHOKER_SLOTS_MIN);
	assert_int_equal(choker_slots(40, 40, 0, 1000), 40);
	assert_int_equal(choker_slots(CHOKER_SLOTS_MAX, 4, 0, 1U << 30),
	    CHOKER_SLOTS_MAX);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_turns),
		cmocka_unit_test(test_room_for_all),
		cmocka_unit_test(test_slots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
