/* SPDX-License-Identifier: ISC */
/* What is let go of the page cache, against a plain model. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "disk/trail.h"

#define MODEL_MAX	64

/* The most recent last. */
struct model {
	struct trail_chunk	v[MODEL_MAX];
	uint32_t		n, limit;
};

static bool
model_touch(struct model *m, struct trail_chunk c, struct trail_chunk *gone)
{
	uint32_t	i;
	bool		drop;

	for (i = 0; i < m->n; i++)
		if (memcmp(&m->v[i], &c, sizeof(c)) == 0)
			break;
	if (i + 1 == m->n)
		return false;
	drop = m->n == m->limit && i == m->n;
	if (i < m->n) {
		memmove(&m->v[i], &m->v[i + 1],
		    (m->n - i - 1) * sizeof(c));
		m->n--;
	}
	m->v[m->n++] = c;
	if (drop) {
		*gone = m->v[0];
		memmove(&m->v[0], &m->v[1], --m->n * sizeof(c));
	}
	return drop;
}

static void
test_model(void **state)
{
	struct trail		*t = trail_new();
	struct model		 m = { .limit = 20 };
	struct trail_chunk	 c, a, b;
	uint32_t		 i;
	bool			 drop;

	(void)state;
	srandom(7);
	trail_limit(t, m.limit);
	for (i = 0; i < 200000; i++) {
		if (i % 1000 == 999) {
			m.limit = 1 + (uint32_t)random() % 40;
			trail_limit(t, m.limit);
			while (m.n > m.limit)
				memmove(&m.v[0], &m.v[1], --m.n * sizeof(c));
		}
		c.torrent = 1 + (uint32_t)random() % 3;
		c.file = (uint32_t)random() % 4;
		c.number = (uint32_t)random() % 5;
		drop = model_touch(&m, c, &a);
		assert_int_equal(trail_touch(t, c, &b), drop);
		if (drop)
			assert_memory_equal(&a, &b, sizeof(a));
	}
	trail_free(t);
}

/* A walk through much more than is remembered lets all go, in order. */
static void
test_walk(void **state)
{
	struct trail		*t = trail_new();
	struct trail_chunk	 c = { 1, 2, 0 }, gone;

	(void)state;
	for (c.number = 0; c.number < 5 * TRAIL_MAX; c.number++) {
		assert_int_equal(trail_touch(t, c, &gone),
		    c.number >= TRAIL_MAX);
		/* The runs of a chunk count once. */
		assert_false(trail_touch(t, c, &gone));
		if (c.number >= TRAIL_MAX)
			assert_int_equal(gone.number, c.number - TRAIL_MAX);
	}
	trail_free(t);
}

/* A tree of small files is no more to remember than one large file. */
static void
test_small(void **state)
{
	struct trail_chunk	 a, b;
	struct trail		*t = trail_new();
	uint32_t		 i;

	(void)state;
	a = trail_chunk(1, TRAIL_GROUP, TRAIL_SMALL, 0);
	b = trail_chunk(1, 2 * TRAIL_GROUP - 1, 1, 0);
	assert_memory_equal(&a, &b, sizeof(a));
	assert_int_equal(a.file, TRAIL_GROUP);
	assert_int_equal(a.number, TRAIL_SMALLS);
	b = trail_chunk(1, 2 * TRAIL_GROUP, 1, 0);
	assert_memory_not_equal(&a, &b, sizeof(a));
	b = trail_chunk(1, TRAIL_GROUP, TRAIL_SMALL + 1, 0);
	assert_int_equal(b.file, TRAIL_GROUP);
	assert_int_equal(b.number, 0);
	b = trail_chunk(1, 5, 4 * TRAIL_CHUNK, 3 * TRAIL_CHUNK - 1);
	assert_int_equal(b.file, 5);
	assert_int_equal(b.number, 2);
	for (i = 0; i < TRAIL_MAX * TRAIL_GROUP; i++)
		assert_false(trail_touch(t, trail_chunk(1, i, 10240, 0), &b));
	assert_true(trail_touch(t, trail_chunk(1, i, 10240, 0), &b));
	assert_int_equal(b.file, 0);
	assert_int_equal(b.number, TRAIL_SMALLS);
	trail_free(t);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_walk),
		cmocka_unit_test(test_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
