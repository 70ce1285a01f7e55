/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "selector.h"

static const uint8_t	h1[20] = { 0xab, 0xcd, 0xef, 0x01 };
static const uint8_t	h2[20] = { 0xab, 0xcd, 0xff, 0x02 };
static const uint8_t	h3[20] = { 0x12, 0x34, 0x56, 0x78, 0x90, 0x12 };
static const uint8_t	h4[20] = { 0xfe, 0xed, 0xbe, 0xef };
static const uint8_t	v2[32] = { 0xca, 0xfe, 0xba, 0xbe };

static const char *const	urls1[] = {
	"http://tracker.example.org:6969/announce",
	"http://other.test/a/b"
};
static const char *const	urls2[] = { "https://user:x@OTHER.test/a" };
static const char *const	urls3[] = {
	"http://[2001:db8::1]:80/announce"
};

static const struct selector_torrent	torrents[] = {
	{ 1, h1, NULL, "debian-12.iso", "seeding", urls1, 2 },
	{ 2, h2, v2, "debian-11.iso", "downloading", urls2, 1 },
	{ 5, h3, NULL, "a,b", "stopped", urls3, 1 },
	{ 9, h4, NULL, "music", "seeding", NULL, 0 }
};
#define N	(sizeof(torrents) / sizeof(torrents[0]))

/* The numbers that words, separated by blanks, select; "?" if none parse. */
static const char *
chosen(const char *line)
{
	static char	 out[256];
	char		 copy[128], *words[8], *next = copy;
	char		 err[SELECTOR_ERR_MAX] = "", one[16];
	struct selector	*sel;
	bool		 picked[N];
	int		 n = 0;

	strlcpy(copy, line, sizeof(copy));
	while ((words[n] = strsep(&next, " ")) != NULL)
		n++;
	sel = selector_parse(n, words, err);
	if (sel == NULL) {
		assert_true(err[0] != '\0');
		return "?";
	}
	out[0] = '\0';
	switch (selector_apply(sel, torrents, N, picked, err)) {
	case SELECTOR_OK:
		for (size_t i = 0; i < N; i++) {
			if (!picked[i])
				continue;
			snprintf(one, sizeof(one), " %u", torrents[i].id);
			strlcat(out, one, sizeof(out));
		}
		break;
	case SELECTOR_NONE:
	case SELECTOR_AMBIGUOUS:
		strlcpy(out, err, sizeof(out));
		break;
	}
	selector_free(sel);
	return out;
}

static void
check(const char *const (*cases)[2], size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(chosen(cases[i][0]), cases[i][1]) != 0)
			print_error("case \"%s\"\n", cases[i][0]);
		assert_string_equal(chosen(cases[i][0]), cases[i][1]);
	}
}

#define CHECK(cases)	check(cases, sizeof(cases) / sizeof((cases)[0]))

static void
test_kinds(void **state)
{
	static const char *const	cases[][2] = {
		{ "all", " 1 2 5 9" },
		{ "5", " 5" },
		{ "0005", " 5" },
		{ "2-5", " 2 5" },
		{ "1-4294967295", " 1 2 5 9" },
		{ "abcdef", " 1" },
		{ "ABCDFF", " 2" },
		{ "cafebabe", " 2" },
		{ "12345678901", " 5" },
		{ "name:debian-*", " 1 2" },
		{ "name:a\\,b", " 5" },
		{ "state:seeding", " 1 9" },
		{ "state:d", " 2" },
		{ "tracker:tracker.example.org", " 1" },
		{ "tracker:other.test", " 1 2" },
		{ "tracker:*.EXAMPLE.org", " 1" },
		{ "tracker:2001:db8::1", " 5" },
	};

	(void)state;
	CHECK(cases);
}

static void
test_logic(void **state)
{
	static const char *const	cases[][2] = {
		{ "1,9", " 1 9" },
		{ "1,1", " 1" },
		{ "1 9", "no torrent matches all of these words; joined by "
		    "commas, one of them is enough" },
		{ "name:debian-* state:seeding", " 1" },
		{ "!1", " 2 5 9" },
		{ "!1,9", " 2 5" },
		{ "all !state:seeding,stopped", " 2" },
		{ "state:stopped,downloading", " 2 5" },
		{ "name:music,debian-12*", " 1 9" },
		{ "9,name:a*,5", " 5 9" },
		{ "name:music,state:stopped", " 5 9" },
		{ "all !state:seeding,state:stopped", " 2" },
		{ "!1 !2 !5", " 9" },
		{ "!all", "no torrent matches" },
	};

	(void)state;
	CHECK(cases);
}

/* What names one torrent has to name one, or nothing is done at all. */
static void
test_missing(void **state)
{
	static const char *const	cases[][2] = {
		{ "3", "no torrent 3" },
		{ "1,3", "no torrent 3" },
		{ "0", "no torrent 0" },
		{ "!3", " 1 2 5 9" },
		{ "abcd", "abcd is the start of 2 info-hashes" },
		{ "dead", "no torrent dead" },
		{ "name:none*", "no torrent matches" },
		{ "6-8", "no torrent matches" },
		{ "state:queued", "no torrent matches" },
	};

	(void)state;
	CHECK(cases);
}

static void
test_bad(void **state)
{
	static const char *const	cases[][2] = {
		{ "", "?" }, { "!", "?" }, { "1,", "?" }, { ",1", "?" },
		{ "1,,2", "?" }, { "abc", "?" }, { "xyzzy", "?" },
		{ "9-4", "?" }, { "4-", "?" }, { "-4", "?" }, { "4-x", "?" },
		{ "state:", "?" }, { "state:s", "?" }, { "state:x", "?" },
		{ "state:seeding,1", "?" },
		{ "label:x", "?" }, { "al", "?" }, { "debian-12.iso", "?" },
		{ "1 !!2", "?" }, { "4294967296", "no torrent 4294967296" },
	};

	(void)state;
	CHECK(cases);
}

static void
test_bounds(void **state)
{
	struct selector	*sel;
	char		*word, err[SELECTOR_ERR_MAX];

	(void)state;
	word = calloc(1, SELECTOR_TEXT_MAX + 1);
	assert_non_null(word);
	memset(word, '1', SELECTOR_TEXT_MAX);
	for (size_t i = 1; i < SELECTOR_TEXT_MAX; i += 2)
		word[i] = ',';
	assert_null(selector_parse(1, &word, err));
	word[SELECTOR_TEXT_MAX - 1] = '\0';
	sel = selector_parse(1, &word, err);
	assert_non_null(sel);
	assert_false(selector_wants_trackers(sel));
	selector_free(sel);
	free(word);
}

static void
test_trackers_wanted(void **state)
{
	char		 word[] = "1,tracker:x", *words[] = { word };
	char		 err[SELECTOR_ERR_MAX];
	struct selector	*sel = selector_parse(1, words, err);

	(void)state;
	assert_non_null(sel);
	assert_true(selector_wants_trackers(sel));
	selector_free(sel);
	selector_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_logic),
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_trackers_wanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
