/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "guard.h"

/* word: that begins the refusal, NULL if there is none. */
static const struct {
	const char	*host, *word;
} addrs[] = {
	{ "1.1.1.1", NULL }, { "9.255.255.255", NULL }, { "11.0.0.0", NULL },
	{ "100.63.255.255", NULL }, { "100.128.0.0", NULL },
	{ "126.255.255.255", NULL }, { "128.0.0.1", NULL },
	{ "169.253.255.255", NULL }, { "169.255.0.0", NULL },
	{ "172.15.255.255", NULL }, { "172.32.0.0", NULL },
	{ "192.0.1.1", NULL }, { "192.167.255.255", NULL },
	{ "192.169.0.0", NULL }, { "198.17.255.255", NULL },
	{ "198.20.0.0", NULL }, { "223.255.255.255", NULL },
	{ "2001:db8::1", NULL }, { "2600::1", NULL },
	{ "64:ff9b::8.8.8.8", NULL }, { "2002:808:808::1", NULL },
	{ "fbff::1", NULL }, { "fe7f::1", NULL }, { "::8.8.8.8", NULL },

	{ "127.0.0.1", "loopback" }, { "127.255.255.254", "loopback" },
	{ "::1", "loopback" }, { "::ffff:127.0.0.1", "loopback" },
	{ "64:ff9b::127.0.0.1", "loopback" }, { "::127.0.0.1", "loopback" },
	{ "2002:7f00:1::1", "loopback" },

	{ "169.254.169.254", "link-local" }, { "fe80::1", "link-local" },
	{ "febf::1", "link-local" },
	{ "::ffff:169.254.169.254", "link-local" },
	{ "64:ff9b::169.254.169.254", "link-local" },

	{ "10.0.0.0", "private" }, { "10.255.255.255", "private" },
	{ "172.16.0.1", "private" }, { "172.31.255.255", "private" },
	{ "192.168.0.1", "private" }, { "192.168.255.255", "private" },
	{ "100.64.0.1", "private" }, { "100.127.255.255", "private" },
	{ "192.0.0.1", "private" }, { "198.18.0.1", "private" },
	{ "198.19.255.255", "private" },
	{ "fc00::1", "private" }, { "fdff::1", "private" },
	{ "fec0::1", "private" }, { "64:ff9b:1::1", "private" },
	{ "::ffff:10.0.0.1", "private" }, { "::ffff:192.168.1.1", "private" },
	{ "2002:c0a8:101::1", "private" }, { "::10.0.0.1", "private" },

	{ "0.0.0.0", "unusable" }, { "0.1.2.3", "unusable" },
	{ "224.0.0.1", "unusable" }, { "239.255.255.250", "unusable" },
	{ "240.0.0.1", "unusable" }, { "255.255.255.255", "unusable" },
	{ "::", "unusable" }, { "ff02::1", "unusable" },
	{ "ff0e::1", "unusable" }, { "::ffff:0.0.0.0", "unusable" },
	{ "::ffff:224.0.0.1", "unusable" },
	{ "64:ff9b::224.0.0.1", "unusable" }
};
#define NADDRS	(sizeof(addrs) / sizeof(addrs[0]))

static const char *
refuses(const struct guard *g, const char *host)
{
	struct addr	a;

	assert_int_equal(addr_parse(&a, host, 80), 0);
	return guard_refuses(g, &a);
}

static struct rec_prefix
prefix(const char *host, uint8_t bits)
{
	struct rec_prefix	p = { .bits = bits };
	struct addr		a;

	assert_int_equal(addr_parse(&a, host, 0), 0);
	memcpy(p.ip, a.ip, sizeof(p.ip));
	if (addr_is_v4(&a))
		p.bits += 96;
	return p;
}

static void
test_closed(void **state)
{
	struct guard	 g;
	const char	*why;
	size_t		 i;

	(void)state;
	guard_set(&g, false, NULL, 0);
	for (i = 0; i < NADDRS; i++) {
		why = refuses(&g, addrs[i].host);
		if ((why == NULL) != (addrs[i].word == NULL) || (why != NULL &&
		    strncmp(why, addrs[i].word, strlen(addrs[i].word)) != 0))
			fail_msg("%s: %s", addrs[i].host,
			    why != NULL ? why : "allowed");
	}
	assert_string_equal(refuses(&g, "10.0.0.1"),
	    "private address refused (\"allow local trackers\")");
}

/* What is nobody's address stays refused. */
static void
test_open(void **state)
{
	struct rec_prefix	all = prefix("::", 0);
	struct guard		g;
	int			by_prefix;
	size_t			i;

	(void)state;
	for (by_prefix = 0; by_prefix < 2; by_prefix++) {
		guard_set(&g, by_prefix == 0, &all, (uint32_t)by_prefix);
		for (i = 0; i < NADDRS; i++)
			assert_int_equal(refuses(&g, addrs[i].host) != NULL,
			    addrs[i].word != NULL &&
			    strcmp(addrs[i].word, "unusable") == 0);
	}
}

static void
test_prefixes(void **state)
{
	const struct rec_prefix	v[] = {
		prefix("10.99.0.0", 16), prefix("fd00::", 8),
		prefix("127.0.0.1", 32), prefix("fe80::", 64),
		prefix("224.0.0.0", 4)
	};
	struct guard		g;

	(void)state;
	guard_set(&g, false, v, 5);
	assert_null(refuses(&g, "10.99.0.1"));
	assert_null(refuses(&g, "::ffff:10.99.255.255"));
	assert_null(refuses(&g, "fdab::1"));
	assert_null(refuses(&g, "127.0.0.1"));
	assert_null(refuses(&g, "fe80::1"));
	assert_null(refuses(&g, "8.8.8.8"));
	assert_non_null(refuses(&g, "10.100.0.1"));
	assert_non_null(refuses(&g, "10.98.255.255"));
	assert_non_null(refuses(&g, "fc00::1"));
	assert_non_null(refuses(&g, "127.0.0.2"));
	assert_non_null(refuses(&g, "fe80:0:0:1::1"));
	/* Another way there is not what was allowed. */
	assert_non_null(refuses(&g, "64:ff9b::10.99.0.1"));
	assert_non_null(refuses(&g, "2002:a63:1::1"));
	assert_non_null(refuses(&g, "224.0.0.1"));
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_closed),
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_prefixes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
