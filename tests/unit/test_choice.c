/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "choice.h"
#include "disk/part.h"
#include "disk/span.h"
#include "magnet_msg.h"
#include "metainfo.h"

static struct mi_file	files[] = {
	{ .path = (char *)(uintptr_t)"t/a.iso", .offset = 0, .length = 90 },
	{ .path = (char *)(uintptr_t)"t/pad", .offset = 90, .length = 10,
	  .attr = MI_PAD },
	{ .path = (char *)(uintptr_t)"t/doc/b.txt", .offset = 100,
	  .length = 50 },
	{ .path = (char *)(uintptr_t)"t/doc/c.nfo", .offset = 150,
	  .length = 250 },
};
static const struct metainfo	mi = {
	.files = files, .nfiles = 4,
	.geom = { .size = 400, .piece_length = 100, .npieces = 4 }
};

/* The files that are left, as a set; -1: refused. */
static int
left(const struct rec_span *only, uint32_t n, const char *glob)
{
	const struct rec_glob	 row = { .pattern = glob };
	struct choice		*c = choice_unpack(only, n, &row, glob != NULL);
	const char		*why;
	uint8_t			*prios = choice_apply(c, &mi, &why);
	int			 set = 0;

	for (uint32_t i = 0; i < mi.nfiles; i++)
		if (prios == NULL || prios[i] != FILE_PRIO_SKIP)
			set |= 1 << i;
	free(prios);
	choice_free(c);
	return why != NULL ? -1 : set;
}

/* Padding is not chosen: it goes with the file before it. */
static void
test_choice(void **state)
{
	const struct rec_span	first[] = { { 0, 0 } }, docs[] = { { 2, 3 } };
	const struct rec_span	beyond[] = { { 3, 4 } };

	(void)state;
	assert_int_equal(left(NULL, 0, NULL), 0xf);
	assert_int_equal(left(first, 1, NULL), 0x3);
	assert_int_equal(left(docs, 1, NULL), 0xe);
	assert_int_equal(left(docs, 1, "*.nfo"), 0x6);
	assert_int_equal(left(NULL, 0, "doc"), 0xf);
	assert_int_equal(left(NULL, 0, "t/doc/*"), 0x3);
	assert_int_equal(left(NULL, 0, "[ab].*"), 0xa);
	assert_int_equal(left(NULL, 0, "*"), -1);
	assert_int_equal(left(docs, 1, "?.*"), -1);
	assert_int_equal(left(beyond, 1, NULL), -1);
}

/* Into a link, which is written down, and out of it. */
static void
test_link(void **state)
{
	const struct rec_span	 only[] = { { 1, 1 }, { 3, 9 } };
	const struct rec_glob	 except[] = { { .pattern = "*.n fo" },
				    { .pattern = "a/&=%" } };
	struct choice		*c = choice_unpack(only, 2, except, 2), *again;
	struct magnet		*m, *read;
	char			*link, err[MAGNET_ERR_MAX];

	(void)state;
	m = magnet_unpack((const uint8_t *)"abcdefghijklmnopqrst", "n", NULL,
	    0, NULL, 0, NULL, 0);
	magnet_choose(m, c);
	link = magnet_format(m);
	read = magnet_parse(link, strlen(link), err);
	assert_non_null(read);
	again = magnet_choice(read);
	assert_int_equal(again->nonly, 2);
	assert_memory_equal(again->only, only, sizeof(only));
	assert_int_equal(again->nexcept, 2);
	assert_string_equal(again->except[0], "*.n fo");
	assert_string_equal(again->except[1], "a/&=%");
	choice_free(again);
	magnet_choose(read, NULL);
	assert_null(magnet_choice(read));
	magnet_free(m);
	magnet_free(read);
	choice_free(c);
	free(link);
}

/* Where the bytes of files are that do not appear. */
static void
test_part(void **state)
{
	struct part		*p;
	struct span_iter	 it;
	struct span		 s;

	(void)state;
	p = part_new((const uint8_t *)"abcdefghijklmnopqrst", mi.nfiles);
	p->files[0] = 0x20;			/* file 2 */
	assert_true(part_has(p, 2));
	assert_false(part_has(p, 3) || part_has(NULL, 2));
	assert_string_equal(part_path(&mi, p, 3), "t/doc/c.nfo");
	assert_string_equal(part_path(&mi, p, 4), ".mim-61626364656667686"
	    "96a6b6c6d6e6f7071727374.part");
	span_start_part(&it, &mi, p, 80, 200);
	assert_true(span_next(&it, &s) && s.home == 0 && s.off == 80);
	assert_true(span_next(&it, &s) && s.pad && s.len == 10);
	assert_true(span_next(&it, &s));
	assert_true(s.file == 2 && s.home == 4 && s.off == 100 && s.len == 50);
	assert_true(span_next(&it, &s));
	assert_true(s.home == 3 && s.off == 0 && s.len == 130);
	assert_false(span_next(&it, &s));
	free(p);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_choice),
		cmocka_unit_test(test_link),
		cmocka_unit_test(test_part),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
