/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf_text.h"
#include "mem.h"

/*
 * A text whose last line is wrong at a word, and why: in its syntax, if it is
 * what was expected there.
 */
struct bad {
	const char	*text, *near, *why;
};

static void
refuse(const struct bad *bad, size_t n)
{
	const char	*p;
	char		*want;
	int		 line;

	for (; n > 0; bad++, n--) {
		for (line = 1, p = bad->text; *p != '\0'; p++)
			line += *p == '\n';
		want = strncmp(bad->why, "expected ", 9) == 0 ?
		    xasprintf("t:%d: syntax error near \"%s\", %s", line,
		    bad->near, bad->why) : xasprintf("t:%d: %s near \"%s\"",
		    line, bad->why, bad->near);
		assert_null(parse(bad->text));
		assert_int_equal(nlines, 1);
		assert_string_equal(lines[0], want);
		free(want);
	}
}

static void
test_words(void **state)
{
	static const struct bad	bad[] = {
		{ "nonsense yes", "nonsense", "unknown setting" },
		{ "ca file \"/a", "/a", "string has no end" },
		{ "state directory $x", "x", "no such macro" },
		{ "1x = y", "1x", "not a name for a macro" },
		{ "x = \"$y\"\nstate directory $x", "y",
		    "macro within a macro" },
		{ "include \"/nonexistent\"", "/nonexistent",
		    "No such file or directory" },
		{ ";", ";", "character is not allowed here" },
	};

	(void)state;
	refuse(bad, sizeof(bad) / sizeof(bad[0]));
}

static void
test_syntax(void **state)
{
	static const struct bad	bad[] = {
		{ "\nlisten on", "end of line", "expected a value" },
		{ "cache 1X", "1X",
		    "expected a number such as 5, 64K, 32M or 1G" },
		{ "cache 99999999999999999999", "99999999999999999999",
		    "expected a number such as 5, 64K, 32M or 1G" },
		{ "port mapping maybe", "maybe",
		    "expected nat-pmp, no, upnp or yes" },
		{ "proxy socks5 a:1 user b for all", "for",
		    "expected password" },
		{ "pex maybe", "maybe", "expected no or yes" },
		{ "lsd", "end of line", "expected no or yes" },
		{ "scrub every 30", "30", "not a time such as 30d, 2w or 12h" },
		{ "encryption on", "on",
		    "expected allow, off, prefer or require" },
		{ "encryption", "end of line",
		    "expected allow, off, prefer or require" },
		{ "rate exempt", "end of line", "expected a value" },
		{ "rate class a up 1M", "end of line",
		    "expected down, to or up" },
		{ "rate class a to 10.0.0.1", "to", "expected down or up" },
		{ "rate class a up 1M to", "end of line", "expected a value" },
		{ "rate 10M", "10M",
		    "expected class, down, exempt, per or up" },
		{ "keep free full", "full",
		    "expected auto or a number such as 5, 64K, 32M or 1G" },
		{ "allocate 1", "1", "expected full or sparse" },
		{ "cache 32M 33M", "33M", "expected end of line" },
	};

	(void)state;
	refuse(bad, sizeof(bad) / sizeof(bad[0]));
}

static void
test_sockets(void **state)
{
	static const struct bad	bad[] = {
		{ "listen on host port 1", "host", "not a numeric address" },
		{ "bind device \"a b\"", "a b", "not a name of a device" },
		{ "bind device wg0123456789abcd", "wg0123456789abcd",
		    "not a name of a device" },
		{ "bind address wg0", "wg0", "not a numeric address" },
		{ "bind address fe80::1", "fe80::1",
		    "not an address to send from" },
		{ "bind address 0.0.0.0", "0.0.0.0",
		    "not an address to send from" },
		{ "bind address 10.0.0.1\nbind address 10.0.0.2", "10.0.0.2",
		    "an address of its family is bound to already" },
		{ "announce port 0", "0", "port is not between 1 and 65535" },
		{ "listen on * port 0", "0",
		    "port is not between 1 and 65535" },
		{ "listen on * port 65536", "65536",
		    "port is not between 1 and 65535" },
		{ "listen on * port 1\nlisten on * port 1", "*",
		    "address and port are given twice" },
		{ "port mapping yes router ::1", "::1",
		    "not an IPv4 address of a router" },
	};

	(void)state;
	refuse(bad, sizeof(bad) / sizeof(bad[0]));
}

static void
test_proxies(void **state)
{
	static const struct bad	bad[] = {
		{ "proxy socks4 a:1 for all", "a:1",
		    "a proxy is socks5 or http" },
		{ "proxy socks5 a for all", "a",
		    "not a host and a port (HOST:PORT)" },
		{ "proxy socks5 a:0 for all", "a:0",
		    "not a host and a port (HOST:PORT)" },
		{ "proxy socks5 a%b:1 for all", "a%b:1",
		    "not a host and a port (HOST:PORT)" },
		{ "proxy socks5 ::1:1080 for all", "::1:1080",
		    "an IPv6 address is to be in brackets, others not" },
		{ "proxy socks5 [10.0.0.1]:1080 for all", "[10.0.0.1]:1080",
		    "an IPv6 address is to be in brackets, others not" },
		{ "proxy socks5 0.0.0.0:1080 for all", "0.0.0.0:1080",
		    "not an address of a proxy" },
		{ "proxy http a:1 for peers", "peers",
		    "an http proxy is for trackers alone, socks5 for peers" },
		{ "proxy http a:1 for all", "all",
		    "an http proxy is for trackers alone, socks5 for peers" },
		{ "proxy socks5 a:1 for all\nproxy http a:1 for trackers",
		    "trackers", "trackers have a proxy already" },
		{ "proxy socks5 a:1 user b password 123 for all", "password",
		    "a number is to be in quotes" },
		{ "proxy socks5 a:1 user \"\" password c for all", "",
		    "a user without a name" },
	};

	(void)state;
	refuse(bad, sizeof(bad) / sizeof(bad[0]));
}

static void
test_files(void **state)
{
	static const struct bad	bad[] = {
		{ "download directory \"a\"", "a", "path is not absolute" },
		{ "state directory /a/../b", "/a/../b", "path has \"..\"" },
		{ "download directory /a\ndownload directory /a", "/a",
		    "download directory is given twice" },
		{ "control socket /a group no-such-group-here",
		    "no-such-group-here", "no such group" },
		{ "control socket /a mode 0680", "0680",
		    "not a mode in octal" },
		{ "control socket /a mode 1777", "1777",
		    "mode is not between 0 and 0777" },
		{ "control socket /a group 0 mode 600 group 0", "0",
		    "group is given twice" },
		{ "control socket /a mode 600 mode 660", "660",
		    "mode is given twice" },
		{ "blocklist lists/x", "lists/x", "path is not absolute" },
		{ "blocklist \"/x\"\nallowlist \"/x\"", "/x",
		    "list is given twice" },
	};

	(void)state;
	refuse(bad, sizeof(bad) / sizeof(bad[0]));
}

static void
test_rates(void **state)
{
	static const struct bad	bad[] = {
		{ "rate up 1023", "1023", "rate is lower than 1K" },
		{ "rate up 1M down 0", "0", "rate is lower than 1K" },
		{ "rate up 1M down 1M up 2M", "up", "rate is given twice" },
		{ "rate class a down 1M down unlimited to ::1", "down",
		    "rate is given twice" },
		{ "rate down 1025G", "1025G", "rate is higher than 1024G" },
		{ "rate exempt 10.0.0.0/33", "10.0.0.0/33",
		    "not an address or a prefix" },
		{ "rate exempt host", "host", "not an address or a prefix" },
		{ "rate class a up 1M to host", "host",
		    "not an address or a prefix" },
		{ "rate class a.b up 1M to 10.0.0.1", "a.b",
		    "not a name for a class" },
		{ "rate class \"\" up 1M to 10.0.0.1", "",
		    "not a name for a class" },
		{ "rate class abcdefghijklmnopqrstuvwxyz123456 up 1M to ::1",
		    "abcdefghijklmnopqrstuvwxyz123456",
		    "not a name for a class" },
		{ "rate class a up 1M to ::1\nrate class a up 1M to ::2", "a",
		    "class is given twice" },
		{ "rate class a up 1M to 10.0.0.0/8\nrate exempt 10.1.1.1/8",
		    "10.1.1.1/8", "prefix has another rate already" },
		{ "rate class a up 1 to ::1", "1", "rate is lower than 1K" },
	};

	(void)state;
	refuse(bad, sizeof(bad) / sizeof(bad[0]));
}

static void
test_dht(void **state)
{
	static const char	rate[] =
	    "packets a second are not between 10 and 100000";
	static const char	name[] = "not a name or an address";
	static const struct bad	bad[] = {
		{ "dht", "end of line",
		    "expected bootstrap, read, no, rate or yes" },
		{ "dht maybe", "maybe",
		    "expected bootstrap, read, no, rate or yes" },
		{ "dht read yes", "yes", "expected only" },
		{ "dht bootstrap", "end of line", "expected none or a value" },
		{ "dht bootstrap 6881", "6881", "expected none or a value" },
		{ "dht rate 9", "9", rate },
		{ "dht rate 100001", "100001", rate },
		{ "dht bootstrap a%b", "a%b", name },
		{ "dht bootstrap a:6881", "a:6881", name },
		{ "dht bootstrap 0.0.0.0", "0.0.0.0",
		    "not an address of a node" },
		{ "dht bootstrap a port 0", "0",
		    "port is not between 1 and 65535" },
		{ "dht bootstrap a\ndht bootstrap a port 6881", "a",
		    "host and port are given twice" },
	};

	(void)state;
	refuse(bad, sizeof(bad) / sizeof(bad[0]));
}

static void
test_values(void **state)
{
	static const struct bad	bad[] = {
		{ "cache 1023K", "1023K", "cache is smaller than 1M" },
		{ "cache 5G", "5G", "cache is larger than 4G" },
		{ "page cache 5G", "5G",
		    "page cache is not between 1M and 4G" },
		{ "scrub every 0d", "0d",
		    "time is not between a second and ten years" },
		{ "scrub every 200000d", "200000d",
		    "time is not between a second and ten years" },
		{ "scrub every 3x", "3x", "not a time such as 30d, 2w or 12h" },
		{ "allow local trackers lan", "lan",
		    "not an address or a prefix" },
		{ "allow local trackers 10.0.0.0/33", "10.0.0.0/33",
		    "not an address or a prefix" },
		{ "max peers 0", "0",
		    "number of peers is not between 1 and 65535" },
		{ "keep free 9223372036854775807", "9223372036854775807",
		    "size is out of range" },
	};

	(void)state;
	refuse(bad, sizeof(bad) / sizeof(bad[0]));
}

/* The words of a setting, two lines with it, and what may stand beside. */
static void
test_once(void **state)
{
	static const struct {
		const char	*setting, *first, *second;
	} twice[] = {
		{ "allocate", "allocate full", "allocate sparse" },
		{ "announce port", "announce port 1", "announce port 2" },
		{ "announce rate", "announce rate 1",
		    "announce rate unlimited" },
		{ "announce tiers", "announce tiers all",
		    "announce tiers first" },
		{ "bind device", "bind device a", "bind device a" },
		{ "ca file", "ca file /a", "ca file /b" },
		{ "cache", "cache 8M", "cache 8M" },
		{ "control socket", "control socket /a",
		    "control socket /b mode 600" },
		{ "control socket restricted", "control socket /a restricted",
		    "control socket /b restricted" },
		{ "dht", "dht yes", "dht no" },
		{ "dht rate", "dht rate 10", "dht rate unlimited" },
		{ "dht read only", "dht read only yes", "dht read only no" },
		{ "encryption", "encryption off", "encryption allow" },
		{ "incomplete directory", "incomplete directory /a",
		    "incomplete directory /b" },
		{ "keep free", "keep free auto", "keep free 1G" },
		{ "lsd", "lsd yes", "lsd yes" },
		{ "max peers", "max peers 1", "max peers 2 per torrent 1" },
		{ "on complete move to", "on complete move to /a",
		    "on complete move to /b" },
		{ "page cache", "page cache 1M", "page cache 2M" },
		{ "pex", "pex no", "pex yes" },
		{ "port mapping", "port mapping no",
		    "port mapping yes router 10.0.0.1" },
		{ "rate up", "rate up 1M", "rate down 1M up 2M" },
		{ "rate down", "rate down 1M", "rate down unlimited" },
		{ "rate per peer up", "rate per peer up 1M",
		    "rate per peer up 1M" },
		{ "sandbox", "sandbox relaxed", "sandbox relaxed" },
		{ "scrub", "scrub no", "scrub every 1d" },
		{ "state directory", "state directory /a",
		    "state directory /a" },
		{ "write shared files", "write shared files yes",
		    "write shared files no" },
	};
	char	text[256], want[256];

	(void)state;
	for (size_t i = 0; i < sizeof(twice) / sizeof(twice[0]); i++) {
		snprintf(text, sizeof(text), "\n%s\n%s\n", twice[i].first,
		    twice[i].second);
		snprintf(want, sizeof(want), "t:3: setting is given twice near "
		    "\"%s\", first in t:2", twice[i].setting);
		assert_null(parse(text));
		assert_int_equal(nlines, 1);
		assert_string_equal(lines[0], want);
	}
}

/* Eight classes, and 64 prefixes of all together. */
static void
test_too_many(void **state)
{
	char	text[8192] = "rate class z up 1M to", line[64];
	int	i;

	(void)state;
	for (i = 0; i <= 64; i++) {
		snprintf(line, sizeof(line), " 10.0.0.%d", i);
		strlcat(text, line, sizeof(text));
	}
	assert_null(parse(text));
	assert_int_equal(nlines, 1);
	assert_string_equal(lines[0],
	    "t:1: too many prefixes have rates near \"10.0.0.64\"");
	*text = '\0';
	for (i = 0; i <= 8; i++) {
		snprintf(line, sizeof(line), "rate class c%d up 1M to ::%d\n",
		    i, i);
		strlcat(text, line, sizeof(text));
	}
	assert_null(parse(text));
	assert_int_equal(nlines, 1);
	assert_string_equal(lines[0], "t:9: too many classes near \"c8\"");
}

static void
test_each_line(void **state)
{
	(void)state;
	assert_null(parse("bad\ncache 32M\nworse\n\nallow remote\n"));
	assert_int_equal(nlines, 3);
	assert_string_equal(lines[0], "t:1: unknown setting near \"bad\"");
	assert_string_equal(lines[2], "t:5: syntax error near \"remote\", "
	    "expected local");
}

static void
test_many_errors(void **state)
{
	char	text[2 * 100 + 1];
	int	i;

	(void)state;
	for (i = 0; i < 100; i++)
		memcpy(text + 2 * i, ";\n", 3);
	assert_null(parse(text));
	assert_int_equal(nlines, CONF_ERRORS_MAX);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_syntax),
		cmocka_unit_test(test_sockets),
		cmocka_unit_test(test_proxies),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_rates),
		cmocka_unit_test(test_dht),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_once),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_each_line),
		cmocka_unit_test(test_many_errors),
	};

	return cmocka_run_group_tests(tests, catch_lines, NULL);
}
