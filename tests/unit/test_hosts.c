/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "tracker/hosts.h"

#define SEC	UINT64_C(1000)

static struct {
	unsigned int	lookups, answers, n;
	uint32_t	query;
	char		name[64], error[64];
} seen;

static void
lookup(void *arg, uint32_t query, const char *name)
{
	(void)arg;
	seen.lookups++;
	seen.query = query;
	strlcpy(seen.name, name, sizeof(seen.name));
}

static void
on_host(struct host_wait *w, const struct addr *addrs, unsigned int n,
    const char *error)
{
	(void)w;
	assert_true(n == 0 || addrs != NULL);
	seen.answers++;
	seen.n = n;
	strlcpy(seen.error, error != NULL ? error : "", sizeof(seen.error));
}

static struct hosts *
begin(void)
{
	memset(&seen, 0, sizeof(seen));
	return hosts_new(lookup, NULL);
}

/* One look-up for all who ask, and none while its answer holds. */
static void
test_ttl(void **state)
{
	struct hosts		*hosts = begin();
	struct host_wait	 w[3];
	struct addr		 a;

	(void)state;
	addr_parse(&a, "10.0.0.1", 0);
	hosts_ask(hosts, &w[0], "a.test", on_host, 0);
	hosts_ask(hosts, &w[1], "a.test", on_host, 0);
	assert_int_equal(seen.lookups, 1);
	assert_string_equal(seen.name, "a.test");
	hosts_answer(hosts, seen.query + 1, &a, 1, 100, "", 0);
	assert_int_equal(seen.answers, 0);
	hosts_answer(hosts, seen.query, &a, 1, 100, "", 0);
	assert_int_equal(seen.answers, 2);
	assert_int_equal(seen.n, 1);
	hosts_ask(hosts, &w[2], "a.test", on_host, 100 * SEC - 1);
	assert_int_equal(seen.answers, 3);
	assert_int_equal(seen.lookups, 1);
	hosts_ask(hosts, &w[2], "a.test", on_host, 100 * SEC);
	assert_int_equal(seen.answers, 3);
	assert_int_equal(seen.lookups, 2);
	hosts_answer(hosts, seen.query, &a, 1, 100, "", 100 * SEC);
	assert_int_equal(seen.answers, 4);
	/* Bounded on both sides. */
	hosts_ask(hosts, &w[0], "b.test", on_host, 0);
	hosts_answer(hosts, seen.query, &a, 1, 0, "", 0);
	hosts_ask(hosts, &w[0], "b.test", on_host, HOST_TTL_MIN * SEC - 1);
	assert_int_equal(seen.lookups, 3);
	hosts_ask(hosts, &w[0], "c.test", on_host, 0);
	hosts_answer(hosts, seen.query, &a, 1, UINT32_MAX, "", 0);
	hosts_ask(hosts, &w[0], "c.test", on_host, HOST_TTL_MAX * SEC);
	assert_int_equal(seen.lookups, 5);
	hosts_cancel(&w[0]);
	hosts_free(hosts);
}

static void
test_errors(void **state)
{
	struct hosts		*hosts = begin();
	struct host_wait	 w;
	struct addr		 a;

	(void)state;
	addr_parse(&a, "10.0.0.1", 0);
	hosts_ask(hosts, &w, "a.test", on_host, 0);
	hosts_answer(hosts, seen.query, NULL, 0, 0, "no such name", 0);
	assert_int_equal(seen.n, 0);
	assert_string_equal(seen.error, "no such name");
	hosts_ask(hosts, &w, "a.test", on_host, 1);
	assert_int_equal(seen.answers, 2);
	assert_int_equal(seen.lookups, 1);
	hosts_ask(hosts, &w, "a.test", on_host, HOST_TTL_ERROR * SEC);
	assert_int_equal(seen.lookups, 2);
	hosts_answer(hosts, seen.query, &a, 1, 100, "", 5000);
	assert_int_equal(seen.n, 1);
	/* Perhaps it has moved; but not when time is short. */
	hosts_doubt(hosts, "a.test");
	hosts_doubt(hosts, "never.asked.test");
	hosts_ask(hosts, &w, "a.test", on_host, 5001);
	assert_int_equal(seen.lookups, 3);
	hosts_cancel(&w);
	hosts_answer(hosts, seen.query, &a, 1, 100, "", 5001);
	assert_int_equal(seen.answers, 3);
	hosts_doubt(hosts, "a.test");
	hosts_hurry(hosts);
	hosts_ask(hosts, &w, "a.test", on_host, 5002);
	assert_int_equal(seen.answers, 4);
	hosts_free(hosts);
}

static void
test_numeric(void **state)
{
	struct hosts		*hosts = begin();
	struct host_wait	 w;

	(void)state;
	hosts_ask(hosts, &w, "10.0.0.1", on_host, 0);
	hosts_ask(hosts, &w, "2001:db8::1", on_host, 0);
	assert_int_equal(seen.lookups, 0);
	assert_int_equal(seen.answers, 2);
	assert_int_equal(seen.n, 1);
	assert_true(hosts_are_near(hosts, "10.0.0.1"));
	hosts_doubt(hosts, "10.0.0.1");
	hosts_ask(hosts, &w, "10.0.0.1", on_host, 1);
	assert_int_equal(seen.answers, 3);
	hosts_ask(hosts, &w, "10.0.0.1.test", on_host, 1);
	assert_int_equal(seen.lookups, 1);
	hosts_cancel(&w);
	hosts_free(hosts);
}

/* So many at a time; those given up are not looked up at all. */
static void
test_bounds(void **state)
{
	static struct host_wait	 w[HOSTS_MAX + 1];
	struct hosts		*hosts = begin();
	struct addr		 a;
	char			 name[16];
	unsigned int		 i;

	(void)state;
	addr_parse(&a, "10.0.0.1", 0);
	for (i = 0; i < HOSTS_LOOKUPS_MAX + 2; i++) {
		snprintf(name, sizeof(name), "h%u.test", i);
		hosts_ask(hosts, &w[i], name, on_host, 0);
	}
	assert_int_equal(seen.lookups, HOSTS_LOOKUPS_MAX);
	hosts_cancel(&w[HOSTS_LOOKUPS_MAX]);
	hosts_answer(hosts, seen.query, &a, 1, 100, "", 0);
	assert_int_equal(seen.lookups, HOSTS_LOOKUPS_MAX + 1);
	snprintf(name, sizeof(name), "h%u.test", HOSTS_LOOKUPS_MAX + 1);
	assert_string_equal(seen.name, name);
	for (i = 1; i <= HOSTS_LOOKUPS_MAX + 1; i++)
		hosts_answer(hosts, i, &a, 1, 100, "", 0);
	/* Those not in use make room. */
	for (i = 0; i < HOSTS_MAX + 1; i++) {
		snprintf(name, sizeof(name), "i%u.test", i);
		hosts_ask(hosts, &w[i], name, on_host, 0);
		hosts_answer(hosts, seen.query, &a, 1, 100, "", 0);
	}
	i = seen.lookups;
	hosts_ask(hosts, &w[0], "i0.test", on_host, 0);
	assert_int_equal(seen.lookups, i + 1);
	hosts_free(hosts);
}

/* Nothing is looked up, whoever asks for what. */
static void
test_proxied(void **state)
{
	struct hosts		*hosts = begin();
	struct host_wait	 w;

	(void)state;
	hosts_leave_to_proxy(hosts);
	hosts_ask(hosts, &w, "a.test", on_host, 0);
	assert_int_equal(seen.lookups, 0);
	assert_int_equal(seen.answers, 1);
	assert_int_equal(seen.n, 0);
	assert_string_equal(seen.error, "");
	hosts_cancel(&w);
	hosts_free(hosts);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_ttl),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_numeric),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_proxied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
