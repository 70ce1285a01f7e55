/* SPDX-License-Identifier: ISC */
/* Bytes that come out of a part file, in a directory of the test's own. */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "disk/part_copy.h"
#include "metainfo.h"

static struct mi_file files[] = {
	{ .path = "a", .offset = 0, .length = 1000 },
	{ .path = "sub/b", .offset = 1000, .length = 3000000 },
	{ .path = "c", .offset = 3001000, .length = 50 },
};
static const struct metainfo mi = { .files = files, .nfiles = 3 };

struct world {
	char		 dir[64];
	int		 root, part;
	struct part_copy w;
};

static int
set_up(void **state)
{
	struct world	*x = calloc(1, sizeof(*x));

	snprintf(x->dir, sizeof(x->dir), "/tmp/mim-part-%ld", (long)getpid());
	mkdir(x->dir, 0700);
	x->root = open(x->dir, O_PATH | O_DIRECTORY);
	x->part = openat(x->root, "part", O_RDWR | O_CREAT, 0600);
	x->w.uid = geteuid();
	*state = x;
	return x->root == -1 || x->part == -1;
}

static int
tear_down(void **state)
{
	struct world	*x = *state;

	unlinkat(x->root, "a", 0);
	unlinkat(x->root, "c", 0);
	unlinkat(x->root, "sub/b", 0);
	unlinkat(x->root, "sub", AT_REMOVEDIR);
	unlinkat(x->root, "part", 0);
	rmdir(x->dir);
	close(x->root);
	close(x->part);
	free(x);
	return 0;
}

static void
start(struct world *x, bool had)
{
	uint32_t	i;

	part_copy_start(&x->w, &mi, (struct place){ x->root, "" }, "part");
	for (i = 0; i < mi.nfiles; i++)
		part_copy_add(&x->w, i, had);
	assert_true(part_copy_has(&x->w, 0) && part_copy_has(&x->w, 2));
	assert_false(part_copy_has(&x->w, 3));
}

static void
run(struct world *x, int error)
{
	part_copy_run(&x->w.job, 0);
	assert_int_equal(x->w.error, error);
}

static void
put(struct world *x, const char *s, off_t off)
{
	assert_int_equal(pwrite(x->part, s, strlen(s), off), strlen(s));
}

static void
expect(struct world *x, const char *path, const char *s, off_t off)
{
	char	buf[64] = "";
	int	fd = openat(x->root, path, O_RDONLY);

	assert_int_equal(pread(fd, buf, strlen(s), off), strlen(s));
	assert_string_equal(buf, s);
	close(fd);
}

/* Files of which nothing came are not made; holes stay holes. */
static void
test_out(void **state)
{
	struct world	*x = *state;
	struct stat	 st;

	put(x, "early", 1000);
	put(x, "late", 1000 + 2900000);
	start(x, false);
	run(x, 0);
	/* As much as a block of the file system is copied, zeros. */
	assert_true(x->w.files[1].made);
	expect(x, "sub/b", "early", 0);
	expect(x, "sub/b", "late", 2900000);
	fstatat(x->root, "sub/b", &st, 0);
	assert_true(st.st_blocks * 512 < 100000);
	assert_int_equal(faccessat(x->root, "c", F_OK, 0), -1);
	assert_false(x->w.files[2].made);
}

/* A file of zeros alone has its length. */
static void
test_zeros(void **state)
{
	struct world	*x = *state;
	struct stat	 st;

	start(x, true);
	run(x, 0);
	fstatat(x->root, "a", &st, 0);
	assert_int_equal(st.st_size, 1000);
	fstatat(x->root, "sub/b", &st, 0);
	assert_int_equal(st.st_size, 3000000);
}

/* What came meanwhile is copied, and nothing else. */
static void
test_again(void **state)
{
	static struct part_log	 log;
	struct world		*x = *state;

	put(x, "one", 10);
	start(x, false);
	run(x, 0);
	put(x, "two", 10);
	put(x, "new", 3001000);
	put(x, "unsaid", 20);
	part_log_add(&log, 2, 3001000, 1);
	part_log_add(&log, 2, 3001001, 2);
	part_log_add(&log, 0, 10, 3);
	assert_int_equal(log.n, 2);
	assert_int_equal(part_log_size(&log), 6);
	part_copy_again(&x->w, &log);
	part_log_clear(&log);
	run(x, 0);
	expect(x, "a", "two", 10);
	expect(x, "c", "new", 0);
	assert_true(x->w.files[2].made);
	part_copy_again(&x->w, &log);
	run(x, 0);
}

static void
test_overflow(void **state)
{
	static struct part_log	 log;
	struct world		*x = *state;
	uint32_t		 i;

	start(x, false);
	for (i = 0; i < PART_LOG_MAX; i++)
		part_log_add(&log, 0, 2 * i, 1);
	assert_false(log.all);
	part_log_add(&log, 0, 2 * i, 1);
	assert_true(log.all);
	assert_true(part_log_size(&log) == UINT64_MAX);
	put(x, "all", 500);
	part_copy_again(&x->w, &log);
	run(x, 0);
	expect(x, "a", "all", 500);
}

static void
test_in_the_way(void **state)
{
	struct world	*x = *state;

	put(x, "ours", 0);
	assert_int_equal(linkat(x->root, "part", x->root, "a", 0), 0);
	start(x, true);
	run(x, FILE_LINKED);
	assert_int_equal(x->w.failed, 0);
	unlinkat(x->root, "a", 0);
	unlinkat(x->root, "part", 0);
	start(x, true);
	run(x, ENOENT);
	start(x, false);
	run(x, 0);
}

static void
test_cancel(void **state)
{
	struct world	*x = *state;

	put(x, "some", 0);
	start(x, true);
	atomic_store(&x->w.cancel, true);
	run(x, ECANCELED);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		TEST(test_out),
		TEST(test_zeros),
		TEST(test_again),
		TEST(test_overflow),
		TEST(test_in_the_way),
		TEST(test_cancel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
