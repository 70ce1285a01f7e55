/* SPDX-License-Identifier: ISC */
/* Who may write to which file system: the rules, and a long run of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "disk/space.h"

#define M	(1ULL << 20)
#define G	(1ULL << 30)

static struct space_claim *
ask(struct space *s, struct space_dev *dev, struct space_claim *c,
    uint64_t need)
{
	space_ask(s, dev, c, need);
	return space_next(s, dev, 0);
}

static void
test_floor(void **state)
{
	struct space	 s;
	struct space_dev *dev;
	struct space_claim c = { 0 };

	(void)state;
	space_init(&s);
	dev = space_device(&s, 1);
	assert_ptr_equal(space_device(&s, 1), dev);
	space_measured(dev, 10 * G, 100 * G);
	assert_true(space_floor(&s, dev) == 1 * G);
	space_measured(dev, 10 * M, 40 * M);
	assert_true(space_floor(&s, dev) == 2 * M);
	assert_ptr_equal(ask(&s, dev, &c, 8 * M), &c);
	space_drop(&s, &c);
	assert_true(TAILQ_EMPTY(&s.devs));

	space_set_keep(&s, 9 * M);
	dev = space_device(&s, 1);
	space_measured(dev, 10 * M, 40 * M);
	assert_null(ask(&s, dev, &c, 2 * M));
	assert_true(space_missing(&s, &c) == M);
	space_set_keep(&s, 0);
	assert_ptr_equal(space_next(&s, dev, 0), &c);
	assert_true(space_missing(&s, &c) == 0 || c.held);
	space_drop(&s, &c);
}

/* What is promised to one is not there for another. */
static void
test_reserved(void **state)
{
	struct space	 s;
	struct space_dev *dev, *other;
	struct space_claim a = { 0 }, b = { 0 }, c = { 0 };

	(void)state;
	space_init(&s);
	space_set_keep(&s, M);
	dev = space_device(&s, 1);
	other = space_device(&s, 2);
	space_measured(dev, 101 * M, 200 * M);
	space_measured(other, 101 * M, 200 * M);
	assert_ptr_equal(ask(&s, dev, &a, 60 * M), &a);
	assert_null(ask(&s, dev, &b, 60 * M));
	assert_true(space_missing(&s, &b) == 20 * M);
	assert_ptr_equal(ask(&s, other, &c, 60 * M), &c);

	/* As it is written, what is free and what is promised both fall. */
	space_left(&a, 30 * M);
	space_measured(dev, 71 * M, 200 * M);
	assert_true(dev->reserved == 30 * M);
	assert_true(space_missing(&s, &b) == 20 * M);
	assert_null(space_next(&s, dev, 0));
	/* More than was asked for is never promised. */
	space_left(&a, 50 * M);
	assert_true(dev->reserved == 30 * M);

	space_drop(&s, &a);
	assert_true(dev->reserved == 0);
	assert_ptr_equal(space_next(&s, dev, 0), &b);
	space_drop(&s, &b);
	space_drop(&s, &c);
	assert_true(TAILQ_EMPTY(&s.devs));
}

/* First come, first served; but who does not fit holds up nobody. */
static void
test_order(void **state)
{
	struct space	 s;
	struct space_dev *dev;
	struct space_claim c[4];

	(void)state;
	memset(c, 0, sizeof(c));
	space_init(&s);
	space_set_keep(&s, 0);
	dev = space_device(&s, 1);
	space_measured(dev, 5 * M, 100 * M);
	assert_null(ask(&s, dev, &c[0], 50 * M));
	assert_null(ask(&s, dev, &c[1], 10 * M));
	assert_null(ask(&s, dev, &c[2], 6 * M));
	assert_ptr_equal(ask(&s, dev, &c[3], 3 * M), &c[3]);
	space_measured(dev, 16 * M, 100 * M);
	assert_ptr_equal(space_next(&s, dev, 0), &c[1]);
	assert_null(space_next(&s, dev, 0));
	/* One that asks anew, after a check say, keeps its place. */
	space_ask(&s, dev, &c[0], 20 * M);
	space_measured(dev, 40 * M, 100 * M);
	assert_ptr_equal(space_next(&s, dev, 0), &c[0]);
	assert_ptr_equal(space_next(&s, dev, 0), &c[2]);
	assert_null(space_next(&s, dev, 0));
	while ((dev = TAILQ_FIRST(&s.devs)) != NULL)
		space_drop(&s, TAILQ_FIRST(&dev->held));
}

/* Others eat what is kept free: stop, and go on only when it is worth it. */
static void
test_stop(void **state)
{
	struct space	 s;
	struct space_dev *dev;
	struct space_claim a = { 0 }, b = { 0 };

	(void)state;
	space_init(&s);
	space_set_keep(&s, 80 * M);
	dev = space_device(&s, 1);
	space_measured(dev, 100 * M, 1000 * M);
	assert_ptr_equal(ask(&s, dev, &a, 10 * M), &a);
	assert_ptr_equal(ask(&s, dev, &b, 0), &b);
	assert_false(space_short(&s, dev));
	space_measured(dev, 79 * M, 1000 * M);
	assert_true(space_short(&s, dev));
	space_stop(&a, 1000, false);
	assert_false(space_short(&s, dev));	/* b has nothing to take */
	assert_true(b.held);
	space_measured(dev, 90 * M, 1000 * M);	/* enough for a new one */
	assert_null(space_next(&s, dev, 1000));
	assert_true(space_missing(&s, &a) == 10 * M);
	space_measured(dev, 100 * M, 1000 * M);
	assert_ptr_equal(space_next(&s, dev, 1000), &a);
	space_drop(&s, &a);
	space_drop(&s, &b);
}

/* The system says no though there seems to be space: try ever less often. */
static void
test_failures(void **state)
{
	struct space	 s;
	struct space_dev *dev;
	struct space_claim a = { 0 };
	uint64_t	 now = 0, wait = SPACE_RETRY_MIN;
	int		 i;

	(void)state;
	space_init(&s);
	space_set_keep(&s, 0);
	dev = space_device(&s, 1);
	space_measured(dev, 100 * M, 100 * M);
	assert_ptr_equal(ask(&s, dev, &a, M), &a);
	for (i = 0; i < 12; i++) {
		space_stop(&a, now, true);
		assert_true(space_missing(&s, &a) == 0);
		assert_null(space_next(&s, dev, now + wait - 1));
		now += wait;
		assert_ptr_equal(space_next(&s, dev, now), &a);
		wait = wait * 2 < SPACE_RETRY_MAX ? wait * 2 :
		    SPACE_RETRY_MAX;
	}
	/* A minute in peace, and it starts from the beginning. */
	now += SPACE_CALM;
	space_stop(&a, now, true);
	assert_ptr_equal(space_next(&s, dev, now + SPACE_RETRY_MIN), &a);
	space_drop(&s, &a);
}

/* ---- a long run ---- */

#define DEVS	3
#define CLAIMS	40
#define TURNS	20000

struct model {
	struct space		 s;
	uint64_t		 avail[DEVS], total[DEVS];
	struct {
		struct space_claim	 c;
		uint64_t		 left;	/* really to be written */
		unsigned int		 stops;
	}			 t[CLAIMS];
	uint32_t		 seed;
};

static uint32_t
dice(struct model *m, uint32_t n)
{
	m->seed = m->seed * 1664525 + 1013904223;
	return (m->seed >> 8) % n;
}

static void
look(struct model *m, unsigned int k, uint64_t now)
{
	struct space_dev	*dev = space_device(&m->s, k + 1);
	struct space_claim	*c, *next;

	space_measured(dev, m->avail[k], m->total[k]);
	if (space_short(&m->s, dev))
		TAILQ_FOREACH_SAFE(c, &dev->held, link, next)
			if (c->need > 0) {
				space_stop(c, now, false);
				m->t[(uintptr_t)c->owner].stops++;
			}
	while (space_next(&m->s, dev, now) != NULL)
		continue;
	if (TAILQ_EMPTY(&dev->held) && TAILQ_EMPTY(&dev->waiting)) {
		TAILQ_REMOVE(&m->s.devs, dev, link);
		free(dev);
	}
}

/* Its promises, added up anew; and none that fits is left waiting. */
static void
audit(struct model *m)
{
	struct space_dev	*dev;
	struct space_claim	*c, *before;
	uint64_t		 sum;

	TAILQ_FOREACH(dev, &m->s.devs, link) {
		sum = 0;
		before = NULL;
		TAILQ_FOREACH(c, &dev->held, link) {
			assert_true(c->held);
			sum += c->need;
		}
		assert_true(sum == dev->reserved);
		TAILQ_FOREACH(c, &dev->waiting, link) {
			assert_false(c->held);
			assert_true(before == NULL ||
			    before->ticket < c->ticket);
			before = c;
		}
	}
}

/*
 * Torrents come, write and are deleted, on several file systems.  Nothing
 * else writes there, so the floor is never touched, nobody is ever stopped,
 * and in the end, with room for all, all have been written.
 */
static void
test_model(void **state)
{
	struct model	m = { .seed = 7 };
	struct space_claim *c;
	uint64_t	n, now = 0;
	unsigned int	i, k, turn, done = 0;

	(void)state;
	space_init(&m.s);
	for (k = 0; k < DEVS; k++)
		m.avail[k] = m.total[k] = (1 + k) * 40 * G;
	for (turn = 0; turn < TURNS; turn++, now += 100) {
		i = dice(&m, CLAIMS);
		k = i % DEVS;
		c = &m.t[i].c;
		if (c->dev == NULL) {
			m.t[i].left = dice(&m, 12 * 1024) * M + 1;
			c->owner = (void *)(uintptr_t)i;
			space_ask(&m.s, space_device(&m.s, k + 1), c,
			    m.t[i].left);
			look(&m, k, now);
		}
		for (i = 0; i < CLAIMS; i++) {
			c = &m.t[i].c;
			if (!c->held)
				continue;
			k = i % DEVS;
			n = dice(&m, 64) * M;
			n = n < m.t[i].left ? n : m.t[i].left;
			assert_true(m.avail[k] >= n + G);
			m.avail[k] -= n;
			m.t[i].left -= n;
			space_left(c, m.t[i].left);
			if (m.t[i].left > 0)
				continue;
			space_drop(&m.s, c);
			memset(c, 0, sizeof(*c));
			done++;
		}
		audit(&m);
		if (turn % 50 != 0)
			continue;
		/* The user deletes something. */
		for (k = 0; k < DEVS; k++) {
			m.avail[k] += dice(&m, 64 * 1024) * M;
			if (m.avail[k] > m.total[k])
				m.avail[k] = m.total[k];
			look(&m, k, now);
		}
	}
	for (i = 0; i < CLAIMS; i++) {
		assert_int_equal(m.t[i].stops, 0);
		if (m.t[i].c.dev != NULL)
			space_drop(&m.s, &m.t[i].c);
	}
	assert_true(TAILQ_EMPTY(&m.s.devs));
	assert_true(done > 1000);
}

/* Another program breathes around the floor: few stops, not one a breath. */
static void
test_breath(void **state)
{
	struct model	m = { .seed = 3 };
	unsigned int	turn;

	(void)state;
	space_init(&m.s);
	m.total[0] = 100 * G;
	m.avail[0] = 2 * G;
	m.t[0].c.owner = (void *)(uintptr_t)0;
	space_ask(&m.s, space_device(&m.s, 1), &m.t[0].c, 30 * M);
	for (turn = 0; turn < 1000; turn++) {
		m.avail[0] = G - 40 * M + dice(&m, 120) * M;
		look(&m, 0, turn * 5000);
	}
	assert_true(m.t[0].stops <= 1);
	assert_false(m.t[0].c.held);
	m.avail[0] = 2 * G;
	look(&m, 0, 0);
	assert_true(m.t[0].c.held);
	space_drop(&m.s, &m.t[0].c);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_floor),
		cmocka_unit_test(test_reserved),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_breath),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
