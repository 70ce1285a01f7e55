/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bencode.h"
#include "mem.h"

#define LINE_MAX_LEN	512

/* Parse a value that must fill the whole text; NULL or why not. */
static const char *
parse(const void *buf, size_t len)
{
	struct ben	 b;
	const char	*why = NULL;

	if (ben_parse(&b, buf, len, &why) == 0 && b.tok[0].len != len)
		why = "bytes left";
	ben_free(&b);
	return why;
}

static const char *
parse_text(const char *s)
{
	return parse(s, strlen(s));
}

static void
test_table(void **state)
{
	uint8_t		 buf[LINE_MAX_LEN];
	char		 line[LINE_MAX_LEN], *name, *hex, *verdict, *p;
	const char	*why;
	FILE		*f;
	size_t		 i, rows = 0;

	(void)state;
	f = fopen("tests/fixtures/bencode.tsv", "r");
	assert_non_null(f);
	assert_non_null(fgets(line, sizeof(line), f));
	while (fgets(line, sizeof(line), f) != NULL) {
		p = line;
		name = strsep(&p, "\t");
		hex = strsep(&p, "\t");
		verdict = strsep(&p, "\t\n");
		for (i = 0; hex[2 * i] != '\0'; i++)
			assert_int_equal(sscanf(hex + 2 * i, "%2hhx", &buf[i]),
			    1);
		why = parse(buf, i);
		if (strcmp(verdict, "accept") == 0 && why != NULL)
			fail_msg("%s: %s", name, why);
		if (strcmp(verdict, "reject") == 0 && why == NULL)
			fail_msg("%s: accepted", name);
		rows++;
	}
	fclose(f);
	assert_int_equal(rows, 13);
}

static void
test_grammar(void **state)
{
	static const struct {
		const char	*text;
		const char	*why;
	} rows[] = {
		{ "i0e", NULL },
		{ "i-1e", NULL },
		{ "i9223372036854775807e", NULL },
		{ "i-9223372036854775808e", NULL },
		{ "i9223372036854775808e", "bad integer" },
		{ "i-9223372036854775809e", "bad integer" },
		{ "i99999999999999999999999e", "bad integer" },
		{ "ie", "bad integer" },
		{ "i-e", "bad integer" },
		{ "i-0e", "bad integer" },
		{ "i00e", "bad integer" },
		{ "i01e", "bad integer" },
		{ "i-01e", "bad integer" },
		{ "i+1e", "bad integer" },
		{ "i 1e", "bad integer" },
		{ "i1", "bad integer" },
		{ "i", "bad integer" },
		{ "0:", NULL },
		{ "3:abc", NULL },
		{ "00:", "leading zero" },
		{ "03:abc", "leading zero" },
		{ "4:abc", "string past end" },
		{ "-1:a", "unexpected byte" },
		{ "99999999999999999999999:a", "string past end" },
		{ "3abc", "no colon after a string's length" },
		{ "3", "string past end" },
		{ "0", "unexpected end" },
		{ "", "unexpected end" },
		{ "e", "unexpected byte" },
		{ "x", "unexpected byte" },
		{ "le", NULL },
		{ "de", NULL },
		{ "l", "unexpected end" },
		{ "d", "unexpected end" },
		{ "d1:ae", "key without value" },
		{ "d1:a", "unexpected end" },
		{ "di1e1:ae", "key is not a string" },
		{ "dle1:ae", "key is not a string" },
		{ "d1:ai1e1:b1:ce", NULL },
		{ "d1:bi1e1:ai1ee", NULL },
		{ "d1:ai1e1:ai2ee", NULL },
		{ "i1ei2e", "bytes left" },
	};
	const char	*why;
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		why = parse_text(rows[i].text);
		if ((why == NULL) != (rows[i].why == NULL) ||
		    (why != NULL && strcmp(why, rows[i].why) != 0))
			fail_msg("%s: %s", rows[i].text,
			    why == NULL ? "accepted" : why);
	}
}

static void
test_truncated(void **state)
{
	static const char	text[] =
	    "d4:infod5:filesld6:lengthi-12e4:pathl1:aeee4:name3:abce3:seqi7ee";
	size_t			i;

	(void)state;
	for (i = 0; i < sizeof(text) - 1; i++)
		assert_non_null(parse(text, i));
	assert_null(parse(text, sizeof(text) - 1));
}

static void
test_depth(void **state)
{
	char	text[2 * BEN_DEPTH_MAX + 2];

	(void)state;
	memset(text, 'l', BEN_DEPTH_MAX);
	memset(text + BEN_DEPTH_MAX, 'e', BEN_DEPTH_MAX);
	assert_null(parse(text, 2 * BEN_DEPTH_MAX));
	memset(text, 'l', BEN_DEPTH_MAX + 1);
	memset(text + BEN_DEPTH_MAX + 1, 'e', BEN_DEPTH_MAX + 1);
	assert_string_equal(parse(text, sizeof(text)), "depth exceeded");
}

static double
seconds(void)
{
	struct timespec	ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void
test_nested_megabyte(void **state)
{
	char	*text = xmalloc(1 << 20);
	double	 start;

	(void)state;
	memset(text, 'l', 1 << 20);
	start = seconds();
	assert_non_null(parse(text, 1 << 20));
	assert_true(seconds() - start < 0.010);
	free(text);
}

static void
test_token_limit(void **state)
{
	size_t	 i, len = 2 * (size_t)BEN_TOKENS_MAX + 2;
	char	*text = xmalloc(len);

	(void)state;
	text[0] = 'l';
	for (i = 0; i < BEN_TOKENS_MAX; i++)
		memcpy(text + 1 + 2 * i, "0:", 2);
	text[len - 1] = 'e';
	assert_string_equal(parse(text, len), "too many values");
	text[len - 3] = 'e';
	assert_null(parse(text, len - 2));
	free(text);
}

static void
test_access(void **state)
{
	static const char	 text[] =
	    "d1:ai-5e1:bl1:xi2ee1:cd1:z0:e1:a1:y0:lee tail";
	const uint8_t		*s;
	struct ben		 b;
	const char		*why;
	ben_ref			 r, list;
	size_t			 len;
	int64_t			 n;

	(void)state;
	assert_int_equal(ben_parse(&b, text, strlen(text), &why), 0);
	assert_int_equal(b.tok[0].len, strlen(text) - 5);
	assert_int_equal(ben_int(&b, ben_get(&b, BEN_ROOT, "a"), &n), 0);
	assert_int_equal(n, -5);
	list = ben_get_type(&b, BEN_ROOT, "b", BEN_LIST);
	r = ben_first(&b, list);
	s = ben_str(&b, r, &len);
	assert_int_equal(len, 1);
	assert_int_equal(s[0], 'x');
	assert_int_equal(ben_int(&b, r, &n), -1);
	r = ben_next(&b, list, r);
	assert_int_equal(ben_int(&b, r, &n), 0);
	assert_int_equal(n, 2);
	assert_int_equal(ben_next(&b, list, r), BEN_NONE);
	assert_int_equal(ben_get_type(&b, BEN_ROOT, "b", BEN_DICT), BEN_NONE);
	assert_int_equal(ben_get(&b, BEN_ROOT, "z"), BEN_NONE);
	assert_int_equal(ben_get(&b, list, "x"), BEN_NONE);
	assert_true(ben_is(&b, ben_get(&b, BEN_ROOT, ""), BEN_LIST));
	assert_int_equal(ben_first(&b, ben_get(&b, BEN_ROOT, "")), BEN_NONE);
	ben_str(&b, BEN_NONE, &len);
	assert_int_equal(len, 0);
	ben_free(&b);
}

static void
test_keys(void **state)
{
	static const struct {
		const char	*text;
		bool		 sorted, duplicates;
	} rows[] = {
		{ "de", true, false },
		{ "d1:ai1e1:bi1ee", true, false },
		{ "d1:a0:2:aa0:1:b0:e", true, false },
		{ "d2:aa0:1:a0:e", false, false },
		{ "d1:b0:1:a0:e", false, false },
		{ "d1:a0:1:a0:e", false, true },
		{ "d1:a0:1:b0:1:a0:e", false, true },
		{ "d0:0:0:0:e", false, true },
		{ "ld1:a0:eld1:c0:1:b0:1:c0:eee", false, true },
	};
	struct ben	 b;
	const char	*why;
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(ben_parse(&b, rows[i].text,
		    strlen(rows[i].text), &why), 0);
		assert_int_equal(ben_is_sorted(&b, BEN_ROOT), rows[i].sorted);
		assert_int_equal(ben_has_duplicates(&b, BEN_ROOT),
		    rows[i].duplicates);
		ben_free(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_grammar),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_nested_megabyte),
		cmocka_unit_test(test_token_limit),
		cmocka_unit_test(test_access),
		cmocka_unit_test(test_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
