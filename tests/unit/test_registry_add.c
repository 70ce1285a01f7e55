/* SPDX-License-Identifier: ISC */
/* Torrents that are added: files, and links. */
#include "registry_world.h"

static int
some_fd(void)
{
	return memfd_create("torrent", MFD_CLOEXEC);
}

static void
test_add(void **state)
{
	struct world	*w = *state;

	/* Numbers are free only when the scan has told which are taken. */
	assert_int_equal(registry_add(&w->reg, some_fd(), NULL, &home, NULL,
	    false, false, 11), 0);
	expect(w, "");
	report(w, 4, DSTATE_CHECKING);
	registry_on_scan_end(&w->reg);
	expect(w, "torrent_add ");
	assert_int_equal(w->last_id, 5);
	/* It runs while its record is being written. */
	report(w, 5, DSTATE_READY);
	expect(w, STARTED);
	assert_int_equal(w->added, 0);
	registry_on_kept(&w->reg, 5);
	assert_int_equal(w->added, 11);
	w->added = 0;
	registry_on_kept(&w->reg, 5);		/* nobody asked */
	assert_int_equal(w->added, 0);
}

/* One that runs, and of which disk says that it cannot be kept. */
static void
test_add_not_kept(void **state)
{
	struct world			*w = *state;
	struct msg_torrent_refused	 m = { .error = "no room" };
	struct msg_torrent_removed	 gone = { .error = "" };

	registry_on_scan_end(&w->reg);
	assert_int_equal(registry_add(&w->reg, some_fd(), NULL, &home, NULL,
	    false, false, 17), 0);
	m.id = gone.id = w->last_id;
	report(w, m.id, DSTATE_READY);
	expect(w, "torrent_add " STARTED);
	registry_on_refused(&w->reg, &m);
	assert_int_equal(w->refused, 17);
	expect(w, "swarm_halt ");
	registry_on_halted(&w->reg, m.id);
	expect(w, "tracker_totals tracker_forget torrent_remove ");
	registry_on_removed(&w->reg, &gone);
	assert_int_equal(w->reg.n, 0);
}

/* Disk dies before it is kept: it goes on, and is added again. */
static void
test_add_kept_late(void **state)
{
	struct world	*w = *state;
	struct torrent	*t;

	registry_on_scan_end(&w->reg);
	assert_int_equal(registry_add(&w->reg, some_fd(), NULL, &home, NULL,
	    false, false, 18), 0);
	report(w, w->last_id, DSTATE_READY);
	expect(w, "torrent_add " STARTED);
	t = registry_find(&w->reg, w->last_id);
	restart_disk(w);
	expect(w, "state_scan torrent_add ");
	assert_int_equal(w->last_id, t->id);
	assert_int_equal(t->dstate, DSTATE_READY);
	report(w, t->id, DSTATE_READY);
	registry_on_kept(&w->reg, t->id);
	assert_int_equal(w->added, 18);
	assert_int_equal(w->refused, 0);
}

/* Who asked for it hears that somebody has removed it meanwhile. */
static void
test_add_removed(void **state)
{
	struct world	*w = *state;

	registry_on_scan_end(&w->reg);
	assert_int_equal(registry_add(&w->reg, some_fd(), NULL, &home, NULL,
	    false, false, 19), 0);
	report(w, w->last_id, DSTATE_READY);
	expect(w, "torrent_add " STARTED);
	registry_remove(&w->reg, registry_find(&w->reg, w->last_id), false,
	    7);
	assert_int_equal(w->refused, 19);
	expect(w, "swarm_halt ");
}

static void
test_add_replayed(void **state)
{
	struct world			*w = *state;
	struct msg_torrent_refused	 m = { .error = "no" };

	registry_on_scan_end(&w->reg);
	assert_int_equal(registry_add(&w->reg, some_fd(), NULL, &home, NULL,
	    false, false, 12), 0);
	expect(w, "torrent_add ");
	restart_disk(w);
	expect(w, "state_scan torrent_add ");
	assert_int_equal(w->last_id, 1);
	assert_int_equal(w->refused, 0);
	/* Twice was enough. */
	restart_disk(w);
	expect(w, "state_scan ");
	assert_int_equal(w->refused, 12);

	assert_int_equal(registry_add(&w->reg, some_fd(), NULL, &home, NULL,
	    false, false, 13), 0);
	m.id = w->last_id;
	registry_on_refused(&w->reg, &m);
	assert_int_equal(w->refused, 13);

	/* Its number goes to the next, not to two at once. */
	assert_int_equal(registry_add(&w->reg, some_fd(), NULL, &home, NULL,
	    false, false, 14), 0);
	assert_int_equal(w->last_id, m.id);
	assert_int_equal(registry_add(&w->reg, some_fd(), NULL, &home, NULL,
	    false, false, 15), 0);
	assert_int_equal(w->last_id, m.id + 1);
}

static void
test_add_bounded(void **state)
{
	struct world	*w = *state;
	uint32_t	 i;
	int		 fd;

	for (i = 0; i < REGISTRY_ADDS_MAX; i++)
		assert_int_equal(registry_add(&w->reg, some_fd(), NULL, &home,
		    NULL, false, false, 1), 0);
	fd = some_fd();
	assert_int_equal(registry_add(&w->reg, fd, NULL, &home, NULL, false,
	    false, 1), -1);
	close(fd);
}

/* A link runs at once; it goes on in the same swarm when it is a torrent. */
static void
test_magnet(void **state)
{
	struct world	*w = *state;
	struct torrent	*t = linked(w);

	assert_int_equal(torrent_state(t), TSTATE_METADATA);
	assert_int_not_equal(w->left, 0);
	assert_int_equal(w->resumed, 1);
	report_metadata(w, false);
	expect(w, "swarm_run ");
	assert_int_equal(torrent_state(t), TSTATE_DOWNLOADING);
	assert_int_equal(t->ntrackers, 1);
	assert_int_equal(t->nknown, 1);
	registry_tick(&w->reg);
	assert_int_equal(w->left, 100);
	/* What disk reports after its restart is no news. */
	expect(w, "tracker_totals ");
	report_metadata(w, false);
	expect(w, "");
}

static void
test_magnet_restarts(void **state)
{
	struct world	*w = *state;
	struct torrent	*t = linked(w);

	w->up[ROLE_PEER] = false;
	registry_on_down(&w->reg, ROLE_PEER);
	w->up[ROLE_PEER] = true;
	registry_on_up(&w->reg, ROLE_PEER);
	expect(w, "swarm_run peers_found ");
	registry_pause(&w->reg, t);
	expect(w, "torrent_save swarm_halt ");
	assert_int_equal(torrent_state(t), TSTATE_STOPPED);
	registry_on_halted(&w->reg, t->id);
	expect(w, "tracker_totals tracker_stop ");
	registry_start(&w->reg, t);
	expect(w, "torrent_save swarm_run peers_found tracker_start "
	    "tracker_totals ");
	/* There is nothing to look at. */
	registry_check(&w->reg, t);
	expect(w, "");
	t->dstate = DSTATE_ERROR;
	registry_start(&w->reg, t);
	expect(w, "swarm_halt torrent_check ");
}

static void
test_magnet_private(void **state)
{
	struct world	*w = *state;
	struct torrent	*t = linked(w);

	report_metadata(w, true);
	expect(w, "swarm_run tracker_torrent tracker_urls ");
	assert_int_equal(t->nknown, 0);
}

static void
test_magnet_liar(void **state)
{
	struct world		*w = *state;
	struct msg_torrent_meta	 m;

	linked(w);
	m = magnet_meta(w);
	m.size = 5;
	assert_int_equal(registry_on_meta(&w->reg, &m), -1);
	m.piece_length = m.npieces = 1;
	assert_int_equal(registry_on_meta(&w->reg, &m), -1);
	report_metadata(w, false);
	/* A torrent does not become a link again. */
	m = magnet_meta(w);
	assert_int_equal(registry_on_meta(&w->reg, &m), 0);
	assert_int_equal(registry_find(&w->reg, m.id)->npieces, 1);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		TEST(test_add),
		TEST(test_add_not_kept),
		TEST(test_add_kept_late),
		TEST(test_add_removed),
		TEST(test_add_replayed),
		TEST(test_add_bounded),
		TEST(test_magnet),
		TEST(test_magnet_restarts),
		TEST(test_magnet_private),
		TEST(test_magnet_liar),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
