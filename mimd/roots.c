/* SPDX-License-Identifier: ISC */
/*
 * The download directories, as the parent holds them.  When another volume
 * comes to be at the path of one, the disk child is started anew: it is
 * confined to the directories that it was born with.
 */
#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "mem.h"
#include "mounts.h"
#include "parent.h"
#include "paths.h"

#define BUSY_MS	1000	/* look again: the children are just starting */

/* Take over a descriptor, or errno if it is -1. */
static void
root_set(struct parent_root *r, int fd)
{
	char	path[PATH_LEN_MAX + 1];

	r->error = fd == -1 ? errno : 0;
	if (r->fd != -1)
		close(r->fd);
	free(r->real);
	r->real = NULL;
	r->fd = fd;
	r->mount = fd == -1 ? -1 : mounts_of(fd, path, sizeof(path));
	if (r->mount != -1)
		r->real = xstrdup(path);
}

void
parent_open_roots(struct parent *parent, uid_t uid, gid_t gid)
{
	const char	*dir;
	uint32_t	 i;

	for (i = 0; i < parent->conf->nroots; i++) {
		dir = parent->conf->roots[i];
		parent->roots[i].fd = -1;
		root_set(&parent->roots[i], paths_open_root(dir, uid, gid));
		if (parent->roots[i].fd == -1)
			log_warn("download directory \"%s\"", dir);
	}
}

/* Root has no right any more to give a new directory to _mimd. */
static int
open_again(const char *dir)
{
	return geteuid() == 0 ? paths_open_dir(dir) :
	    paths_open_root(dir, (uid_t)-1, (gid_t)-1);
}

void
parent_close_roots(struct parent *parent, uint32_t n)
{
	uint32_t	i;

	for (i = 0; i < n; i++) {
		if (parent->roots[i].fd != -1)
			close(parent->roots[i].fd);
		free(parent->roots[i].real);
		parent->roots[i].real = NULL;
		parent->roots[i].fd = -1;
	}
}

void
parent_reopen_roots(struct parent *parent, uint32_t nold, char *text,
    size_t size)
{
	const char	*dir;
	uint32_t	 i;
	size_t		 len;

	parent_close_roots(parent, nold);
	for (i = 0; i < parent->conf->nroots; i++) {
		dir = parent->conf->roots[i];
		parent->roots[i].fd = -1;
		root_set(&parent->roots[i], open_again(dir));
		len = strlen(text);
		if (parent->roots[i].fd == -1)
			snprintf(text + len, size - len,
			    "%sdownload directory \"%s\": %s", len > 0 ?
			    "; " : "", dir, strerror(errno));
	}
}

static bool
same_dir(int a, int b)
{
	struct stat	sa, sb;

	return fstat(a, &sa) == 0 && fstat(b, &sb) == 0 &&
	    sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino;
}

bool
parent_roots_stale(const struct parent *parent)
{
	uint32_t	i;
	bool		stale = false;
	int		fd;

	for (i = 0; i < parent->conf->nroots && !stale; i++) {
		fd = paths_open_dir(parent->conf->roots[i]);
		stale = (fd == -1) != (parent->roots[i].fd == -1) ||
		    (fd != -1 && !same_dir(fd, parent->roots[i].fd));
		if (fd != -1)
			close(fd);
	}
	return stale;
}

/* Is there something else at its path now?  Then hold that. */
static bool
root_look(struct parent_root *r, const char *dir, const char *mounts)
{
	int	fd;

	if (r->fd != -1 && (r->mount == -1 ||
	    mounts_holding(mounts, r->real) == r->mount))
		return false;
	fd = paths_open_dir(dir);
	if (fd == -1 && r->fd == -1)
		return false;
	root_set(r, fd);
	if (fd == -1)
		log_warnx("download directory \"%s\": %s", dir,
		    strerror(r->error));
	else
		log_info("download directory \"%s\": what is mounted "
		    "there has changed", dir);
	return true;
}

/* The real path of a directory beneath a root, to be freed, or NULL. */
static char *
real_path(const struct parent *parent, const char *dir)
{
	const char	*root;
	uint32_t	 i;
	size_t		 len;

	for (i = 0; i < parent->conf->nroots; i++) {
		root = parent->conf->roots[i];
		len = strlen(root);
		if (parent->roots[i].real != NULL &&
		    strncmp(dir, root, len) == 0 && dir[len] == '/')
			return xasprintf("%s%s", parent->roots[i].real,
			    dir + len);
	}
	return NULL;
}

/* Has what is mounted where torrents lie changed, beneath the roots? */
static bool
dir_look(const struct parent *parent, const char *dir, const char *mounts)
{
	char	*path = real_path(parent, dir);
	bool	 changed;

	changed = path != NULL && mounts_holding(parent->mounted, path) !=
	    mounts_holding(mounts, path);
	free(path);
	if (changed)
		log_info("\"%s\": what is mounted there has changed", dir);
	return changed;
}

static bool
dirs_look(struct parent *parent, const char *mounts)
{
	struct torrent	*t;
	const char	*last = NULL;
	uint32_t	 id = 0;
	bool		 changed = false;

	while (parent->mounted != NULL && !changed &&
	    (t = registry_after(&parent->registry, id)) != NULL) {
		id = t->id;
		/* Equal ones are one string. */
		if (t->dir != NULL && t->dir != last)
			changed = dir_look(parent, t->dir, mounts);
		last = t->dir;
	}
	return changed;
}

static void
roots_look(void *arg)
{
	struct parent	*parent = arg;
	uint32_t	 i;
	bool		 changed = false;
	char		*text;

	if (parent->phase >= PARENT_HALTING)
		return;
	if (!parent->ready) {
		mounts_again(parent->mounts, BUSY_MS);
		return;
	}
	if ((text = mounts_read()) == NULL)
		return;
	for (i = 0; i < parent->conf->nroots; i++)
		changed |= root_look(&parent->roots[i],
		    parent->conf->roots[i], text);
	changed = changed || dirs_look(parent, text);
	free(parent->mounted);
	parent->mounted = text;
	if (!changed)
		return;
	registry_flush(&parent->registry);
	proc_leave(parent_child(parent, ROLE_DISK));
}

void
parent_watch_roots(struct parent *parent)
{
	parent->mounts = mounts_new(parent->loop, roots_look, parent);
	if (parent->mounts == NULL)
		log_warn("/proc/self/mountinfo: volumes are not watched");
	else
		parent->mounted = mounts_read();
}

void
parent_seek_roots(struct parent *parent)
{
	uint32_t	i;

	for (i = 0; i < parent->conf->nroots; i++)
		if (parent->roots[i].fd == -1) {
			roots_look(parent);
			return;
		}
}
