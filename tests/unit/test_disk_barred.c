/* SPDX-License-Identifier: ISC */
/* Files that may not be written, among others that may. */
#include "disk_blocks.h"

/* "two" reaches from piece 3, where other files end, to the last, 7. */
#define TWO_FIRST	3U

struct told {
	uint8_t		kind;		/* enum barred */
	char		error[ERROR_MAX + 1];
};

static void
put(struct world *w, const char *path)
{
	int	fd = openat(w->root, path, O_WRONLY | O_CREAT | O_EXCL, 0600);

	assert_int_not_equal(fd, -1);
	close(fd);
}

static void
make_dir(struct world *w, const char *path)
{
	assert_int_equal(mkdirat(w->root, path, 0700), 0);
}

/* The torrent, with files of these names that have others, too. */
static void
added_linked(struct world *w, const char *a, const char *b)
{
	make_dir(w, "top");
	make_dir(w, "top/a");
	put(w, "library");
	assert_int_equal(linkat(w->root, "library", w->root, a, 0), 0);
	if (b != NULL)
		assert_int_equal(linkat(w->root, "library", w->root, b, 0), 0);
	added(w);
	expect_state(w, DSTATE_READY);
	opened(w);
}

static struct told
expect_kind(struct world *w, enum barred kind)
{
	struct told	t;

	do
		expect(w, w->parent, MSG_DISK_STATE);
	while (w->in->body.disk_state.barred != kind);
	t.kind = w->in->body.disk_state.barred;
	strlcpy(t.error, w->error, sizeof(t.error));
	return t;
}

/* A block that disk refuses, and the pieces that it names then (a byte). */
static uint8_t
refused(struct world *w, uint32_t piece, uint32_t index)
{
	struct rec_block	 b = block_of(w, piece, index, 0);
	struct msg_data_write	 m = { .blocks = { &b, 1 } };
	uint8_t			 set;

	fill(w, &b);
	say(w->data, MSG_DATA_WRITE, &m);
	assert_int_equal(hear(w, w->data), MSG_DATA_BARRED);
	assert_int_equal(w->in->body.data_barred.first, 0);
	assert_int_equal(w->in->body.data_barred.bits.len, 1);
	set = w->in->body.data_barred.bits.p[0];
	assert_int_equal(hear(w, w->data), MSG_DATA_WRITTEN);
	assert_int_equal(w->in->body.data_written.slots.v[0].status,
	    SLOT_FAILED);
	return set;
}

static void
retry(struct world *w)
{
	struct msg_torrent_check	m = { .id = 1, .retry = true };

	say(w->parent, MSG_TORRENT_CHECK, &m);
}

/* Open the torrent anew; the pieces that are named as barred, 0: none. */
static uint8_t
reopened(struct world *w)
{
	struct msg_data_open	m = { .torrent = 1, .serial = 2 };
	uint8_t			set = 0;

	say(w->data, MSG_DATA_OPEN, &m);
	assert_int_equal(hear(w, w->data), MSG_DATA_HAVE);
	if (hear(w, w->data) == MSG_DATA_BARRED) {
		set = w->in->body.data_barred.bits.p[0];
		hear(w, w->data);
	}
	assert_int_equal(w->in->type, MSG_DATA_OPEN_END);
	assert_int_equal(w->in->body.data_open_end.barred, set != 0);
	return set;
}

/* What touches a shared file is refused, all else is fetched. */
static void
test_some(void **state)
{
	struct world		*w = *state;
	struct rec_block	 b;
	struct told		 told;
	uint32_t		 i;

	added_linked(w, "top/two", NULL);
	assert_int_equal(refused(w, 5, 1), 0x1f);
	told = expect_kind(w, BARRED_SOME);
	assert_int_equal(w->dstate, DSTATE_READY);
	assert_non_null(strstr(told.error, "5 pieces ("));
	assert_non_null(strstr(told.error, "/top/two cannot be written: has "
	    "other hard links"));
	/* Also the one that it shares with files that may be written. */
	b = block_of(w, TWO_FIRST, 0, 0);
	fill(w, &b);
	write_blocks(w, &b, 1, SLOT_FAILED);
	for (i = 0; i < TWO_FIRST; i++)
		write_piece(w, i, FORWARD, true);
	told = expect_kind(w, BARRED_ALL);
	assert_non_null(strstr(told.error, "5 pieces ("));
	assert_int_equal(w->pieces, TWO_FIRST);

	/* As long as it is so a look changes nothing. */
	retry(w);
	expect_kind(w, BARRED_ALL);
	assert_int_equal(reopened(w), 0x1f);
	unlinkat(w->root, "library", 0);
	retry(w);
	told = expect_kind(w, BARRED_NONE);
	assert_string_equal(told.error, "");
	assert_int_equal(hear(w, w->data), MSG_DATA_BARRED);
	assert_int_equal(w->in->body.data_barred.bits.len, 0);
	for (; i < w->geom.npieces; i++)
		write_piece(w, i, FORWARD, true);
	read_all(w);
	assert_int_equal(reopened(w), 0);
}

/* When nothing is left to come, and nothing is had, it is an error. */
static void
test_all(void **state)
{
	struct world		*w = *state;
	struct rec_block	 b;

	added_linked(w, "top/two", "top/a/one");
	assert_int_equal(refused(w, 6, 0), 0x1f);
	expect_kind(w, BARRED_SOME);
	b = block_of(w, 0, 0, 0);
	fill(w, &b);
	write_blocks(w, &b, 1, SLOT_FAILED);
	expect_state(w, DSTATE_ERROR);
	assert_int_equal(w->in->body.disk_state.barred, BARRED_NONE);
	assert_non_null(strstr(w->error, "/top/a/one: has other hard links"));
}

/* A file that cannot be made bars the end of the one before it. */
static void
test_directory(void **state)
{
	struct world	*w = *state;
	struct told	 told;
	uint32_t	 i, last = w->geom.npieces - 1;

	make_dir(w, "top");
	make_dir(w, "top/b");
	assert_int_equal(fchmodat(w->root, "top/b", 0500, 0), 0);
	added(w);
	expect_state(w, DSTATE_READY);
	opened(w);
	assert_int_equal(refused(w, last, 2), 0x01);
	told = expect_kind(w, BARRED_SOME);
	assert_non_null(strstr(told.error, "1 piece ("));
	assert_non_null(strstr(told.error,
	    "/top/b/c/three cannot be written: Permission denied"));
	for (i = 0; i < last; i++)
		write_piece(w, i, BACKWARD, true);
	expect_kind(w, BARRED_ALL);
	retry(w);
	expect_kind(w, BARRED_ALL);
	assert_false(exists(w, "top/b/c"));

	/* A new disk child finds that out anew. */
	disk_kill(w);
	disk_begin(w);
	disk_scan(w);
	expect_state(w, DSTATE_READY);
	assert_int_equal(reopened(w), 0);
	assert_int_equal(refused(w, last, 2), 0x01);
	expect_kind(w, BARRED_ALL);
	assert_int_equal(fchmodat(w->root, "top/b", 0700, 0), 0);
	retry(w);
	expect_kind(w, BARRED_NONE);
	assert_int_equal(hear(w, w->data), MSG_DATA_BARRED);
	assert_int_equal(w->in->body.data_barred.bits.len, 0);
	write_piece(w, last, FORWARD, true);
	read_all(w);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		WORLD(test_some),
		WORLD(test_all),
		WORLD(test_directory),
	};

	if (world_prepare() == -1)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
