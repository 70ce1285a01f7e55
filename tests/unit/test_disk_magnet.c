/* SPDX-License-Identifier: ISC */
/* Torrents of which there is but a link at first. */
#include "disk_blocks.h"

/* Wait for space, then go on; the pieces that were good stay. */
static void
add_magnet(struct world *w)
{
	const struct rec_tracker	tr = { .url = "http://x.test/" };
	const struct rec_addr		peer = { .port = 5 };
	struct msg_magnet_add		m = { .id = 1, .name = "a link",
		.trackers = { &tr, 1 }, .peers = { &peer, 1 }, .subdir = "" };

	memcpy(m.infohash, w->infohash, SHA1_LEN);
	say(w->parent, MSG_MAGNET_ADD, &m);
}

static void
expect_magnet(struct world *w)
{
	const struct msg_torrent_meta	*m = &w->in->body.torrent_meta;

	expect(w, w->parent, MSG_TORRENT_META);
	assert_int_equal(m->id, 1);
	assert_int_equal(m->npieces, 0);
	assert_string_equal(m->name, "a link");
	expect(w, w->parent, MSG_TORRENT_TRACKERS);
	assert_int_equal(w->in->body.torrent_trackers.trackers.n, 1);
	expect(w, w->parent, MSG_TORRENT_PEERS);
	assert_int_equal(w->in->body.torrent_peers.peers.v[0].port, 5);
	expect(w, w->parent, MSG_TORRENT_LOADED);
	w->dstate = UINT8_MAX;
	expect_state(w, DSTATE_READY);
}

static void
added_magnet(struct world *w)
{
	add_magnet(w);
	expect_magnet(w);
	expect(w, w->parent, MSG_TORRENT_KEPT);
}

static bool
open_meta(struct world *w, uint32_t torrent, uint32_t size)
{
	struct msg_meta_open	m = { .torrent = torrent, .size = size };

	say(w->data, MSG_META_OPEN, &m);
	assert_int_equal(hear(w, w->data), MSG_META_OPENED);
	return w->in->body.meta_opened.ok;
}

/* The dictionary is shorter than a block. */
static bool
write_meta(struct world *w, bool good)
{
	struct msg_meta_write	m = { .torrent = 1, .slot = 2, .gen = 3 };

	m.length = w->info_len;
	memcpy(arena_slot(&w->arena, 2), w->info, w->info_len);
	arena_slot(&w->arena, 2)[9] ^= !good;
	say(w->data, MSG_META_WRITE, &m);
	assert_int_equal(hear(w, w->data), MSG_DATA_WRITTEN);
	assert_int_equal(w->in->body.data_written.slots.v[0].status, SLOT_OK);
	assert_int_equal(hear(w, w->data), MSG_META_RESULT);
	return w->in->body.meta_result.good;
}

static void
test_magnet(void **state)
{
	struct world	*w = *state;
	struct msg_meta_read r = { .torrent = 1, .slot = 7, .gen = 8 };

	added_magnet(w);
	/* A link outlives disk. */
	disk_kill(w);
	disk_begin(w);
	disk_scan_no_wait(w);
	expect_magnet(w);
	added_magnet(w);	/* told again */
	assert_true(open_meta(w, 1, w->info_len));
	assert_false(write_meta(w, false));
	assert_true(open_meta(w, 1, w->info_len));
	assert_true(write_meta(w, true));
	expect(w, w->parent, MSG_TORRENT_META);
	assert_int_equal(w->in->body.torrent_meta.id, 1);
	assert_int_equal(w->in->body.torrent_meta.npieces, w->geom.npieces);
	assert_int_equal(w->in->body.torrent_meta.metadata_size, w->info_len);
	expect(w, w->parent, MSG_TORRENT_TRACKERS);
	expect(w, w->parent, MSG_DISK_PROGRESS);
	assert_false(open_meta(w, 1, w->info_len));
	r.length = w->info_len;
	say(w->data, MSG_META_READ, &r);
	assert_int_equal(hear(w, w->data), MSG_DATA_READ_DONE);
	assert_int_equal(w->in->body.data_read_done.slots.v[0].status,
	    SLOT_OK);
	assert_memory_equal(arena_slot(&w->arena, 7), w->info, w->info_len);
	opened(w);
	write_piece(w, 0, FORWARD, true);
	disk_kill(w);
	disk_begin(w);
	disk_scan_no_wait(w);
	expect(w, w->parent, MSG_TORRENT_META);
	assert_int_equal(w->in->body.torrent_meta.npieces, w->geom.npieces);
	expect(w, w->parent, MSG_SCAN_END);
}

static void
test_magnet_files(void **state)
{
	struct world	*w = *state;
	char		 name[128], hex[2 * SHA1_LEN + 1];
	int		 fd;

	added_magnet(w);
	disk_kill(w);
	/* As if it had died between the .torrent and all else. */
	hash_hex(w->infohash, SHA1_LEN, hex);
	snprintf(name, sizeof(name), "state/torrents/%s.torrent", hex);
	fd = openat(w->root, name, O_WRONLY | O_CREAT, 0600);
	assert_int_equal(write(fd, w->torrent, w->torrent_len),
	    w->torrent_len);
	close(fd);
	disk_begin(w);
	disk_scan_no_wait(w);
	expect(w, w->parent, MSG_TORRENT_META);
	assert_int_equal(w->in->body.torrent_meta.id, 1);
	assert_int_equal(w->in->body.torrent_meta.npieces, w->geom.npieces);
	expect(w, w->parent, MSG_SCAN_END);
	assert_true(exists(w, name));
	/* The link goes with the record that has all it said. */
	snprintf(name, sizeof(name), "state/torrents/%s.magnet", hex);
	while (exists(w, name))
		usleep(1000);
	/* One that is damaged is set aside. */
	disk_kill(w);
	snprintf(name, sizeof(name), "state/torrents/%040d.magnet", 7);
	fd = openat(w->root, name, O_WRONLY | O_CREAT, 0600);
	assert_int_equal(write(fd, "magnet:?xt=urn:", 15), 15);
	close(fd);
	disk_begin(w);
	disk_scan(w);
	assert_false(exists(w, name));
	strlcat(name, ".bad", sizeof(name));
	assert_true(exists(w, name));
}

static void
test_magnet_bounds(void **state)
{
	struct world			*w = *state;
	struct msg_magnet_add		 m = { .name = "", .subdir = "" };
	struct msg_meta_close		 c = { .torrent = 2 };
	struct msg_meta_write		 wr = { .torrent = 3 };
	struct msg_meta_read		 rd = { .torrent = 1 };
	struct msg_torrent_remove	 rm = { .id = 3 };
	uint32_t			 id;

	for (id = 1; id <= 5; id++) {
		m.id = id;
		m.infohash[0] = (uint8_t)id;
		say(w->parent, MSG_MAGNET_ADD, &m);
		expect(w, w->parent, MSG_DISK_STATE);
	}
	for (id = 1; id <= 5; id++)
		assert_int_equal(open_meta(w, id, METADATA_FETCH_MAX), id < 4);
	say(w->data, MSG_META_CLOSE, &c);
	assert_true(open_meta(w, 4, METADATA_FETCH_MAX));
	assert_false(open_meta(w, 5, METADATA_FETCH_MAX));
	assert_true(open_meta(w, 5, 100));
	assert_false(open_meta(w, 6, 100));
	say(w->parent, MSG_TORRENT_REMOVE, &rm);
	expect(w, w->parent, MSG_TORRENT_REMOVED);
	assert_true(open_meta(w, 2, METADATA_FETCH_MAX));
	/* Half a block. */
	wr.torrent = 2;
	wr.length = 5;
	say(w->data, MSG_META_WRITE, &wr);
	expect(w, w->parent, MSG_DATA_BROKEN);
	/* Its blocks went with the channel. */
	connect_data(w);
	assert_true(open_meta(w, 1, METADATA_FETCH_MAX));
	wr.slot = SLOTS;
	say(w->data, MSG_META_WRITE, &wr);
	expect(w, w->parent, MSG_DATA_BROKEN);
	connect_data(w);
	rd.length = 5;
	say(w->data, MSG_META_READ, &rd);
	assert_int_equal(hear(w, w->data), MSG_DATA_READ_DONE);
	assert_int_equal(w->in->body.data_read_done.slots.v[0].status,
	    SLOT_FAILED);
	rd.slot = SLOTS;
	say(w->data, MSG_META_READ, &rd);
	expect(w, w->parent, MSG_DATA_BROKEN);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		WORLD(test_magnet),
		WORLD(test_magnet_files),
		WORLD(test_magnet_bounds),
	};

	if (world_prepare() == -1)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
