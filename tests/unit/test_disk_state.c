/* SPDX-License-Identifier: ISC */
/* What disk knows of the data when it begins anew. */
#include "disk_blocks.h"

/* Verified but not yet in the record: found again, not fetched again. */
static void
test_killed(void **state)
{
	struct world		*w = *state;
	struct rec_block	 b;
	uint32_t		 i;

	added(w);
	opened(w);
	for (i = 0; i < 5; i++)
		write_piece(w, i, FORWARD, true);
	b = block_of(w, 6, 0, 0);
	fill(w, &b);
	write_blocks(w, &b, 1, SLOT_OK);
	disk_kill(w);
	disk_begin(w);
	disk_scan(w);
	expect_state(w, DSTATE_READY);
	opened(w);
	for (i = 0; i < w->geom.npieces; i++)
		assert_int_equal(bitfield_get(w->have, i), i < 5);
}

static void
test_clean_restart(void **state)
{
	struct world	*w = *state;

	complete(w);
	disk_end(w);
	disk_begin(w);
	disk_scan(w);
	assert_int_equal(w->dstate, DSTATE_READY);	/* without a check */
	opened(w);
	assert_int_equal(bitfield_count(w->have, w->geom.npieces),
	    w->geom.npieces);
	read_all(w);
}

static void
test_changed_file(void **state)
{
	struct world	*w = *state;
	int		 fd;

	complete(w);
	disk_end(w);
	fd = openat(w->root, "top/two", O_WRONLY);
	assert_int_equal(pwrite(fd, "changed", 7, 100000), 7);
	close(fd);
	disk_begin(w);
	disk_scan(w);
	expect_state(w, DSTATE_READY);
	opened(w);
	assert_int_equal(bitfield_count(w->have, w->geom.npieces),
	    w->geom.npieces - 1);
	unlinkat(w->root, "top/two", 0);
	disk_end(w);
	disk_begin(w);
	disk_scan(w);
	assert_int_equal(w->dstate, DSTATE_ERROR);
	assert_non_null(strstr(w->error, "two: No such file"));
}

static void
test_check(void **state)
{
	struct world		*w = *state;
	struct msg_torrent_check m = { .id = 1 };
	int			 fd;

	complete(w);
	fd = openat(w->root, "top/a/one", O_WRONLY);
	assert_int_equal(pwrite(fd, "changed", 7, 70000), 7);
	close(fd);
	say(w->parent, MSG_TORRENT_CHECK, &m);
	w->dstate = UINT8_MAX;
	expect_state(w, DSTATE_CHECKING);
	expect_state(w, DSTATE_READY);
	assert_int_equal(w->pieces, w->geom.npieces - 1);
	opened(w);
	assert_false(bitfield_get(w->have, 1));
	write_piece(w, 1, FORWARD, true);
	read_all(w);
}

static void
test_truncated(void **state)
{
	struct world		*w = *state;
	struct rec_block	 b;
	struct msg_data_read	 m = { .blocks = { &b, 1 } };
	int			 fd;

	complete(w);
	fd = openat(w->root, "top/two", O_WRONLY);
	assert_int_equal(ftruncate(fd, 1000), 0);
	close(fd);
	b = block_of(w, w->geom.npieces - 1, 0, 0);
	say(w->data, MSG_DATA_READ, &m);
	expect(w, w->data, MSG_DATA_READ_DONE);
	assert_int_equal(w->in->body.data_read_done.slots.v[0].status,
	    SLOT_FAILED);
	expect_state(w, DSTATE_ERROR);
}

/* The time of its record. */
static int64_t
recorded(struct world *w)
{
	char		name[96], hex[2 * SHA1_LEN + 1];
	struct stat	st;

	snprintf(name, sizeof(name), "state/resume/%s.resume",
	    hash_hex(w->infohash, SHA1_LEN, hex));
	assert_int_equal(fstatat(w->root, name, &st, 0), 0);
	return (int64_t)st.st_ino << 32 ^ st.st_mtim.tv_nsec;
}

/* What is written from here on is so for the first time since a record. */
static void
save(struct world *w)
{
	struct msg_torrent_save	m = { .id = 1 };
	struct msg_disk_ask	ask = { .none = 0 };
	int64_t			before = recorded(w);

	say(w->parent, MSG_TORRENT_SAVE, &m);
	do {
		usleep(10000);
		say(w->parent, MSG_DISK_ASK, &ask);
		expect(w, w->parent, MSG_DISK_TALLY);
	} while (recorded(w) == before ||
	    w->in->body.disk_tally.saving > 0);
}

/* The next block finds out; the first piece has nothing to do with it. */
static void
assert_lost(struct world *w)
{
	struct rec_block	b = block_of(w, 6, 0, 0);

	fill(w, &b);
	write_blocks(w, &b, 1, SLOT_FAILED);
	expect_state(w, DSTATE_ERROR);
	assert_non_null(strstr(w->error, "two: changed or was removed"));
	while (w->pieces > 1)
		expect(w, w->parent, MSG_DISK_PROGRESS);
}

static void
begin_download(struct world *w)
{
	added(w);
	opened(w);
	write_piece(w, 0, FORWARD, true);
	write_piece(w, 5, FORWARD, true);
	save(w);
}

/* Another file takes the place of one while it is downloaded. */
static void
test_replaced(void **state)
{
	struct world	*w = *state;
	int		 fd;

	begin_download(w);
	fd = openat(w->root, "other", O_WRONLY | O_CREAT, 0600);
	assert_int_equal(ftruncate(fd, 300001), 0);
	close(fd);
	assert_int_equal(renameat(w->root, "other", w->root, "top/two"), 0);
	assert_lost(w);
}

/* It loses what was there, which others may write over by then. */
static void
test_cut(void **state)
{
	struct world	*w = *state;
	int		 fd;

	begin_download(w);
	fd = openat(w->root, "top/two", O_WRONLY);
	assert_int_equal(ftruncate(fd, 1000), 0);
	close(fd);
	assert_lost(w);
}

/* It is whole, they say, but its end is gone since it came. */
static void
test_cut_unseen(void **state)
{
	struct world	*w = *state;
	uint32_t	 i;
	int		 fd;

	added(w);
	opened(w);
	for (i = w->geom.npieces; i-- > 1;)
		write_piece(w, i, FORWARD, true);
	fd = openat(w->root, "top/two", O_WRONLY);
	assert_int_equal(ftruncate(fd, 1000), 0);
	close(fd);
	write_piece(w, 0, FORWARD, true);
	expect_state(w, DSTATE_ERROR);
	assert_non_null(strstr(w->error, "two: changed or was removed"));
}

static void
test_bad_state(void **state)
{
	struct world	*w = *state;
	char		 name[96], hex[2 * SHA1_LEN + 1];
	int		 fd;

	complete(w);
	disk_end(w);
	hash_hex(w->infohash, SHA1_LEN, hex);
	snprintf(name, sizeof(name), "state/resume/%s.resume", hex);
	fd = openat(w->root, name, O_WRONLY);
	assert_int_equal(pwrite(fd, "x", 1, 30), 1);
	close(fd);
	disk_begin(w);
	disk_scan(w);
	expect_state(w, DSTATE_READY);
	assert_int_equal(w->pieces, w->geom.npieces);
	snprintf(name, sizeof(name), "state/resume/%s.resume.bad", hex);
	assert_true(exists(w, name));
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		WORLD(test_killed),
		WORLD(test_clean_restart),
		WORLD(test_changed_file),
		WORLD(test_check),
		WORLD(test_truncated),
		WORLD(test_replaced),
		WORLD(test_cut),
		WORLD(test_cut_unseen),
		WORLD(test_bad_state),
	};

	if (world_prepare() == -1)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
