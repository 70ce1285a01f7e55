/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "peer/priority.h"

static uint32_t
both_ways(const char *a, uint16_t pa, const char *b, uint16_t pb)
{
	struct addr	x, y;
	uint32_t	p;

	assert_int_equal(addr_parse(&x, a, pa), 0);
	assert_int_equal(addr_parse(&y, b, pb), 0);
	p = peer_priority(&x, &y);
	assert_int_equal(peer_priority(&y, &x), p);
	return p;
}

static void
test_v4(void **state)
{
	static const struct {
		const char	*a, *b;
		uint32_t	 priority;
	} v[] = {
		/* of BEP 40 */
		{ "123.213.32.10", "98.76.54.32", 0xec2d7224 },
		{ "123.213.32.10", "123.213.32.234", 0x99568189 },
		/* the same /16: three bytes count */
		{ "123.213.32.10", "123.213.99.1", 0x9d5a38fc },
		/* of Transmission */
		{ "123.213.32.10", "123.213.33.234", 0xf61850a9 },
	};
	size_t	i;

	(void)state;
	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++)
		assert_int_equal(both_ways(v[i].a, 1, v[i].b, 2),
		    v[i].priority);
}

static void
test_ports(void **state)
{
	(void)state;
	assert_int_equal(both_ways("230.12.123.1", 300, "230.12.123.1", 1234),
	    0xae8b7034);
	assert_int_equal(both_ways("10.0.0.1", 6881, "10.0.0.1", 6889),
	    0xfe71556c);
	assert_int_equal(both_ways("10.0.0.1", 51413, "10.0.0.1", 6881),
	    0x9f852e9f);
	/* Elsewhere they do not count. */
	assert_int_equal(both_ways("1.2.3.4", 1, "5.6.7.8", 1),
	    both_ways("1.2.3.4", 7, "5.6.7.8", 9));
}

static void
test_v6(void **state)
{
	static const struct {
		const char	*a, *b;
		uint32_t	 priority;
	} v[] = {
		{ "ffff:ffff:ffff:ffff::1", "fe80::1", 0x93479ee0 },
		{ "2001:db8:1:2::1", "2001:db8:9:9::2", 0x2bdbbe3d },
		{ "2001:db8:1:200::1", "2001:db8:1:900::2", 0xa50a950c },
		{ "2001:db8:1:2::aaaa", "2001:db8:1:3::bbbb", 0xa7ab676f },
	};
	size_t	i;

	(void)state;
	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++)
		assert_int_equal(both_ways(v[i].a, 1, v[i].b, 2),
		    v[i].priority);
	/* Never beyond the end of an address. */
	both_ways("2001:db8::1", 1, "2001:db8::2", 1);
	both_ways("1.2.3.4", 1, "1.2.3.5", 1);
	both_ways("1.2.3.4", 1, "::1.2.3.4", 1);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_v4),
		cmocka_unit_test(test_ports),
		cmocka_unit_test(test_v6),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
