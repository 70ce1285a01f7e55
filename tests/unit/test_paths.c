/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "paths.h"

static void
test_split(void **state)
{
	static char	 a[] = "/srv/torrents", b[] = "/srv/torrents/big/",
			 c[] = "/data";
	static char *const	roots[] = { a, b, c };
	static const struct {
		const char	*dir;
		int		 root;		/* -1: refused */
		const char	*subdir;
	} rows[] = {
		{ "", 0, "" },
		{ "/srv/torrents", 0, "" },
		{ "/srv/torrents/", 0, "" },
		{ "/srv//torrents/./x/y/", 0, "x/y" },
		{ "/srv/torrents/big", 1, "" },
		{ "/srv/torrents/big/z", 1, "z" },
		{ "/srv/torrents/bigger", 0, "bigger" },
		{ "/data/x", 2, "x" },
		{ "/data/...", 2, "..." },
		{ "/database", -1, NULL },
		{ "/srv", -1, NULL },
		{ "/", -1, NULL },
		{ "data", -1, NULL },
		{ "/data/../etc", -1, NULL },
		{ "/data/x/..", -1, NULL },
	};
	char		 subdir[64];
	uint32_t	 root;
	size_t		 i;
	int		 r;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		r = paths_split(roots, 3, rows[i].dir, &root, subdir,
		    sizeof(subdir));
		if (rows[i].root == -1) {
			assert_int_equal(r, -1);
			continue;
		}
		assert_int_equal(r, 0);
		assert_int_equal(root, rows[i].root);
		assert_string_equal(subdir, rows[i].subdir);
	}
}

static void
test_split_everything(void **state)
{
	static char		 all[] = "/";
	static char *const	 roots[] = { all };
	char			 subdir[8];
	uint32_t		 root;

	(void)state;
	assert_int_equal(paths_split(roots, 1, "/a/b", &root, subdir,
	    sizeof(subdir)), 0);
	assert_string_equal(subdir, "a/b");
	assert_int_equal(paths_split(roots, 1, "/", &root, subdir,
	    sizeof(subdir)), 0);
	assert_string_equal(subdir, "");
	assert_int_equal(paths_split(roots, 1, "/too/long/by/far", &root,
	    subdir, sizeof(subdir)), -1);
	assert_int_equal(paths_split(roots, 0, "", &root, subdir,
	    sizeof(subdir)), -1);
}

static void
test_make_and_lock(void **state)
{
	char		top[] = "/tmp/mim-paths-XXXXXX", dir[64], file[80];
	struct stat	sb;
	int		fd;

	(void)state;
	assert_non_null(mkdtemp(top));
	snprintf(dir, sizeof(dir), "%s/a/b", top);
	assert_int_equal(paths_open_root(dir, (uid_t)-1, (gid_t)-1), -1);
	assert_int_equal(paths_make(dir, 0700, (uid_t)-1, (gid_t)-1), 0);
	assert_int_equal(paths_make(dir, 0700, (uid_t)-1, (gid_t)-1), 0);
	assert_int_equal(stat(dir, &sb), 0);
	assert_int_equal(sb.st_mode & 07777, 0700);
	fd = paths_lock(dir, (uid_t)-1, (gid_t)-1);
	assert_int_not_equal(fd, -1);
	assert_int_equal(paths_lock(dir, (uid_t)-1, (gid_t)-1), -1);
	assert_int_equal(errno, EWOULDBLOCK);
	close(fd);
	fd = paths_lock(dir, (uid_t)-1, (gid_t)-1);
	assert_int_not_equal(fd, -1);
	close(fd);

	snprintf(file, sizeof(file), "%s/mimd.lock", dir);
	unlink(file);
	rmdir(dir);
	fd = paths_open_root(dir, (uid_t)-1, (gid_t)-1);
	assert_int_not_equal(fd, -1);
	close(fd);
	rmdir(dir);
	snprintf(dir, sizeof(dir), "%s/a", top);
	rmdir(dir);
	rmdir(top);
}

/* The lock lasts as long as any copy, and is waited for. */
static void
test_hold(void **state)
{
	char	dir[] = "/tmp/mim-hold-XXXXXX", c;
	pid_t	pid;
	int	fd, go[2], status;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(pipe(go), 0);
	fd = paths_hold(dir, 0);
	assert_int_not_equal(fd, -1);
	if ((pid = fork()) == 0) {
		/* Like disk, whose parent is no more. */
		close(go[1]);
		_exit(read(go[0], &c, 1) == 0 ? 0 : 1);
	}
	assert_int_not_equal(pid, -1);
	close(go[0]);
	close(fd);
	assert_int_equal(paths_hold(dir, 0), -1);
	assert_int_equal(errno, EWOULDBLOCK);
	assert_int_equal(paths_hold(dir, 50), -1);
	assert_int_equal(errno, EWOULDBLOCK);

	/* Dead or about to be. */
	close(go[1]);
	fd = paths_hold(dir, 60000);
	assert_int_not_equal(fd, -1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(fd);
	rmdir(dir);
	assert_int_equal(paths_hold(dir, 60000), -1);
	assert_int_equal(errno, ENOENT);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_split_everything),
		cmocka_unit_test(test_make_and_lock),
		cmocka_unit_test(test_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
