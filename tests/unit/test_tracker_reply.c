/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tracker/reply.h"

#define BODY(s)	s, sizeof(s) - 1
#define NEVER	ANNOUNCE_RETRY_NEVER
#define ODD	"warning: a peer list of odd length"
#define U	REPLY_UNKNOWN
#define P1	"\x0a\0\0\1\x1a\xe1"
#define P6	"\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1\x1a\xe1"

static const struct {
	const char	*body;
	size_t		 len;
	int		 ret;
	bool		 failed;
	const char	*text;
	uint32_t	 retry, interval, min, seeds, npeers;
} table[] = {
	{ BODY(""), -1, true, "the answer is empty", 0, 0, 0, U, 0 },
	{ BODY("<html>"), -1, true,
	    "the answer is a web page, not a tracker's", 0, 0, 0, U, 0 },
	{ BODY("d8:intervali9e"), -1, true, "the answer is not a tracker's",
	    0, 0, 0, U, 0 },
	{ BODY("le"), -1, true, "the answer is not a tracker's",
	    0, 0, 0, U, 0 },
	{ BODY("i1e"), -1, true, "the answer is not a tracker's",
	    0, 0, 0, U, 0 },
	{ BODY("de"), 0, false, "", 0, 0, 0, U, 0 },
	{ BODY("\r\n de\n"), 0, false, "", 0, 0, 0, U, 0 },
	{ BODY("d8:intervali1800e12:min intervali60e8:completei3e"
	    "5:peers6:" P1 "e"), 0, false, "", 0, 1800, 60, 3, 1 },
	/* Keys out of order, numbers as strings, negative, huge. */
	{ BODY("d5:peers6:" P1 "8:interval3:900e"), 0, false, "",
	    0, 900, 0, U, 1 },
	{ BODY("d8:intervali-5e8:completei-1ee"), 0, false, "",
	    0, 0, 0, U, 0 },
	{ BODY("d8:intervali9999999999999e8:completei9999999999999ee"), 0,
	    false, "", 0, 86400, 0, U - 1, 0 },
	{ BODY("d8:interval30:999999999999999999999999999999e"), 0, false,
	    "", 0, 86400, 0, U, 0 },
	{ BODY("d8:interval3:9x0e"), 0, false, "", 0, 0, 0, U, 0 },
	{ BODY("d8:intervallee"), 0, false, "", 0, 0, 0, U, 0 },
	/* Compact strings of odd length, port 0, unusable addresses. */
	{ BODY("d5:peers8:" P1 "xxe"), 0, false, ODD, 0, 0, 0, U, 1 },
	{ BODY("d5:peers5:xxxxxe"), 0, false, ODD, 0, 0, 0, U, 0 },
	{ BODY("d5:peers6:\x0a\0\0\1\0\0" "e"), 0, false, "", 0, 0, 0, U, 0 },
	{ BODY("d5:peers6:\0\0\0\0\1\1" "e"), 0, false, "", 0, 0, 0, U, 0 },
	{ BODY("d5:peers6:\x7f\0\0\1\1\1" "e"), 0, false, "",
	    0, 0, 0, U, 1 },
	{ BODY("d5:peers0:6:peers618:" P6 "e"), 0, false, "",
	    0, 0, 0, U, 1 },
	{ BODY("d5:peers6:" P1 "6:peers619:" P6 "xe"), 0, false, ODD,
	    0, 0, 0, U, 2 },
	/* The old form, and its odd members. */
	{ BODY("d5:peersld2:ip8:10.0.0.17:peer id20:aaaaaaaaaaaaaaaaaaaa"
	    "4:porti6881eed2:ip11:2001:db8::14:porti1eeee"), 0, false, "",
	    0, 0, 0, U, 2 },
	{ BODY("d5:peersld2:ip6:a.host4:porti1eed2:ip8:10.0.0.1e"
	    "d2:ip8:10.0.0.14:porti0eed2:ip8:10.0.0.14:porti65536ee"
	    "i5eledee" "e"), 0, false, "", 0, 0, 0, U, 0 },
	{ BODY("d5:peersi5ee"), 0, false, "", 0, 0, 0, U, 0 },
	{ BODY("d5:peersd1:a1:bee"), 0, false, "", 0, 0, 0, U, 0 },
	/* Failures. */
	{ BODY("d14:failure reason4:gone8:intervali5e5:peers6:" P1 "e"), 0,
	    true, "gone", 0, 0, 0, U, 0 },
	{ BODY("d14:failure reason0:e"), 0, true, "the tracker refused",
	    0, 0, 0, U, 0 },
	{ BODY("d14:failure reason3:a\nb8:retry ini10ee"), 0, true, "a b",
	    600, 0, 0, U, 0 },
	{ BODY("d14:failure reason1:a8:retry in2:15e"), 0, true, "a",
	    900, 0, 0, U, 0 },
	{ BODY("d14:failure reason1:a8:retry in5:nevere"), 0, true, "a",
	    NEVER, 0, 0, U, 0 },
	{ BODY("d14:failure reason1:a8:retry ini99999999eee"), 0, true, "a",
	    86400, 0, 0, U, 0 },
	{ BODY("d15:warning message4:slow5:peers6:" P1 "e"), 0, false,
	    "warning: slow", 0, 0, 0, U, 1 },
};

static void
test_table(void **state)
{
	struct reply	r;
	size_t		i;
	uint8_t		*copy;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		/* Exactly as long as it is, so that overruns are seen. */
		copy = malloc(table[i].len + 1);
		memcpy(copy, table[i].body, table[i].len);
		copy = realloc(copy, table[i].len == 0 ? 1 : table[i].len);
		assert_int_equal(reply_parse(&r, copy, table[i].len),
		    table[i].ret);
		assert_string_equal(r.text, table[i].text);
		assert_int_equal(r.failed, table[i].failed);
		assert_int_equal(r.retry, table[i].retry);
		assert_int_equal(r.interval, table[i].interval);
		assert_int_equal(r.min_interval, table[i].min);
		assert_int_equal(r.seeds, table[i].seeds);
		assert_int_equal(r.npeers, table[i].npeers);
		reply_clear(&r);
		free(copy);
	}
}

static void
test_peers(void **state)
{
	static const char	body[] = "d10:tracker id3:a\0b6:peers618:" P6
				    "5:peers6:" P1 "e";
	struct reply		r;
	char			text[ADDR_STRLEN];

	(void)state;
	assert_int_equal(reply_parse(&r, BODY(body)), 0);
	assert_int_equal(r.npeers, 2);
	assert_string_equal(addr_str(&r.peers[0], text), "[2001:db8::1]:6881");
	assert_string_equal(addr_str(&r.peers[1], text), "10.0.0.1:6881");
	assert_int_equal(r.tracker_id_len, 3);
	assert_memory_equal(r.tracker_id, "a\0b", 3);
	reply_clear(&r);
}

static void
test_external(void **state)
{
	static const struct {
		const char	*body;
		size_t		 len;
		const char	*address;	/* NULL: none */
	} says[] = {
		{ BODY("d11:external ip4:\xcb\0\x71\5" "e"),
		    "203.0.113.5" },
		{ BODY("d11:external ip16:\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0"
		    "\0\7" "e"), "2001:db8::7" },
		{ BODY("d11:external ip9:127.0.0.1e"), NULL },
		{ BODY("d11:external ip0:e"), NULL },
		{ BODY("d11:external ipi5ee"), NULL },
		{ BODY("de"), NULL },
	};
	struct addr	a = { .port = 1 };
	struct reply	r;
	char		text[ADDR_STRLEN];
	size_t		i;

	(void)state;
	for (i = 0; i < sizeof(says) / sizeof(says[0]); i++) {
		assert_int_equal(reply_parse(&r, says[i].body, says[i].len),
		    0);
		assert_int_equal(r.has_external, says[i].address != NULL);
		memcpy(a.ip, r.external, sizeof(a.ip));
		if (r.has_external)
			assert_string_equal(addr_host(&a, text),
			    says[i].address);
		reply_clear(&r);
	}
}

/* However many a tracker sends, and however long its words. */
static void
test_bounds(void **state)
{
	const size_t	 n = 100000;
	struct reply	 r;
	char		*body = malloc(n * 6 + 64);
	size_t		 len, i;

	(void)state;
	len = (size_t)sprintf(body, "d5:peers%zu:", n * 6);
	for (i = 0; i < n; i++, len += 6)
		memcpy(body + len, P1, 6);
	body[len++] = 'e';
	assert_int_equal(reply_parse(&r, body, len), 0);
	assert_int_equal(r.npeers, REPLY_PEERS_MAX);
	reply_clear(&r);

	len = (size_t)sprintf(body, "d14:failure reason1000:");
	for (i = 0; i < 500; i++, len += 2)
		memcpy(body + len, "\xc3\xa4", 2);
	body[len++] = 'e';
	assert_int_equal(reply_parse(&r, body, len), 0);
	assert_int_equal(strlen(r.text), REPLY_TEXT_MAX);
	reply_clear(&r);
	memcpy(body, "d14:failure reason1001:x", 24);
	for (i = 0, len = 24; i < 500; i++, len += 2)
		memcpy(body + len, "\xc3\xa4", 2);
	body[len++] = 'e';
	assert_int_equal(reply_parse(&r, body, len), 0);
	assert_int_equal(strlen(r.text), REPLY_TEXT_MAX - 1);
	reply_clear(&r);
	free(body);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_peers),
		cmocka_unit_test(test_external),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
