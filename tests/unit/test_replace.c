/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "peer/replace.h"

#define PEERS	6

/* The number of the one that makes way for a peer of that priority; or -1. */
static int
pick(struct replace_peer v[PEERS], uint32_t priority, uint64_t *pause)
{
	struct replace		 r = { .priority = priority };
	struct replace_peer	*p;
	int			 i;

	for (i = 0; i < PEERS; i++)
		replace_look(&r, &v[i], &v[i]);
	p = replace_pick(&r, pause);
	return p == NULL ? -1 : (int)(p - v);
}

static void
fill(struct replace_peer v[PEERS])
{
	int	i;

	for (i = 0; i < PEERS; i++)
		v[i] = (struct replace_peer){ .priority = 100 + (uint32_t)i,
		    .age = 600000, .still = 0, .rate = 100000 };
}

static void
test_still(void **state)
{
	struct replace_peer	v[PEERS];
	uint64_t		pause;

	(void)state;
	fill(v);
	assert_int_equal(pick(v, UINT32_MAX, &pause), -1);
	v[2].still = v[4].still = REPLACE_STILL_MS;
	assert_int_equal(pick(v, UINT32_MAX, &pause), 2);
	assert_int_equal(pause, REPLACE_STILL_PAUSE_MS);
	assert_int_equal(pick(v, 103, &pause), 2);
	/* Both ends agree: the lower one does not come in. */
	assert_int_equal(pick(v, 102, &pause), -1);
	v[2].age = REPLACE_STILL_MS - 1;
	assert_int_equal(pick(v, UINT32_MAX, &pause), 4);
	v[4].still--;
	assert_int_equal(pick(v, UINT32_MAX, &pause), -1);
}

static void
test_slow(void **state)
{
	struct replace_peer	v[PEERS];
	uint64_t		pause;

	(void)state;
	fill(v);
	v[3].rate = 20000;
	assert_int_equal(pick(v, 0, &pause), -1);
	v[3].rate = 2000;
	assert_int_equal(pick(v, 0, &pause), 3);
	assert_int_equal(pause, REPLACE_SLOW_PAUSE_MS);
	v[3].age = REPLACE_SLOW_MS - 1;
	assert_int_equal(pick(v, 0, &pause), -1);
}

/* All alike, or too few to tell: nobody goes. */
static void
test_peace(void **state)
{
	struct replace		r = { .priority = UINT32_MAX };
	struct replace_peer	v[PEERS];
	uint64_t		pause;
	int			i;

	(void)state;
	assert_null(replace_pick(&r, &pause));
	fill(v);
	for (i = 0; i < PEERS; i++)
		v[i].rate = 0;
	assert_int_equal(pick(v, UINT32_MAX, &pause), -1);
	v[0].rate = 1000000;
	for (i = 0; i < REPLACE_SLOW_MIN - 1; i++)
		replace_look(&r, &v[i], &v[i]);
	assert_null(replace_pick(&r, &pause));
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_still),
		cmocka_unit_test(test_slow),
		cmocka_unit_test(test_peace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
