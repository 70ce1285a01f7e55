/* SPDX-License-Identifier: ISC */
#include "report.h"

#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admit.h"
#include "barred.h"
#include "bitfield.h"
#include "chan.h"
#include "content.h"
#include "dht_nodes.h"
#include "disk.h"
#include "loop.h"
#include "magnet_msg.h"
#include "mem.h"
#include "metainfo.h"
#include "move.h"
#include "roots.h"
#include "slim.h"
#include "trackers.h"

#define FILES_PAGE	512U
#define FILES_BYTES	56000U	/* of paths in a page; well below a packet */
#define PROGRESS_PAGE	1024U
#define SCAN_TURN	32U	/* torrents loaded before others have a turn */

enum report_phase { REPORT_META, REPORT_TRACKERS, REPORT_FILES, REPORT_END };

static void
report_meta(struct disk *d, struct content *t)
{
	const struct metainfo	*mi;
	struct msg_torrent_meta	 m = { .id = t->id };

	memcpy(m.infohash, t->infohash, SHA1_LEN);
	if (t->magnet == NULL) {
		mi = t->files->mi;
		m.infohash2.p = mi->infohash2;
		m.infohash2.len = mi->v2 ? SHA256_LEN : 0;
		m.private = mi->private;
		m.metadata_size = t->info_len;
	}
	m.name = t->name;
	m.size = t->geom.size;
	m.piece_length = t->geom.piece_length;
	m.npieces = t->geom.npieces;
	m.nfiles = t->nfiles;
	m.root = t->root;
	m.subdir = t->subdir;
	m.paused = t->paused;
	m.added = t->added;
	m.completed = t->completed;
	m.downloaded = t->downloaded;
	m.uploaded = t->uploaded;
	m.wasted = t->wasted;
	m.modes = t->modes;
	m.up_limit = t->up_limit;
	m.down_limit = t->down_limit;
	m.max_peers = t->max_peers;
	m.active = t->active;
	chan_send(d->parent, MSG_TORRENT_META, &m);
}

static void
report_magnet(struct disk *d, struct content *t)
{
	struct rec_addr			peers[MAGNET_PEERS_MAX];
	struct msg_torrent_peers	p = { .id = t->id };

	p.peers.v = peers;
	p.peers.n = magnet_pack_peers(t->magnet, peers);
	if (p.peers.n > 0)
		chan_send(d->parent, MSG_TORRENT_PEERS, &p);
}

/* Those that the last mimd had use of. */
static void
report_peers(struct disk *d, struct content *t)
{
	struct msg_torrent_peers	m = { .id = t->id,
		.peers = { t->peers, t->npeers } };

	if (t->npeers > 0)
		chan_send(d->parent, MSG_TORRENT_PEERS, &m);
}

static void
report_webseeds(struct disk *d, struct content *t)
{
	const struct metainfo		*mi = t->files->mi;
	struct rec_url			 rows[WEBSEEDS_MAX];
	struct msg_torrent_webseeds	 m = { .id = t->id,
		.urls = { rows, 0 } };

	while (m.urls.n < WEBSEEDS_MAX && m.urls.n < mi->nwebseeds) {
		rows[m.urls.n].url = mi->webseeds[m.urls.n];
		m.urls.n++;
	}
	if (m.urls.n > 0)
		chan_send(d->parent, MSG_TORRENT_WEBSEEDS, &m);
}

/* A page of files from report_pos on; true when it was the last. */
static bool
report_files(struct disk *d, struct content *t)
{
	const struct mi_file		*f = t->files->mi->files;
	struct rec_file			 rows[FILES_PAGE];
	struct msg_torrent_files	 m = { .id = t->id };
	uint32_t			 i, n = 0;
	size_t				 bytes = 0;

	m.first = t->report_pos;
	for (i = t->report_pos; i < t->nfiles && n < FILES_PAGE; i++, n++) {
		bytes += strlen(f[i].path) + 16;
		if (n > 0 && bytes > FILES_BYTES)
			break;
		rows[n] = (struct rec_file){
			.path = f[i].path,
			.size = f[i].length,
			.attr = f[i].attr,
			.prio = t->prios == NULL ? FILE_PRIO_NORMAL :
			    t->prios[i],
		};
	}
	m.files.v = rows;
	m.files.n = n;
	chan_send(d->parent, MSG_TORRENT_FILES, &m);
	t->report_pos = i;
	return i == t->nfiles;
}

void
report_state(struct disk *d, const struct content *t)
{
	struct msg_disk_state	m = { .id = t->id, .state = t->state,
		.barred = (uint8_t)barred_kind(t) };

	m.error = t->error != NULL ? t->error : "";
	chan_send(d->parent, MSG_DISK_STATE, &m);
}

static void
report_end(struct disk *d, struct content *t)
{
	struct msg_torrent_loaded	loaded = { .id = t->id };
	uint32_t			i;

	if (t->state == DSTATE_READY)
		admit(d, t);
	chan_send(d->parent, MSG_TORRENT_LOADED, &loaded);
	report_state(d, t);
	t->is_reported = true;
	for (i = 0; i < t->nfiles; i++)
		if (t->files->have[i] > 0)
			bitfield_set(t->files->changed, i);
	t->in_reports = false;
	TAILQ_REMOVE(&d->reports, t, report_link);
	report_added(d, t);
	if (t->magnet != NULL)
		return;
	t->files->pins--;
	content_changed(d, t);
	report_progress(d, t);
	content_unload(d, t);
}

static void
report_step(struct disk *d, struct content *t)
{
	switch (t->report_phase) {
	case REPORT_META:
		report_meta(d, t);
		t->report_phase = REPORT_TRACKERS;
		break;
	case REPORT_TRACKERS:
		trackers_report(d, t);
		if (t->magnet != NULL)
			report_magnet(d, t);
		else {
			report_webseeds(d, t);
			dht_nodes_report_torrent(d, t);
		}
		report_peers(d, t);
		t->report_phase = t->magnet != NULL ? REPORT_END :
		    REPORT_FILES;
		break;
	case REPORT_FILES:
		if (report_files(d, t))
			t->report_phase = REPORT_END;
		break;
	case REPORT_END:
		report_end(d, t);
		break;
	}
}

/* Report what is queued, load more while there is, and end the scan. */
static void
report_some(struct disk *d)
{
	struct msg_scan_end	 end = { .none = 0 };
	struct content		*t;
	uint32_t		 loaded = 0;

	while (!chan_full(d->parent)) {
		if ((t = TAILQ_FIRST(&d->reports)) != NULL) {
			report_step(d, t);
			continue;
		}
		if (d->scan == NULL)
			return;
		if (loaded++ == SCAN_TURN) {
			loop_timer_set(d->pump, 0);
			return;
		}
		if (scan_step(d, d->scan) == 0) {
			scan_free(d->scan);
			d->scan = NULL;
			/* Each .torrent was in memory for a moment. */
			malloc_trim(0);
			roots_scanned(d);
			admit_scanned(d);
			dht_nodes_report(d);
			chan_send(d->parent, MSG_SCAN_END, &end);
			slim_heap();
		}
	}
}

static void
report_pump(void *arg)
{
	chan_batch_begin();
	report_some(arg);
	chan_batch_end();
}

static void
report_on_drain(struct chan *c, void *arg)
{
	struct disk	*d = arg;

	(void)c;
	report_pump(d);
	report_changed(d);
}

void
report_init(struct disk *d)
{
	d->pump = loop_timer_new(d->loop, report_pump, d);
	chan_on_drain(d->parent, report_on_drain);
}

void
report_scan(struct disk *d)
{
	struct content	*t;

	/* Asked again: what is known is told again. */
	for (t = content_first(d); t != NULL; t = content_next(t))
		if (!t->removing)
			report_content(d, t);
	if (d->scan == NULL)
		d->scan = scan_new(d);
	report_pump(d);
}

void
report_content(struct disk *d, struct content *t)
{
	t->report_phase = REPORT_META;
	t->report_pos = 0;
	t->is_reported = false;		/* nothing in between */
	if (!t->in_reports) {
		if (t->magnet == NULL) {
			if (content_load(d, t) == NULL)
				return;
			t->files->pins++;
		}
		t->in_reports = true;
		TAILQ_INSERT_TAIL(&d->reports, t, report_link);
	}
	if (!loop_timer_pending(d->pump))
		loop_timer_set(d->pump, 0);
}

void
report_added(struct disk *d, struct content *t)
{
	struct msg_torrent_kept	kept = { .id = t->id };

	if (!t->untold || t->adding || !t->is_reported)
		return;
	t->untold = false;
	if (t->add_error == 0)
		chan_send(d->parent, MSG_TORRENT_KEPT, &kept);
	else
		report_refused(d, t->id, "state directory: %s",
		    strerror(t->add_error));
}

void
report_refused(struct disk *d, uint32_t id, const char *fmt, ...)
{
	struct msg_torrent_refused	m = { .id = id };
	char				text[ERROR_MAX + 1];
	va_list				ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	m.error = text;
	chan_send(d->parent, MSG_TORRENT_REFUSED, &m);
}

/* A page of files that changed; true when there are no more. */
static bool
report_progress_page(struct disk *d, struct content *t)
{
	struct rec_file_have		rows[PROGRESS_PAGE];
	struct msg_disk_progress	m = { .id = t->id };
	uint32_t			i, n = 0;

	for (i = 0; i < t->nfiles && n < PROGRESS_PAGE; i++) {
		if ((i & 7) == 0 && t->files->changed[i >> 3] == 0) {
			i += 7;
			continue;
		}
		if (!bitfield_get(t->files->changed, i))
			continue;
		bitfield_clear(t->files->changed, i);
		rows[n].index = i;
		rows[n++].have = t->files->have[i];
	}
	m.have = t->have_bytes;
	m.pieces = t->nhave;
	m.checked = t->geom.npieces - (t->todo != NULL ? t->ntodo : 0);
	m.moved = move_permille(t);
	m.files.v = rows;
	m.files.n = n;
	chan_send(d->parent, MSG_DISK_PROGRESS, &m);
	return i >= t->nfiles;
}

void
report_progress(struct disk *d, struct content *t)
{
	if (!t->is_changed || !t->is_reported || t->files == NULL)
		return;
	do {
		if (chan_full(d->parent))
			return;		/* the rest when it has drained */
	} while (!report_progress_page(d, t));
	t->is_changed = false;
	TAILQ_REMOVE(&d->changed, t, changed_link);
}

void
report_changed(struct disk *d)
{
	struct content	*t, *next;

	TAILQ_FOREACH_SAFE(t, &d->changed, changed_link, next)
		report_progress(d, t);
}
