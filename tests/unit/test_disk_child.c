/* SPDX-License-Identifier: ISC */
/* Torrents come and go, and so do blocks. */
#include "disk_blocks.h"

static void
test_download(void **state)
{
	struct world		*w = *state;
	struct rec_block	 b;

	complete(w);
	read_all(w);
	b = block_of(w, 0, 0, 3);
	write_blocks(w, &b, 1, SLOT_UNWANTED);
	assert_true(exists(w, "top/empty"));
	assert_true(exists(w, "top/b/c/three"));
	assert_false(exists(w, "top/.pad"));
}

/* Digests of n blocks of a piece, in out; returns how many disk had. */
static uint32_t
digests(struct world *w, uint32_t torrent, uint32_t piece, uint32_t first,
    uint32_t n, uint8_t *out)
{
	struct msg_data_digest	m = { torrent, piece, 77, first, n };

	say(w->data, MSG_DATA_DIGEST, &m);
	assert_int_equal(hear(w, w->data), MSG_DATA_DIGESTS);
	assert_int_equal(w->in->body.data_digests.tag, 77);
	assert_int_equal(w->in->body.data_digests.first, first);
	memcpy(out, w->in->body.data_digests.digests.p,
	    w->in->body.data_digests.digests.len);
	return w->in->body.data_digests.digests.len / DIGEST_LEN;
}

/* Digests of a bad copy and of a good one differ where the blocks do. */
static void
test_digests(void **state)
{
	struct world	*w = *state;
	uint8_t		 bad[DIGESTS_MAX][DIGEST_LEN];
	uint8_t		 good[DIGESTS_MAX][DIGEST_LEN];
	uint32_t	 i, n, last = w->geom.npieces - 1;

	added(w);
	opened(w);
	n = geom_nblocks(&w->geom, 1);
	write_piece(w, 1, FORWARD, false);
	assert_int_equal(digests(w, 1, 1, 0, n, bad[0]), n);
	write_piece(w, 1, BACKWARD, true);
	assert_int_equal(digests(w, 1, 1, 0, n, good[0]), n);
	for (i = 0; i < n; i++)
		assert_int_equal(memcmp(bad[i], good[i], DIGEST_LEN) == 0,
		    i != 0);
	assert_int_equal(digests(w, 1, 1, 2, 2, bad[0]), 2);
	assert_memory_equal(bad, good[2], 2 * DIGEST_LEN);
	/* The last piece, short. */
	write_piece(w, last, FORWARD, true);
	n = geom_nblocks(&w->geom, last);
	assert_int_equal(digests(w, 1, last, 0, n, bad[0]), n);
	/* What is not there has none. */
	assert_int_equal(digests(w, 1, last, 0, n + 1, bad[0]), 0);
	assert_int_equal(digests(w, 1, last, n, 1, bad[0]), 0);
	assert_int_equal(digests(w, 1, last + 1, 0, 1, bad[0]), 0);
	assert_int_equal(digests(w, 99, 0, 0, 1, bad[0]), 0);
}

static void
expect_piece(struct world *w, uint32_t piece, bool good, bool seeded)
{
	const struct rec_piece_result	*r;

	assert_int_equal(hear(w, w->data), MSG_DATA_PIECES);
	assert_int_equal(w->in->body.data_pieces.pieces.n, 1);
	r = w->in->body.data_pieces.pieces.v;
	assert_int_equal(r->piece, piece);
	assert_int_equal(r->good, good);
	assert_int_equal(r->seeded, seeded);
}

/* A piece is of peer or of tracker; peer may take it over at any time. */
static void
test_two_writers(void **state)
{
	struct world		*w = *state;
	struct side		*other = xcalloc(1, sizeof(*other));
	struct rec_block	 b[3];

	added(w);
	opened(w);
	other->data = -1;
	swap_side(w, other);
	connect_as(w, true);
	write_piece(w, 2, FORWARD, true);
	swap_side(w, other);
	expect_piece(w, 2, true, true);
	/* Tracker begins one, and peer goes on with it from the start. */
	swap_side(w, other);
	b[0] = block_of(w, 1, 0, 3);
	b[1] = block_of(w, 1, 1, 4);
	b[2] = block_of(w, 1, 2, 5);
	fill(w, &b[0]);
	fill(w, &b[1]);
	arena_slot(&w->arena, 3)[0] ^= 1;
	write_blocks(w, b, 2, SLOT_OK);
	write_blocks(w, b, 2, SLOT_UNWANTED);
	swap_side(w, other);
	fill(w, &b[2]);
	write_blocks(w, &b[2], 1, SLOT_OK);
	swap_side(w, other);
	write_blocks(w, b, 2, SLOT_UNWANTED);
	swap_side(w, other);
	fill(w, &b[0]);
	fill(w, &b[1]);
	write_blocks(w, b, 2, SLOT_OK);
	b[0] = block_of(w, 1, 3, 6);
	fill(w, &b[0]);
	write_blocks(w, b, 1, SLOT_OK);
	expect_piece(w, 1, true, false);
	/* Both hear of a bad one of tracker's. */
	swap_side(w, other);
	write_piece(w, 3, ODD_FIRST, false);
	swap_side(w, other);
	expect_piece(w, 3, false, true);
	/* Tracker goes: what it began is forgotten, peer's is not. */
	b[0] = block_of(w, 4, 0, 7);
	fill(w, &b[0]);
	write_blocks(w, b, 1, SLOT_OK);
	swap_side(w, other);
	b[1] = block_of(w, 5, 0, 7);
	fill(w, &b[1]);
	write_blocks(w, &b[1], 1, SLOT_OK);
	connect_as(w, true);
	fill(w, &b[1]);
	write_blocks(w, &b[1], 1, SLOT_OK);
	swap_side(w, other);
	write_blocks(w, b, 1, SLOT_UNWANTED);
	close(other->data);
	arena_unmap(&other->arena);
	free(other);
}

static void
test_map(void **state)
{
	static const char *const	 paths[] = { "top/a/one", "",
		"top/two", "top/b/c/three" };
	struct world			*w = *state;
	struct side			*other = xcalloc(1, sizeof(*other));
	struct msg_data_map		 m = { .torrent = 1, .tag = 7,
		.offset = 100, .length = w->geom.size - 100, .begin = true };
	const struct rec_part		*r;
	uint64_t			 sum = 0;
	uint32_t			 i;

	added(w);
	other->data = -1;
	swap_side(w, other);
	connect_as(w, true);
	say(w->data, MSG_DATA_MAP, &m);
	assert_int_equal(hear(w, w->data), MSG_DATA_PARTS);
	assert_int_equal(w->in->body.data_parts.parts.n, 0);
	swap_side(w, other);
	opened(w);
	swap_side(w, other);
	say(w->data, MSG_DATA_MAP, &m);
	assert_int_equal(hear(w, w->data), MSG_DATA_PARTS);
	assert_int_equal(w->in->body.data_parts.tag, 7);
	assert_int_equal(w->in->body.data_parts.parts.n, 4);
	assert_false(w->in->body.data_parts.single);
	r = w->in->body.data_parts.parts.v;
	assert_int_equal(r[0].offset, 100);
	assert_true(r[1].pad);
	for (i = 0; i < 4; i++) {
		assert_string_equal(r[i].path, paths[i]);
		sum += r[i].length;
	}
	assert_int_equal(sum, m.length);
	m.offset = w->geom.size - 1;
	say(w->data, MSG_DATA_MAP, &m);
	assert_int_equal(hear(w, w->data), MSG_DATA_PARTS);
	assert_int_equal(w->in->body.data_parts.parts.n, 0);
	swap_side(w, other);
	close(other->data);
	arena_unmap(&other->arena);
	free(other);
}

static void
test_bad_piece(void **state)
{
	struct world		*w = *state;
	struct rec_block	 b;

	added(w);
	opened(w);
	write_piece(w, 1, FORWARD, false);
	b = block_of(w, 1, 0, 9);
	fill(w, &b);
	write_blocks(w, &b, 1, SLOT_OK);
	write_blocks(w, &b, 1, SLOT_UNWANTED);
	opened(w);		/* unfinished pieces are forgotten */
	write_piece(w, 1, ODD_FIRST, true);
}

static void
test_add_refused(void **state)
{
	struct world	*w = *state;

	added(w);
	add(w, 2);
	expect(w, w->parent, MSG_TORRENT_REFUSED);
	assert_string_equal(w->in->body.torrent_refused.error,
	    "already there as number 1");
	added(w);		/* the same number: told again */
	w->torrent[w->torrent_len - 1] = 'x';
	add(w, 3);
	expect(w, w->parent, MSG_TORRENT_REFUSED);
	assert_int_equal(w->in->body.torrent_refused.id, 3);
}

/* It cannot be kept, though the files are there: nothing of it is left. */
static void
test_add_not_kept(void **state)
{
	struct world	*w = *state;
	int		 fd;

	assert_int_equal(mkdirat(w->root, "top", 0700), 0);
	fd = openat(w->root, "top/b", O_WRONLY | O_CREAT, 0600);
	close(fd);
	assert_int_equal(unlinkat(w->state, "torrents", AT_REMOVEDIR), 0);
	assert_int_equal(unlinkat(w->state, "resume", AT_REMOVEDIR), 0);
	add(w, 1);
	expect(w, w->parent, MSG_TORRENT_LOADED);
	expect(w, w->parent, MSG_TORRENT_REFUSED);
	assert_non_null(strstr(w->in->body.torrent_refused.error,
	    "state directory: "));
	removed(w);
	/* It may be removed before that is known. */
	add(w, 1);
	removed(w);
	add(w, 1);
	expect(w, w->parent, MSG_TORRENT_REFUSED);
}

static void
test_remove(void **state)
{
	struct world		 *w = *state;
	struct msg_torrent_remove m = { .id = 1, .delete_data = true };
	int			  fd;

	complete(w);
	fd = openat(w->root, "top/a/foreign", O_WRONLY | O_CREAT, 0600);
	close(fd);
	say(w->parent, MSG_TORRENT_REMOVE, &m);
	expect(w, w->parent, MSG_TORRENT_REMOVED);
	assert_string_equal(w->in->body.torrent_removed.error, "");
	assert_false(exists(w, "top/b"));
	assert_false(exists(w, "top/two"));
	assert_false(exists(w, "top/a/one"));
	assert_true(exists(w, "top/a/foreign"));
	say(w->parent, MSG_TORRENT_REMOVE, &m);
	expect(w, w->parent, MSG_TORRENT_REMOVED);
	disk_kill(w);
	disk_begin(w);
	disk_scan(w);
	assert_int_equal(w->dstate, UINT8_MAX);
}

/* What lies where mimd may not go any more is left, and that is said. */
static void
test_remove_elsewhere(void **state)
{
	struct world		 *w = *state;
	struct msg_torrent_remove m = { .id = 1, .delete_data = true };
	size_t			  len = strlen(w->dir);

	complete(w);
	disk_end(w);
	strlcat(w->dir, "/.", sizeof(w->dir));	/* another root, by name */
	disk_begin(w);
	w->dir[len] = '\0';
	disk_scan(w);
	say(w->parent, MSG_TORRENT_REMOVE, &m);
	expect(w, w->parent, MSG_TORRENT_REMOVED);
	assert_non_null(strstr(w->in->body.torrent_removed.error,
	    "its files were left: "));
	assert_true(exists(w, "top/two"));
}

static void
test_hostile_paths(void **state)
{
	struct world		*w = *state;
	struct rec_block	 b;

	assert_int_equal(mkdirat(w->root, "outside", 0700), 0);
	added(w);
	opened(w);
	assert_int_equal(symlinkat("../outside", w->root, "top/a"), 0);
	b = block_of(w, 0, 0, 0);
	fill(w, &b);
	write_blocks(w, &b, 1, SLOT_FAILED);
	expect_state(w, DSTATE_ERROR);
	assert_false(exists(w, "outside/one"));
}

static void
test_no_space(void **state)
{
	struct world		*w = *state;
	static const char	 filler[4096];
	struct rec_block	 b;
	struct msg_data_write	 m = { .blocks = { &b, 1 } };
	uint32_t		 i, done;
	int			 fd;

	if (small == NULL)
		return;		/* a small tmpfs takes root */
	added(w);
	opened(w);
	for (done = 0; done < 3; done++)
		write_piece(w, done, FORWARD, true);
	fd = openat(w->root, "filler", O_WRONLY | O_CREAT, 0600);
	while (write(fd, filler, sizeof(filler)) == (ssize_t)sizeof(filler))
		continue;
	close(fd);
	for (i = 0; w->dstate == DSTATE_READY; i++) {
		b = block_of(w, done + i / 4, i % 4, i);
		fill(w, &b);
		say(w->data, MSG_DATA_WRITE, &m);
		expect(w, w->data, MSG_DATA_WRITTEN);
		if (w->in->body.data_written.slots.v[0].status == SLOT_FAILED)
			expect_state(w, DSTATE_WAITING);
		else if (i % 4 == 3) {
			expect(w, w->data, MSG_DATA_PIECES);
			done++;
			i = (uint32_t)-1;
		}
	}
	assert_non_null(strstr(w->error, " more space on "));
	unlinkat(w->root, "filler", 0);
	expect_state(w, DSTATE_READY);
	opened(w);
	assert_int_equal(bitfield_count(w->have, w->geom.npieces), done);
	for (i = done; i < w->geom.npieces; i++)
		write_piece(w, i, FORWARD, true);
	read_all(w);
}

/* Each breaks the rules of the data channel, which is then dropped. */
static void
test_rules(void **state)
{
	struct world		*w = *state;
	struct rec_block	 b[2];
	struct msg_data_write	 m = { .blocks = { b, 2 } };
	int			 i;

	added(w);
	for (i = 0; i < 4; i++) {
		opened(w);
		b[0] = block_of(w, 0, 0, 0);
		b[1] = block_of(w, 0, 1, 1);
		if (i == 0)
			b[1].slot = 0;
		else if (i == 1)
			b[1].slot = SLOTS;
		else if (i == 2)
			b[1].piece = w->geom.npieces;
		else
			b[1].length--;
		say(w->data, MSG_DATA_WRITE, &m);
		assert_int_equal(hear(w, w->data), MSG_COUNT);
		connect_data(w);
	}
	opened(w);
	write_piece(w, 0, FORWARD, true);
}

static void
test_parent_gone(void **state)
{
	struct world	*w = *state;
	int		 status;

	added(w);
	opened(w);
	write_piece(w, 0, FORWARD, true);
	close(w->parent);
	assert_int_equal(waitpid(w->pid, &status, 0), w->pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	disk_begin(w);
	disk_scan(w);
	expect_state(w, DSTATE_READY);
	opened(w);
	assert_true(bitfield_get(w->have, 0));
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		WORLD(test_download),
		WORLD(test_digests),
		WORLD(test_two_writers),
		WORLD(test_map),
		WORLD(test_bad_piece),
		WORLD(test_add_refused),
		WORLD(test_add_not_kept),
		WORLD(test_remove),
		WORLD(test_remove_elsewhere),
		WORLD(test_hostile_paths),
		SMALL_WORLD(test_no_space),
		WORLD(test_rules),
		WORLD(test_parent_gone),
	};

	if (world_prepare() == -1)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
