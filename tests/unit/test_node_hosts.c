/* SPDX-License-Identifier: ISC */
/* Which hosts are looked up for nodes of the DHT, and when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "conf.h"
#include "node_hosts.h"

#define HOUR	UINT64_C(3600000)

static char		 name_a[] = "a.example", name_b[] = "b.example";
static struct conf_host	 routers[] = { { name_a, 1 }, { name_b, 2 } };
static struct node_hosts hosts;
static uint64_t		 now;

static int
setup(void **state)
{
	(void)state;
	node_hosts_clear(&hosts);
	now = 1000;
	assert_true(node_hosts_set(&hosts, routers, 2));
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	node_hosts_clear(&hosts);
	return 0;
}

/* The next one is this, and its query. */
static uint32_t
next(const char *host)
{
	const struct node_host	*v = node_hosts_next(&hosts, now);

	if (host == NULL) {
		assert_null(v);
		return 0;
	}
	assert_non_null(v);
	assert_string_equal(v->host, host);
	return v->query;
}

static void
answer(uint32_t query, bool good)
{
	assert_non_null(node_hosts_answer(&hosts, query, good, now));
}

/* Nothing is asked unasked for; routers come first; each once at a time. */
static void
test_order(void **state)
{
	uint32_t	a, b, c;

	(void)state;
	node_hosts_add(&hosts, "t.example", 7);
	next(NULL);
	node_hosts_want(&hosts);
	a = next(name_a);
	b = next(name_b);
	c = next("t.example");
	next(NULL);
	node_hosts_want(&hosts);
	next(NULL);
	assert_true(a != b && b != c && a != c);
	assert_true(node_hosts_answer(&hosts, b, true, now)->router);
	assert_false(node_hosts_answer(&hosts, c, true, now)->router);
	/* An answer to nothing. */
	assert_null(node_hosts_answer(&hosts, b, true, now));
	assert_null(node_hosts_answer(&hosts, 0, true, now));
	assert_null(node_hosts_answer(&hosts, 77, true, now));
}

/* A router that has been found is asked again ever later, if wanted. */
static void
test_again(void **state)
{
	uint64_t	wait = NODE_HOSTS_AGAIN_MS;
	int		i;

	(void)state;
	assert_true(node_hosts_set(&hosts, routers, 1));
	node_hosts_want(&hosts);
	for (i = 0; i < 40; i++) {
		answer(next(name_a), true);
		now += wait;
		next(NULL);		/* not wanted */
		node_hosts_want(&hosts);
		now--;
		next(NULL);		/* too soon */
		now++;
		wait = wait * 2 < HOUR ? wait * 2 : HOUR;
	}
	answer(next(name_a), true);
	node_hosts_want(&hosts);
	next(NULL);
	/* Another child knows of none of that. */
	node_hosts_anew(&hosts, now + 10);
	next(NULL);
	node_hosts_want(&hosts);
	next(NULL);
	now += 10;
	next(name_a);
}

/* Without a network routers are tried on, until the node has enough. */
static void
test_failure(void **state)
{
	uint64_t	wait = NODE_HOSTS_RETRY_MS;
	int		i;

	(void)state;
	assert_true(node_hosts_set(&hosts, routers, 1));
	node_hosts_add(&hosts, "t.example", 7);
	node_hosts_want(&hosts);
	answer(next(name_a), false);
	answer(next("t.example"), false);
	for (i = 0; i < 40; i++) {
		now += wait - 1;
		next(NULL);
		now++;
		answer(next(name_a), false);
		next(NULL);
		wait = wait * 2 < NODE_HOSTS_ROUTER_MS ? wait * 2 :
		    NODE_HOSTS_ROUTER_MS;
	}
	node_hosts_rest(&hosts);
	now += HOUR;
	next(NULL);
	/* It works again: the next failure is a first one. */
	node_hosts_want(&hosts);
	answer(next(name_a), true);
	answer(next("t.example"), true);
	now += NODE_HOSTS_AGAIN_MS;
	node_hosts_want(&hosts);
	answer(next(name_a), false);
	now += NODE_HOSTS_RETRY_MS;
	next(name_a);
	next("t.example");
}

/* What torrents name that is not there is asked for ever less. */
static void
test_torrent_failure(void **state)
{
	uint64_t	wait = NODE_HOSTS_RETRY_MS;
	int		i;

	(void)state;
	node_hosts_set(&hosts, NULL, 0);
	node_hosts_add(&hosts, "t.example", 7);
	for (i = 0; i < 40; i++) {
		node_hosts_want(&hosts);
		answer(next("t.example"), false);
		now += wait;
		next(NULL);
		wait = wait * 2 < HOUR ? wait * 2 : HOUR;
	}
	assert_true(wait == HOUR);
}

/* None twice, no more than so many, no more than a few at a time. */
static void
test_bounds(void **state)
{
	char		name[32];
	uint32_t	i;

	(void)state;
	node_hosts_add(&hosts, "A.Example", 1);
	assert_int_equal(hosts.n, 2);
	node_hosts_add(&hosts, "a.example", 9);
	node_hosts_add(&hosts, "a.example", 9);
	assert_int_equal(hosts.n, 3);
	for (i = 0; i < 2 * NODE_HOSTS_MAX; i++) {
		snprintf(name, sizeof(name), "h%u.example", i);
		node_hosts_add(&hosts, name, 1);
	}
	assert_int_equal(hosts.n, 2 + NODE_HOSTS_MAX);
	node_hosts_want(&hosts);
	for (i = 0; i < NODE_HOSTS_ASKED_MAX; i++)
		assert_non_null(node_hosts_next(&hosts, now));
	next(NULL);
	node_hosts_unask(&hosts);
	next(name_a);
	hosts.last_query = NODE_HOSTS_QUERY_MAX;
	assert_int_equal(next(name_b), 1);
}

/* Other routers: what torrents name stays, what was asked is nobody's. */
static void
test_set(void **state)
{
	struct conf_host	other[] = { { name_b, 2 } };
	uint32_t		a;

	(void)state;
	node_hosts_add(&hosts, "t.example", 7);
	node_hosts_add(&hosts, "b.example", 3);
	node_hosts_want(&hosts);
	a = next(name_a);
	assert_false(node_hosts_set(&hosts, routers, 2));
	assert_true(node_hosts_set(&hosts, other, 1));
	assert_null(node_hosts_answer(&hosts, a, true, now));
	assert_int_equal(hosts.n, 3);
	assert_int_equal(hosts.nrouters, 1);
	node_hosts_want(&hosts);
	next(name_b);
	next("t.example");
	assert_int_equal(hosts.v[2].port, 3);
	assert_true(node_hosts_set(&hosts, NULL, 0));
	assert_false(node_hosts_set(&hosts, NULL, 0));
	assert_int_equal(hosts.n, 2);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test_setup_teardown(test_order, setup, teardown),
		cmocka_unit_test_setup_teardown(test_again, setup, teardown),
		cmocka_unit_test_setup_teardown(test_failure, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_torrent_failure, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_bounds, setup, teardown),
		cmocka_unit_test_setup_teardown(test_set, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
