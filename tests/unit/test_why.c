/* SPDX-License-Identifier: ISC */
/* Why a torrent is slow or idle, in a word and in a sentence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "msg.h"
#include "view.h"
#include "why.h"

static struct rec_tracker_row	 tracker;
static struct view_torrent	 torrent;

/* A torrent in this state with nothing else to say of it. */
static struct rec_torrent_row *
fresh(enum tstate state)
{
	memset(&tracker, 0, sizeof(tracker));
	memset(&torrent, 0, sizeof(torrent));
	torrent.row.state = (uint8_t)state;
	torrent.row.error = "";
	return &torrent.row;
}

static struct rec_tracker_row *
with_tracker(enum tracker_state state, const char *error)
{
	tracker.state = (uint8_t)state;
	tracker.error = error;
	torrent.trackers = &tracker;
	torrent.ntrackers = 1;
	return &tracker;
}

static void
expect(enum why why, const char *text)
{
	char	buf[WHY_LEN];

	assert_int_equal(why_explain(&torrent, buf), why);
	assert_string_equal(buf, text);
}

static void
test_nobody(void **state)
{
	struct rec_torrent_row	*r = fresh(TSTATE_DOWNLOADING);

	(void)state;
	expect(WHY_NO_TRACKER,
	    "knows no peers, and it has no tracker to ask; the DHT is off");
	r->dht = true;
	expect(WHY_SEARCHING,
	    "knows no peers yet: the DHT is searched for them");
	with_tracker(TRACKER_FAILED, "no such name");
	expect(WHY_NO_TRACKER, "knows no peers: its tracker fails: no such "
	    "name; the DHT is searched, too");
	r->dht = false;
	with_tracker(TRACKER_FAILED, "no such name");
	expect(WHY_NO_TRACKER,
	    "knows no peers: its tracker fails: no such name");
	r->private = true;
	expect(WHY_NO_TRACKER, "knows no peers, and it is private: its "
	    "tracker fails: no such name");
	with_tracker(TRACKER_ANNOUNCING, "");
	r->private = false;
	expect(WHY_ASKING, "knows no peers yet: its tracker has not "
	    "answered so far");
	with_tracker(TRACKER_WAITING, "")->last = 1;
	expect(WHY_NO_PEERS, "knows no peers: its tracker knows of none");
	r->candidates = 3;
	expect(WHY_UNREACHABLE, "none of the 3 peers that it knows of could "
	    "be reached yet");
	r->held = SWARM_HELD_FULL;
	expect(WHY_FULL, "cannot connect: the limit of peers is reached");
}

static void
test_downloading(void **state)
{
	struct rec_torrent_row	*r = fresh(TSTATE_DOWNLOADING);

	(void)state;
	r->peers = 1;
	expect(WHY_NOTHING_NEW, "not even its 1 peer has anything that is "
	    "missing here");
	r->peers = 5;
	expect(WHY_NOTHING_NEW, "none of its 5 peers has anything that is "
	    "missing here");
	r->useful = r->choking = 4;
	expect(WHY_CHOKED, "choked by all 4 peers that have what is missing");
	r->choking = 3;
	expect(WHY_SILENT, "1 peer was asked, but nothing comes so far");
	r->down_rate = 1;
	expect(WHY_FINE, "downloads from 1 peer, choked by 3 more");
	r->choking = 0;
	expect(WHY_FINE, "downloads from 4 peers");
	r->held = SWARM_HELD_DOWN;
	expect(WHY_RATE, "downloads from 4 peers as fast as the rate limit "
	    "lets it");
	r->held = SWARM_HELD_DISK;
	expect(WHY_DISK, "waits for the disk");
}

static void
test_webseeds(void **state)
{
	struct rec_webseed_row	 seeds[2] = {
		{ .state = SEED_FETCHING, .error = "" },
		{ .state = SEED_FAILED, .error = "HTTP 503" }
	};
	struct rec_torrent_row	*r = fresh(TSTATE_DOWNLOADING);

	(void)state;
	torrent.webseeds = seeds;
	torrent.nwebseeds = 2;
	expect(WHY_FINE, "downloads from 1 web seed; knows no peers, and it "
	    "has no tracker to ask; the DHT is off");
	r->peers = r->useful = 2;
	r->down_rate = 1;
	expect(WHY_FINE, "downloads from 2 peers and 1 web seed");
	seeds[1].state = SEED_FETCHING;
	expect(WHY_FINE, "downloads from 2 peers and 2 web seeds");
	r->held = SWARM_HELD_DISK;
	expect(WHY_DISK, "downloads from 2 web seeds; waits for the disk");
	r->held = 0;
	seeds[0] = (struct rec_webseed_row){ .state = SEED_BANNED,
	    .error = "sent bad data" };
	seeds[1].state = SEED_IDLE;
	r->choking = 2;
	expect(WHY_CHOKED, "choked by all 2 peers that have what is missing");
	seeds[1].state = SEED_FAILED;
	expect(WHY_CHOKED, "choked by all 2 peers that have what is missing; "
	    "its web seeds fail, the first: sent bad data");
	torrent.nwebseeds = 1;
	expect(WHY_CHOKED, "choked by all 2 peers that have what is missing; "
	    "its web seed fails: sent bad data");
	r->choking = 0;
	expect(WHY_FINE, "downloads from 2 peers");
}

static void
test_seeding(void **state)
{
	struct rec_torrent_row	*r = fresh(TSTATE_SEEDING);

	(void)state;
	r->peers = 1;
	expect(WHY_NO_INTEREST, "not even its 1 peer wants anything");
	r->peers = 2;
	expect(WHY_NO_INTEREST, "none of its 2 peers wants anything");
	r->interested = 2;
	expect(WHY_NO_SLOT, "2 interested peers wait for an upload slot");
	r->served = 1;
	expect(WHY_SILENT, "1 peer may ask, but asks for nothing now");
	r->up_rate = 1;
	expect(WHY_FINE, "uploads to 1 of 2 interested peers");
	r->held = SWARM_HELD_UP;
	expect(WHY_RATE, "uploads to 1 of 2 interested peers as fast as the "
	    "rate limit lets it");
}

static void
test_others(void **state)
{
	struct rec_torrent_row	*r = fresh(TSTATE_METADATA);

	(void)state;
	r->peers = 2;
	expect(WHY_METADATA, "waits for the metadata from 2 peers");
	fresh(TSTATE_CHECKING)->check_permille = 355;
	expect(WHY_CHECKING, "its data is being checked, 35% so far");
	fresh(TSTATE_STOPPED);
	expect(WHY_STOPPED, "stopped");
	fresh(TSTATE_WAITING)->error = "no space";
	expect(WHY_WAITING, "waits: no space");
	fresh(TSTATE_ERROR)->error = "the file is gone";
	expect(WHY_ERROR, "the file is gone");
}

static void
test_names(void **state)
{
	int	i, k;

	(void)state;
	for (i = 0; i < WHY_COUNT; i++) {
		assert_non_null(why_name(i));
		for (k = 0; k < i; k++)
			assert_string_not_equal(why_name(i), why_name(k));
	}
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_nobody),
		cmocka_unit_test(test_downloading),
		cmocka_unit_test(test_webseeds),
		cmocka_unit_test(test_seeding),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
