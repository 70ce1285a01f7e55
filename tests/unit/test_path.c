/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "path.h"
#include "utf8.h"

static void
test_component(void **state)
{
	static const struct {
		const char	*raw;
		size_t		 len;
		const char	*safe;
	} rows[] = {
		{ "plain.txt", 9, "plain.txt" },
		{ "", 0, "_" },
		{ ".", 1, "_" },
		{ "..", 2, "__" },
		{ "...", 3, "..." },
		{ ".hidden", 7, ".hidden" },
		{ "a/b", 3, "a_b" },
		{ "/", 1, "_" },
		{ "../../etc", 9, ".._.._etc" },
		{ "a\0b", 3, "a_b" },
		{ "Icon\r", 5, "Icon_" },
		{ "a\nb\033[m\177", 7, "a_b_[m_" },
		{ "back\\slash: *?", 14, "back\\slash: *?" },
		{ "gr\303\274n", 5, "gr\303\274n" },
		{ "\302\205", 2, "_" },			/* U+0085 */
		{ "evil\342\200\256txt.exe", 14, "evil_txt.exe" },
		{ "\357\273\277bom", 6, "_bom" },
		{ "\342\200\213", 3, "_" },		/* zero width */
		{ "\342\200\215", 3, "\342\200\215" },	/* joiner */
		{ "\377\376", 2, "__" },
		{ "\300\256\300\256", 4, "____" },	/* overlong ".." */
		{ "\303", 1, "_" },
		{ ".mim-01.part", 12, "_mim-01.part" },
		{ ".Mim-", 5, "_Mim-" },
		{ ".mim", 4, ".mim" },
	};
	char	out[PATH_COMPONENT_MAX + 1];
	size_t	i, len;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		len = path_component(rows[i].raw, rows[i].len, out);
		assert_string_equal(out, rows[i].safe);
		assert_int_equal(len, strlen(out));
	}
}

static void
test_long_component(void **state)
{
	char	raw[2000], out[PATH_COMPONENT_MAX + 1];
	size_t	len;

	(void)state;
	memset(raw, 'n', sizeof(raw));
	assert_int_equal(path_component(raw, 240, out), 240);
	assert_memory_equal(out, raw, 240);
	assert_int_equal(path_component(raw, 241, out), 240);
	memcpy(raw + sizeof(raw) - 5, ".flac", 5);
	assert_int_equal(path_component(raw, sizeof(raw), out), 240);
	assert_string_equal(out + 230, "nnnnn.flac");
	/* Two-byte characters are never halved, whatever the parity. */
	for (len = 0; len < sizeof(raw); len += 2)
		memcpy(raw + len, "\303\274", 2);
	len = path_component(raw, sizeof(raw), out);
	assert_int_equal(len, 240);
	assert_true(utf8_valid(out, len));
	raw[0] = 'x';
	raw[1] = 'y';
	raw[2] = 'z';
	memmove(raw + 3, raw + 4, sizeof(raw) - 4);
	len = path_component(raw, sizeof(raw) - 1, out);
	assert_int_equal(len, 239);
	assert_true(utf8_valid(out, len));
}

static char *
keep(const char *path, size_t len, void *arg)
{
	char	**pool = arg;

	*pool = xstrndup(path, len);
	return *pool;
}

struct clash {
	const char	*in[6];
	const char	*out[6];
};

static void
test_resolve(void **state)
{
	static const struct clash	rows[] = {
		{ { "t/a", "t/b" }, { "t/a", "t/b" } },
		{ { "t/a.txt", "t/a.txt" }, { "t/a.txt", "t/a.1.txt" } },
		{ { "t/A.TXT", "t/a.txt" }, { "t/A.TXT", "t/a.1.txt" } },
		{ { "t/D/x", "t/d/x" }, { "t/D/x", "t/d/x.1" } },
		/* A file never has the name of a directory. */
		{ { "t/a", "t/a/b" }, { "t/a.0", "t/a/b" } },
		{ { "t/a/b", "t/A" }, { "t/a/b", "t/A.1" } },
		/* Who has a name of his own keeps it. */
		{ { "t/a", "t/a", "t/a.1" }, { "t/a", "t/a.1-1", "t/a.1" } },
		{ { "t/a", "t/a", "t/a", "t/a" },
		    { "t/a", "t/a.1", "t/a.2", "t/a.3" } },
		{ { "t/.x", "t/.x" }, { "t/.x", "t/.x.1" } },
		/* Of the same first bytes, or one the start of the other. */
		{ { "t/ab/c", "t/a", "t/ab/d" },
		    { "t/ab/c", "t/a", "t/ab/d" } },
	};
	char		*paths[6], *copies[6], *pool;
	uint32_t	 n;
	size_t		 i, j;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (n = 0; n < 6 && rows[i].in[n] != NULL; n++)
			paths[n] = copies[n] = xstrdup(rows[i].in[n]);
		pool = NULL;
		path_resolve(paths, n, keep, &pool);
		for (j = 0; j < n; j++) {
			assert_string_equal(paths[j], rows[i].out[j]);
			assert_int_equal(paths[j] == copies[j],
			    strcmp(rows[i].in[j], rows[i].out[j]) == 0);
			if (paths[j] != copies[j])
				free(paths[j]);
			free(copies[j]);
		}
	}
}

static int
compare(const void *x, const void *y)
{
	return strcasecmp(*(char *const *)x, *(char *const *)y);
}

/* A crowd under one name, and names that differ only where they are cut. */
static void
test_crowd(void **state)
{
	enum { N = 20000 };
	char		**paths = xcalloc(N, sizeof(*paths)), *pool;
	char		 **old = xcalloc(N, sizeof(*old));
	char		 name[PATH_COMPONENT_MAX + 1], raw[300];
	uint32_t	 i;

	(void)state;
	memset(raw, 'n', sizeof(raw));
	for (i = 0; i < N; i++) {
		if (i % 2 == 0)
			snprintf(name, sizeof(name), "same.txt");
		else {
			snprintf(raw + 280, 20, "%u", i);
			path_component(raw, strlen(raw), name);
		}
		paths[i] = old[i] = xasprintf("t/d%u/%s", i % 3, name);
	}
	path_resolve(paths, N, keep, &pool);
	for (i = 0; i < N; i++) {
		assert_true(strlen(strrchr(paths[i], '/') + 1) <=
		    PATH_COMPONENT_MAX);
		if (paths[i] != old[i])
			free(old[i]);
	}
	qsort(paths, N, sizeof(*paths), compare);
	for (i = 1; i < N; i++)
		assert_int_not_equal(strcasecmp(paths[i - 1], paths[i]), 0);
	for (i = 0; i < N; i++)
		free(paths[i]);
	free(paths);
	free(old);
}

static void
test_passed_over(void **state)
{
	char	 a[] = "t/a", b[] = "t/a", *paths[3] = { a, NULL, b }, *pool;

	(void)state;
	path_resolve(paths, 3, keep, &pool);
	assert_ptr_equal(paths[0], a);
	assert_null(paths[1]);
	assert_string_equal(paths[2], "t/a.2");
	free(paths[2]);
	path_resolve(paths, 0, keep, &pool);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_component),
		cmocka_unit_test(test_long_component),
		cmocka_unit_test(test_resolve),
		cmocka_unit_test(test_crowd),
		cmocka_unit_test(test_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
