/* SPDX-License-Identifier: ISC */
#include "roots.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admit.h"
#include "check.h"
#include "content.h"
#include "disk.h"
#include "io.h"
#include "log.h"
#include "mem.h"
#include "metainfo.h"
#include "resume.h"
#include "sched.h"
#include "state_file.h"
#include "store.h"
#include "sync_fs.h"
#include "volumes.h"

#define VOLUMES_NAME	"volumes"	/* in the state directory */

void
roots_add(struct disk *d, uint32_t index, const char *path, int fd)
{
	struct root	*root = &d->roots[index];
	struct stat	 st;

	root->fd = fd;
	root->path = xstrdup(path);
	if (io_fstat(fd, &st) == -1 || !S_ISDIR(st.st_mode))
		fatalx("%s is not a directory", path);
	root->dev = st.st_dev;
	root->ino = st.st_ino;
	root->birth = io_birth(fd);
	root->sync = sync_fs_open(fd);
}

void
roots_sync_failed(struct disk *d, uint32_t index)
{
	struct root	*root = &d->roots[index];

	if (root->sync == -1)
		return;
	log_warnx("%s: a write to its file system has failed", root->path);
	io_close(root->sync);
	root->sync = -1;
}

void
roots_add_gone(struct disk *d, uint32_t index, const char *path,
    const char *why)
{
	struct root	*root = &d->roots[index];

	root->path = xstrdup(path);
	root->why = xstrdup(why);
	root->away = true;
}

uint32_t
roots_find(const struct disk *d, const char *path)
{
	uint32_t	i;

	for (i = 0; i < ROOTS_MAX; i++)
		if (d->roots[i].path != NULL &&
		    strcmp(d->roots[i].path, path) == 0)
			break;
	return i;
}

void
roots_load(struct disk *d)
{
	const struct volume	*v;
	struct root		*root;
	uint8_t			*buf;
	size_t			 len;

	buf = store_read(d->state, VOLUMES_NAME, VOLUMES_SIZE_MAX, &len);
	if (buf == NULL && errno != ENOENT)
		state_file_unreadable(d->state, VOLUMES_NAME);
	if (buf != NULL && volumes_decode(&d->volumes, (char *)buf,
	    len) == -1)
		state_file_set_aside(d->state, VOLUMES_NAME, "", "malformed");
	free(buf);
	for (root = d->roots; root < d->roots + ROOTS_MAX; root++) {
		if (root->fd == -1)
			continue;
		v = volumes_find(&d->volumes, root->path);
		root->away = v != NULL && (v->ino != root->ino ||
		    v->birth != root->birth);
	}
}

bool
roots_away(const struct disk *d, const struct content *t)
{
	return t->root_path == NULL && (d->roots[t->root].away ||
	    (t->sub != 0 && d->subs[t->sub - 1].away));
}

void
roots_wait(struct disk *d, struct content *t)
{
	const struct root	*root = &d->roots[t->root];
	char			 text[ERROR_MAX + 1];

	if (!root->away)
		snprintf(text, sizeof(text), "%.200s/%.150s is not the "
		    "directory that it was (is its volume mounted?)",
		    root->path, t->subdir);
	else if (root->fd == -1)
		snprintf(text, sizeof(text), "%.350s: %.100s (is its volume "
		    "mounted?)", root->path, root->why);
	else
		snprintf(text, sizeof(text), "%.350s is not the directory "
		    "that it was (is its volume mounted?)", root->path);
	content_set_state(d, t, DSTATE_WAITING, text);
}

/* ---- what is remembered ---- */

void
roots_save(struct disk *d)
{
	size_t	 len;
	char	*text = volumes_encode(&d->volumes, &len);

	state_file_save(d, VOLUMES_NAME, text, len);
}

void
roots_used(struct disk *d, uint32_t index)
{
	const struct root	*root = &d->roots[index];

	if (!root->away && volumes_set(&d->volumes, root->path, root->ino,
	    root->birth))
		roots_save(d);
}

void
roots_scanned(struct disk *d)
{
	struct root	*root;
	struct content	*t;
	bool		 used[ROOTS_MAX] = { false };
	uint32_t	 i;

	for (t = content_first(d); t != NULL; t = content_next(t))
		if (t->root_path == NULL)
			used[t->root] = true;
	for (i = 0; i < ROOTS_MAX; i++) {
		root = &d->roots[i];
		if (root->fd == -1)
			continue;
		if (used[i])
			roots_used(d, i);
		else if (volumes_forget(&d->volumes, root->path)) {
			root->away = false;
			roots_save(d);
		}
	}
	subs_scanned(d);
}

/* ---- back ---- */

static void
look_again(struct disk *d, struct content *t)
{
	uint8_t	*todo;

	if (t->magnet != NULL || content_load(d, t) == NULL)
		return;
	todo = check_doubts(d, t);
	if (todo != NULL)
		check_want(d, t, todo);
	else if (t->state == DSTATE_WAITING)
		admit(d, t);
}

/* That of this torrent is right as it is. */
static void
roots_accept(struct disk *d, const struct content *proof)
{
	struct root	*root = &d->roots[proof->root];
	uint32_t	 index = proof->root;
	struct content	*t;

	log_info("%s%s%s: taken as the directory that it was", root->path,
	    proof->sub != 0 ? "/" : "", proof->sub != 0 ? proof->subdir : "");
	if (proof->sub != 0)
		subs_accept(d, proof);
	else {
		root->away = false;
		roots_used(d, index);
	}
	for (t = content_first(d); t != NULL; t = content_next(t)) {
		if (t->root != index || t->root_path != NULL ||
		    t->state != DSTATE_WAITING || t->removing)
			continue;
		subs_take(d, t);
		if (!roots_away(d, t))
			look_again(d, t);
		else if (t->magnet == NULL)
			roots_wait(d, t);
	}
}

void
roots_prove(struct disk *d, struct content *t)
{
	const struct resume_file	*r;
	struct place			 place = { d->roots[t->root].fd,
					    t->subdir };
	struct stat			 st;
	uint32_t			 i;

	if (t->sub != 0)
		place = (struct place){ d->subs[t->sub - 1].fd, "" };
	for (i = 0; place.root != -1 && i < t->nfiles; i++) {
		r = &t->files->stamps[i];
		if (r->ino == 0 || t->files->have[i] == 0)
			continue;
		if (file_stat(place, t->files->mi->files[i].path, &st) == 0 &&
		    r->size == (uint64_t)st.st_size &&
		    r->mtime == file_mtime(&st))
			roots_accept(d, t);
		return;
	}
}
