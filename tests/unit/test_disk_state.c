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
		WORLD(test_bad_state),
	};

	if (world_prepare() == -1)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
