/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "mem.h"
#include "peer/iplist.h"
#include "sanitizer.h"

static bool
has(const struct iplist *list, const char *host)
{
	struct addr	a;

	assert_int_equal(addr_parse(&a, host, 0), 0);
	return iplist_has(list, a.ip);
}

/* The list of a text that comes in pieces of step bytes. */
static struct ipreader
load(struct iplist *list, const char *text, size_t step)
{
	static struct ipreader	r;
	size_t			len = strlen(text), off, n;

	memset(list, 0, sizeof(*list));
	memset(&r, 0, sizeof(r));
	for (off = 0; off < len; off += n) {
		n = len - off < step ? len - off : step;
		iplist_feed(list, &r, text + off, n);
	}
	iplist_feed_end(list, &r);
	iplist_seal(list);
	return r;
}

static void
test_forms(void **state)
{
	static const char	text[] = "\xef\xbb\xbf# a comment\r\n"
	    "// another\n; a third\n\n"
	    "Some Corp: the \xe9\xff 1.1.1.1-2 one:1.2.3.4-1.2.3.9\r\n"
	    "001.008.099.000 - 001.008.099.255 , 000 , eight, not octal\n"
	    "001.009.000.000 - 001.009.000.255 , 200 , let through\n"
	    "10.1.2.3/24 ; SBL123\n"
	    "10.9.9.9 # one\n"
	    "10.8.0.0 - 10.8.0.3\n"
	    "by prefix:10.7.0.0/16\n"
	    "2001:db8:1::/48\n"
	    "six:2001:db8:5::-2001:db8:5::ff\n"
	    "2001:db8:9::1\n"
	    "2001:db8:a::1-2001:db8:a::3,100,x\n"
	    "::ffff:9.9.9.0/120\n"
	    "255.255.255.255";
	struct iplist	list;
	struct ipreader	r;
	size_t		step;

	(void)state;
	for (step = 1; step < 40; step += 6) {
		r = load(&list, text, step);
		assert_int_equal(r.broken, 0);
		assert_int_equal(r.lines, 17);
		assert_false(has(&list, "1.2.3.3"));
		assert_true(has(&list, "1.2.3.4"));
		assert_true(has(&list, "1.2.3.9"));
		assert_false(has(&list, "1.2.3.10"));
		assert_false(has(&list, "1.1.1.1"));
		assert_true(has(&list, "1.8.99.7"));
		assert_false(has(&list, "1.9.0.7"));
		assert_true(has(&list, "10.1.2.0"));
		assert_true(has(&list, "10.1.2.255"));
		assert_true(has(&list, "10.9.9.9"));
		assert_false(has(&list, "10.9.9.8"));
		assert_true(has(&list, "10.8.0.2"));
		assert_true(has(&list, "10.7.255.255"));
		assert_true(has(&list, "2001:db8:1:ffff::"));
		assert_false(has(&list, "2001:db8:2::"));
		assert_true(has(&list, "2001:db8:5::80"));
		assert_false(has(&list, "2001:db8:5::100"));
		assert_true(has(&list, "2001:db8:9::1"));
		assert_true(has(&list, "2001:db8:a::2"));
		assert_true(has(&list, "9.9.9.77"));
		assert_true(has(&list, "255.255.255.255"));
		assert_false(has(&list, "0.0.0.0"));
		iplist_clear(&list);
	}
}

static void
test_broken(void **state)
{
	static const char *const	bad[] = {
		"1.2.3", "1.2.3.256", "1.2.3.4.5", "1.2.3.9-1.2.3.4",
		"1.2.3.4/33", "1.2.3.4-", "name:1.2.3.4", "name only",
		"1.2.3.4:6881", "0001.2.3.4", "2001:db8::/129", "::g",
		"1.2.3.4 - 1.2.3.5 , x", "1.2.3.4 and more", "-", ":", "/",
		"2001:db8::5-2001:db8::1", "::1-1.2.3.4", "\x1f\x8b\x08",
	};
	struct iplist	list;
	struct ipreader	r;
	char		text[3 * IPLIST_LINE];
	size_t		i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), "#\n%s\n1.1.1.1\nxx\n", bad[i]);
		r = load(&list, text, 7);
		assert_int_equal(r.broken, 2);
		assert_int_equal(r.first_broken, 2);
		assert_true(has(&list, "1.1.1.1"));
		assert_int_equal(list.n4 + list.n6, 1);
		iplist_clear(&list);
	}
	/* A line without end costs no memory and hides none that follow. */
	memset(text, 'x', sizeof(text));
	strlcpy(text + sizeof(text) - 20, "\n1.2.3.4\n", 20);
	r = load(&list, text, 100);
	assert_int_equal(r.broken, 1);
	assert_true(has(&list, "1.2.3.4"));
	iplist_clear(&list);
	r = load(&list, "", 1);
	assert_false(has(&list, "1.2.3.4"));
	assert_false(has(&list, "::1"));
	iplist_clear(&list);
}

static void
test_merge(void **state)
{
	struct iplist	list;

	(void)state;
	load(&list, "0.0.0.0/0\n1.2.3.4\n", 99);
	assert_int_equal(list.n4, 1);
	assert_true(has(&list, "255.1.1.1"));
	assert_false(has(&list, "::2"));
	iplist_clear(&list);
	load(&list, "5.0.0.0/24\n4.0.0.0-4.0.0.9\n4.0.0.10-4.0.0.20\n"
	    "4.0.0.5-4.0.0.7\n4.0.0.30\n::5-::9\n::1-::6\n::20\n", 99);
	assert_int_equal(list.n4, 3);
	assert_int_equal(list.n6, 2);
	assert_true(has(&list, "4.0.0.20"));
	assert_false(has(&list, "4.0.0.21"));
	assert_true(has(&list, "4.0.0.30"));
	assert_true(has(&list, "::7"));
	assert_false(has(&list, "::a"));
	iplist_clear(&list);
}

/* Against the plain way, with ranges by chance. */
static void
test_against_bytes(void **state)
{
	static uint8_t	in[65536];
	struct iplist	list = { 0 };
	struct ipreader	r = { .len = 0 };
	struct addr	a = { .ip = { [10] = 0xff, 0xff, 10, 1 } };
	char		line[64];
	uint32_t	i, k, from, to;

	(void)state;
	for (i = 0; i < 2000; i++) {
		from = arc4random_uniform(sizeof(in));
		to = from + arc4random_uniform(20);
		if (to >= sizeof(in))
			to = sizeof(in) - 1;
		for (k = from; k <= to; k++)
			in[k] = 1;
		iplist_feed(&list, &r, line, (size_t)snprintf(line,
		    sizeof(line), "x:10.1.%u.%u-10.1.%u.%u\n", from >> 8,
		    from & 255, to >> 8, to & 255));
	}
	iplist_seal(&list);
	for (i = 0; i < sizeof(in); i++) {
		a.ip[14] = (uint8_t)(i >> 8);
		a.ip[15] = (uint8_t)i;
		assert_int_equal(iplist_has(&list, a.ip), in[i]);
	}
	iplist_clear(&list);
}

static double
seconds(void)
{
	struct timespec	ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

#define RANGES	500000U
#define LOOKUPS	2000000U

/* Half a million ranges; in_order as lists mostly are, or the worst way. */
static void
measure(bool ordered)
{
	struct iplist	 list = { 0 };
	struct ipreader	 r = { .len = 0 };
	struct addr	 a = { .ip = { [10] = 0xff, 0xff } };
	char		*text = xmalloc(RANGES * 80);
	size_t		 len = 0, off, n;
	uint32_t	 i, ip, hits = 0;
	double		 t0, t1, t2;

	for (i = 0; i < RANGES; i++) {
		ip = (ordered ? i : (uint32_t)(i * 7919ULL % RANGES)) * 8192;
		len += (size_t)sprintf(text + len, "Some Organisation, Inc. "
		    "[%u]:%u.%u.%u.%u-%u.%u.%u.%u\n", i, ip >> 24,
		    ip >> 16 & 255, ip >> 8 & 255, ip & 255, ip >> 24,
		    ip >> 16 & 255, ip >> 8 & 255, (ip & 255) + 99);
	}
	t0 = seconds();
	for (off = 0; off < len; off += n) {
		n = len - off < 65536 ? len - off : 65536;
		iplist_feed(&list, &r, text + off, n);
	}
	iplist_feed_end(&list, &r);
	iplist_seal(&list);
	t1 = seconds();
	for (i = 0; i < LOOKUPS; i++) {
		ip = i * 2654435761U;
		a.ip[12] = (uint8_t)(ip >> 24);
		a.ip[13] = (uint8_t)(ip >> 16);
		a.ip[14] = (uint8_t)(ip >> 8);
		a.ip[15] = (uint8_t)ip;
		hits += iplist_has(&list, a.ip);
	}
	t2 = seconds();
	print_message("# %u ranges%s, %zu bytes: %.0f ms, %zu KiB; "
	    "%.1f million lookups/s\n", list.n4, ordered ? " in order" : "",
	    len, (t1 - t0) * 1e3, iplist_bytes(&list) / 1024,
	    LOOKUPS / (t2 - t1) / 1e6);
	assert_int_equal(r.broken, 0);
	assert_int_equal(list.n4, RANGES);
	assert_true(hits > LOOKUPS / 200);
	assert_true(iplist_bytes(&list) <= RANGES * 8);
#ifndef SANITIZED
	assert_true(t1 - t0 < 1);
#endif
	iplist_clear(&list);
	free(text);
}

static void
test_half_a_million(void **state)
{
	(void)state;
	measure(true);
	measure(false);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_against_bytes),
		cmocka_unit_test(test_half_a_million),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
