/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "external.h"

static void
vote(struct external *e, const char *voter, const char *ip)
{
	struct addr	v, a;

	assert_int_equal(addr_parse(&v, voter, 1), 0);
	assert_int_equal(addr_parse(&a, ip, 1), 0);
	external_vote(e, &v, a.ip);
}

/* What is elected, "" if nothing is. */
static const char *
elected(const struct external *e, const char *family)
{
	static char	buf[ADDR_STRLEN];
	struct addr	a;

	assert_int_equal(addr_parse(&a, family, 1), 0);
	if (!external_get(e, &a, a.ip))
		return "";
	return addr_host(&a, buf);
}

static void
test_election(void **state)
{
	struct external	e = { .n = { 0 } };
	char		voter[32];
	int		i;

	(void)state;
	assert_string_equal(elected(&e, "1.1.1.1"), "");
	vote(&e, "8.8.8.8", "198.51.100.7");
	assert_string_equal(elected(&e, "1.1.1.1"), "");
	/* A whole network has one voice, and may change its mind. */
	for (i = 1; i < 200; i++) {
		snprintf(voter, sizeof(voter), "9.9.9.%d", i);
		vote(&e, voter, "203.0.113.1");
	}
	assert_string_equal(elected(&e, "1.1.1.1"), "");
	vote(&e, "9.9.9.9", "198.51.100.7");
	assert_string_equal(elected(&e, "1.1.1.1"), "198.51.100.7");
	assert_string_equal(elected(&e, "2001:db8::1"), "");
	vote(&e, "2001:db8:1::1", "2001:db8:7::7");
	vote(&e, "2001:db8:2::1", "2001:db8:7::7");
	assert_string_equal(elected(&e, "2001:db8::1"), "2001:db8:7::7");
	/* The address is another now. */
	for (i = 0; i < 40; i++) {
		snprintf(voter, sizeof(voter), "7.7.%d.1", i);
		vote(&e, voter, "198.51.100.8");
	}
	assert_string_equal(elected(&e, "1.1.1.1"), "198.51.100.8");
}

static void
test_nonsense(void **state)
{
	struct external	e = { .n = { 0 } };

	(void)state;
	vote(&e, "8.8.8.8", "0.0.0.0");
	vote(&e, "8.8.9.8", "0.0.0.0");
	vote(&e, "8.8.8.8", "224.0.0.1");
	vote(&e, "8.8.9.8", "224.0.0.1");
	/* Of the other family than the connection is. */
	vote(&e, "8.8.8.8", "2001:db8::1");
	vote(&e, "8.8.9.8", "2001:db8::1");
	assert_string_equal(elected(&e, "1.1.1.1"), "");
	assert_string_equal(elected(&e, "2001:db8::1"), "");
}

/* To be sure takes more: so many voices, and more than half of all. */
static void
test_sure(void **state)
{
	struct external	e = { .n = { 0 } };
	uint8_t		ip[16];
	struct addr	a;
	char		voter[32];
	int		i;

	(void)state;
	for (i = 0; i < 4; i++) {
		assert_false(external_sure(&e, true, 4, ip));
		snprintf(voter, sizeof(voter), "9.9.%d.9", i);
		vote(&e, voter, "198.51.100.7");
	}
	assert_true(external_sure(&e, true, 4, ip));
	assert_false(external_sure(&e, false, 4, ip));
	assert_int_equal(addr_parse(&a, "198.51.100.7", 1), 0);
	assert_memory_equal(ip, a.ip, sizeof(ip));
	for (; i < 8; i++) {
		assert_true(external_sure(&e, true, 4, ip));
		snprintf(voter, sizeof(voter), "9.9.%d.9", i);
		vote(&e, voter, "203.0.113.1");
	}
	assert_false(external_sure(&e, true, 4, ip));
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_election),
		cmocka_unit_test(test_nonsense),
		cmocka_unit_test(test_sure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
