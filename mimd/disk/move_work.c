/* SPDX-License-Identifier: ISC */
/* The files of a torrent, from one place to another: see move_plan.h. */
#include "move_work.h"

#include <sys/statfs.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "copy.h"
#include "io.h"
#include "mem.h"
#include "metainfo.h"
#include "resume.h"

#define SPACE_SPARE	(16U << 20)	/* left free where copies go */
#define MTIME_SLACK	2		/* s; as coarse as file systems are */
#define STAGED_MAX	(MOVE_STAGE_MAX + 24)

void
move_stage_name(const uint8_t infohash[SHA1_LEN], char name[MOVE_STAGE_MAX])
{
	char	hex[2 * SHA1_LEN + 1];

	snprintf(name, MOVE_STAGE_MAX, ".mim-move-%s",
	    hash_hex(infohash, SHA1_LEN, hex));
}

static const char *
reason(int error)
{
	switch (error) {
	case EEXIST:
		return "is there already";
	case ECANCELED:
		return "not moved: that was cancelled";
	default:
		return file_strerror(error);
	}
}

void
move_work_error(struct move_work *w, const char *path, int error)
{
	/* The reason comes last: it must not be what is cut. */
	if (w->error[0] == '\0')
		snprintf(w->error, sizeof(w->error), "%.150s%s%.250s: %s",
		    w->dir, *path != '\0' ? "/" : "", path, reason(error));
}

int
move_there(struct place place, const char *path, struct stat *st,
    enum move_there *there)
{
	*there = THERE_FILE;
	if (file_stat(place, path, st) == 0)
		return 0;
	*there = errno == ENOENT ? THERE_NOTHING : THERE_OTHER;
	return errno == ENOENT || errno == ELOOP || errno == ENOTDIR ||
	    errno == FILE_NOT_REGULAR ? 0 : -1;
}

/* The part file, if there is one, comes after those of the torrent. */
static uint32_t
file_count(const struct move_work *w)
{
	return w->mi_from->nfiles + (w->part != NULL);
}

static const char *
path_in(const struct move_work *w, const struct metainfo *mi, uint32_t i)
{
	return i < mi->nfiles ? mi->files[i].path : w->part;
}

static const char *
old_path(const struct move_work *w, uint32_t i)
{
	return path_in(w, w->mi_from, i);
}

static const char *
new_path(const struct move_work *w, uint32_t i)
{
	return path_in(w, w->mi_to, i);
}

/* Is the file one that is stored at all? */
static bool
is_stored(const struct move_work *w, uint32_t i)
{
	return i >= w->mi_from->nfiles ||
	    (w->mi_from->files[i].attr & (MI_PAD | MI_SYMLINK)) == 0;
}

static bool
same_path(const struct move_work *w, uint32_t i)
{
	return w->what == MOVE_RENAME &&
	    strcmp(old_path(w, i), new_path(w, i)) == 0;
}

/* Where a copy is until all are there; ext: ".part" while it is not whole. */
static const char *
staged(const struct move_work *w, uint32_t i, const char *ext,
    char buf[STAGED_MAX])
{
	snprintf(buf, STAGED_MAX, "%s/%" PRIu32 "%s", w->stage, i, ext);
	return buf;
}

/* ---- can it be done? ---- */

/* The directory that is to hold it, or its root while that is not there. */
static int
look_to(struct move_work *w, dev_t *dev, uint64_t *space)
{
	struct place	root = { w->to.root, "" };
	struct statfs	fs;
	struct stat	st;
	int		fd, rc;

	fd = file_open_dir(w->to, "");
	if (fd == -1 && errno == ENOENT) {
		w->made_dir = true;
		fd = file_open_dir(root, "");
	}
	if (fd == -1)
		return -1;
	rc = io_fstat(fd, &st) == -1 || io_fstatfs(fd, &fs) == -1 ? -1 : 0;
	io_close(fd);
	if (rc == -1)
		return -1;
	*dev = st.st_dev;
	*space = (uint64_t)fs.f_bavail * (uint64_t)fs.f_bsize;
	return 0;
}

/* Nothing may be in the way of file i; *st is of what there is of it. */
static int
look_file(struct move_work *w, uint32_t i, struct stat *st)
{
	struct stat	 sto;
	enum move_there	 from, to;

	if (move_there(w->from, old_path(w, i), st, &from) == -1 ||
	    move_there(w->to, new_path(w, i), &sto, &to) == -1)
		return -1;
	if (from == THERE_OTHER)
		errno = FILE_NOT_REGULAR;
	else if (to != THERE_NOTHING)
		errno = EEXIST;
	else {
		if (from == THERE_NOTHING)
			st->st_nlink = 0;
		return 0;
	}
	return -1;
}

static void
look(struct move_work *w)
{
	struct stat	st;
	dev_t		dev = 0;
	uint64_t	space = 0, need = 0;
	uint32_t	i;

	w->end = MOVE_UNDONE;
	w->same_fs = true;
	if (look_to(w, &dev, &space) == -1) {
		move_work_error(w, "", errno);
		return;
	}
	for (i = 0; i < file_count(w); i++) {
		if (!is_stored(w, i) || same_path(w, i))
			continue;
		if (look_file(w, i, &st) == -1) {
			move_work_error(w, new_path(w, i), errno);
			return;
		}
		if (st.st_nlink == 0)
			continue;
		w->same_fs = w->same_fs && st.st_dev == dev;
		need += (uint64_t)st.st_blocks * 512;
	}
	if (!w->same_fs && need + SPACE_SPARE > space)
		snprintf(w->error, sizeof(w->error), "%.400s: needs %" PRIu64
		    " MiB, but only %" PRIu64 " MiB are free", w->dir,
		    (need + SPACE_SPARE) >> 20, space >> 20);
	else
		w->end = MOVE_DONE;
}

/* ---- copies ---- */

static int
copy_into(struct move_work *w, struct copy *c, int from, uint32_t i)
{
	char	part[STAGED_MAX], whole[STAGED_MAX];
	int	to, rc, error;

	staged(w, i, ".part", part);
	if ((to = file_open(w->to, part, FILE_WRITE)) == -1)
		return -1;
	rc = copy_file(c, from, to);
	error = errno;
	io_close(to);
	errno = error;
	return rc == -1 ? -1 : file_rename(w->to, part, w->to,
	    staged(w, i, "", whole));
}

static int
copy_one(struct move_work *w, struct copy *c, uint32_t i)
{
	char		 whole[STAGED_MAX];
	struct stat	 st;
	int		 from, rc, error;

	if (file_stat(w->to, staged(w, i, "", whole), &st) == 0) {
		atomic_fetch_add(&w->done, 2 * (uint64_t)st.st_blocks * 512);
		return 0;
	}
	from = file_open(w->from, old_path(w, i), FILE_READ);
	if (from == -1)
		return errno == ENOENT ? 0 : -1;
	rc = copy_into(w, c, from, i);
	error = errno;
	io_close(from);
	errno = error;
	return rc;
}

/* What of the copies is not in use any more. */
static void
unstage(struct move_work *w)
{
	char		path[STAGED_MAX];
	uint32_t	i;
	int		fd;

	if ((fd = file_open_dir(w->to, w->stage)) == -1)
		return;
	io_close(fd);
	for (i = 0; i < file_count(w); i++) {
		file_unlink(w->to, staged(w, i, "", path));
		file_unlink(w->to, staged(w, i, ".part", path));
	}
	file_rmdir(w->to, w->stage);
	if (w->made_dir)
		file_rmdir(w->to, "");
}

static void
measure(struct move_work *w)
{
	struct stat	st;
	uint32_t	i;

	atomic_store(&w->done, 0);
	atomic_store(&w->all, 0);
	for (i = 0; i < file_count(w); i++)
		if (is_stored(w, i) && file_stat(w->from,
		    old_path(w, i), &st) == 0)
			atomic_fetch_add(&w->all,
			    2 * (uint64_t)st.st_blocks * 512);
}

static void
copy_all(struct move_work *w)
{
	struct copy	c = { .stop = &w->stop, .done = &w->done };
	char		path[STAGED_MAX];
	uint32_t	i, n = file_count(w);
	int		rc, error;

	measure(w);
	c.buf = xmalloc(COPY_CHUNK);
	c.hash = hash_new();
	rc = file_mkdir(w->to, w->stage);
	for (i = 0; rc == 0 && i < n; i++)
		if (is_stored(w, i))
			rc = copy_one(w, &c, i);
	if (rc == 0)
		rc = file_sync_dirs(w->to, staged(w, 0, "", path), NULL);
	error = errno;
	free(c.buf);
	hash_free(c.hash);
	w->end = MOVE_DONE;
	if (rc == 0)
		return;
	if (error == ECANCELED && !atomic_load(&w->cancel)) {
		w->end = MOVE_STOPPED;
		return;
	}
	move_work_error(w, i > 0 ? new_path(w, i - 1) : "", error);
	w->end = MOVE_UNDONE;
}

/* ---- renames ---- */

/* Where a file is, or is going to be. */
struct end {
	struct place	 place;
	const char	*path;
};

static void
find_ends(const struct move_work *w, uint32_t i, struct end *old,
    struct end *new, char buf[STAGED_MAX])
{
	bool	copied = w->phase == MOVE_PLACE_STAGED;

	*old = (struct end){ copied ? w->to : w->from,
	    copied ? staged(w, i, "", buf) : old_path(w, i) };
	*new = (struct end){ w->to, new_path(w, i) };
}

static int
look_at(const struct end *old, const struct end *new, enum move_there *from,
    enum move_there *to, bool *same)
{
	struct stat	st, sto;

	if (move_there(old->place, old->path, &st, from) == -1 ||
	    move_there(new->place, new->path, &sto, to) == -1)
		return -1;
	*same = *from == THERE_FILE && *to == THERE_FILE &&
	    st.st_dev == sto.st_dev && st.st_ino == sto.st_ino;
	return 0;
}

/* Take a file to its new place, or back to its old one. */
static int
place_one(struct move_work *w, uint32_t i, bool back)
{
	struct end	old, new, *from = back ? &new : &old,
			*to = back ? &old : &new;
	char		buf[STAGED_MAX];
	enum move_there	there_old, there_new;
	bool		same;

	find_ends(w, i, &old, &new, buf);
	if (look_at(&old, &new, &there_old, &there_new, &same) == -1)
		return -1;
	switch (back ? move_step_back(there_old, there_new, same) :
	    move_step(there_old, there_new, same)) {
	case STEP_NONE:
		return 0;
	case STEP_RENAME:
		return file_rename(from->place, from->path, to->place,
		    to->path);
	case STEP_UNLINK:
		return file_unlink(from->place, from->path);
	case STEP_CLASH:
		break;
	}
	errno = EEXIST;
	return -1;
}

/* Names are on disk before the record says where they are. */
static int
sync_all(const struct move_work *w, struct place place,
    const struct metainfo *mi)
{
	const char	*path, *last = NULL;
	uint32_t	 i;

	for (i = 0; i < file_count(w); i++) {
		path = path_in(w, mi, i);
		if (!is_stored(w, i) ||
		    (last != NULL && file_same_dir(last, path)))
			continue;
		if (file_sync_dirs(place, path, last) == -1)
			return -1;
		last = path;
	}
	return 0;
}

/* Those from where files are renamed. */
static int
sync_old(const struct move_work *w)
{
	char	path[STAGED_MAX];

	if (w->phase == MOVE_PLACE)
		return sync_all(w, w->from, w->mi_from);
	return file_sync_dirs(w->to, staged(w, 0, "", path), NULL);
}

/* Everything that was renamed, from the last on. */
static enum move_end
undo(struct move_work *w)
{
	uint32_t	i;

	for (i = file_count(w); i-- > 0;) {
		if (!is_stored(w, i) || same_path(w, i))
			continue;
		if (place_one(w, i, true) == -1)
			return MOVE_STUCK;
		file_rmdir_above(w->to, new_path(w, i));
	}
	if (sync_all(w, w->to, w->mi_to) == -1 || sync_old(w) == -1)
		return MOVE_STUCK;
	if (w->phase == MOVE_PLACE && w->made_dir)
		file_rmdir(w->to, "");
	return MOVE_UNDONE;
}

static bool
same_time(const struct stat *a, const struct stat *b)
{
	return a->st_mtim.tv_sec - b->st_mtim.tv_sec < MTIME_SLACK &&
	    b->st_mtim.tv_sec - a->st_mtim.tv_sec < MTIME_SLACK;
}

/*
 * The stamp of a copy.  What was changed by others before it was copied is
 * doubtful, as it was.
 */
static void
restamp(struct move_work *w, uint32_t i)
{
	struct resume_file	*stamp = &w->stamps[i];
	struct stat		 st, sto;

	if (file_stat(w->from, old_path(w, i), &st) == 0 &&
	    file_stat(w->to, new_path(w, i), &sto) == 0 &&
	    st.st_ino == stamp->ino && (uint64_t)st.st_size == stamp->size &&
	    file_mtime(&st) == stamp->mtime &&
	    st.st_size == sto.st_size && same_time(&st, &sto)) {
		stamp->ino = sto.st_ino;
		stamp->mtime = file_mtime(&sto);
		return;
	}
	if (stamp->ino != 0)
		w->doubt = true;
	memset(stamp, 0, sizeof(*stamp));
}

/* They are on disk before a file is renamed into them. */
static int
make_new_dirs(const struct move_work *w)
{
	const char	*path, *last = NULL;
	char		*dir, *slash;
	struct stat	 st;
	uint32_t	 i;
	int		 rc = 0;

	for (i = 0; rc == 0 && i < file_count(w); i++) {
		path = new_path(w, i);
		if (!is_stored(w, i) || same_path(w, i) ||
		    (last != NULL && file_same_dir(last, path)) ||
		    file_stat(w->from, old_path(w, i), &st) == -1)
			continue;
		last = path;
		dir = xstrdup(path);
		if ((slash = strrchr(dir, '/')) == NULL)
			slash = dir;
		*slash = '\0';
		rc = file_mkdir(w->to, dir);
		free(dir);
	}
	return rc == 0 ? sync_all(w, w->to, w->mi_to) : -1;
}

static void
place_all(struct move_work *w)
{
	uint32_t	i, n = file_count(w);
	int		rc = 0, error;

	rc = make_new_dirs(w);
	for (i = 0; rc == 0 && i < n; i++) {
		if (atomic_load(&w->cancel)) {
			errno = ECANCELED;
			rc = -1;
		} else if (is_stored(w, i) && !same_path(w, i))
			rc = place_one(w, i, false);
	}
	if (rc == 0)
		rc = sync_all(w, w->to, w->mi_to);
	if (rc == 0)
		rc = sync_old(w);
	if (rc == -1) {
		error = errno;
		move_work_error(w, new_path(w, i > 0 ? i - 1 : 0),
		    error);
		w->end = error == EXDEV && w->phase == MOVE_PLACE ?
		    MOVE_ACROSS : MOVE_UNDONE;
		if (undo(w) == MOVE_STUCK)
			w->end = MOVE_STUCK;
		return;
	}
	for (i = 0; i < n && w->phase == MOVE_PLACE_STAGED; i++)
		if (is_stored(w, i))
			restamp(w, i);
	w->end = MOVE_DONE;
}

/* ---- what is left at the old place ---- */

/* Only what is as it was when it was copied. */
static void
clean_copied(struct move_work *w, uint32_t i)
{
	const char	*path = old_path(w, i);
	struct stat	 st, sto;

	if (file_stat(w->from, path, &st) == -1)
		return;
	if (file_stat(w->to, new_path(w, i), &sto) == 0 &&
	    st.st_size == sto.st_size && same_time(&st, &sto)) {
		if (file_unlink(w->from, path) == -1)
			move_work_error(w, path, errno);
	} else
		move_work_error(w, path, ESTALE);
}

static void
clean(struct move_work *w)
{
	uint32_t	i, n = file_count(w);

	for (i = 0; i < n; i++) {
		if (atomic_load(&w->stop)) {
			w->end = MOVE_STOPPED;
			return;
		}
		if (w->phase == MOVE_CLEAN_COPIED && is_stored(w, i))
			clean_copied(w, i);
	}
	for (i = n; i-- > 0;)
		if (i + 1 == n || !file_same_dir(old_path(w, i),
		    old_path(w, i + 1)))
			file_rmdir_above(w->from, old_path(w, i));
	w->made_dir = false;
	unstage(w);
	sync_all(w, w->from, w->mi_from);
	sync_all(w, w->to, w->mi_to);
	w->end = MOVE_DONE;
}

void
move_work_run(struct job *job, unsigned int worker)
{
	struct move_work	*w = (struct move_work *)job;

	(void)worker;
	w->error[0] = '\0';
	switch (w->phase) {
	case MOVE_NONE:
		if (w->what == MOVE_LOCATE)
			move_work_locate(w);
		else
			look(w);
		break;
	case MOVE_COPY:
		copy_all(w);
		break;
	case MOVE_PLACE:
	case MOVE_PLACE_STAGED:
		place_all(w);
		break;
	case MOVE_UNSTAGE:
		unstage(w);
		file_sync_dirs(w->to, w->stage, NULL);
		w->end = MOVE_DONE;
		break;
	default:
		clean(w);
	}
}
