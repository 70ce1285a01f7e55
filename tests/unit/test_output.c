/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fmt.h"
#include "mimctl.h"
#include "status.h"
#include "table.h"
#include "text.h"
#include "view.h"

static const struct mimctl	plain;

static struct rec_ctl_file	files[] = {
	{ .index = 0, .path = "t/a", .size = 600, .have = 300 },
	{ .index = 1, .path = "t/.pad/1", .size = 24, .attr = 1 },
	{ .index = 2, .path = "t/\xff\x1b[2J", .size = 400, .have = 400 },
};
static struct rec_peer		peers[] = {
	{ .conn = 1, .ip = { [10] = 0xff, 0xff, 10, 0, 0, 1 }, .port = 6881,
	  .client = "mim 0.1", .source = PEER_SOURCE_TRACKER,
	  .flags = PEER_AM_INTERESTED | PEER_CHOKING | PEER_AM_CHOKING |
	  PEER_INCOMING, .pieces = 5, .requests_out = 3 },
};
static struct rec_tracker_row	trackers[] = {
	{ .url = "http://t.test/0123456789abcdef0123456789abcdef/announce",
	  .state = TRACKER_FAILED, .seeds = UINT32_MAX, .leeches = 2,
	  .downloads = UINT32_MAX, .next = 4000000000,
	  .error = "timed out" },
};
static struct view_torrent	torrents[] = {
	{ .row = { .id = 1, .infohash = { 0xab }, .name = "first",
	  .state = TSTATE_DOWNLOADING, .size = 1000, .have = 700,
	  .wanted = 1000, .got = 700, .downloaded = 700, .uploaded = 350,
	  .down_rate = 100, .peers = 1,
	  .error = "", .dir = "/d", .added = 1700000000,
	  .piece_length = 100, .npieces = 10, .nfiles = 3,
	  .infohash2 = { (const uint8_t *)"", 0 } },
	  .files = files, .nfiles = 3, .peers = peers, .npeers = 1,
	  .trackers = trackers, .ntrackers = 1 },
	{ .row = { .id = 12, .name = "zw\xc3\xb6lf\x1b]0;x\x07",
	  .state = TSTATE_ERROR, .size = 1 << 20,
	  .wanted = 1 << 20, .error = "disk\nfull",
	  .dir = "/d", .infohash2 = { (const uint8_t *)"", 0 } } },
};
static struct view		view = {
	.torrents = torrents, .n = 2, .down_rate = 100, .up_rate = 7
};

/* What fn prints. */
static char *
printed(void (*fn)(FILE *fp))
{
	static char	*text;
	static size_t	 size;
	FILE		*fp = open_memstream(&text, &size);

	assert_non_null(fp);
	fn(fp);
	fclose(fp);
	return text;
}

static void
no_controls(const char *s)
{
	for (; *s != '\0'; s++)
		assert_true((unsigned char)*s >= ' ' || *s == '\n' ||
		    *s == '\t');
}

/* ---- columns ---- */

static const struct table_column	columns[] = {
	{ "ID", TABLE_RIGHT }, { "NAME", TABLE_CUT }, { "X", TABLE_LEFT }
};

static void
fill(FILE *fp, size_t width)
{
	struct table	*t = table_new(columns, 3);

	table_add(t, "1");
	table_add(t, "\xe6\x97\xa5\xe6\x9c\xac");	/* two wide ones */
	table_add(t, "a");
	table_add(t, "22");
	table_add(t, "name of some length");
	table_add(t, "bc");
	table_note(t, "a note");
	table_print(t, fp, width, 1);
	table_free(t);
}

static void
fill_wide(FILE *fp)
{
	fill(fp, 0);
}

static void
fill_narrow(FILE *fp)
{
	fill(fp, 18);
}

static void
test_columns(void **state)
{
	char	*s = printed(fill_wide);

	(void)state;
	assert_string_equal(s,
	    " ID  NAME                 X\n"
	    "  1  \xe6\x97\xa5\xe6\x9c\xac                 a\n"
	    " 22  name of some length  bc\n"
	    "       a note\n");
	free(s);
}

static void
test_columns_cut(void **state)
{
	char	*s = printed(fill_narrow);

	(void)state;
	assert_non_null(strstr(s, " 22 name of so~ bc\n"));
	for (char *line = s, *next; line != NULL; line = next) {
		next = strchr(line, '\n');
		if (next != NULL)
			*next++ = '\0';
		if (strstr(line, "note") == NULL)
			assert_in_range(fmt_width(line), 0, 18);
	}
	free(s);
}

static void
fill_spare(FILE *fp, size_t width)
{
	static const struct table_column	spare[] = {
		{ "A", TABLE_RIGHT }, { "NAME", TABLE_CUT },
		{ "B", TABLE_SPARE }, { "C", TABLE_RIGHT },
		{ "D", TABLE_SPARE }
	};
	static const char *const		texts[] = { "1",
		"a name too long", "22", "333", "4444" };
	struct table				*t = table_new(spare, 5);

	for (size_t i = 0; i < 5; i++)
		table_add(t, texts[i]);
	table_print(t, fp, width, 0);
	table_free(t);
}

static void
fill_spare_22(FILE *fp)
{
	fill_spare(fp, 22);
}

static void
fill_spare_18(FILE *fp)
{
	fill_spare(fp, 18);
}

static void
fill_spare_5(FILE *fp)
{
	fill_spare(fp, 5);
}

/* The last goes first, and the name has what it leaves. */
static void
test_columns_spare(void **state)
{
	char	*s;

	(void)state;
	s = printed(fill_spare_22);
	assert_string_equal(s, "A NAME      B   C    D\n"
	    "1 a name ~ 22 333 4444\n");
	free(s);
	s = printed(fill_spare_18);
	assert_string_equal(s, "A NAME       B   C\n"
	    "1 a name t~ 22 333\n");
	free(s);
	s = printed(fill_spare_5);
	assert_string_equal(s, "A NAME       C\n1 a name ~ 333\n");
	free(s);
}

static void
test_cut(void **state)
{
	char	wide[] = "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e";
	char	text[] = "abcdef";

	(void)state;
	text_cut(text, 6);
	assert_string_equal(text, "abcdef");
	text_cut(text, 4);
	assert_string_equal(text, "abc~");
	text_cut(text, 0);
	assert_string_equal(text, "");
	text_cut(wide, 4);
	assert_string_equal(wide, "\xe6\x97\xa5~");
}

/* ---- words and numbers ---- */

static void
test_percent(void **state)
{
	char	buf[TEXT_LEN];

	(void)state;
	assert_string_equal(text_percent(0, 10, buf), "0.0%");
	assert_string_equal(text_percent(1, 3, buf), "33.3%");
	assert_string_equal(text_percent(99999, 100000, buf), "99.9%");
	assert_string_equal(text_percent(INT64_MAX - 1, INT64_MAX, buf),
	    "99.9%");
	assert_string_equal(text_percent(10, 10, buf), "100.0%");
	assert_string_equal(text_percent(0, 0, buf), "100.0%");
}

static void
test_bar(void **state)
{
	char	buf[16];

	(void)state;
	assert_string_equal(text_bar(0, 10, 4, buf, sizeof(buf)), "[....]");
	assert_string_equal(text_bar(5, 10, 4, buf, sizeof(buf)), "[##..]");
	assert_string_equal(text_bar(9, 10, 4, buf, sizeof(buf)), "[###.]");
	assert_string_equal(text_bar(10, 10, 4, buf, sizeof(buf)), "[####]");
	assert_string_equal(text_bar(1, 1, 99, buf, sizeof(buf)),
	    "[#############]");
}

static void
test_flags(void **state)
{
	static const struct {
		uint16_t	 flags;
		uint8_t		 source;
		const char	*want;
	} cases[] = {
		{ PEER_FLAGS_ALL, PEER_SOURCE_PEX, "OduSEXI" },
		{ PEER_AM_INTERESTED | PEER_INTERESTED, PEER_SOURCE_TRACKER,
		    "DU" },
		{ 0, PEER_SOURCE_LSD, "K?L" },
		{ 0, PEER_SOURCE_DHT, "K?H" },
		{ PEER_CHOKING | PEER_AM_CHOKING, PEER_SOURCE_USER, "" },
		{ PEER_OPTIMISTIC | PEER_INTERESTED | PEER_CHOKING,
		    PEER_SOURCE_INCOMING, "OU" }
	};
	struct rec_peer	p = { 0 };
	char		buf[STATUS_FLAGS_LEN];
	size_t		i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		p.flags = cases[i].flags;
		p.source = cases[i].source;
		assert_string_equal(status_peer_flags(&p, buf),
		    cases[i].want);
	}
}

/* ---- status ---- */

static void
lines(FILE *fp)
{
	status_lines(&plain, &view, fp);
}

static void
test_lines(void **state)
{
	char	*s = printed(lines);

	(void)state;
	assert_non_null(strstr(s, "downloading"));
	assert_non_null(strstr(s, "70.0%"));
	assert_non_null(strstr(s, " 0.50 "));
	assert_non_null(strstr(s, "2 torrents"));
	assert_non_null(strstr(s, "      disk"));
	no_controls(s);
	free(s);
}

static void
page(FILE *fp)
{
	status_page(&plain, &torrents[0], fp);
	status_tables(&plain, &torrents[0],
	    VIEW_FILES | VIEW_PEERS | VIEW_TRACKERS, fp);
}

static void
test_page(void **state)
{
	char	*s = printed(page);

	(void)state;
	assert_non_null(strstr(s, "Torrent 1: first\n"));
	assert_non_null(strstr(s, "info-hash   ab00"));
	assert_non_null(strstr(s, "10.0.0.1:6881"));
	assert_non_null(strstr(s, "t/a"));
	assert_null(strstr(s, ".pad"));
	assert_null(strstr(s, "0123456789abcdef"));
	assert_non_null(strstr(s, "timed out"));
	no_controls(s);
	free(s);
}

static void
rows(FILE *fp)
{
	status_rows(&plain, &view, 0, fp);
}

static void
test_rows(void **state)
{
	char	*s = printed(rows), *end;
	int	 tabs = 0;

	(void)state;
	no_controls(s);
	end = strchr(s, '\n');
	assert_non_null(end);
	for (char *p = s; p < end; p++)
		tabs += *p == '\t';
	assert_int_equal(tabs, 19);
	assert_memory_equal(s, "1\tab00", 6);
	assert_non_null(strstr(s, "\tdownloading\t1000\t700\t0.7000\t700\t"
	    "350\t0.500\t100\t0\t1\t0\t3\t-\t/d\tno\t1700000000\t-\n"));
	free(s);
}

/* ---- JSON ---- */

static void
has_keys(const json_t *j, const char *const *keys, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (json_object_get(j, keys[i]) == NULL)
			print_error("no key %s\n", keys[i]);
		assert_non_null(json_object_get(j, keys[i]));
	}
	assert_int_equal(json_object_size(j), n);
}

#define HAS_KEYS(j, keys)	has_keys(j, keys, sizeof(keys) / \
				    sizeof((keys)[0]))

static void
test_json_keys(void **state)
{
	static const char *const	top[] = {
		"torrents", "down_rate", "up_rate", "stalled",
		"network", "proxy"
	};
	static const char *const	torrent[] = {
		"id", "infohash", "infohash_v2", "name", "state", "size",
		"wanted", "have", "progress", "downloaded", "uploaded",
		"ratio", "down_rate", "up_rate", "peers", "seeds", "eta",
		"error", "dir", "label", "private",
		"sequential", "first_last", "super_seeding", "added",
		"completed"
	};
	json_t				*j, *t;

	(void)state;
	j = status_json(&plain, &view, 0);
	HAS_KEYS(j, top);
	t = json_array_get(json_object_get(j, "torrents"), 0);
	HAS_KEYS(t, torrent);
	assert_int_equal(json_integer_value(json_object_get(t, "peers")), 1);
	assert_int_equal(json_integer_value(json_object_get(t, "eta")), 3);
	assert_true(json_is_null(json_object_get(t, "error")));
	assert_true(json_is_null(json_object_get(t, "label")));
	assert_true(json_is_null(json_object_get(t, "completed")));
	assert_true(json_is_null(json_object_get(t, "infohash_v2")));
	t = json_array_get(json_object_get(j, "torrents"), 1);
	assert_string_equal(json_string_value(json_object_get(t, "state")),
	    "error");
	assert_string_equal(json_string_value(json_object_get(t, "error")),
	    "disk\nfull");
	assert_true(json_is_null(json_object_get(t, "ratio")));
	assert_true(json_is_null(json_object_get(t, "eta")));
	json_decref(j);
}

static void
test_json_tables(void **state)
{
	static const char *const	file[] = {
		"index", "path", "size", "have", "progress", "priority"
	};
	static const char *const	peer[] = {
		"address", "port", "client", "flags", "source", "transport",
		"encrypted", "incoming", "progress", "down_rate", "up_rate",
		"downloaded", "uploaded", "am_choking", "am_interested",
		"peer_choking", "peer_interested", "requests_out",
		"requests_in"
	};
	static const char *const	tracker[] = {
		"url", "tier", "state", "seeds", "leeches", "downloads",
		"last", "next", "error"
	};
	json_t				*j, *t, *list;

	(void)state;
	j = status_json(&plain, &view,
	    VIEW_FILES | VIEW_PEERS | VIEW_TRACKERS);
	t = json_array_get(json_object_get(j, "torrents"), 0);
	list = json_object_get(t, "files");
	assert_int_equal(json_array_size(list), 2);
	HAS_KEYS(json_array_get(list, 0), file);
	assert_string_equal(json_string_value(json_object_get(
	    json_array_get(list, 1), "path")), "t/\xef\xbf\xbd\x1b[2J");
	list = json_object_get(t, "peers");
	HAS_KEYS(json_array_get(list, 0), peer);
	list = json_object_get(t, "trackers");
	HAS_KEYS(json_array_get(list, 0), tracker);
	t = json_array_get(list, 0);
	assert_true(json_is_null(json_object_get(t, "seeds")));
	assert_int_equal(json_integer_value(json_object_get(t, "leeches")),
	    2);
	assert_null(strstr(json_string_value(json_object_get(t, "url")),
	    "0123456789abcdef"));
	json_decref(j);
}

static int
setup(void **state)
{
	(void)state;
	setenv("COLUMNS", "", 1);
	return setlocale(LC_CTYPE, "C.UTF-8") == NULL ? -1 : 0;
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_columns_cut),
		cmocka_unit_test(test_columns_spare),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_percent),
		cmocka_unit_test(test_bar),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_page),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_json_keys),
		cmocka_unit_test(test_json_tables),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
