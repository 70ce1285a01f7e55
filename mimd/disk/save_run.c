/* SPDX-License-Identifier: ISC */
/* Records, in the saver's thread: files are synced, then records written. */
#include <sys/stat.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "io.h"
#include "mem.h"
#include "save_job.h"
#include "sync_fs.h"

#define SAVE_OPEN_MAX	32U	/* files that are open at a time */

/* ---- files that were written ---- */

static void
save_stamp(struct resume_file *stamp, const struct stat *st)
{
	stamp->size = (uint64_t)st->st_size;
	stamp->mtime = file_mtime(st);
	stamp->ino = st->st_ino;
}

/* Else it was cut short beneath us, and is not to be claimed: ESTALE. */
static bool
save_is_whole(const struct save *s, uint32_t i, const struct stat *st)
{
	errno = ESTALE;
	return (uint64_t)st->st_size >= s->least[i];
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
	if (fd == -1) {
		errno = ESTALE;
		return s->least[i] > 0 ? -1 : 0;
	}
	rc = save_is_whole(s, i, &st) ? io_fsync(fd) : -1;
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

static void
save_sync_files(struct save *s)
{
	const char	*named = NULL;
	uint32_t	 i;

	for (i = 0; i < s->npaths; i++)
		if (save_sync_file(s, i, &named) == -1) {
			s->error = errno;
			s->failed = i;
			return;
		}
}

/* The stamps of its files, as they are before a sync of their file system. */
static struct resume_file *
save_stamps(const struct save *s, dev_t dev)
{
	struct file_row		 row = { .place = s->place };
	struct resume_file	*stamps = xcalloc(s->npaths, sizeof(*stamps));
	struct stat		 st;
	uint32_t		 i;
	bool			 good = true;

	for (i = 0; i < s->npaths && good; i++) {
		if (file_row_stat(&row, s->paths[i], &st) == -1)
			good = errno == ENOENT && s->least[i] == 0;
		else if (S_ISREG(st.st_mode) && st.st_dev == dev &&
		    save_is_whole(s, i, &st))
			save_stamp(&stamps[i], &st);
		else
			good = false;
	}
	file_row_end(&row);
	if (good)
		return stamps;
	free(stamps);
	return NULL;
}

static bool
save_is_on(const struct save *s, uint32_t root)
{
	return s->root == root && s->npaths > 0;
}

/* All that lie on the file system of a root, by one sync of that. */
static void
save_sync_root(struct save_batch *b, uint32_t root)
{
	struct resume_file	*stamps[SAVE_BATCH_MAX] = { NULL };
	struct save_fs		*fs = &b->roots[root];
	struct save		*s;
	uint32_t		 i, k;

	for (i = 0; i < b->n; i++)
		if (save_is_on(b->saves[i], root))
			stamps[i] = save_stamps(b->saves[i], fs->dev);
	fs->failed = sync_fs(fs->fd) == -1;
	for (i = 0; i < b->n; i++) {
		if (stamps[i] == NULL)
			continue;
		s = b->saves[i];
		s->synced = !fs->failed;
		for (k = 0; k < s->npaths && s->synced; k++)
			s->r.files[s->indices[k]] = stamps[i][k];
		free(stamps[i]);
	}
}

static void
save_sync(struct save_batch *b)
{
	uint32_t	i, npaths[ROOTS_MAX + 1] = { 0 };

	for (i = 0; i < b->n; i++)
		npaths[b->saves[i]->root] += b->saves[i]->npaths;
	for (i = 0; i < ROOTS_MAX; i++)
		if (b->roots[i].fd != -1 && sync_fs_worth(npaths[i]))
			save_sync_root(b, i);
	for (i = 0; i < b->n; i++)
		if (!b->saves[i]->synced)
			save_sync_files(b->saves[i]);
}

/* ---- records ---- */

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

/* What has been begun, safe by one sync of the state directory. */
static bool
save_begin_all(struct save_batch *b, struct save **list, uint32_t n)
{
	uint32_t	i, files = n;

	for (i = 0; i < n; i++)
		files += list[i]->torrent != NULL;
	if (b->state.fd == -1 || !sync_fs_worth(files))
		return false;
	for (i = 0; i < n; i++) {
		save_begin(list[i], b);
		store_close(&list[i]->record);
		if (list[i]->torrent != NULL)
			store_close(&list[i]->source);
	}
	b->state.failed = sync_fs(b->state.fd) == -1;
	return !b->state.failed;
}

/* The same, by a sync of each: each step for some, then the next. */
static void
save_begin_each(const struct save_batch *b, struct save **list, uint32_t n)
{
	uint32_t	i, k, end;

	for (i = 0; i < n; i = end) {
		end = n - i < SAVE_OPEN_MAX ? n : i + SAVE_OPEN_MAX;
		for (k = i; k < end; k++)
			save_begin(list[k], b);
		for (k = i; k < end; k++) {
			store_sync(&list[k]->record);
			if (list[k]->torrent != NULL)
				store_sync(&list[k]->source);
		}
	}
}

/* Give what has been begun in a directory its names, for good. */
static void
save_name(struct save **all, uint32_t nall, int dir, bool sources)
{
	struct save	*s, *list[SAVE_BATCH_MAX];
	uint32_t	 i, n = 0;

	for (i = 0; i < nall; i++) {
		s = all[i];
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

/* All that are not in error yet. */
static void
save_write(struct save_batch *b)
{
	struct save	*list[SAVE_BATCH_MAX];
	uint32_t	 i, n = 0;

	for (i = 0; i < b->n; i++)
		if (b->saves[i]->error == 0)
			list[n++] = b->saves[i];
	if (!save_begin_all(b, list, n))
		save_begin_each(b, list, n);
	/* A torrent is there when its .torrent is: not without its place. */
	save_name(list, n, b->resumes, false);
	save_name(list, n, b->torrents, true);
	for (i = 0; i < n; i++)
		if (list[i]->torrent != NULL && list[i]->error != 0)
			store_drop(&list[i]->source);
}

/* A torrent that cannot be kept is refused: nothing may be left of it. */
static void
save_undo(struct save *s, int torrents, int resumes)
{
	char	name[STORE_NAME_MAX];

	store_remove(torrents, store_name(s->r.infohash, s->suffix, name));
	store_remove(resumes, store_name(s->r.infohash, ".resume", name));
}

void
save_run(struct job *job, unsigned int worker)
{
	struct save_batch	*b = (struct save_batch *)job;
	char			 name[STORE_NAME_MAX];
	uint32_t		 i;

	(void)worker;
	save_sync(b);
	save_write(b);
	for (i = 0; i < b->n; i++)
		if (b->saves[i]->torrent != NULL && b->saves[i]->error != 0)
			save_undo(b->saves[i], b->torrents, b->resumes);
	for (i = 0; i < b->n; i++)
		if (b->saves[i]->drop_link && b->saves[i]->error == 0)
			store_remove(b->torrents, store_name(
			    b->saves[i]->r.infohash, ".magnet", name));
}
