/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "bound.h"
#include "guard.h"
#include "loop.h"
#include "resolver/policy.h"
#include "resolver/resolver.h"

static const struct guard	strict, lenient = { .all = true };

static struct {
	struct loop	*loop;
	unsigned int	 answers, n, expected;
	struct addr	 first;
	char		 error[256];
} seen;

static void
on_answer(void *arg, uint32_t query, const struct addr *addrs, unsigned int n,
    uint32_t ttl, const char *error)
{
	(void)arg;
	assert_true(n == 0 || ttl > 0);
	assert_int_not_equal(query, 0);
	seen.n = n;
	if (n > 0)
		seen.first = addrs[0];
	strlcpy(seen.error, error, sizeof(seen.error));
	if (++seen.answers == seen.expected)
		loop_stop(seen.loop);
}

static void
ask(const char *host, bool allow_local)
{
	struct resolver	*r;

	memset(&seen, 0, sizeof(seen));
	seen.expected = 1;
	seen.loop = loop_new();
	r = resolver_new(seen.loop, allow_local ? &lenient : &strict, on_answer,
	    NULL);
	resolver_query(r, 1, host, false);
	if (seen.answers == 0)
		loop_run(seen.loop);
	assert_int_equal(seen.answers, 1);
	resolver_free(r);
	loop_free(seen.loop);
}

static void
test_numeric(void **state)
{
	char	text[ADDR_STRLEN];

	(void)state;
	ask("10.1.2.3", true);
	assert_int_equal(seen.n, 1);
	assert_string_equal(addr_host(&seen.first, text), "10.1.2.3");
	ask("2001:db8::1", false);
	assert_string_equal(addr_host(&seen.first, text), "2001:db8::1");
	ask("10.1.2.3", false);
	assert_int_equal(seen.n, 0);
	assert_string_equal(seen.error,
	    "private address refused (\"allow local trackers\")");
	ask("127.0.0.1", false);
	assert_int_equal(seen.n, 0);
	assert_string_equal(seen.error,
	    "loopback address refused (\"allow local trackers\")");
	ask("::1", true);
	assert_int_equal(seen.n, 1);
	ask("169.254.1.1", false);
	assert_string_equal(seen.error,
	    "link-local address refused (\"allow local trackers\")");
	ask("0.0.0.0", true);
	assert_string_equal(seen.error, "unusable address refused");
}

static void
test_localhost(void **state)
{
	(void)state;
	ask("localhost", true);
	assert_true(seen.n >= 1);
	assert_int_equal(addr_class(&seen.first), ADDR_LOOPBACK);
	ask("localhost", false);
	assert_int_equal(seen.n, 0);
	assert_non_null(strstr(seen.error, "loopback"));
}

static void
test_bad_names(void **state)
{
	static const char *const names[] = {
		"", "a..b", "-a", "a b", "127.1", "0x7f.1", "a/b", "a:b"
	};
	size_t	i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		ask(names[i], true);
		assert_int_equal(seen.n, 0);
		assert_string_equal(seen.error, "not a host name");
	}
	ask("b\xc3\xbc" "cher.example", true);
	assert_string_equal(seen.error,
	    "host names beyond ASCII are not supported");
}

/* Each of very many is answered, those past the queue at once. */
static void
test_many(void **state)
{
	const unsigned int	n = RESOLVER_QUEUE_MAX + 10;
	struct resolver		*r;
	unsigned int		i;

	(void)state;
	memset(&seen, 0, sizeof(seen));
	seen.loop = loop_new();
	seen.expected = n;
	r = resolver_new(seen.loop, &lenient, on_answer, NULL);
	for (i = 0; i < n; i++)
		resolver_query(r, i + 1, "localhost", false);
	assert_int_equal(seen.answers, 10);
	assert_string_equal(seen.error, "too many look-ups at once");
	loop_run(seen.loop);
	assert_int_equal(seen.answers, n);
	assert_true(seen.n >= 1);
	resolver_free(r);
	loop_free(seen.loop);
}

static void
test_policy(void **state)
{
	struct addr	 a[4];
	const char	*why;

	(void)state;
	addr_parse(&a[0], "127.0.0.1", 0);
	addr_parse(&a[1], "8.8.4.4", 0);
	addr_parse(&a[2], "8.8.4.4", 0);
	addr_parse(&a[3], "::ffff:192.168.1.1", 0);
	assert_int_equal(policy_filter(a, 4, &strict, &why), 1);
	assert_int_equal(addr_class(&a[0]), ADDR_GLOBAL);
	assert_int_equal(policy_filter(a, 0, &strict, &why), 0);
	assert_string_equal(why, "no address");
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_numeric),
		cmocka_unit_test(test_localhost),
		cmocka_unit_test(test_bad_names),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_policy),
	};

	bound_set(&(struct bound){ .usable = { true, true } });
	return cmocka_run_group_tests(tests, NULL, NULL);
}
