/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "tracker/queue.h"

#define START	1000000U

static uint32_t
rnd_zero(uint32_t bound)
{
	(void)bound;
	return 0;
}

static uint32_t
rnd_most(uint32_t bound)
{
	return bound - 1;
}

/* Who is next; back at once.  NULL: nobody. */
static void *
next(struct queue *q, uint64_t now)
{
	struct queue_item	*item = queue_next(q, now);
	void			*what;

	if (item == NULL)
		return NULL;
	assert_false(queue_waits(item));
	what = queue_what(item);
	queue_remove(q, item);
	return what;
}

static void
clear(struct queue *q)
{
	queue_set_rate(q, 0, START);
	while (next(q, START) != NULL)
		;
	queue_free(q);
}

/* All that goes out by until; in *most, the most within one second. */
static unsigned int
drain(struct queue *q, uint64_t from, uint64_t until, unsigned int *most)
{
	static uint64_t	sent[20000];
	unsigned int	n = 0, first = 0;
	uint64_t	now = from, due;

	*most = 0;
	while (now <= until) {
		while (next(q, now) != NULL) {
			sent[n++] = now;
			while (sent[first] + 1000 <= now)
				first++;
			if (n - first > *most)
				*most = n - first;
		}
		due = queue_due(q);
		assert_true(due > now);
		now = due;
	}
	return n;
}

static void
fill(struct queue *q, const char *host, unsigned int n)
{
	static char	what;

	while (n-- > 0)
		queue_add(q, host, QUEUE_IDLE, &what, START);
}

static void
test_order(void **state)
{
	struct queue	*q = queue_new(rnd_zero);
	struct queue_item *item;
	int		 what[5];

	(void)state;
	assert_true(queue_due(q) == UINT64_MAX);
	assert_null(queue_next(q, START));
	queue_add(q, "a", QUEUE_IDLE, &what[3], START);
	item = queue_add(q, "a", QUEUE_URGENT, &what[4], START);
	queue_add(q, "a", QUEUE_ACTIVE, &what[1], START);
	queue_add(q, "a", QUEUE_URGENT, &what[0], START);
	queue_add(q, "a", QUEUE_ACTIVE, &what[2], START);
	assert_true(queue_waits(item));
	queue_remove(q, item);
	assert_int_equal(queue_length(q), 4);
	assert_ptr_equal(next(q, START), &what[0]);
	assert_ptr_equal(next(q, START), &what[1]);
	assert_ptr_equal(next(q, START), &what[2]);
	assert_ptr_equal(next(q, START), &what[3]);
	assert_int_equal(queue_length(q), 0);
	assert_true(queue_due(q) == UINT64_MAX);
	clear(q);
}

/* Ten thousand to one host: at its pace from the first second on. */
static void
test_host(void **state)
{
	struct queue	*q = queue_new(rnd_zero);
	unsigned int	 n, most;

	(void)state;
	fill(q, "a", 10000);
	n = drain(q, START, START + 100000, &most);
	assert_in_range(n, 9990, 10000);
	assert_in_range(most, ANNOUNCE_RATE_DEFAULT, ANNOUNCE_RATE_DEFAULT + 5);
	clear(q);
}

static void
test_jitter(void **state)
{
	struct queue	*q = queue_new(rnd_most);
	unsigned int	 n, most;

	(void)state;
	fill(q, "a", 10000);
	n = drain(q, START, START + 100000, &most);
	assert_in_range(n, 8800, 9000);		/* late, never early */
	assert_true(most <= ANNOUNCE_RATE_DEFAULT);
	clear(q);
}

static void
test_near(void **state)
{
	struct queue	*q = queue_new(rnd_zero);
	unsigned int	 n, most;

	(void)state;
	fill(q, "a", 10000);
	queue_set_near(q, "a", true, START);
	n = drain(q, START, START + 3300, &most);
	assert_in_range(n, 9800, 10000);
	assert_true(most <= ANNOUNCE_RATE_DEFAULT * QUEUE_NEAR_FACTOR * 106 /
	    100);
	fill(q, "a", 1000);
	queue_set_near(q, "a", false, START + 5000);
	n = drain(q, START + 5000, START + 6000, &most);
	assert_in_range(n, 100, 106);
	clear(q);
}

/* Many hosts share what all together may have; one's own adds to that. */
static void
test_total(void **state)
{
	struct queue	*q = queue_new(rnd_zero);
	unsigned int	 i, n, most;
	char		 host[16];

	(void)state;
	for (i = 0; i < 100; i++) {
		snprintf(host, sizeof(host), "h%u", i);
		fill(q, host, 100);
	}
	n = drain(q, START, START + 2000, &most);
	assert_in_range(n, 800, 822);
	assert_true(most <= ANNOUNCE_RATE_DEFAULT * QUEUE_TOTAL_FACTOR + 20);
	fill(q, "own", 500);
	queue_set_near(q, "own", true, START + 2000);
	n = drain(q, START + 2001, START + 3000, &most);
	assert_in_range(n, 890, 922);
	clear(q);
}

static void
test_rates(void **state)
{
	struct queue	*q = queue_new(rnd_zero);
	unsigned int	 n, most;

	(void)state;
	queue_set_rate(q, 1, START);
	fill(q, "a", 10000);
	n = drain(q, START, START + 9999, &most);
	assert_int_equal(n, 10);
	assert_int_equal(most, 1);
	/* A new pace holds at once. */
	queue_set_rate(q, 10, START + 10000);
	n = drain(q, START + 10000, START + 10999, &most);
	assert_int_equal(n, 10);
	queue_hurry(q, START + 11000);
	n = drain(q, START + 11000, START + 11999, &most);
	assert_in_range(n, 40, 42);
	queue_set_rate(q, 0, START + 12000);
	assert_int_equal(queue_due(q), 0);
	for (n = 0; next(q, START + 12000) != NULL; n++)
		;
	assert_in_range(n, 9938, 9940);
	clear(q);
}

/* A host that does not answer gets no more, others do. */
static void
test_out(void **state)
{
	struct queue		*q = queue_new(rnd_zero);
	struct queue_item	*out[QUEUE_OUT_MAX];
	unsigned int		 i;
	char			 what;

	(void)state;
	queue_set_rate(q, 0, START);
	fill(q, "a", 2 * QUEUE_OUT_MAX);
	for (i = 0; i < QUEUE_OUT_MAX; i++)
		assert_non_null(out[i] = queue_next(q, START));
	assert_null(queue_next(q, START));
	assert_true(queue_due(q) == UINT64_MAX);
	queue_add(q, "b", QUEUE_IDLE, &what, START);
	assert_ptr_equal(next(q, START), &what);
	assert_null(queue_next(q, START));
	queue_remove(q, out[3]);
	assert_non_null(out[3] = queue_next(q, START));
	assert_int_equal(queue_length(q), QUEUE_OUT_MAX - 1);
	for (i = 0; i < QUEUE_OUT_MAX; i++)
		queue_remove(q, out[i]);
	clear(q);
}

/* Hosts that nobody waits for are forgotten, when there are many. */
static void
test_hosts(void **state)
{
	struct queue	*q = queue_new(rnd_zero);
	unsigned int	 i;
	char		 host[16], what;
	uint64_t	 now = START;

	(void)state;
	for (i = 0; i < QUEUE_HOSTS_MAX * 4; i++) {
		snprintf(host, sizeof(host), "h%u", i);
		now += 20;
		queue_add(q, host, QUEUE_IDLE, &what, now);
		assert_ptr_equal(next(q, now), &what);
	}
	assert_int_equal(queue_length(q), 0);
	queue_add(q, "left", QUEUE_IDLE, &what, now);
	clear(q);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_host),
		cmocka_unit_test(test_jitter),
		cmocka_unit_test(test_near),
		cmocka_unit_test(test_total),
		cmocka_unit_test(test_rates),
		cmocka_unit_test(test_out),
		cmocka_unit_test(test_hosts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
