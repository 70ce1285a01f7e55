/* SPDX-License-Identifier: ISC */
/* What download directories were, and which mount holds a path. */
#include <sys/stat.h>

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

#include "disk/volumes.h"
#include "mounts.h"

static void
test_codec(void **state)
{
	struct volumes	 v = { .n = 0 }, w;
	char		*text, *again;
	size_t		 len, len2;

	(void)state;
	assert_true(volumes_set(&v, "/srv/a b", 2, 1700000000123456789));
	assert_true(volumes_set(&v, "/", UINT64_MAX, 0));
	assert_true(volumes_set(&v, "/c", 1, -5));
	assert_true(volumes_set(&v, "/bad\nname", 1, 1));
	assert_false(volumes_set(&v, "/c", 1, -5));
	assert_true(volumes_set(&v, "/c", 1, -6));
	assert_int_equal(v.n, 4);
	text = volumes_encode(&v, &len);
	assert_int_equal(volumes_decode(&w, text, len), 0);
	assert_int_equal(w.n, 3);
	assert_true(volumes_find(&w, "/")->ino == UINT64_MAX);
	assert_true(volumes_find(&w, "/c")->birth == -6);
	assert_true(volumes_find(&w, "/srv/a b")->birth ==
	    1700000000123456789);
	assert_null(volumes_find(&w, "/srv"));
	again = volumes_encode(&w, &len2);
	assert_int_equal(len, len2);
	assert_memory_equal(text, again, len);
	free(text);
	free(again);
	assert_true(volumes_forget(&w, "/srv/a b"));
	assert_false(volumes_forget(&w, "/srv/a b"));
	assert_int_equal(w.n, 2);
	assert_non_null(volumes_find(&w, "/c"));
	volumes_clear(&v);
	volumes_clear(&w);
}

static void
test_codec_bad(void **state)
{
	static const char *const	bad[] = {
		"", "mimd volumes 2\n", "mimd volumes 1",
		"mimd volumes 1\n1 2 /a", "mimd volumes 1\n1 2 a\n",
		"mimd volumes 1\n 1 2 /a\n", "mimd volumes 1\n-1 2 /a\n",
		"mimd volumes 1\n1  2 /a\n", "mimd volumes 1\n1 /a\n",
		"mimd volumes 1\n18446744073709551616 2 /a\n",
		"mimd volumes 1\n1 9223372036854775808 /a\n",
		"mimd volumes 1\n1 2 /a\n1 2 /a\n", "mimd volumes 1\n\n",
		"mimd volumes 1\n1 2\n/a\n",
	};
	struct volumes	 v;
	char		 text[] = "mimd volumes 1\n1 2 /a\n1 2 /b\n";
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(volumes_decode(&v, bad[i], strlen(bad[i])),
		    -1);
		assert_int_equal(v.n, 0);
	}
	assert_int_equal(volumes_decode(&v, text, strlen(text)), 0);
	volumes_clear(&v);
	text[20] = '\0';
	assert_int_equal(volumes_decode(&v, text, sizeof(text) - 1), -1);
}

/* No more than so many, however often directories change. */
static void
test_codec_many(void **state)
{
	struct volumes	v = { .n = 0 };
	char		path[32];
	uint32_t	i;

	(void)state;
	for (i = 0; i < 3 * VOLUMES_MAX; i++) {
		snprintf(path, sizeof(path), "/%u", i);
		assert_true(volumes_set(&v, path, i, i));
	}
	assert_int_equal(v.n, VOLUMES_MAX);
	assert_null(volumes_find(&v, "/0"));
	assert_non_null(volumes_find(&v, path));
	volumes_clear(&v);
}

static const char	table[] =
	"20 1 8:1 / / rw - ext4 /dev/a rw\n"
	"21 20 0:5 / /proc rw - proc proc rw\n"
	"30 20 8:2 / /srv/torrents rw - ext4 /dev/b rw\n"
	"31 30 8:3 / /srv/torrents/tv rw - ext4 /dev/c rw\n"
	"40 20 8:4 / /mnt/a\\040b\\134c rw - ext4 /dev/d rw\n"
	"50 20 8:5 / /hid/den rw - ext4 /dev/e rw\n"
	"51 20 8:6 / /hid rw - ext4 /dev/f rw\n"
	"60 20 8:7 / /twice rw - ext4 /dev/g rw\n"
	"61 60 8:8 / /twice rw - ext4 /dev/h rw\n";

static void
test_mounts(void **state)
{
	static const struct {
		const char	*path;
		int64_t		 id;
	} rows[] = {
		{ "/", 20 }, { "/srv", 20 }, { "/srv/torrent", 20 },
		{ "/srv/torrents", 30 }, { "/srv/torrents2", 20 },
		{ "/srv/torrents/x", 30 }, { "/srv/torrents/tv", 31 },
		{ "/srv/torrents/tv/y/z", 31 }, { "/mnt/a b\\c/x", 40 },
		{ "/mnt/a b", 20 }, { "/hid/den/x", 51 }, { "/twice", 61 },
	};
	size_t	i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_true(mounts_holding(table, rows[i].path) ==
		    rows[i].id);
	assert_true(mounts_holding("", "/") == -1);
	assert_true(mounts_holding("x\n", "/") == -1);
	assert_true(mounts_holding("1 2", "/") == -1);
	assert_true(mounts_holding("1 2 3 4 ", "/") == -1);
	assert_true(mounts_holding("1 1 0:1 / / x\n", "/a") == 1);
}

/* What the system says of a directory and of its descriptor is the same. */
static void
test_mounts_here(void **state)
{
	static const char *const	paths[] = { "/", "/tmp", "/proc" };
	char				path[4096], *text = mounts_read();
	size_t				i;
	int				fd;

	(void)state;
	if (text == NULL)
		return;
	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		fd = open(paths[i], O_PATH | O_CLOEXEC);
		assert_int_not_equal(fd, -1);
		assert_true(mounts_of(fd, path, sizeof(path)) ==
		    mounts_holding(text, path));
		close(fd);
	}
	free(text);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_codec),
		cmocka_unit_test(test_codec_bad),
		cmocka_unit_test(test_codec_many),
		cmocka_unit_test(test_mounts),
		cmocka_unit_test(test_mounts_here),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
