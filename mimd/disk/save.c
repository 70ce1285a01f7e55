/* SPDX-License-Identifier: ISC */
#include "save.h"

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
#include "store.h"
#include "sync_fs.h"
#include "tracker_list.h"
#include "trouble.h"
#include "worker.h"

struct save {
	STAILQ_ENTRY(save) link;	/* disk::saves */
	uint32_t	 id;
	struct place	 place;
	char		*subdir;	/* place's */
	struct resume	 r;
	uint32_t	 npaths;	/* files to sync */
	uint32_t	*indices;
	char		**paths;
	uint32_t	 root;		/* index; whose file system they */
	int		 fs;		/* are synced with, or -1 */
	dev_t		 dev;
	bool		 fs_failed;
	bool		 drop_link;	/* the record has all of it now */
	uint8_t		*torrent;	/* or link; NULL: only the record */
	size_t		 torrent_len;
	const char	*suffix;	/* of its file */
	int		 error;		/* errno */
	uint32_t	 failed;	/* path, npaths: the record */
	struct store_file record, source;	/* that are being written */
};

/* Those that wait go together: a device syncs many for the price of one. */
#define SAVE_BATCH_MAX	(SAVE_JOBS_MAX / 2)

struct save_batch {
	struct job	 job;
	int		 torrents, resumes;	/* directories */
	uint32_t	 n;
	struct save	*saves[SAVE_BATCH_MAX];
};

static void	save_submit(struct disk *);
static void	save_run(struct job *, unsigned int);
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

/* What can sync them all at once, if that is worth it. */
static void
save_take_fs(struct disk *d, struct save *s, const struct content *t)
{
	if (t->root_path != NULL || t->sub != 0 || !sync_fs_worth(s->npaths))
		return;
	s->root = t->root;
	s->fs = d->roots[t->root].sync;
	s->dev = d->roots[t->root].dev;
}

/* Take the list of files to be synced from the torrent. */
static void
save_take_touched(struct save *s, struct content *t)
{
	struct content_files	*f = t->files;
	uint32_t		 i;

	s->indices = xcalloc(f->ntouched, sizeof(*s->indices));
	s->paths = xcalloc(f->ntouched, sizeof(*s->paths));
	for (i = 0; i <= t->nfiles && s->npaths < f->ntouched; i++) {
		if (!bitfield_get(f->touched, i))
			continue;
		s->indices[s->npaths] = i;
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
	s->fs = -1;
	save_fill(d, t, &s->r, sync);
	if (sync && t->files != NULL && t->files->ntouched > 0) {
		save_take_touched(s, t);
		save_take_fs(d, s, t);
	}
	s->failed = s->npaths;
	t->saving = true;
	d->njobs++;
	STAILQ_INSERT_TAIL(&d->saves, s, link);
	save_submit(d);
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
	b->torrents = d->torrents;
	b->resumes = d->resumes;
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
	t->adding = t->untold = true;
	save_start(d, t, true, torrent, len);
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

void
save_due(struct disk *d, uint64_t now)
{
	struct content	*t, *next;
	bool		 due;

	TAILQ_FOREACH_SAFE(t, &d->dirty, dirty_link, next) {
		if (d->njobs >= SAVE_JOBS_MAX)
			break;
		due = d->stopping || t->due <= now;
		if (t->saving || move_holds_save(t) ||
		    (!due && !save_tells_wrong(d, t)))
			continue;
		if (t->magnet == NULL && content_load(d, t) == NULL) {
			TAILQ_REMOVE(&d->dirty, t, dirty_link);
			t->is_dirty = false;
			continue;
		}
		save_start(d, t, due && !d->orphan, NULL, 0);
		if (!due)
			content_dirty(d, t, t->due - now);
	}
}

/* ---- in a worker ---- */

static void
save_stamp(struct resume_file *stamp, const struct stat *st)
{
	stamp->size = (uint64_t)st->st_size;
	stamp->mtime = file_mtime(st);
	stamp->ino = st->st_ino;
}

/*
 * A file's name is kept by its directories, not by a sync of the file.  Times
 * count, too, so fdatasync() will not do.  They are read before, as others
 * write meanwhile: a record never tells of more than is safe.
 * named: one whose directories have just been synced, or NULL.
 */
static int
save_sync_file(struct save *s, uint32_t i, const char **named)
{
	struct resume_file	*stamp = &s->r.files[s->indices[i]];
	uint64_t		 ino = stamp->ino;
	struct stat		 st;
	int			 fd, rc, error;

	fd = file_open_stat(s->place, s->paths[i], FILE_READ, &st);
	if (fd == -1 && errno != ENOENT)
		return -1;
	memset(stamp, 0, sizeof(*stamp));
	if (fd == -1)
		return 0;
	rc = io_fsync(fd);
	error = errno;
	io_close(fd);
	errno = error;
	if (rc == -1)
		return -1;
	save_stamp(stamp, &st);
	if (stamp->ino == ino)
		return 0;
	if (file_sync_dirs(s->place, s->paths[i], *named) == -1)
		return -1;
	*named = s->paths[i];
	return 0;
}

/*
 * All by one sync of their file system; false if that will not do.  stamps is
 * filled in for each path.
 */
static bool
save_sync_all(struct save *s, struct resume_file *stamps)
{
	struct file_row	row = { .place = s->place };
	struct stat	st;
	uint32_t	i;
	bool		good = true;

	for (i = 0; i < s->npaths && good; i++) {
		if (file_row_stat(&row, s->paths[i], &st) == -1)
			good = errno == ENOENT;
		else if (S_ISREG(st.st_mode) && st.st_dev == s->dev)
			save_stamp(&stamps[i], &st);
		else
			good = false;
	}
	file_row_end(&row);
	if (good && sync_fs(s->fs) == -1) {
		s->fs_failed = true;
		good = false;
	}
	return good;
}

static bool
save_sync_fs(struct save *s)
{
	struct resume_file	*stamps;
	uint32_t		 i;
	bool			 good;

	if (s->fs == -1)
		return false;
	stamps = xcalloc(s->npaths, sizeof(*stamps));
	good = save_sync_all(s, stamps);
	for (i = 0; i < s->npaths && good; i++)
		s->r.files[s->indices[i]] = stamps[i];
	free(stamps);
	return good;
}

static void
save_sync_files(struct save *s)
{
	const char	*named = NULL;
	uint32_t	 i;

	if (save_sync_fs(s))
		return;
	for (i = 0; i < s->npaths; i++)
		if (save_sync_file(s, i, &named) == -1) {
			s->error = errno;
			s->failed = i;
			return;
		}
}

/* Write its record, and its .torrent or link, under names for a moment. */
static void
save_begin(struct save *s, const struct save_batch *b)
{
	char	 name[STORE_NAME_MAX];
	uint8_t	*buf;
	size_t	 len;

	store_name(s->r.infohash, ".resume", name);
	if (s->r.files != NULL)
		s->r.part = s->r.files[s->r.nfiles];
	buf = resume_encode(&s->r, &len);
	store_begin(&s->record, b->resumes, name, buf, len);
	free(buf);
	if (s->torrent == NULL)
		return;
	store_name(s->r.infohash, s->suffix, name);
	store_begin(&s->source, b->torrents, name, s->torrent,
	    s->torrent_len);
}

/* Give what has been begun in a directory its names, for good. */
static void
save_name(struct save_batch *b, int dir, bool sources)
{
	struct save	*s, *list[SAVE_BATCH_MAX];
	uint32_t	 i, n = 0;

	for (i = 0; i < b->n; i++) {
		s = b->saves[i];
		if (s->error != 0 || (sources && s->torrent == NULL))
			continue;
		if (store_finish(sources ? &s->source : &s->record) == -1)
			s->error = errno;
		else
			list[n++] = s;
	}
	if (n == 0 || io_fsync(dir) == 0)
		return;
	for (i = 0; i < n; i++)
		list[i]->error = errno;
}

/* All that are not in error yet: each step for all, then the next. */
static void
save_write(struct save_batch *b)
{
	struct save	*begun[SAVE_BATCH_MAX];
	uint32_t	 i, n = 0;

	for (i = 0; i < b->n; i++)
		if (b->saves[i]->error == 0)
			save_begin(begun[n++] = b->saves[i], b);
	for (i = 0; i < n; i++) {
		store_sync(&begun[i]->record);
		if (begun[i]->torrent != NULL)
			store_sync(&begun[i]->source);
	}
	/* A torrent is there when its .torrent is: not without its place. */
	save_name(b, b->resumes, false);
	save_name(b, b->torrents, true);
	for (i = 0; i < n; i++)
		if (begun[i]->torrent != NULL && begun[i]->error != 0)
			store_drop(&begun[i]->source);
}

/* A torrent that cannot be kept is refused: nothing may be left of it. */
static void
save_undo(struct save *s, int torrents, int resumes)
{
	char	name[STORE_NAME_MAX];

	store_remove(torrents, store_name(s->r.infohash, s->suffix, name));
	store_remove(resumes, store_name(s->r.infohash, ".resume", name));
}

static void
save_run(struct job *job, unsigned int worker)
{
	struct save_batch	*b = (struct save_batch *)job;
	char			 name[STORE_NAME_MAX];
	uint32_t		 i;

	(void)worker;
	for (i = 0; i < b->n; i++)
		save_sync_files(b->saves[i]);
	save_write(b);
	for (i = 0; i < b->n; i++)
		if (b->saves[i]->torrent != NULL && b->saves[i]->error != 0)
			save_undo(b->saves[i], b->torrents, b->resumes);
	for (i = 0; i < b->n; i++)
		if (b->saves[i]->drop_link && b->saves[i]->error == 0)
			store_remove(b->torrents, store_name(
			    b->saves[i]->r.infohash, ".magnet", name));
}

/* ---- back in the loop ---- */

static void
save_free(struct save *s)
{
	while (s->npaths > 0)
		free(s->paths[--s->npaths]);
	free(s->paths);
	free(s->indices);
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
	t->add_error = (uint8_t)s->error;
	report_added(d, t);
	check_soon(d);
}

static void
save_settle(struct disk *d, struct save *s)
{
	struct content	*t = content_find(d, s->id);

	d->njobs--;
	t->saving = false;
	if (s->fs_failed)
		roots_sync_failed(d, s->root);
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
save_done(struct job *job, void *arg)
{
	struct disk		*d = arg;
	struct save_batch	*b = (struct save_batch *)job;
	uint32_t		 i;

	for (i = 0; i < b->n; i++)
		save_settle(d, b->saves[i]);
	free(b);
	d->saving = false;
	if (d->stopping)
		save_due(d, 0);
	save_submit(d);
	disk_settled(d);
}
