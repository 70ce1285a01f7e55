/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "peer/vec.h"

static uint8_t	bytes[30];

/* Buffers of 5, 10 and 15 bytes. */
static void
fill(struct vec *v)
{
	vec_clear(v);
	vec_add(v, bytes, 5);
	vec_add(v, bytes + 5, 10);
	vec_add(v, bytes + 15, 15);
	assert_int_equal(v->n, 3);
	assert_int_equal(v->total, 30);
}

static void
test_cut(void **state)
{
	static const struct {
		uint64_t	max;
		int		n;
		size_t		last;
		bool		cut;
	} rows[] = {
		{ UINT64_MAX, 3, 15, false },
		{ 30, 3, 15, false },
		{ 29, 3, 14, true },
		{ 16, 3, 1, true },
		{ 15, 2, 10, false },
		{ 14, 2, 9, true },
		{ 5, 1, 5, false },
		{ 1, 1, 1, true },
	};
	struct vec	v;
	size_t		i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fill(&v);
		assert_int_equal(vec_cut(&v, rows[i].max), rows[i].cut);
		assert_int_equal(v.n, rows[i].n);
		assert_int_equal(v.iov[v.n - 1].iov_len, rows[i].last);
		assert_int_equal(v.total, rows[i].max < 30 ? rows[i].max : 30);
	}
	fill(&v);
	assert_false(vec_cut(&v, 0));
	assert_int_equal(v.n, 0);
	assert_int_equal(v.total, 0);
}

static void
test_drop(void **state)
{
	struct vec	v;

	(void)state;
	fill(&v);
	vec_drop(&v);
	assert_int_equal(v.n, 2);
	assert_int_equal(v.total, 15);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_drop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
