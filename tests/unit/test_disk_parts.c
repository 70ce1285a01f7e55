/* SPDX-License-Identifier: ISC */
/* The pure parts of the disk child, and its way to open files. */
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

#include "disk/fdcache.h"
#include "disk/file.h"
#include "disk/piece.h"
#include "disk/span.h"
#include "geom.h"
#include "metainfo.h"

/* ---- spans ---- */

static struct mi_file span_files[] = {
	{ .path = NULL, .offset = 0, .length = 0 },
	{ .path = NULL, .offset = 0, .length = 10 },
	{ .path = NULL, .offset = 10, .length = 6, .attr = MI_PAD },
	{ .path = NULL, .offset = 16, .length = 0 },
	{ .path = NULL, .offset = 16, .length = 100 },
	{ .path = NULL, .offset = 116, .length = 0 },
};

static const struct metainfo span_mi = {
	.files = span_files, .nfiles = 6,
	.geom = { .size = 116, .piece_length = 16, .npieces = 8 }
};

static void
test_span(void **state)
{
	struct span_iter	it;
	struct span		s;

	(void)state;
	span_start(&it, &span_mi, 4, 20);
	assert_true(span_next(&it, &s));
	assert_int_equal(s.file, 1);
	assert_int_equal(s.off, 4);
	assert_int_equal(s.len, 6);
	assert_false(s.pad);
	assert_true(span_next(&it, &s));
	assert_int_equal(s.file, 2);
	assert_int_equal(s.len, 6);
	assert_true(s.pad);
	assert_true(span_next(&it, &s));
	assert_int_equal(s.file, 4);
	assert_int_equal(s.off, 0);
	assert_int_equal(s.len, 8);
	assert_false(span_next(&it, &s));
	assert_false(span_next(&it, &s));
}

/* Every range is covered once and in order. */
static void
test_span_every(void **state)
{
	struct span_iter	it;
	struct span		s;
	uint64_t		pos, len, at;

	(void)state;
	for (pos = 0; pos < 116; pos++)
		for (len = 0; pos + len <= 116; len++) {
			at = pos;
			span_start(&it, &span_mi, pos, len);
			while (span_next(&it, &s)) {
				assert_true(s.len > 0);
				assert_int_equal(span_files[s.file].offset +
				    s.off, at);
				assert_true(s.off + s.len <=
				    span_files[s.file].length);
				at += s.len;
			}
			assert_int_equal(at, pos + len);
		}
}

/* ---- pieces ---- */

#define PIECE	(4 * BLOCK_SIZE + 100)

static void
test_piece(void **state)
{
	static uint8_t	 data[PIECE];
	struct piece_set set;
	struct piece	*p;
	struct hash	*hash;
	uint8_t		 digest[SHA1_LEN], want[SHA1_LEN];

	(void)state;
	arc4random_buf(data, sizeof(data));
	hash_sha1(data, sizeof(data), want);
	piece_set_init(&set);
	assert_null(piece_find(&set, 1, 2));
	p = piece_open(&set, 1, 2, PIECE, 0);
	assert_ptr_equal(piece_find(&set, 1, 2), p);
	assert_int_equal(p->nblocks, 5);
	piece_hold(p, 1, 2);
	piece_hold(p, 2, 1);
	assert_int_equal(p->nheld, 2);
	assert_int_equal(piece_ahead(p), 0);
	piece_hold(p, 0, 1);
	assert_int_equal(piece_ahead(p), 3 * BLOCK_SIZE);
	hash = piece_claim(&set, p, BLOCK_SIZE);
	hash_update(hash, data, BLOCK_SIZE);
	assert_true(piece_settle(&set, p));
	assert_int_equal(piece_ahead(p), 2 * BLOCK_SIZE);
	piece_hold(p, 4, 1);
	assert_false(piece_full(p));
	piece_hold(p, 3, 1);
	assert_true(piece_full(p));
	assert_int_equal(piece_ahead(p), PIECE - BLOCK_SIZE);
	hash = piece_claim(&set, p, PIECE - BLOCK_SIZE);
	hash_update(hash, data + BLOCK_SIZE, PIECE - BLOCK_SIZE);
	assert_int_equal(piece_ahead(p), 0);
	assert_false(piece_ready(p));
	assert_true(piece_settle(&set, p));
	assert_true(piece_ready(p));
	piece_digest(p, digest);
	assert_memory_equal(digest, want, SHA1_LEN);
	piece_close(&set, p);
	assert_null(piece_find(&set, 1, 2));
	piece_set_clear(&set);
}

static void
test_piece_limits(void **state)
{
	struct piece_set set;
	struct piece	*p;
	struct hash	*hash;
	uint32_t	 i;

	(void)state;
	piece_set_init(&set);
	for (i = 0; i < PIECES_OPEN_MAX; i++) {
		p = piece_open(&set, 1 + i % 2, i, BLOCK_SIZE * 2, 0);
		assert_non_null(p);
		piece_hold(p, 0, 1);
		hash = piece_claim(&set, p, BLOCK_SIZE);
		assert_int_equal(hash != NULL, i < PIECE_HASHERS);
		if (hash != NULL)
			assert_true(piece_settle(&set, p));
	}
	assert_null(piece_open(&set, 3, 0, 1, 0));
	/* A piece that is whole is never without a hasher. */
	piece_hold(p, 1, 1);
	assert_non_null(piece_claim(&set, p, BLOCK_SIZE));
	piece_close_torrent(&set, 1);
	assert_int_equal(set.n, PIECES_OPEN_MAX / 2);
	assert_null(piece_find(&set, 1, 0));
	assert_non_null(piece_find(&set, 2, 1));
	piece_set_clear(&set);
	assert_int_equal(set.n, 0);
	/* Its claim outlives it. */
	assert_int_equal(set.nhashers, 1);
	assert_false(piece_settle(&set, p));
	piece_set_clear(&set);
	assert_int_equal(set.nhashers, 0);
}

/* ---- files ---- */

static char	top[64];
static int	root;

static int
files_begin(void **state)
{
	(void)state;
	strlcpy(top, "/tmp/mim-files-XXXXXX", sizeof(top));
	if (mkdtemp(top) == NULL)
		return -1;
	root = open(top, O_PATH | O_DIRECTORY);
	mkdirat(root, "in", 0700);
	mkdirat(root, "outside", 0700);
	return root == -1 ? -1 : 0;
}

static int
files_end(void **state)
{
	char	cmd[96];

	(void)state;
	close(root);
	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", top);
	return system(cmd);
}

static void
refused(const char *path, int error)
{
	struct place	place = { root, "in" };
	enum file_mode	mode;
	int		fd;

	for (mode = FILE_READ; mode <= FILE_WRITE; mode++) {
		errno = 0;
		fd = file_open(place, path, mode);
		assert_int_equal(fd, -1);
		assert_int_equal(errno, error);
	}
	assert_int_equal(file_open(place, path, FILE_CREATE), -1);
}

static void
test_file_hostile(void **state)
{
	(void)state;
	assert_int_equal(symlinkat("../outside", root, "in/dir"), 0);
	assert_int_equal(symlinkat("../outside/f", root, "in/link"), 0);
	assert_int_equal(mkfifoat(root, "in/fifo", 0600), 0);
	assert_int_equal(mkdirat(root, "in/d", 0700), 0);
	refused("dir/f", ELOOP);
	refused("link", ELOOP);
	refused("fifo", FILE_NOT_REGULAR);
	refused("d", FILE_NOT_REGULAR);
	refused("../../outside", EXDEV);
	assert_int_equal(file_open((struct place){ root, "" }, "/etc/passwd",
	    FILE_READ), -1);
	assert_int_equal(errno, EXDEV);
	assert_int_equal(faccessat(root, "outside/f", F_OK, 0), -1);
}

static void
test_file_dirs(void **state)
{
	struct place	place = { root, "in/sub" };
	struct stat	st;
	int		fd;

	(void)state;
	assert_int_equal(file_open(place, "a/b/c", FILE_READ), -1);
	assert_int_equal(errno, ENOENT);
	fd = file_open(place, "a/b/c", FILE_WRITE);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "abc", 3), 3);
	close(fd);
	assert_int_equal(file_stat(place, "a/b/c", &st), 0);
	assert_int_equal(st.st_size, 3);
	assert_int_equal(file_open(place, "a/b/c", FILE_CREATE), -1);
	assert_int_equal(errno, EEXIST);
	fd = file_open(place, "n/e/w", FILE_CREATE);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(file_unlink(place, "n/e/w"), 0);
	assert_int_equal(file_rmdir(place, "a/b"), -1);
	assert_int_equal(file_unlink(place, "a/b/c"), 0);
	assert_int_equal(file_unlink(place, "a/b/c"), 0);
	assert_int_equal(file_rmdir(place, "a/b"), 0);
	assert_int_equal(file_mkdir(place, "x/y"), 0);
	assert_int_equal(file_mkdir(place, "x/y"), 0);
	fd = file_open_dir(place, "x/y");
	assert_true(fd >= 0);
	close(fd);
}

static void
put(const char *path)
{
	int	fd = file_open((struct place){ root, "in" }, path, FILE_WRITE);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, path, strlen(path)),
	    (ssize_t)strlen(path));
	close(fd);
}

static void
row_gives(struct file_row *row, const char *path, bool dir_open)
{
	struct stat	st;
	char		buf[16] = "";
	int		fd = file_row_open(row, path, &st);

	assert_true(fd >= 0);
	assert_int_equal(st.st_size, strlen(path));
	assert_int_equal(read(fd, buf, sizeof(buf) - 1), st.st_size);
	assert_string_equal(buf, path);
	assert_int_equal(row->dir != -1, dir_open);
	close(fd);
}

static void
row_refuses(struct file_row *row, const char *path, int error)
{
	struct stat	st;

	assert_int_equal(file_row_open(row, path, &st), -1);
	assert_int_equal(errno, error);
}

/* The second of a directory is opened from there, as safely as the first. */
static void
test_file_row(void **state)
{
	struct file_row	row = { .place = { root, "in" } };

	(void)state;
	put("a/1");
	put("a/2");
	put("b/1");
	put("b/2");
	put("top1");
	put("top2");
	assert_int_equal(symlinkat("1", root, "in/a/link"), 0);
	assert_int_equal(mkfifoat(root, "in/a/fifo", 0600), 0);
	assert_int_equal(symlinkat("a", root, "in/dir"), 0);
	row_gives(&row, "a/1", false);
	row_gives(&row, "a/2", true);
	row_refuses(&row, "a/link", ELOOP);
	row_refuses(&row, "a/fifo", FILE_NOT_REGULAR);
	row_refuses(&row, "a/none", ENOENT);
	row_gives(&row, "a/1", true);
	row_gives(&row, "b/1", false);
	row_gives(&row, "top1", false);
	row_gives(&row, "top2", false);
	row_refuses(&row, "dir/1", ELOOP);
	row_refuses(&row, "dir/2", ENOTDIR);
	row_refuses(&row, "none/1", ENOENT);
	row_refuses(&row, "none/2", ENOENT);
	/* A directory that has gone is not entered after the end. */
	row_gives(&row, "b/1", false);
	row_gives(&row, "b/2", true);
	assert_int_equal(renameat(root, "in/b", root, "outside/b"), 0);
	file_row_end(&row);
	row_refuses(&row, "b/1", ENOENT);
	row_refuses(&row, "b/2", ENOENT);
	file_row_end(&row);
}

static void
test_fdcache_row(void **state)
{
	struct place	 place = { root, "in" }, other = { root, "outside" };
	struct fdcache	*cache = fdcache_new(1);
	uint32_t	 i;
	char		 buf[4];

	(void)state;
	put("a/1");
	put("a/2");
	close(file_open(other, "a/2", FILE_WRITE));
	for (i = 0; i < 2; i++) {
		fdcache_row_begin(cache, place);
		assert_true(fdcache_get(cache, 1, 1, place, "a/1",
		    FILE_READ) >= 0);
		/* Of another place, whatever its path. */
		assert_true(fdcache_get(cache, 2, 2, other, "a/2",
		    FILE_READ) >= 0);
		assert_int_equal(fdcache_fresh(cache)->st_size, 0);
		assert_int_equal(read(fdcache_get(cache, 1, 2, place, "a/2",
		    FILE_READ), buf, sizeof(buf)), 3);
		fdcache_row_end(cache);
		fdcache_drop(cache, 1);
	}
	fdcache_free(cache);
}

static void
test_fdcache(void **state)
{
	struct place	 place = { root, "in" };
	struct fdcache	*cache = fdcache_new(3);
	char		 name[16];
	int		 fd, again;
	uint32_t	 i;

	(void)state;
	for (i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "f%u", i);
		fd = fdcache_get(cache, 1, i, place, name, FILE_WRITE);
		assert_true(fd >= 0);
		assert_non_null(fdcache_fresh(cache));
		assert_int_equal(fdcache_fresh(cache)->st_size, 0);
		again = fdcache_get(cache, 1, i, place, name, FILE_READ);
		assert_int_equal(fd, again);
		assert_null(fdcache_fresh(cache));
		assert_int_equal(pwrite(fd, "x", 1, 0), 1);
	}
	fd = fdcache_get(cache, 1, 0, place, "f0", FILE_READ);
	assert_int_equal(pwrite(fd, "x", 1, 0), -1);
	fd = fdcache_get(cache, 1, 0, place, "f0", FILE_WRITE);
	assert_int_equal(pwrite(fd, "x", 1, 0), 1);
	fdcache_drop_file(cache, 1, 0);
	fdcache_drop(cache, 1);
	fdcache_free(cache);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_span),
		cmocka_unit_test(test_span_every),
		cmocka_unit_test(test_piece),
		cmocka_unit_test(test_piece_limits),
		cmocka_unit_test_setup_teardown(test_file_hostile,
		    files_begin, files_end),
		cmocka_unit_test_setup_teardown(test_file_dirs,
		    files_begin, files_end),
		cmocka_unit_test_setup_teardown(test_file_row,
		    files_begin, files_end),
		cmocka_unit_test_setup_teardown(test_fdcache_row,
		    files_begin, files_end),
		cmocka_unit_test_setup_teardown(test_fdcache,
		    files_begin, files_end),
	};

	hash_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
