/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bound.h"
#include "control.h"
#include "mem.h"
#include "nodes.h"
#include "parent.h"
#include "procinfo.h"

/*
 * Answers that may be long: all torrents and their details.  They come from
 * memory, in packets filled up to PACKET_ROOM, as fast as the client reads;
 * a cursor that names torrents by number survives their removal in between.
 */

/* Leaves space for the head; ROW_* are numbers and codes at their longest. */
#define PACKET_ROOM	(MSG_SIZE_MAX - 1024)
#define ROW_TORRENT	384
#define ROW_FILE	64
#define ROW_PEER	160
#define ROW_TRACKER	112

/* Elements of the lists in msg.def. */
#define TORRENT_ROWS	256
#define FILE_ROWS	512
#define PEER_ROWS	256
#define TRACKER_ROWS	16
#define WEBSEED_ROWS	16

enum list_step {
	LIST_ROWS,		/* a row of each torrent */
	LIST_NEXT,		/* then for each of them: */
	LIST_FILES,
	LIST_PEERS,
	LIST_TRACKERS,
	LIST_WEBSEEDS
};

static struct registry *
control_registry(const struct control_conn *conn)
{
	return &control_parent(conn)->registry;
}

static const char *
text(const char *s)
{
	return s == NULL ? "" : s;
}

void
control_list_clear(struct control_conn *conn)
{
	free(conn->list.ids);
	memset(&conn->list, 0, sizeof(conn->list));
}

/* The next torrent asked for; those that are not there are noted once. */
static struct torrent *
list_next(struct control_conn *conn)
{
	struct list_cursor	*l = &conn->list;
	struct torrent		*t;
	uint32_t		 id;

	if (l->ids == NULL) {
		t = registry_after(control_registry(conn), l->last);
		if (t != NULL)
			l->last = t->id;
		return t;
	}
	while (l->next < l->nids) {
		id = l->ids[l->next++];
		if ((t = registry_find(control_registry(conn), id)) != NULL)
			return t;
		if (l->step == LIST_ROWS) {
			l->missing++;
			control_note(conn, id, CTL_NO_TORRENT,
			    "no such torrent");
		}
	}
	return NULL;
}

static void
list_rewind(struct list_cursor *l)
{
	l->next = 0;
	l->last = 0;
}

/* Back by one: its row goes into the next packet. */
static void
list_unget(struct list_cursor *l, const struct torrent *t)
{
	l->next -= l->ids != NULL;
	l->last = t->id - 1;
}

static void
torrent_fill(struct rec_torrent_row *row, const struct torrent *t, bool dht)
{
	const struct rec_swarm	*now = torrent_now(t);

	memset(row, 0, sizeof(*row));
	row->id = t->id;
	memcpy(row->infohash, t->infohash, sizeof(row->infohash));
	if (t->infohash2 != NULL) {
		row->infohash2.p = t->infohash2;
		row->infohash2.len = SHA256_LEN;
	}
	row->name = t->name;
	row->state = (uint8_t)torrent_state(t);
	row->size = t->size;
	row->have = t->have;
	row->wanted = t->wanted;
	row->got = t->got;
	if (t->dstate == DSTATE_MOVING)
		row->check_permille = t->moved;
	else if (t->npieces > 0)
		row->check_permille = (uint32_t)((uint64_t)t->checked * 1000 /
		    t->npieces);
	row->downloaded = t->downloaded;
	row->uploaded = t->uploaded;
	row->wasted = t->wasted;
	row->down_rate = torrent_down_rate(t);
	row->up_rate = now->up_rate;
	row->peers = now->peers;
	row->seeds = now->seeds;
	row->useful = now->useful;
	row->choking = now->choking;
	row->interested = now->interested;
	row->served = now->served;
	row->candidates = now->candidates;
	row->held = (uint8_t)(now->held |
	    (t->barred == BARRED_ALL ? SWARM_HELD_FILE : 0));
	row->error = text(t->error);
	row->dir = t->dir;
	row->private = t->private;
	row->added = t->added;
	row->completed = t->completed;
	row->piece_length = t->piece_length;
	row->npieces = t->npieces;
	row->nfiles = t->nfiles;
	row->modes = t->modes;
	row->up_limit = t->up_limit;
	row->down_limit = t->down_limit;
	row->max_peers = t->max_peers;
	row->dht = dht && !t->private && t->swarm == SWARM_RUNNING;
}

/* True while there is more of this kind to send. */
static bool
list_rows(struct control_conn *conn)
{
	struct rec_torrent_row	 rows[TORRENT_ROWS];
	struct msg_ctl_torrents	 m;
	struct torrent		*t;
	size_t			 room = PACKET_ROOM, need;
	uint32_t		 n = 0;
	bool			 dht = nodes_off(control_parent(conn)) == NULL;

	while (n < TORRENT_ROWS && (t = list_next(conn)) != NULL) {
		need = ROW_TORRENT + strlen(t->name) + strlen(t->dir) +
		    strlen(text(t->error));
		if (need > room) {
			list_unget(&conn->list, t);
			break;
		}
		room -= need;
		torrent_fill(&rows[n++], t, dht);
	}
	if (n == 0)
		return false;
	m.rows.v = rows;
	m.rows.n = n;
	conn->list.found += n;
	chan_send(conn->chan, MSG_CTL_TORRENTS, &m);
	return true;
}

static bool
list_files(struct control_conn *conn, const struct torrent *t)
{
	struct list_cursor	*l = &conn->list;
	struct rec_ctl_file	 rows[FILE_ROWS];
	struct msg_ctl_files	 m = { .id = t->id };
	const char		*path;
	size_t			 room = PACKET_ROOM, need;
	uint32_t		 n = 0;

	while (n < FILE_ROWS && l->pos < t->files_got) {
		path = torrent_file_path(t, l->pos);
		need = ROW_FILE + strlen(path);
		if (need > room)
			break;
		room -= need;
		rows[n].index = l->pos;
		rows[n].path = path;
		rows[n].size = t->files[l->pos].size;
		rows[n].have = t->files[l->pos].have;
		rows[n].prio = torrent_prio(t, l->pos);
		rows[n++].attr = t->files[l->pos++].attr;
	}
	if (n == 0)
		return false;
	m.files.v = rows;
	m.files.n = n;
	chan_send(conn->chan, MSG_CTL_FILES, &m);
	return true;
}

static bool
list_peers(struct control_conn *conn, const struct torrent *t)
{
	struct list_cursor	*l = &conn->list;
	struct rec_peer		 rows[PEER_ROWS];
	struct msg_ctl_peers	 m = { .id = t->id };
	size_t			 room = PACKET_ROOM, need;
	uint32_t		 n = 0;

	while (n < PEER_ROWS && l->pos < t->nrows) {
		need = ROW_PEER + strlen(t->rows[l->pos].client);
		if (need > room)
			break;
		room -= need;
		rows[n] = t->rows[l->pos].row;
		rows[n++].client = t->rows[l->pos++].client;
	}
	if (n == 0)
		return false;
	m.peers.v = rows;
	m.peers.n = n;
	chan_send(conn->chan, MSG_CTL_PEERS, &m);
	return true;
}

static bool
list_trackers(struct control_conn *conn, const struct torrent *t)
{
	struct list_cursor	*l = &conn->list;
	struct rec_tracker_row	 rows[TRACKER_ROWS];
	struct msg_ctl_trackers	 m = { .id = t->id };
	const struct ttracker	*tr;
	size_t			 room = PACKET_ROOM, need;
	uint32_t		 n = 0;

	while (n < TRACKER_ROWS && l->pos < t->ntrackers) {
		tr = &t->trackers[l->pos];
		need = ROW_TRACKER + strlen(tr->url) + strlen(text(tr->error));
		if (need > room)
			break;
		room -= need;
		rows[n].index = l->pos++;
		rows[n].tier = tr->tier;
		rows[n].url = tr->url;
		rows[n].state = tr->state;
		rows[n].seeds = tr->seeds;
		rows[n].leeches = tr->leeches;
		rows[n].downloads = tr->downloads;
		rows[n].last = tr->last;
		rows[n].next = tr->next;
		rows[n].allowed = tr->allowed;
		rows[n++].error = text(tr->error);
	}
	if (n == 0)
		return false;
	m.rows.v = rows;
	m.rows.n = n;
	chan_send(conn->chan, MSG_CTL_TRACKERS, &m);
	return true;
}

static bool
list_webseeds(struct control_conn *conn, const struct torrent *t)
{
	struct list_cursor	*l = &conn->list;
	struct rec_webseed_row	 rows[WEBSEED_ROWS];
	struct msg_ctl_webseeds	 m = { .id = t->id, .rows = { rows, 0 } };
	const struct twebseed	*w;

	for (; t->webseeds != NULL && l->pos < t->webseeds->n &&
	    m.rows.n < WEBSEED_ROWS; l->pos++) {
		w = &t->webseeds->v[l->pos];
		rows[m.rows.n++] = (struct rec_webseed_row){ .url = w->url,
		    .state = w->state, .rate = w->rate,
		    .downloaded = w->downloaded, .next = w->next,
		    .error = text(w->error) };
	}
	if (m.rows.n == 0)
		return false;
	chan_send(conn->chan, MSG_CTL_WEBSEEDS, &m);
	return true;
}

static void
list_end(struct control_conn *conn)
{
	struct registry		*reg = control_registry(conn);
	struct msg_ctl_total	 total = { 0 };
	char			 proxy[2 * ERROR_MAX + 1];
	uint32_t		 i, found, missing;

	for (i = 0; i < reg->n; i++) {
		total.down_rate += torrent_down_rate(reg->torrents[i]);
		total.up_rate += torrent_now(reg->torrents[i])->up_rate;
	}
	found = conn->list.found;
	missing = conn->list.missing;
	control_list_clear(conn);
	if (total.down_rate > INT64_MAX || total.up_rate > INT64_MAX)
		total.down_rate = total.up_rate = 0;
	total.announces = control_parent(conn)->announces;
	total.stalled = storage_stalled(control_parent(conn));
	total.network = bound_refuses() != NULL ? bound_refuses() : "";
	proxies_error(control_parent(conn), proxy);
	total.proxy = proxy;
	chan_send(conn->chan, MSG_CTL_TOTAL, &total);
	if (missing == 0)
		control_end(conn, CTL_OK, "");
	else if (found == 0)
		control_end(conn, CTL_NO_TORRENT, "no such torrent");
	else
		control_end(conn, CTL_PARTIAL, "");
}

/* To the details of the next torrent; false at the end. */
static bool
list_advance(struct control_conn *conn)
{
	struct list_cursor	*l = &conn->list;
	struct torrent		*t;

	if (!l->files && !l->peers && !l->trackers && !l->webseeds)
		return false;
	if ((t = list_next(conn)) == NULL)
		return false;
	l->id = t->id;
	l->pos = 0;
	l->step = LIST_FILES;
	return true;
}

/* The next packet of one torrent's details; false when all are sent. */
static bool
list_details(struct control_conn *conn)
{
	struct list_cursor	*l = &conn->list;
	struct torrent		*t;

	if ((t = registry_find(control_registry(conn), l->id)) == NULL)
		return false;
	if (l->step == LIST_FILES) {
		if (l->files && list_files(conn, t))
			return true;
		l->step = LIST_PEERS;
		l->pos = 0;
	}
	if (l->step == LIST_PEERS) {
		if (l->peers && list_peers(conn, t))
			return true;
		l->step = LIST_TRACKERS;
		l->pos = 0;
		if (l->trackers)
			registry_want_counts(control_registry(conn), t);
	}
	if (l->step == LIST_TRACKERS) {
		if (l->trackers && list_trackers(conn, t))
			return true;
		l->step = LIST_WEBSEEDS;
		l->pos = 0;
	}
	return l->webseeds && list_webseeds(conn, t);
}

void
control_list_pump(struct control_conn *conn)
{
	struct list_cursor	*l = &conn->list;

	while (!chan_full(conn->chan)) {
		if (l->step == LIST_ROWS) {
			if (list_rows(conn))
				continue;
			l->step = LIST_NEXT;
			list_rewind(l);
		}
		if (l->step == LIST_NEXT) {
			if (list_advance(conn))
				continue;
			list_end(conn);
			return;
		}
		if (!list_details(conn))
			l->step = LIST_NEXT;
	}
}

void
control_on_list(struct chan *c, const struct msg_ctl_list *m, void *arg)
{
	struct control_conn	*conn = arg;
	struct list_cursor	*l = &conn->list;
	uint32_t		 i;

	(void)c;
	control_begin(conn);
	control_list_clear(conn);
	l->active = true;
	l->files = m->files;
	l->peers = m->peers;
	l->trackers = m->trackers;
	l->webseeds = m->webseeds;
	l->step = LIST_ROWS;
	if (m->ids.n > 0) {
		l->nids = m->ids.n;
		l->ids = xreallocarray(NULL, l->nids, sizeof(*l->ids));
		for (i = 0; i < l->nids; i++)
			l->ids[i] = m->ids.v[i].id;
	}
	control_list_pump(conn);
}

/* ---- processes ---- */

static void
process_usage(struct rec_process *row)
{
	struct procinfo	info;

	if (row->pid == 0 || procinfo_read((pid_t)row->pid, &info) == -1)
		return;
	row->rss = info.rss;
	row->shared = info.shared;
	row->cpu_ms = info.cpu_ms;
}

void
control_on_processes(struct chan *c, const struct msg_ctl_processes *m,
    void *arg)
{
	struct control_conn		*conn = arg;
	struct parent			*parent = control_parent(conn);
	uint64_t			 now = loop_now(parent->loop);
	struct rec_process		 rows[ROLE_COUNT];
	struct msg_ctl_process_rows	 answer;
	const struct proc		*p;
	enum role			 role;
	uint32_t			 n = 0;

	(void)m;
	control_begin(conn);
	memset(rows, 0, sizeof(rows));
	rows[n].pid = (uint32_t)getpid();
	rows[n].role = ROLE_PARENT;
	rows[n].uptime = (now - parent->started) / 1000;
	rows[n].uid = geteuid();
	process_usage(&rows[n++]);
	for (role = ROLE_CHILD_FIRST; role <= ROLE_CHILD_LAST; role++) {
		p = parent_child(parent, role);
		if (p->unwanted && p->pid == 0)
			continue;
		rows[n].pid = (uint32_t)p->pid;
		rows[n].role = (uint8_t)role;
		if (p->pid != 0 && now > p->started)
			rows[n].uptime = (now - p->started) / 1000;
		rows[n].restarts = p->restarts;
		rows[n].uid = p->uid;
		rows[n].walls = p->walls;
		rows[n].landlock_abi = p->landlock_abi;
		process_usage(&rows[n++]);
	}
	answer.rows.v = rows;
	answer.rows.n = n;
	chan_send(c, MSG_CTL_PROCESS_ROWS, &answer);
	control_end(conn, CTL_OK, "");
}
