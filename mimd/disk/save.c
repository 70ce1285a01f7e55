/* SPDX-License-Identifier: ISC */
#include "save.h"

#include <sys/stat.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bitfield.h"
#include "chan.h"
#include "check.h"
#include "content.h"
#include "disk.h"
#include "io.h"
#include "log.h"
#include "loop.h"
#include "mem.h"
#include "meta.h"
#include "metainfo.h"
#include "move.h"
#include "part.h"
#include "part_leave.h"
#include "report.h"
#include "resume.h"
#include "roots.h"
#include "save_job.h"
#include "store.h"
#include "sync_fs.h"
#include "tracker_list.h"
#include "trouble.h"
#include "worker.h"

/* Under way at a time: records, and files that they speak of. */
#define SAVE_JOBS_MAX	(2 * SAVE_BATCH_MAX)
#define SAVE_JOBS_ADDS	64U	/* ... while somebody waits for an add */
#define SAVE_FILES_MAX	65536U
#define SAVE_LOADS	64U	/* ... that are read first, of a turn */
#define SAVE_REST_MAX	2000U	/* ms between two batches */

static void	save_submit(struct disk *);
static void	save_done(struct job *, void *);

static void
save_fill_pieces(struct disk *d, struct content *t, struct resume *r,
    bool sync)
{
	size_t	 size = bitfield_size(t->geom.npieces);
	uint8_t	*claims = !sync && t->claim != NULL ? t->claim : t->have;

	r->unsynced = t->unsynced != NULL;
	r->clean = t->todo == NULL && !r->unsynced &&
	    (sync || t->files->ntouched == 0) &&
	    (content_done(t) || !t->open || d->stopping);
	r->npieces = t->geom.npieces;
	r->have = xmalloc(size);
	memcpy(r->have, claims, size);
	r->nfiles = t->nfiles;
	/* The last one is the part file's. */
	r->files = xreallocarray(NULL, t->nfiles + 1, sizeof(*r->files));
	memcpy(r->files, t->files->stamps,
	    (t->nfiles + 1) * sizeof(*r->files));
	if (t->part != NULL) {
		r->parted = xmalloc(bitfield_size(t->nfiles));
		memcpy(r->parted, t->part->files, bitfield_size(t->nfiles));
		if (sync)
			part_leave_fill(d, t, r->parted);
	}
	if (t->prios == NULL)
		return;
	r->prios = xmalloc(t->nfiles);
	memcpy(r->prios, t->prios, t->nfiles);
}

static void
save_fill(struct disk *d, struct content *t, struct resume *r, bool sync)
{
	r->id = t->id;
	memcpy(r->infohash, t->infohash, SHA1_LEN);
	r->paused = t->paused;
	r->added = t->added;
	r->completed = t->completed;
	r->downloaded = t->downloaded;
	r->uploaded = t->uploaded;
	r->wasted = t->wasted;
	r->modes = t->modes;
	r->promised = t->room != NULL && t->room->held;
	r->scrubbed = t->scrubbed;
	r->scrub_next = t->scrub_next;
	r->up_limit = t->up_limit;
	r->down_limit = t->down_limit;
	r->max_peers = t->max_peers;
	r->active = t->active;
	if (t->trackers != NULL)
		r->trackers = tracker_list_copy(t->trackers);
	r->npeers = t->npeers;
	if (t->npeers > 0)
		memcpy(r->peers, t->peers, t->npeers * sizeof(*t->peers));
	r->root = xstrdup(t->root_path != NULL ? t->root_path :
	    d->roots[t->root].path);
	r->subdir = xstrdup(t->subdir);
	move_fill(t, r);
	if (t->magnet == NULL)
		save_fill_pieces(d, t, r, sync);
	else
		r->clean = true;
}

/* What the file must have at least; half of a move shows nothing. */
static uint64_t
save_least(const struct content *t, uint32_t i)
{
	if (i == t->nfiles || t->move != NULL || t->files->have[i] <
	    t->files->mi->files[i].length)
		return 0;
	return t->files->mi->files[i].length;
}

/* Take the list of files to be synced from the torrent. */
static void
save_take_touched(struct save *s, struct content *t)
{
	struct content_files	*f = t->files;
	uint32_t		 i;

	s->indices = xcalloc(f->ntouched, sizeof(*s->indices));
	s->paths = xcalloc(f->ntouched, sizeof(*s->paths));
	s->least = xcalloc(f->ntouched, sizeof(*s->least));
	for (i = 0; i <= t->nfiles && s->npaths < f->ntouched; i++) {
		if (!bitfield_get(f->touched, i))
			continue;
		s->indices[s->npaths] = i;
		s->least[s->npaths] = save_least(t, i);
		s->paths[s->npaths++] = xstrdup(part_path(f->mi, t->part, i));
	}
	memset(f->touched, 0, bitfield_size(t->nfiles + 1));
	f->ntouched = 0;
}

static void
save_start(struct disk *d, struct content *t, bool sync, uint8_t *torrent,
    size_t len)
{
	struct save	*s = xcalloc(1, sizeof(*s));

	if (t->is_dirty)
		TAILQ_REMOVE(&d->dirty, t, dirty_link);
	t->is_dirty = false;
	s->id = t->id;
	s->place = content_place(d, t);
	s->subdir = xstrdup(s->place.subdir);
	s->place.subdir = s->subdir;
	s->torrent = torrent;
	s->torrent_len = len;
	s->drop_link = t->link_left;
	s->suffix = t->magnet != NULL ? ".magnet" : ".torrent";
	s->root = t->root_path != NULL || t->sub != 0 ? ROOTS_MAX : t->root;
	save_fill(d, t, &s->r, sync);
	if (sync && t->files != NULL && t->files->ntouched > 0)
		save_take_touched(s, t);
	s->failed = s->npaths;
	t->saving = true;
	d->njobs++;
	d->save_files += t->nfiles;
	STAILQ_INSERT_TAIL(&d->saves, s, link);
}

/* A descriptor is of use until it has failed: the batch before has ended. */
static void
save_take_fs(const struct disk *d, struct save_batch *b)
{
	uint32_t	i;

	b->state.fd = d->state_sync;
	for (i = 0; i < ROOTS_MAX; i++) {
		b->roots[i].fd = d->roots[i].sync;
		b->roots[i].dev = d->roots[i].dev;
	}
}

static void
save_submit(struct disk *d)
{
	struct save_batch	*b;
	struct save		*s;

	if (d->saving || STAILQ_EMPTY(&d->saves))
		return;
	b = xcalloc(1, sizeof(*b));
	b->job.run = save_run;
	b->job.done = save_done;
	b->began = loop_now(d->loop);
	b->torrents = d->torrents;
	b->resumes = d->resumes;
	save_take_fs(d, b);
	while (b->n < SAVE_BATCH_MAX &&
	    (s = STAILQ_FIRST(&d->saves)) != NULL) {
		STAILQ_REMOVE_HEAD(&d->saves, link);
		b->saves[b->n++] = s;
	}
	d->saving = true;
	pool_submit(d->saver, &b->job);
}

void
save_new(struct disk *d, struct content *t, uint8_t *torrent, size_t len)
{
	d->save_adds += !t->adding;
	t->adding = t->untold = true;
	save_start(d, t, true, torrent, len);
	save_submit(d);
}

/*
 * A record that says that nothing is being written must soon cease to.  That
 * takes no sync: it claims no more than before.
 */
static bool
save_tells_wrong(const struct disk *d, const struct content *t)
{
	return t->clean && t->files != NULL && t->files->ntouched > 0 &&
	    !d->state_bad;
}

/* Have as many under way as may be?  loads: those that had to be read. */
static bool
save_enough(const struct disk *d, uint32_t loads)
{
	if (!d->stopping && (loads >= SAVE_LOADS ||
	    (d->save_adds > 0 && d->njobs >= SAVE_JOBS_ADDS)))
		return true;
	return d->njobs >= SAVE_JOBS_MAX || d->save_files >= SAVE_FILES_MAX;
}

void
save_due(struct disk *d, uint64_t now)
{
	struct content	*t, *next;
	uint32_t	 loads = 0;
	bool		 due;

	if (loop_timer_pending(d->save_rest) && !d->stopping)
		return;
	TAILQ_FOREACH_SAFE(t, &d->dirty, dirty_link, next) {
		if (save_enough(d, loads))
			break;
		due = d->stopping || t->due <= now;
		if (t->saving || move_holds_save(t) ||
		    (!due && !save_tells_wrong(d, t)))
			continue;
		loads += t->magnet == NULL && t->files == NULL;
		if (t->magnet == NULL && content_load(d, t) == NULL) {
			TAILQ_REMOVE(&d->dirty, t, dirty_link);
			t->is_dirty = false;
			continue;
		}
		save_start(d, t, due && !d->orphan, NULL, 0);
		if (!due)
			content_dirty(d, t, t->due - now);
	}
	save_submit(d);
}

static void
save_on_rest(void *arg)
{
	struct disk	*d = arg;

	save_due(d, loop_now(d->loop));
}

void
save_init(struct disk *d)
{
	STAILQ_INIT(&d->saves);
	d->state_sync = -1;
	d->save_rest = loop_timer_new(d->loop, save_on_rest, d);
}

void
save_warm(struct disk *d)
{
	struct stat	torrents, resumes;

	if (io_fstat(d->torrents, &torrents) == 0 &&
	    io_fstat(d->resumes, &resumes) == 0 &&
	    torrents.st_dev == resumes.st_dev)
		d->state_sync = sync_fs_open(d->resumes);
}

/* ---- back in the loop ---- */

static void
save_free(struct save *s)
{
	while (s->npaths > 0)
		free(s->paths[--s->npaths]);
	free(s->paths);
	free(s->indices);
	free(s->least);
	free(s->subdir);
	free(s->torrent);
	resume_clear(&s->r);
	free(s);
}

/* The record now stands for what was there when the job began. */
static void
save_succeeded(struct disk *d, struct save *s, struct content *t)
{
	size_t		i, size = bitfield_size(t->geom.npieces);
	bool		same = true;
	uint32_t	k;

	for (k = 0; k < s->npaths; k++)
		t->files->stamps[s->indices[k]] =
		    s->r.files[s->indices[k]];
	t->clean = s->r.clean;
	t->link_left &= !s->drop_link;
	/* Pieces may have gone since, if a check began. */
	for (i = 0; i < size; i++) {
		s->r.have[i] &= t->have[i];
		same = same && s->r.have[i] == t->have[i];
	}
	free(t->claim);
	t->claim = NULL;
	if (!same) {
		t->claim = s->r.have;
		s->r.have = NULL;
	}
	if (s->r.parted != NULL)
		part_leave_saved(d, t, s->r.parted);
	else if (t->files != NULL)
		part_drop(d, t);
}

static void
save_failed(struct disk *d, struct save *s, struct content *t)
{
	uint32_t	k;

	for (k = 0; k < s->npaths && !d->stopping; k++)
		content_touch(d, t, s->indices[k]);
	errno = s->error;
	if (s->failed == s->npaths) {
		if (!d->state_bad)
			log_warn("state directory: records cannot be written");
		d->state_bad = true;
		if (!d->stopping)
			content_dirty(d, t, CONTENT_SAVE_MS);
		return;
	}
	content_unsynced(d, t);
	if (s->error == ESTALE && !d->stopping)
		trouble_lost(d, t, s->indices[s->failed]);
	/* Also when space is short: what was written must be looked at. */
	content_error(d, t, s->paths[s->failed], s->error);
	/* It says what is not safe, and that without a sync. */
	if (!t->removing)
		save_start(d, t, false, NULL, 0);
	if (!d->stopping)
		content_dirty(d, t, CONTENT_SAVE_MS);
}

/* Its first record; one that has none is for the parent to remove. */
static void
save_added(struct disk *d, struct save *s, struct content *t)
{
	t->adding = false;
	d->save_adds--;
	t->add_error = (uint8_t)s->error;
	report_added(d, t);
	check_soon(d);
}

static void
save_settle(struct disk *d, struct save *s)
{
	struct content	*t = content_find(d, s->id);

	d->njobs--;
	d->save_files -= s->r.nfiles;
	t->saving = false;
	if (s->error != 0 && !t->adding)
		save_failed(d, s, t);
	else if (s->error == 0) {
		if (d->state_bad)
			log_info("state directory: records are written again");
		d->state_bad = false;
		save_succeeded(d, s, t);
	}
	if (t->adding)
		save_added(d, s, t);
	if (t->move != NULL)
		move_saved(d, t, &s->r, s->error == 0);
	else if (t->removing)
		remove_try(d, t);
	else {
		meta_settle(d, t);
		move_saved(d, t, &s->r, s->error == 0);
	}
	save_free(s);
}

static void
save_fs_failed(struct disk *d, const struct save_batch *b)
{
	uint32_t	i;

	for (i = 0; i < ROOTS_MAX; i++)
		if (b->roots[i].failed)
			roots_sync_failed(d, i);
	if (!b->state.failed)
		return;
	log_warnx("state directory: a write to its file system has failed");
	io_close(d->state_sync);
	d->state_sync = -1;
}

/* The device is others' for as long as this has taken, then more may come. */
static void
save_rest(struct disk *d, const struct save_batch *b)
{
	uint64_t	took = loop_now(d->loop) - b->began;

	if (!TAILQ_EMPTY(&d->dirty))
		loop_timer_set(d->save_rest, took < SAVE_REST_MAX ? took :
		    SAVE_REST_MAX);
}

static void
save_done(struct job *job, void *arg)
{
	struct disk		*d = arg;
	struct save_batch	*b = (struct save_batch *)job;
	uint32_t		 i;

	d->saving = false;
	save_fs_failed(d, b);
	for (i = 0; i < b->n; i++)
		save_settle(d, b->saves[i]);
	if (d->stopping)
		save_due(d, 0);
	else
		save_rest(d, b);
	free(b);
	save_submit(d);
	disk_settled(d);
}
