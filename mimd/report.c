/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "registry.h"
#include "log.h"
#include "mem.h"

/* Totals travel as numbers up to INT64_MAX; a liar shall not wrap them. */
uint64_t
add_total(uint64_t total, uint64_t more)
{
	return more > INT64_MAX - total ? INT64_MAX : total + more;
}

/* ---- disk ---- */

static char *
data_dir(struct registry *reg, const struct msg_torrent_meta *m)
{
	const char	*root = reg->ops->root(m->root, reg->arg);

	if (root == NULL)
		return xstrdup(m->subdir);
	if (*m->subdir == '\0')
		return xstrdup(root);
	return xasprintf("%s%s%s", root, root[strlen(root) - 1] == '/' ?
	    "" : "/", m->subdir);
}

/*
 * Of a magnet link the rest is known now.  Nothing of it is there (else disk
 * looks at it first), so its swarm can go on.  Of a private torrent only its
 * tracker may tell the peers: those we know now came from anywhere.
 */
static void
learn(struct torrent *t, const struct msg_torrent_meta *m)
{
	t->have = t->got = 0;
	t->measured = t->learning = true;
	if (m->private) {
		t->nknown = t->ngood = 0;
		t->relist = true;	/* it is to know that, too */
	}
}

/* What is the same each time that disk reports a torrent. */
static void
take_shape(struct registry *reg, struct torrent *t,
    const struct msg_torrent_meta *m)
{
	char	*dir = data_dir(reg, m);

	free(t->name);
	t->name = xstrdup(m->name);
	intern_drop(&reg->strings, t->dir);
	t->dir = intern(&reg->strings, dir);
	free(dir);
	if (m->infohash2.len == SHA256_LEN && t->infohash2 == NULL)
		t->infohash2 = xmalloc(SHA256_LEN);
	if (m->infohash2.len == SHA256_LEN)
		memcpy(t->infohash2, m->infohash2.p, SHA256_LEN);
	t->size = m->size;
	if (!t->skips)
		t->wanted = m->size;
	t->piece_length = m->piece_length;
	t->npieces = m->npieces;
	t->metadata_size = m->metadata_size;
	t->private = m->private;
	t->seen = true;
	torrent_files_clear(t);
	t->nfiles = m->nfiles;
}

static void
take_record(struct torrent *t, const struct msg_torrent_meta *m)
{
	t->paused = m->paused;
	t->added = m->added;
	t->completed = m->completed;
	t->downloaded = t->down_base = m->downloaded;
	t->uploaded = t->up_base = m->uploaded;
	t->wasted = m->wasted;
	t->modes = m->modes;
	t->up_limit = m->up_limit;
	t->down_limit = m->down_limit;
	t->max_peers = m->max_peers;
	t->active = m->active;
	t->dstate = DSTATE_CHECKING;
}

/* After disk's restart what we hold is newer than its record. */
static void
compare_record(struct torrent *t, const struct msg_torrent_meta *m)
{
	if (t->paused != m->paused || t->completed != m->completed ||
	    t->downloaded != m->downloaded || t->uploaded != m->uploaded ||
	    t->wasted != m->wasted || t->up_limit != m->up_limit ||
	    t->down_limit != m->down_limit ||
	    t->max_peers != m->max_peers || t->modes != m->modes)
		t->save = true;
}

/* An info-hash stands for one shape only, and mimctl must see its place. */
static bool
is_plausible(struct registry *reg, const struct torrent *t,
    const struct msg_torrent_meta *m)
{
	const char	*root = reg->ops->root(m->root, reg->arg);

	if (root != NULL && strlen(root) + 1 + strlen(m->subdir) >
	    PATH_LEN_MAX)
		return false;
	return t == NULL || t->npieces == 0 || m->npieces == 0 ||
	    (t->size == m->size && t->nfiles == m->nfiles &&
	    t->piece_length == m->piece_length && t->npieces == m->npieces);
}

int
registry_on_meta(struct registry *reg, const struct msg_torrent_meta *m)
{
	struct torrent	*t = registry_find(reg, m->id);

	/* All of it, or nothing: a magnet link. */
	if ((m->npieces == 0) != (m->size == 0) ||
	    (m->npieces == 0) != (m->piece_length == 0) ||
	    (m->npieces == 0) != (m->nfiles == 0))
		return -1;
	if (t != registry_find_hash(reg, m->infohash) ||
	    !is_plausible(reg, t, m))
		return -1;
	if (t != NULL && t->npieces > 0 && m->npieces == 0)
		return 0;	/* its .torrent is gone: not seen */
	if (t == NULL) {
		if (reg->n == TORRENTS_MAX)
			return -1;
		t = torrent_new(reg, m->id, m->infohash);
		take_record(t, m);
	} else {
		compare_record(t, m);
		if (t->npieces == 0 && m->npieces > 0)
			learn(t, m);
	}
	take_shape(reg, t, m);
	if (!t->loaded)
		torrent_trackers_clear(reg, t);
	return 0;
}

int
registry_on_files(struct registry *reg, const struct msg_torrent_files *m)
{
	struct torrent	*t = registry_find(reg, m->id);
	uint32_t	 i;

	if (t == NULL)
		return 0;
	if (m->first != t->files_got)
		return -1;
	for (i = 0; i < m->files.n; i++) {
		if (torrent_file_add(t, &m->files.v[i]) == -1)
			return -1;
		torrent_prio_told(t, m->first + i, m->files.v[i].prio);
	}
	return 0;
}

int
registry_on_loaded(struct registry *reg, uint32_t id)
{
	struct torrent	*t = registry_find(reg, id);

	if (t == NULL)
		return 0;
	if (t->files_got != t->nfiles)
		return -1;
	if (t->nfiles > 0) {
		t->files = xreallocarray(t->files, t->nfiles,
		    sizeof(*t->files));
		t->files_size = t->nfiles;
		t->paths = xreallocarray(t->paths, t->paths_len, 1);
		t->paths_size = t->paths_len;
	}
	t->loaded = true;
	/* Told a second time, files are empty until disk says more. */
	if (!t->measured || t->learning)
		torrent_count_wanted(t);
	t->learning = false;
	if (t->prios_stale)
		registry_prios_changed(reg, t);
	return 0;
}

void
registry_on_kept(struct registry *reg, uint32_t id)
{
	struct torrent	*t = registry_find(reg, id);
	uint64_t	 client;

	if (t == NULL || !registry_end_add(reg, id, &client))
		return;
	log_info("torrent %u: %s: added", t->id, t->name);
	reg->ops->added(client, t, reg->arg);
}

void
registry_on_refused(struct registry *reg, const struct msg_torrent_refused *m)
{
	registry_refuse(reg, m->id, m->error);
}

static void
removed(struct registry *reg, struct torrent *t, const char *error)
{
	uint64_t	client = t->remover;
	uint32_t	id = t->id;

	if (*error != '\0')
		log_warnx("torrent %u: %s: removed: %s", id, t->name, error);
	else
		log_info("torrent %u: %s: removed", id, t->name);
	torrent_free(reg, t);
	reg->ops->removed(client, id, error, reg->arg);
}

static void
log_state(const struct torrent *t, uint8_t before)
{
	if (t->dstate == before || t->error == NULL)
		return;
	if (t->dstate == DSTATE_ERROR)
		log_warnx("torrent %u: %s: %s", t->id, t->name, t->error);
	else if (t->dstate == DSTATE_WAITING)
		log_warnx("torrent %u: %s: waits: %s", t->id, t->name,
		    t->error);
}

/* A torrent that disk no longer reports has lost its record. */
static void
not_seen(struct registry *reg, struct torrent *t)
{
	uint8_t	before;

	if (t->removing && t->swarm == SWARM_NONE) {
		removed(reg, t, "");
		return;
	}
	before = t->loaded ? t->dstate : DSTATE_CHECKING;
	t->loaded = true;
	t->dstate = DSTATE_ERROR;
	torrent_set_error(t, "its record in the state directory is gone or "
	    "damaged: remove it and add it again");
	log_state(t, before);
	registry_reconcile(reg, t);
}

void
registry_on_scan_end(struct registry *reg)
{
	struct torrent	*t;
	uint32_t	 id = 0;

	reg->scanned = true;
	while ((t = registry_after(reg, id)) != NULL) {
		id = t->id;
		/* One that is still being added is about to be asked for. */
		if (!t->seen && !registry_is_adding(reg, id))
			not_seen(reg, t);
	}
	registry_send_orders(reg);
	registry_sync(reg);
}

void
registry_on_removed(struct registry *reg, const struct msg_torrent_removed *m)
{
	struct torrent	*t = registry_find(reg, m->id);

	if (t != NULL && t->remove_sent)
		removed(reg, t, m->error);
}

void
registry_on_disk_state(struct registry *reg, const struct msg_disk_state *m)
{
	struct torrent	*t = registry_find(reg, m->id);
	uint8_t		 before;

	if (t == NULL)
		return;
	before = t->dstate;
	t->dstate = m->state;
	t->barred = m->barred;
	t->check = false;
	if (m->state != DSTATE_CHECKING)
		t->resuming = false;
	torrent_set_error(t, m->error);
	log_state(t, before);
	registry_reconcile(reg, t);
}

void
registry_completed(struct registry *reg, struct torrent *t)
{
	struct msg_tracker_totals	totals = {
		.id = t->id,
		.downloaded = t->downloaded - t->down_base,
		.uploaded = t->uploaded - t->up_base,
		.left = 0,
	};
	struct msg_tracker_completed	m = { .id = t->id };
	bool				first = false;

	if (t->completed == 0) {
		t->completed = (uint64_t)time(NULL);
		registry_save(reg, t);
		first = true;
	}
	/* Found complete by a check: no news for anyone (BEP 3). */
	if (t->swarm != SWARM_RUNNING || t->dstate != DSTATE_READY)
		return;
	log_info("torrent %u: %s: completed", t->id, t->name);
	if (t->announce != ANNOUNCE_STARTED)
		return;
	reg->ops->send(ROLE_TRACKER, MSG_TRACKER_TOTALS, &totals, -1,
	    reg->arg);
	/* A piece that was lost and is back is no second download. */
	if (first)
		reg->ops->send(ROLE_TRACKER, MSG_TRACKER_COMPLETED, &m, -1,
		    reg->arg);
}

int
registry_on_progress(struct registry *reg, const struct msg_disk_progress *m)
{
	struct torrent	*t = registry_find(reg, m->id);
	uint32_t	 i;
	bool		 first, before;

	if (t == NULL)
		return 0;
	if (m->have > t->size || m->pieces > t->npieces ||
	    m->checked > t->npieces)
		return -1;
	for (i = 0; i < m->files.n; i++) {
		if (m->files.v[i].index >= t->files_got)
			return -1;
		t->files[m->files.v[i].index].have = m->files.v[i].have;
	}
	first = t->loaded && !t->measured;
	before = torrent_complete(t);
	t->have = m->have;
	torrent_count_wanted(t);
	t->checked = m->checked;
	t->moved = (uint16_t)m->moved;
	t->totals = true;
	if (!before && torrent_complete(t) && t->loaded)
		registry_completed(reg, t);
	if (before != torrent_complete(t))
		registry_reconcile(reg, t);
	/* Only now can peers and trackers be told the truth. */
	if (first) {
		t->measured = true;
		registry_reconcile(reg, t);
	}
	return 0;
}

/* ---- peer ---- */

void
registry_on_halted(struct registry *reg, uint32_t id)
{
	struct torrent	*t = registry_find(reg, id);

	if (t == NULL || t->swarm != SWARM_HALTING)
		return;
	t->swarm = SWARM_NONE;
	t->nrows = 0;
	free(t->rows);
	t->rows = NULL;
	t->rows_size = 0;
	torrent_set_now(t, NULL);
	registry_reconcile(reg, t);
}

void
registry_on_stats(struct registry *reg, const struct msg_swarm_stats *m)
{
	const struct rec_swarm	*s;
	struct torrent		*t;
	uint32_t		 i;

	for (i = 0; i < m->swarms.n; i++) {
		s = &m->swarms.v[i];
		if ((t = registry_find(reg, s->id)) == NULL)
			continue;
		torrent_set_now(t, s);
		if ((s->downloaded | s->uploaded | s->wasted) == 0)
			continue;
		t->downloaded = add_total(t->downloaded, s->downloaded);
		t->uploaded = add_total(t->uploaded, s->uploaded);
		t->wasted = add_total(t->wasted, s->wasted);
		t->totals = t->save = true;
		if ((s->downloaded | s->uploaded) != 0)
			t->active = (uint32_t)time(NULL);
	}
}

static struct tpeer *
peer_row(struct torrent *t, uint32_t conn)
{
	uint32_t	i;

	for (i = 0; i < t->nrows; i++) {
		if (t->rows[i].row.conn == conn)
			return &t->rows[i];
	}
	return NULL;
}

static struct tpeer *
peer_row_new(struct torrent *t)
{
	if (t->nrows == TORRENT_PEERS_MAX)
		return NULL;
	if (t->nrows == t->rows_size) {
		t->rows_size = t->rows_size == 0 ? 4 : t->rows_size * 2;
		t->rows = xreallocarray(t->rows, t->rows_size,
		    sizeof(*t->rows));
	}
	return &t->rows[t->nrows++];
}

void
registry_on_peer_rows(struct registry *reg, const struct msg_peer_rows *m)
{
	struct torrent	*t = registry_find(reg, m->id);
	struct tpeer	*p;
	uint32_t	 i;

	if (t == NULL || t->swarm == SWARM_NONE)
		return;
	for (i = 0; i < m->peers.n; i++) {
		if ((p = peer_row(t, m->peers.v[i].conn)) == NULL &&
		    (p = peer_row_new(t)) == NULL)
			return;
		/* row.client is set when the row is sent: rows move. */
		p->row = m->peers.v[i];
		strlcpy(p->client, m->peers.v[i].client, sizeof(p->client));
		p->row.client = NULL;
		torrent_know_good(t, &m->peers.v[i]);
	}
}

void
registry_on_peer_gone(struct registry *reg, const struct msg_peer_gone *m)
{
	struct torrent	*t = registry_find(reg, m->id);
	struct tpeer	*p;
	uint32_t	 i;

	if (t == NULL)
		return;
	for (i = 0; i < m->conns.n; i++) {
		if ((p = peer_row(t, m->conns.v[i].id)) != NULL)
			*p = t->rows[--t->nrows];
	}
	if (t->nrows == 0) {
		free(t->rows);
		t->rows = NULL;
		t->rows_size = 0;
	}
}

void
registry_on_hungry(struct registry *reg, uint32_t id)
{
	struct torrent			*t = registry_find(reg, id);
	struct msg_tracker_hungry	 m = { .id = id };

	if (t == NULL)
		return;
	if (t->announce == ANNOUNCE_STARTED &&
	    reg->ops->ready(ROLE_TRACKER, reg->arg))
		reg->ops->send(ROLE_TRACKER, MSG_TRACKER_HUNGRY, &m, -1,
		    reg->arg);
	registry_dht_hungry(reg, t);
}

/* ---- tracker ---- */

void
registry_take_peers(struct registry *reg, struct torrent *t, uint8_t source,
    const struct rec_addr *peers, uint32_t n)
{
	struct msg_peers_found	 found = {
		.id = t->id,
		.source = source,
		.peers = { .v = peers, .n = n },
	};
	uint32_t		 i;

	if (t->swarm == SWARM_HALTING)
		return;
	for (i = 0; i < n; i++)
		torrent_know(t, &peers[i]);
	if (t->swarm != SWARM_RUNNING || n == 0 ||
	    !reg->ops->ready(ROLE_PEER, reg->arg))
		return;
	reg->ops->send(ROLE_PEER, MSG_PEERS_FOUND, &found, -1, reg->arg);
}

void
registry_on_peers(struct registry *reg, const struct msg_tracker_peers *m)
{
	struct torrent	*t = registry_find(reg, m->id);

	if (t != NULL)
		registry_take_peers(reg, t, PEER_SOURCE_TRACKER, m->peers.v,
		    m->peers.n);
}

void
registry_on_user_peer(struct registry *reg, struct torrent *t,
    const struct addr *addr)
{
	struct rec_addr	peer = { .port = addr->port };

	memcpy(peer.ip, addr->ip, sizeof(peer.ip));
	registry_take_peers(reg, t, PEER_SOURCE_USER, &peer, 1);
}

void
registry_on_disk_peers(struct registry *reg,
    const struct msg_torrent_peers *m)
{
	struct torrent	*t = registry_find(reg, m->id);
	uint32_t	 i;

	for (i = 0; t != NULL && i < m->peers.n; i++)
		torrent_know(t, &m->peers.v[i]);
}
