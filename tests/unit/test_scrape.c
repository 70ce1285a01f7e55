/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "tracker/reply.h"
#include "tracker/scrape.h"

#define A	"aaaaaaaaaaaaaaaaaaaa"
#define B	"bbbbbbbbbbbbbbbbbbbb"

/* The cases of BEP 48, and those that trackers really have. */
static void
test_url(void **state)
{
	static const struct {
		const char	*announce, *scrape;
	} cases[] = {
		{ "http://h/announce", "http://h/scrape?" },
		{ "http://h/x/announce", "http://h/x/scrape?" },
		{ "http://h/announce.php", "http://h/scrape.php?" },
		{ "http://h/announce?x=2/4", "http://h/scrape?x=2/4" },
		{ "http://h/announce?", "http://h/scrape?" },
		{ "http://h/key/announce#f", "http://h/key/scrape?" },
		{ "http://h/a", NULL },
		{ "http://h/", NULL },
		{ "http://h/x/announce/a", NULL },
		{ "http://h/x%064announce", NULL },
		{ "http://h/?x=/announce", NULL },
		{ "http://h/xannounce", NULL },
		{ "", NULL }
	};
	char	buf[64];
	size_t	i;
	int	n;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		n = scrape_url(buf, sizeof(buf), cases[i].announce);
		if (cases[i].scrape == NULL)
			assert_int_equal(n, -1);
		else {
			assert_string_equal(buf, cases[i].scrape);
			assert_int_equal(n, strlen(buf));
		}
	}
	assert_int_equal(scrape_url(buf, 16, "http://h/announce"), -1);
	assert_int_equal(scrape_url(buf, 17, "http://h/announce"), 16);
}

static void
test_hashes(void **state)
{
	char	buf[200] = "http://h/scrape?";
	uint8_t	hash[20] = { 0, 0xff };
	int	n;

	(void)state;
	n = scrape_put_hash(buf, sizeof(buf), hash);
	assert_int_equal(n, strlen(buf));
	assert_string_equal(buf, "http://h/scrape?info_hash=%00%FF%00%00%00"
	    "%00%00%00%00%00%00%00%00%00%00%00%00%00%00%00");
	n = scrape_put_hash(buf, sizeof(buf), hash);
	assert_int_equal(n, 16 + 2 * SCRAPE_TEXT_MAX - 1);
	assert_memory_equal(buf + 16 + SCRAPE_TEXT_MAX - 1, "&info_hash=%00",
	    14);
	assert_int_equal(scrape_put_hash(buf, sizeof(buf), hash), -1);
	assert_int_equal(scrape_put_hash(buf, 10, hash), -1);
}

static int
parse(const char *body, struct counts *counts)
{
	return scrape_parse(body, strlen(body), (const uint8_t *)B A, 2,
	    counts);
}

static void
test_answers(void **state)
{
	struct counts	c[2];

	(void)state;
	assert_int_equal(parse("d5:filesd20:" A "d8:completei1e10:downloaded"
	    "i2e10:incompletei3ee20:" B "d8:completei-1e10:downloadedi99999999"
	    "999e10:incomplete1:3eee", c), 0);
	assert_int_equal(c[1].seeds, 1);
	assert_int_equal(c[1].downloads, 2);
	assert_int_equal(c[1].leeches, 3);
	assert_int_equal(c[0].seeds, REPLY_UNKNOWN);
	assert_int_equal(c[0].downloads, REPLY_UNKNOWN - 1);
	assert_int_equal(c[0].leeches, REPLY_UNKNOWN);
	assert_int_equal(parse("d5:filesd3:abcd8:completei1eeee", c), 0);
	assert_int_equal(c[1].seeds, REPLY_UNKNOWN);
	assert_int_equal(parse("d5:filesd20:" A "i1eee", c), 0);
	assert_int_equal(c[1].seeds, REPLY_UNKNOWN);
	assert_int_equal(parse("d5:filesdee", c), 0);
	assert_int_equal(parse("d5:filesle", c), -1);
	assert_int_equal(parse("d14:failure reason2:noe", c), -1);
	assert_int_equal(parse("<html>", c), -1);
	assert_int_equal(parse("", c), -1);
	assert_int_equal(c[0].seeds, REPLY_UNKNOWN);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_url),
		cmocka_unit_test(test_hashes),
		cmocka_unit_test(test_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
