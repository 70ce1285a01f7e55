/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "registry.h"
#include "mem.h"

/* Elements of the lists in msg.def. */
#define SPANS_MAX	512

#define FILES_TOLD	4096U	/* where they begin and end */
#define ACTIVE_TIME	86400U	/* s without payload, then it is idle */

static void
tell(struct registry *reg, enum role to, enum msg_type type, const void *body)
{
	reg->ops->send(to, type, body, -1, reg->arg);
}

static bool
ready(struct registry *reg, enum role role)
{
	return reg->ops->ready(role, reg->arg);
}

/*
 * A disk child that died left doubtful pieces behind.  While its successor
 * looks at them the swarm goes on: peer holds its connections and waits.
 */
bool
torrent_wanted(const struct torrent *t)
{
	if (!t->loaded || t->paused || t->removing ||
	    (!t->measured && t->npieces > 0))
		return false;
	return t->dstate == DSTATE_READY ||
	    (t->dstate == DSTATE_MOVING && torrent_complete(t)) ||
	    (t->dstate == DSTATE_CHECKING && t->resuming);
}

void
registry_send_limits(struct registry *reg, struct torrent *t)
{
	struct msg_swarm_limits	m = {
		.id = t->id,
		.up = t->up_limit,
		.down = t->webseeds != NULL && t->webseeds->told ?
		    t->webseeds->left : t->down_limit,
		.peers = t->max_peers,
	};

	tell(reg, ROLE_PEER, MSG_SWARM_LIMITS, &m);
}

/* Of so many files: beyond that, hardly a piece is no file's first or last. */
static void
send_files(struct registry *reg, struct torrent *t)
{
	struct rec_span		span[SPANS_MAX];
	struct msg_swarm_files	m = { .id = t->id, .files = { span, 0 } };
	uint64_t		at = 0;
	uint32_t		i;

	for (i = 0; i < t->files_got && i < FILES_TOLD; i++) {
		if (t->files[i].size == 0)
			continue;
		span[m.files.n].first = (uint32_t)(at / t->piece_length);
		at += t->files[i].size;
		span[m.files.n++].last =
		    (uint32_t)((at - 1) / t->piece_length);
		if (m.files.n < SPANS_MAX)
			continue;
		tell(reg, ROLE_PEER, MSG_SWARM_FILES, &m);
		m.files.n = 0;
	}
	if (m.files.n > 0)
		tell(reg, ROLE_PEER, MSG_SWARM_FILES, &m);
}

void
registry_send_modes(struct registry *reg, struct torrent *t)
{
	struct msg_swarm_modes	m = { .id = t->id, .modes = t->modes };

	tell(reg, ROLE_PEER, MSG_SWARM_MODES, &m);
	if ((t->modes & TMODE_FIRST_LAST) != 0 && t->npieces > 0)
		send_files(reg, t);
}

static void
send_run(struct registry *reg, struct torrent *t)
{
	struct msg_swarm_run	m = {
		.id = t->id,
		.size = t->size,
		.piece_length = t->piece_length,
		.npieces = t->npieces,
		.metadata_size = t->metadata_size,
		.private = t->private,
	};

	memcpy(m.infohash, t->infohash, sizeof(m.infohash));
	tell(reg, ROLE_PEER, MSG_SWARM_RUN, &m);
	t->swarm = SWARM_RUNNING;
	t->bare = t->npieces == 0;
	if (t->modes != 0)
		registry_send_modes(reg, t);
	if (t->prios != NULL)
		registry_send_prios(reg, t);
}

static void
swarm_run(struct registry *reg, struct torrent *t)
{
	struct msg_peers_found	found = {
		.id = t->id,
		.source = PEER_SOURCE_RESUME,
	};
	struct rec_addr		addrs[TORRENT_KNOWN_MAX];
	uint16_t		i;

	send_run(reg, t);
	if (t->up_limit != 0 || t->down_limit != 0 || t->max_peers != 0)
		registry_send_limits(reg, t);
	if (t->nknown == 0)
		return;
	for (i = 0; i < t->nknown; i++) {
		memcpy(addrs[i].ip, t->known[i].ip, sizeof(addrs[i].ip));
		addrs[i].port = t->known[i].port;
	}
	found.peers.v = addrs;
	found.peers.n = t->nknown;
	tell(reg, ROLE_PEER, MSG_PEERS_FOUND, &found);
}

static void
swarm_halt(struct registry *reg, struct torrent *t)
{
	struct msg_swarm_halt	m = { .id = t->id };

	tell(reg, ROLE_PEER, MSG_SWARM_HALT, &m);
	t->swarm = SWARM_HALTING;
}

static void
send_totals(struct registry *reg, struct torrent *t)
{
	struct msg_tracker_totals	m = {
		.id = t->id,
		.downloaded = t->downloaded - t->down_base,
		.uploaded = t->uploaded - t->up_base,
		.left = torrent_left(t),
	};

	tell(reg, ROLE_TRACKER, MSG_TRACKER_TOTALS, &m);
	t->totals = false;
}

/* Has it been of use to anybody of late? */
static bool
is_active(const struct torrent *t)
{
	return (uint64_t)t->active + ACTIVE_TIME > (uint64_t)time(NULL);
}

void
registry_want_counts(struct registry *reg, struct torrent *t)
{
	struct msg_tracker_scrape	m = { .id = t->id };

	if (t->ntrackers == 0 || t->removing || !ready(reg, ROLE_TRACKER))
		return;
	if (t->announce == ANNOUNCE_NONE) {
		registry_send_trackers(reg, t);
		t->announce = ANNOUNCE_STOPPED;
	}
	tell(reg, ROLE_TRACKER, MSG_TRACKER_SCRAPE, &m);
}

static void
announce_start(struct registry *reg, struct torrent *t)
{
	struct msg_tracker_start	m = {
		.id = t->id,
		.left = torrent_left(t),
		.active = is_active(t),
	};

	if (t->announce == ANNOUNCE_NONE)
		registry_send_trackers(reg, t);
	tell(reg, ROLE_TRACKER, MSG_TRACKER_START, &m);
	t->announce = ANNOUNCE_STARTED;
	send_totals(reg, t);
}

static void
announce_stop(struct registry *reg, struct torrent *t)
{
	struct msg_tracker_stop	m = { .id = t->id };
	uint8_t			i;

	send_totals(reg, t);
	tell(reg, ROLE_TRACKER, MSG_TRACKER_STOP, &m);
	for (i = 0; i < t->ntrackers; i++)
		t->trackers[i].known = false;
	t->announce = ANNOUNCE_STOPPED;
}

static void
announce_forget(struct registry *reg, struct torrent *t)
{
	struct msg_tracker_forget	m = { .id = t->id };

	send_totals(reg, t);
	tell(reg, ROLE_TRACKER, MSG_TRACKER_FORGET, &m);
	t->announce = ANNOUNCE_NONE;
}

/* False if peer could not be told now. */
static bool
reconcile_swarm(struct registry *reg, struct torrent *t, bool wanted)
{
	bool	starts = wanted && t->swarm == SWARM_NONE;
	bool	halts = !wanted && t->swarm == SWARM_RUNNING;
	bool	learns = wanted && t->swarm == SWARM_RUNNING && t->bare &&
	    t->npieces > 0;

	if (!starts && !halts && !learns)
		return true;
	if (!ready(reg, ROLE_PEER))
		return false;
	if (starts)
		swarm_run(reg, t);
	else if (learns)
		send_run(reg, t);
	else
		swarm_halt(reg, t);
	return true;
}

/* Trackers hear of the end after the swarm's last totals are in. */
static bool
reconcile_announce(struct registry *reg, struct torrent *t, bool wanted)
{
	bool	starts = wanted && t->announce != ANNOUNCE_STARTED &&
	    t->ntrackers > 0;
	bool	stops = !wanted && t->swarm == SWARM_NONE &&
	    t->announce == ANNOUNCE_STARTED;
	bool	forgets = t->removing && t->swarm == SWARM_NONE &&
	    t->announce != ANNOUNCE_NONE;
	bool	relists = t->relist && t->announce != ANNOUNCE_NONE;

	if (!starts && !stops && !forgets && !relists)
		return true;
	if (!ready(reg, ROLE_TRACKER))
		return false;
	if (relists)
		registry_send_trackers(reg, t);
	if (forgets)
		announce_forget(reg, t);
	else if (starts)
		announce_start(reg, t);
	else if (stops)
		announce_stop(reg, t);
	return true;
}

/*
 * What disk was asked for waits until disk is there and has scanned.  Once
 * it has removed a torrent nobody is left to tell tracker of it.
 */
static bool
reconcile_disk(struct registry *reg, struct torrent *t)
{
	struct msg_torrent_remove	remove = {
		.id = t->id,
		.delete_data = t->delete_data,
	};
	bool	removes = t->removing && !t->remove_sent &&
	    t->swarm == SWARM_NONE &&
	    (t->announce == ANNOUNCE_NONE || reg->stopping);
	bool	prios = t->prios_stale && t->loaded;

	if (!removes && !t->retrack && !prios)
		return true;
	if (!reg->scanned || !ready(reg, ROLE_DISK))
		return false;
	if (t->retrack)
		registry_send_retrack(reg, t);
	if (prios)
		registry_prios_changed(reg, t);
	if (!removes)
		return true;
	tell(reg, ROLE_DISK, MSG_TORRENT_REMOVE, &remove);
	t->remove_sent = true;
	return true;
}

void
registry_reconcile(struct registry *reg, struct torrent *t)
{
	bool	wanted = !reg->stopping && torrent_wanted(t);

	if (!reconcile_swarm(reg, t, wanted))
		reg->behind = true;
	/* At the end totals wait for every swarm: registry_finish(). */
	if (!reg->stopping && !reconcile_announce(reg, t, wanted))
		reg->behind = true;
	if (!registry_dht(reg, t, wanted))
		reg->behind = true;
	registry_webseeds(reg, t, wanted && t->barred != BARRED_ALL &&
	    t->swarm == SWARM_RUNNING);
	if (!reconcile_disk(reg, t))
		reg->behind = true;
}

void
registry_sync(struct registry *reg)
{
	uint32_t	i;

	reg->behind = false;
	for (i = 0; i < reg->n; i++)
		registry_reconcile(reg, reg->torrents[i]);
}

void
registry_on_drain(struct registry *reg)
{
	if (reg->behind)
		registry_sync(reg);
}

void
registry_on_up(struct registry *reg, enum role role)
{
	struct msg_state_scan	scan = { 0 };
	uint32_t		i;

	if (role == ROLE_DISK) {
		reg->scanned = false;
		for (i = 0; i < reg->n; i++)
			reg->torrents[i]->seen = false;
		tell(reg, ROLE_DISK, MSG_STATE_SCAN, &scan);
	} else
		registry_sync(reg);
}

static void
lost_peer(struct torrent *t)
{
	t->swarm = SWARM_NONE;
	t->nrows = 0;
	torrent_set_now(t, NULL);
}

void
registry_on_down(struct registry *reg, enum role role)
{
	struct torrent	*t;
	uint32_t	 i;

	for (i = 0; i < reg->n; i++) {
		t = reg->torrents[i];
		switch (role) {
		case ROLE_PEER:
			lost_peer(t);
			break;
		case ROLE_TRACKER:
			t->announce = ANNOUNCE_NONE;
			break;
		case ROLE_DHT:
			t->dht = DHT_NONE;
			break;
		case ROLE_DISK:
			t->resuming = t->swarm == SWARM_RUNNING;
			t->remove_sent = false;
			/* Perhaps it did not come to save them. */
			t->retrack = t->edited;
			if (t->order != NULL)
				t->order->sent = false;
			break;
		default:
			break;
		}
	}
	if (role == ROLE_DISK) {
		reg->scanned = false;
		for (i = 0; i < REGISTRY_ADDS_MAX; i++)
			reg->adds[i].sent = false;
	}
	if (role == ROLE_TRACKER)
		registry_lost_seeds(reg);
	if (role == ROLE_PEER)		/* removals waited for their swarm */
		registry_sync(reg);
}

void
registry_tick(struct registry *reg)
{
	struct torrent	*t;
	bool		 save = ++reg->ticks % REGISTRY_SAVE_TICKS == 0;
	uint32_t	 i;

	for (i = 0; i < reg->n; i++) {
		t = reg->torrents[i];
		if (t->totals && t->announce == ANNOUNCE_STARTED &&
		    ready(reg, ROLE_TRACKER))
			send_totals(reg, t);
		if (save && t->save && ready(reg, ROLE_DISK))
			registry_save(reg, t);
	}
	if (reg->behind)
		registry_sync(reg);
}

void
registry_flush(struct registry *reg)
{
	uint32_t	i;

	for (i = 0; i < reg->n; i++) {
		if (reg->torrents[i]->save)
			registry_save(reg, reg->torrents[i]);
	}
}

void
registry_stop(struct registry *reg)
{
	reg->stopping = true;
	registry_sync(reg);
}

bool
registry_halted(const struct registry *reg)
{
	uint32_t	i;

	for (i = 0; i < reg->n; i++) {
		if (reg->torrents[i]->swarm != SWARM_NONE)
			return false;
	}
	return true;
}

void
registry_finish(struct registry *reg)
{
	struct torrent	*t;
	uint32_t	 i;

	for (i = 0; i < reg->n; i++) {
		t = reg->torrents[i];
		if (t->announce == ANNOUNCE_STARTED &&
		    reg->ops->up(ROLE_TRACKER, reg->arg))
			announce_stop(reg, t);
	}
	registry_flush(reg);
}
