/* SPDX-License-Identifier: ISC */
/* Removal of a torrent: its state first, then its files if asked. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "allot.h"
#include "bitfield.h"
#include "chan.h"
#include "content.h"
#include "disk.h"
#include "fdcache.h"
#include "io.h"
#include "mem.h"
#include "metainfo.h"
#include "part.h"
#include "part_leave.h"
#include "resume.h"
#include "roots.h"
#include "save.h"
#include "scrub.h"
#include "store.h"
#include "worker.h"

#define OURS_NOT	0U		/* not to be removed */
#define OURS_ANY	UINT64_MAX	/* written since its inode was noted */

struct removal {
	struct job	 job;
	uint32_t	 id;
	uint8_t		 infohash[SHA1_LEN];
	struct place	 place;
	char		*subdir;	/* place's */
	const struct metainfo *mi;	/* NULL: keep the data */
	struct part	*part;		/* whose file is to go, or NULL */
	uint64_t	*ours;		/* inodes of files that were written */
	int		 torrents, resumes;
	char		 error[ERROR_MAX + 1];
};

static void
note(struct removal *r, const char *path)
{
	if (r->error[0] == '\0')
		snprintf(r->error, sizeof(r->error), "%.400s: %s", path,
		    errno == EEXIST ? "left there: it is another file than "
		    "the torrent's" : file_strerror(errno));
}

/* A file of that name which somebody put there instead is left. */
static void
remove_file(struct removal *r, uint32_t i)
{
	const char	*path = r->mi->files[i].path;
	struct stat	 st;

	if (r->ours[i] == OURS_NOT)
		return;
	if (file_stat(r->place, path, &st) == -1) {
		if (errno != ENOENT && errno != ENOTDIR)
			note(r, path);
		return;
	}
	if (r->ours[i] != OURS_ANY && r->ours[i] != st.st_ino) {
		errno = EEXIST;
		note(r, path);
	} else if (file_unlink(r->place, path) == -1)
		note(r, path);
}

static void
remove_data(struct removal *r)
{
	const struct mi_file	*f = r->mi->files;
	uint32_t		 i, n = r->mi->nfiles;

	for (i = 0; i < n; i++)
		remove_file(r, i);
	for (i = n; i-- > 0;)
		if (i + 1 == n || !file_same_dir(f[i].path, f[i + 1].path))
			file_rmdir_above(r->place, f[i].path);
}

static void
remove_run(struct job *job, unsigned int worker)
{
	struct removal	*r = (struct removal *)job;
	char		 name[STORE_NAME_MAX];

	(void)worker;
	if (store_remove(r->torrents,
	    store_name(r->infohash, ".torrent", name)) == -1 ||
	    store_remove(r->torrents,
	    store_name(r->infohash, ".magnet", name)) == -1 ||
	    io_fsync(r->torrents) == -1)
		note(r, name);
	if (store_remove(r->resumes,
	    store_name(r->infohash, ".resume", name)) == -1 ||
	    io_fsync(r->resumes) == -1)
		note(r, name);
	/* Nobody else has any use of it. */
	if (r->part != NULL && file_unlink(r->place, r->part->name) == -1)
		note(r, r->part->name);
	if (r->mi != NULL)
		remove_data(r);
}

static void
remove_done(struct job *job, void *arg)
{
	struct removal			*r = (struct removal *)job;
	struct disk			*d = arg;
	struct msg_torrent_removed	 m = { .id = r->id, .error = r->error };

	d->njobs--;
	content_free(d, content_find(d, r->id));
	chan_send(d->parent, MSG_TORRENT_REMOVED, &m);
	free(r->part);
	free(r->ours);
	free(r->subdir);
	free(r);
	disk_settled(d);
}

/* Can its files be got at?  A link alone has none. */
static bool
has_files(struct disk *d, struct content *t)
{
	return !roots_away(d, t) && t->root_path == NULL &&
	    content_load(d, t) != NULL;
}

/* Only what mim wrote or verified is deleted. */
static void
take_files(struct removal *r, struct content *t)
{
	struct content_files	*f = t->files;
	uint32_t		 i;

	r->ours = xcalloc(t->nfiles, sizeof(*r->ours));
	for (i = 0; i < t->nfiles; i++) {
		if ((f->mi->files[i].attr & (MI_PAD | MI_SYMLINK)) != 0)
			continue;
		if (f->stamps[i].ino != 0 && !bitfield_get(f->touched, i))
			r->ours[i] = f->stamps[i].ino;
		else if (f->have[i] > 0 || bitfield_get(f->touched, i))
			r->ours[i] = OURS_ANY;
	}
	r->mi = f->mi;
	f->pins++;
}

void
remove_try(struct disk *d, struct content *t)
{
	struct removal	*r;

	if (t->saving || t->in_checks || t->move != NULL ||
	    allot_busy(d, t) || scrub_holds(d, t) || part_leave_busy(d, t))
		return;
	r = xcalloc(1, sizeof(*r));
	r->job.run = remove_run;
	r->job.done = remove_done;
	r->id = t->id;
	memcpy(r->infohash, t->infohash, SHA1_LEN);
	r->place = content_place(d, t);
	r->subdir = xstrdup(r->place.subdir);
	r->place.subdir = r->subdir;
	r->torrents = d->torrents;
	r->resumes = d->resumes;
	if (t->is_dirty)
		TAILQ_REMOVE(&d->dirty, t, dirty_link);
	t->is_dirty = false;
	if (t->is_changed)
		TAILQ_REMOVE(&d->changed, t, changed_link);
	t->is_changed = false;
	t->saving = true;	/* nothing else may begin */
	fdcache_drop(d->files, t->id);
	if (!roots_away(d, t) && t->root_path == NULL)
		r->part = part_copy(t->part, t->nfiles);
	if (t->delete_data && t->magnet == NULL) {
		if (has_files(d, t))
			take_files(r, t);
		else
			snprintf(r->error, sizeof(r->error), "its files were "
			    "left: %s", t->error != NULL ? t->error :
			    "their volume is gone");
	}
	d->njobs++;
	pool_submit(d->saver, &r->job);
}
