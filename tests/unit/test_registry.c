/* SPDX-License-Identifier: ISC */
#include "registry_world.h"

static void
test_state(void **state)
{
	static const struct {
		bool		loaded, paused, complete;
		enum dstate	dstate;
		enum tstate	want;
	} rows[] = {
		{ false, false, false, DSTATE_CHECKING, TSTATE_CHECKING },
		{ true, false, false, DSTATE_CHECKING, TSTATE_CHECKING },
		{ true, true, false, DSTATE_CHECKING, TSTATE_CHECKING },
		{ true, false, false, DSTATE_READY, TSTATE_DOWNLOADING },
		{ true, false, true, DSTATE_READY, TSTATE_SEEDING },
		{ true, true, false, DSTATE_READY, TSTATE_STOPPED },
		{ true, true, true, DSTATE_READY, TSTATE_STOPPED },
		{ true, false, false, DSTATE_WAITING, TSTATE_WAITING },
		{ true, true, false, DSTATE_WAITING, TSTATE_STOPPED },
		{ true, false, true, DSTATE_ERROR, TSTATE_ERROR },
		{ true, true, false, DSTATE_ERROR, TSTATE_ERROR },
	};
	struct torrent	t;
	size_t		i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memset(&t, 0, sizeof(t));
		t.size = t.wanted = 10;
		t.npieces = 1;
		t.have = t.got = rows[i].complete ? 10 : 9;
		t.loaded = rows[i].loaded;
		t.paused = rows[i].paused;
		t.dstate = (uint8_t)rows[i].dstate;
		assert_int_equal(torrent_state(&t), rows[i].want);
	}
}

static void
test_order_of_numbers(void **state)
{
	struct world	*w = *state;

	report(w, 7, DSTATE_CHECKING);
	report(w, 3, DSTATE_CHECKING);
	report(w, 5, DSTATE_CHECKING);
	assert_int_equal(registry_after(&w->reg, 0)->id, 3);
	assert_int_equal(registry_after(&w->reg, 3)->id, 5);
	assert_int_equal(registry_after(&w->reg, 5)->id, 7);
	assert_null(registry_after(&w->reg, 7));
	assert_null(registry_after(&w->reg, UINT32_MAX));
	assert_int_equal(w->reg.next_id, 8);
	assert_string_equal(registry_find(&w->reg, 5)->dir, "/srv/sub");
	assert_string_equal(torrent_file_path(registry_find(&w->reg, 5), 1),
	    "name/b");
	torrent_free(&w->reg, registry_find(&w->reg, 5));
	assert_null(registry_find(&w->reg, 5));
	assert_int_equal(registry_after(&w->reg, 3)->id, 7);
}

static void
test_lies_of_disk(void **state)
{
	struct world			*w = *state;
	struct msg_torrent_meta		 meta = {
		.id = 2, .name = "x", .size = 1, .piece_length = 1,
		.npieces = 1, .nfiles = 1, .subdir = ""
	};
	const struct rec_file		 files[] = {
		{ "a", 1, 0, FILE_PRIO_NORMAL },
		{ "b", 1, 0, FILE_PRIO_NORMAL }
	};
	struct msg_torrent_files	 page = { .id = 1 };
	const struct rec_file_have	 have = { 2, 1 };
	struct msg_disk_progress	 m = {
		.id = 1, .files = { &have, 1 }
	};
	uint32_t			 one = 1;

	running(w);
	memcpy(meta.infohash, &one, sizeof(one));
	assert_int_equal(registry_on_meta(&w->reg, &meta), -1);
	meta.id = 1;
	meta.infohash[0] = 9;
	assert_int_equal(registry_on_meta(&w->reg, &meta), -1);
	page.files.v = files;
	page.files.n = 1;
	assert_int_equal(registry_on_files(&w->reg, &page), -1);
	page.first = 2;
	assert_int_equal(registry_on_files(&w->reg, &page), -1);
	assert_int_equal(progress(w, 1, 1001), -1);
	assert_int_equal(registry_on_progress(&w->reg, &m), -1);
	assert_int_equal(progress(w, 99, 1), 0);

	meta.id = 4;
	assert_int_equal(registry_on_meta(&w->reg, &meta), 0);
	assert_int_equal(registry_on_loaded(&w->reg, 4), -1);
	page.id = 4;
	page.first = 0;
	page.files.n = 2;
	assert_int_equal(registry_on_files(&w->reg, &page), -1);
}

static void
test_stop_and_start(void **state)
{
	struct world	*w = *state;
	struct torrent	*t = running(w);

	registry_pause(&w->reg, t);
	expect(w, "torrent_save swarm_halt ");
	assert_int_equal(torrent_state(t), TSTATE_STOPPED);
	/* Started again before peer has ended the swarm: one after another. */
	registry_start(&w->reg, t);
	expect(w, "torrent_save ");
	registry_on_halted(&w->reg, 1);
	expect(w, "swarm_run ");

	registry_pause(&w->reg, t);
	expect(w, "torrent_save swarm_halt ");
	registry_on_halted(&w->reg, 1);
	expect(w, "tracker_totals tracker_stop ");
	registry_start(&w->reg, t);
	expect(w, "torrent_save swarm_run tracker_start tracker_totals ");
}

static void
test_check(void **state)
{
	struct world	*w = *state;
	struct torrent	*t = running(w);

	registry_check(&w->reg, t);
	expect(w, "swarm_halt torrent_check ");
	assert_int_equal(torrent_state(t), TSTATE_CHECKING);
	registry_on_halted(&w->reg, 1);
	expect(w, "tracker_totals tracker_stop ");
	disk_says(w, 1, DSTATE_CHECKING);
	assert_int_equal(progress(w, 1, 1000), 0);
	/* Found complete: remembered, but no news for the tracker. */
	expect(w, "torrent_save ");
	assert_true(t->completed != 0);
	disk_says(w, 1, DSTATE_READY);
	expect(w, "swarm_run tracker_start tracker_totals ");
	assert_int_equal(w->left, 0);
	assert_int_equal(torrent_state(t), TSTATE_SEEDING);
}

static void
test_completed(void **state)
{
	struct world	*w = *state;
	struct torrent	*t = running(w);

	assert_int_equal(progress(w, 1, 999), 0);
	expect(w, "");
	assert_int_equal(progress(w, 1, 1000), 0);
	expect(w, "torrent_save tracker_totals tracker_completed ");
	assert_true(t->completed != 0);
	assert_int_equal(progress(w, 1, 1000), 0);
	expect(w, "");
}

static void
test_seed_at_start(void **state)
{
	struct world	*w = *state;
	struct torrent	*t;

	/* Known as ready before it is known what it has: no false news. */
	registry_on_scan_end(&w->reg);
	report_meta_only(w, 1);
	disk_says(w, 1, DSTATE_READY);
	expect(w, "");
	t = registry_find(&w->reg, 1);
	t->completed = 5;
	assert_int_equal(progress(w, 1, 1000), 0);
	expect(w, STARTED);
	assert_int_equal(w->left, 0);
	assert_int_equal(torrent_state(t), TSTATE_SEEDING);
}

static void
test_waiting_and_error(void **state)
{
	struct world	*w = *state;
	struct torrent	*t = running(w);

	disk_says(w, 1, DSTATE_WAITING);
	expect(w, "swarm_halt ");
	registry_on_halted(&w->reg, 1);
	expect(w, "tracker_totals tracker_stop ");
	disk_says(w, 1, DSTATE_READY);
	expect(w, "swarm_run tracker_start tracker_totals ");
	disk_says(w, 1, DSTATE_ERROR);
	expect(w, "swarm_halt ");
	assert_string_equal(t->error, "broken");
	/* To start it is to have disk look again. */
	registry_start(&w->reg, t);
	expect(w, "torrent_check ");
	assert_null(t->error);
}

/* Peers that were of use are not pushed out by what trackers tell. */
static void
test_good_peers(void **state)
{
	struct world			*w = *state;
	struct torrent			*t = running(w);
	struct rec_addr			 addrs[100];
	struct rec_peer			 rows[3];
	struct msg_tracker_peers	 m = { .id = 1,
	    .peers = { addrs, 100 } };
	struct msg_peer_rows		 p = { .id = 1, .peers = { rows, 3 } };
	uint32_t			 i, k;

	memset(addrs, 0, sizeof(addrs));
	memset(rows, 0, sizeof(rows));
	for (i = 0; i < 3; i++) {
		rows[i].conn = i + 1;
		rows[i].port = (uint16_t)(i + 10);
		rows[i].client = "";
	}
	rows[0].downloaded = rows[1].uploaded = rows[2].uploaded = 1;
	rows[2].flags = PEER_INCOMING;
	for (k = 0; k < 3; k++) {
		for (i = 0; i < 100; i++)
			addrs[i].port = (uint16_t)(k * 100 + i + 1);
		registry_on_peers(&w->reg, &m);
		registry_on_peer_rows(&w->reg, &p);
	}
	assert_int_equal(t->nknown, TORRENT_KNOWN_MAX);
	assert_int_equal(t->ngood, 2);
	assert_int_equal(t->known[0].port, 10);
	assert_int_equal(t->known[1].port, 11);
	/* The next mimd hears of these alone. */
	assert_true(t->save);
	assert_int_equal(torrent_known_good(t, addrs), 2);
	assert_int_equal(addrs[0].port, 10);
	assert_int_equal(addrs[1].port, 11);
	for (i = 2; i < t->nknown; i++)
		assert_true(t->known[i].port > 200);
	/* And they are bounded, too. */
	for (k = 0; k < 2 * TORRENT_KNOWN_MAX; k++) {
		rows[0].port = (uint16_t)(1000 + k);
		registry_on_peer_rows(&w->reg, &p);
		assert_int_equal(t->nknown, TORRENT_KNOWN_MAX);
		assert_true(t->ngood <= t->nknown);
	}
	assert_int_equal(torrent_known_good(t, addrs), TORRENT_KNOWN_SAVED);
	registry_on_peers(&w->reg, &m);
	for (i = 0; i < t->nknown; i++)
		assert_true(t->known[i].port == 11 ||
		    t->known[i].port > 1000);
}

static void
test_peer_dies(void **state)
{
	struct world			*w = *state;
	struct torrent			*t = running(w);
	struct rec_addr			 addrs[100];
	struct msg_tracker_peers	 m = { .id = 1 };
	uint32_t			 i;

	memset(addrs, 0, sizeof(addrs));
	for (i = 0; i < 100; i++)
		addrs[i].port = (uint16_t)(i + 1);
	m.peers.v = addrs;
	m.peers.n = 100;
	registry_on_peers(&w->reg, &m);
	registry_on_peers(&w->reg, &m);
	expect(w, "peers_found peers_found ");
	assert_int_equal(t->nknown, TORRENT_KNOWN_MAX);

	w->up[ROLE_PEER] = false;
	registry_on_down(&w->reg, ROLE_PEER);
	registry_on_peers(&w->reg, &m);
	expect(w, "");
	w->up[ROLE_PEER] = true;
	registry_on_up(&w->reg, ROLE_PEER);
	expect(w, "swarm_run peers_found ");
	assert_int_equal(w->resumed, TORRENT_KNOWN_MAX);
}

static void
test_tracker_dies(void **state)
{
	struct world	*w = *state;

	running(w);
	w->up[ROLE_TRACKER] = false;
	registry_on_down(&w->reg, ROLE_TRACKER);
	w->up[ROLE_TRACKER] = true;
	registry_on_up(&w->reg, ROLE_TRACKER);
	expect(w, "tracker_torrent tracker_urls tracker_start "
	    "tracker_totals ");
}

static void
test_disk_dies(void **state)
{
	struct world	*w = *state;
	struct torrent	*t = running(w);

	w->up[ROLE_DISK] = false;
	registry_on_down(&w->reg, ROLE_DISK);
	registry_pause(&w->reg, t);
	registry_start(&w->reg, t);
	expect(w, "swarm_halt ");
	registry_on_halted(&w->reg, 1);
	expect(w, "swarm_run ");
	w->up[ROLE_DISK] = true;
	registry_on_up(&w->reg, ROLE_DISK);
	expect(w, "state_scan ");
	/* Its doubtful pieces are looked at; the swarm goes on. */
	report(w, 1, DSTATE_CHECKING);
	expect(w, "");
	registry_on_scan_end(&w->reg);
	expect(w, "torrent_save ");
	disk_says(w, 1, DSTATE_READY);
	expect(w, "");
	assert_int_equal(t->swarm, SWARM_RUNNING);
	assert_int_equal(t->ntrackers, 1);
	assert_int_equal(t->files_got, 2);
}

static void
test_record_lost(void **state)
{
	struct world	*w = *state;
	struct torrent	*t = running(w);

	w->up[ROLE_DISK] = false;
	registry_on_down(&w->reg, ROLE_DISK);
	w->up[ROLE_DISK] = true;
	registry_on_up(&w->reg, ROLE_DISK);
	registry_on_scan_end(&w->reg);
	expect(w, "state_scan swarm_halt ");
	assert_int_equal(torrent_state(t), TSTATE_ERROR);
}

static void
test_full_queue(void **state)
{
	struct world	*w = *state;

	w->full[ROLE_PEER] = true;
	registry_on_scan_end(&w->reg);
	report(w, 1, DSTATE_READY);
	expect(w, "tracker_torrent tracker_urls tracker_start "
	    "tracker_totals ");
	registry_on_drain(&w->reg);
	expect(w, "");
	w->full[ROLE_PEER] = false;
	registry_on_drain(&w->reg);
	expect(w, "swarm_run ");
}

/* Disk is told of priorities as soon as it takes messages again. */
static void
test_prios_wait(void **state)
{
	struct world	*w = *state;
	struct torrent	*t = running(w);

	w->full[ROLE_DISK] = true;
	torrent_set_prio(t, 0, 0, FILE_PRIO_HIGH, false);
	registry_prios_changed(&w->reg, t);
	expect(w, "swarm_prios ");
	registry_on_drain(&w->reg);
	expect(w, "");
	w->full[ROLE_DISK] = false;
	registry_on_drain(&w->reg);
	expect(w, "torrent_prios swarm_prios ");
	registry_on_drain(&w->reg);
	expect(w, "");
}

/* Web seeds are of use while anything can be fetched. */
static void
test_barred(void **state)
{
	struct world			*w = *state;
	struct torrent			*t = running(w);
	const struct rec_url		 url = { .url = "http://w/" };
	struct msg_torrent_webseeds	 urls = { .id = 1,
		.urls = { &url, 1 } };
	struct msg_disk_state		 m = { .id = 1, .state = DSTATE_READY,
		.barred = BARRED_SOME, .error = "some cannot be written" };

	registry_on_webseeds(&w->reg, &urls);
	registry_on_disk_state(&w->reg, &m);
	expect(w, "seed_run ");
	assert_int_equal(torrent_state(t), TSTATE_DOWNLOADING);
	m.barred = BARRED_ALL;
	registry_on_disk_state(&w->reg, &m);
	expect(w, "seed_halt ");
	assert_int_equal(torrent_state(t), TSTATE_DOWNLOADING);
	assert_true(torrent_left(t) > 0);
	registry_start(&w->reg, t);
	expect(w, "torrent_check ");
	m.barred = BARRED_NONE;
	registry_on_disk_state(&w->reg, &m);
	expect(w, "seed_run ");
}

static void
test_remove(void **state)
{
	struct world			*w = *state;
	struct torrent			*t = running(w);
	struct msg_torrent_removed	 m = { .id = 1, .error = "" };

	registry_remove(&w->reg, t, true, 5);
	expect(w, "swarm_halt ");
	registry_on_halted(&w->reg, 1);
	expect(w, "tracker_totals tracker_forget torrent_remove ");
	/* Disk dies before it answers: asked again, after its scan. */
	w->up[ROLE_DISK] = false;
	registry_on_down(&w->reg, ROLE_DISK);
	w->up[ROLE_DISK] = true;
	registry_on_up(&w->reg, ROLE_DISK);
	report(w, 1, DSTATE_READY);
	expect(w, "state_scan ");
	registry_on_scan_end(&w->reg);
	expect(w, "torrent_remove ");
	registry_on_removed(&w->reg, &m);
	assert_int_equal(w->removed, 5);
	assert_null(registry_find(&w->reg, 1));
}

static void
test_removed_before_answer(void **state)
{
	struct world	*w = *state;
	struct torrent	*t = running(w);

	registry_remove(&w->reg, t, false, 6);
	registry_on_halted(&w->reg, 1);
	w->up[ROLE_DISK] = false;
	registry_on_down(&w->reg, ROLE_DISK);
	w->up[ROLE_DISK] = true;
	registry_on_up(&w->reg, ROLE_DISK);
	registry_on_scan_end(&w->reg);
	assert_int_equal(w->removed, 6);
	assert_int_equal(w->reg.n, 0);
}

/* An order to move outlives the disk child that was to do it. */
static void
test_move(void **state)
{
	struct world			*w = *state;
	struct msg_torrent_moved	 m = { .id = 4, .error = "" };
	struct torrent			*t;

	report(w, 4, DSTATE_READY);
	registry_on_scan_end(&w->reg);
	t = registry_find(&w->reg, 4);
	w->said[0] = '\0';
	registry_move(&w->reg, t, MOVE_DATA, 0, "/srv/new", 31);
	expect(w, "torrent_move ");
	restart_disk(w);
	assert_non_null(strstr(w->said, "state_scan "));
	assert_non_null(strstr(w->said, "torrent_move "));
	assert_int_equal(w->moved, 0);
	registry_on_moved(&w->reg, &m);
	assert_int_equal(w->moved, 31);
	assert_string_equal(w->move_error, "");
	w->moved = 0;
	registry_on_moved(&w->reg, &m);		/* nobody asked */
	assert_int_equal(w->moved, 0);
	/* A later order takes the place of one that is not done. */
	registry_move(&w->reg, t, MOVE_DATA, 0, "/srv/new", 32);
	registry_move(&w->reg, t, MOVE_RENAME, FILES_MAX, "x", 33);
	assert_int_equal(w->moved, 32);
	assert_string_not_equal(w->move_error, "");
	registry_move(&w->reg, t, MOVE_DATA, 0, "/else/where", 34);
	assert_int_equal(w->moved, 34);
	assert_string_not_equal(w->move_error, "");
}

/* A torrent that is being moved runs if it is complete. */
static void
test_moving(void **state)
{
	struct world	*w = *state;
	struct torrent	*t;

	report(w, 4, DSTATE_MOVING);
	registry_on_scan_end(&w->reg);
	t = registry_find(&w->reg, 4);
	assert_int_equal(torrent_state(t), TSTATE_MOVING);
	t->measured = true;
	t->have = t->got = t->size - 1;
	assert_false(torrent_wanted(t));
	t->have = t->got = t->size;
	assert_true(torrent_wanted(t));
	t->paused = true;
	assert_false(torrent_wanted(t));
	assert_int_equal(torrent_state(t), TSTATE_MOVING);
}

static void
test_totals(void **state)
{
	struct world			*w = *state;
	struct torrent			*t = running(w);
	const struct rec_swarm		 s = {
		.id = 1, .downloaded = 300, .uploaded = 200, .wasted = 1,
		.down_rate = 9, .peers = 2
	}, rest = { .id = 1 };
	struct msg_swarm_stats		 m = { .swarms = { &s, 1 } };

	registry_on_stats(&w->reg, &m);
	registry_on_stats(&w->reg, &m);
	assert_int_equal(t->downloaded, 600);
	assert_int_equal(t->uploaded, 400);
	assert_int_equal(torrent_now(t)->down_rate, 9);
	registry_tick(&w->reg);
	expect(w, "tracker_totals ");
	registry_tick(&w->reg);
	expect(w, "");
	registry_tick(&w->reg);
	expect(w, "torrent_save ");
	t->downloaded = INT64_MAX;
	registry_on_stats(&w->reg, &m);
	assert_int_equal(t->downloaded, INT64_MAX);
	/* One that rests needs no memory for that. */
	m.swarms.v = &rest;
	registry_on_stats(&w->reg, &m);
	assert_null(t->now);
	assert_int_equal(torrent_now(t)->down_rate, 0);
}

static void
test_peer_rows(void **state)
{
	struct world		*w = *state;
	struct torrent		*t = running(w);
	struct rec_peer		 rows[3];
	struct msg_peer_rows	 m = { .id = 1 };
	const struct rec_id	 gone = { 2 };
	struct msg_peer_gone	 g = { .id = 1, .conns = { &gone, 1 } };
	uint32_t		 i;

	memset(rows, 0, sizeof(rows));
	for (i = 0; i < 3; i++) {
		rows[i].conn = i + 1;
		rows[i].client = "mim 0.1";
	}
	m.peers.v = rows;
	m.peers.n = 3;
	registry_on_peer_rows(&w->reg, &m);
	registry_on_peer_rows(&w->reg, &m);
	assert_int_equal(t->nrows, 3);
	registry_on_peer_gone(&w->reg, &g);
	assert_int_equal(t->nrows, 2);
	assert_int_equal(t->rows[1].row.conn, 3);
	assert_string_equal(t->rows[1].client, "mim 0.1");
	for (i = 0; i < 2 * TORRENT_PEERS_MAX; i++) {
		rows[0].conn = 100 + i;
		m.peers.n = 1;
		registry_on_peer_rows(&w->reg, &m);
	}
	assert_int_equal(t->nrows, TORRENT_PEERS_MAX);
}

static void
test_end(void **state)
{
	struct world	*w = *state;

	running(w);
	registry_stop(&w->reg);
	expect(w, "swarm_halt ");
	assert_false(registry_halted(&w->reg));
	registry_on_halted(&w->reg, 1);
	expect(w, "");
	assert_true(registry_halted(&w->reg));
	registry_finish(&w->reg);
	expect(w, "tracker_totals tracker_stop ");
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		TEST(test_state),
		TEST(test_order_of_numbers),
		TEST(test_lies_of_disk),
		TEST(test_stop_and_start),
		TEST(test_check),
		TEST(test_completed),
		TEST(test_seed_at_start),
		TEST(test_waiting_and_error),
		TEST(test_good_peers),
		TEST(test_peer_dies),
		TEST(test_tracker_dies),
		TEST(test_disk_dies),
		TEST(test_record_lost),
		TEST(test_full_queue),
		TEST(test_prios_wait),
		TEST(test_barred),
		TEST(test_remove),
		TEST(test_removed_before_answer),
		TEST(test_move),
		TEST(test_moving),
		TEST(test_totals),
		TEST(test_peer_rows),
		TEST(test_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
