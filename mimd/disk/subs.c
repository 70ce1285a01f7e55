/* SPDX-License-Identifier: ISC */
#include "subs.h"

#include <sys/stat.h>

#include <stdlib.h>
#include <string.h>

#include "content.h"
#include "disk.h"
#include "file.h"
#include "io.h"
#include "mem.h"
#include "roots.h"
#include "volumes.h"

static char *
path_of(const struct disk *d, uint32_t root, const char *subdir)
{
	return xasprintf("%s/%s", d->roots[root].path, subdir);
}

/* Its number, which is not 0. */
static uint8_t
find(const struct disk *d, uint32_t root, const char *subdir)
{
	uint32_t	i;

	for (i = 0; i < d->nsubs; i++)
		if (d->subs[i].root == root &&
		    strcmp(d->subs[i].subdir, subdir) == 0)
			return (uint8_t)(i + 1);
	return 0;
}

static void
remember(struct disk *d, const struct sub *sub)
{
	char	*path = path_of(d, sub->root, sub->subdir);

	if (volumes_set(&d->volumes, path, sub->ino, sub->birth))
		roots_save(d);
	free(path);
}

/* Of the same file system, perhaps: a part of it that is mounted there. */
static bool
is_mounted(const struct disk *d, const struct sub *sub, dev_t dev)
{
	const struct root	*root = &d->roots[sub->root];

	return dev != root->dev || io_mount(sub->fd) != io_mount(root->fd);
}

/*
 * What is there: fd -1 is nothing.  A directory like others needs no care,
 * unless it was a volume once.
 */
static bool
look(struct disk *d, struct sub *sub)
{
	const struct volume	*v;
	struct stat		 st;
	char			*path = path_of(d, sub->root, sub->subdir);

	v = volumes_find(&d->volumes, path);
	free(path);
	sub->fd = file_open_dir((struct place){ d->roots[sub->root].fd,
	    sub->subdir }, "");
	if (sub->fd != -1 && io_fstat(sub->fd, &st) == 0) {
		sub->ino = st.st_ino;
		sub->birth = io_birth(sub->fd);
		sub->away = v != NULL && (v->ino != sub->ino ||
		    v->birth != sub->birth);
		return v != NULL || is_mounted(d, sub, st.st_dev);
	}
	sub->away = v != NULL;
	return sub->away;
}

void
subs_take(struct disk *d, struct content *t)
{
	struct sub	sub = { .root = t->root, .subdir = t->subdir };

	t->sub = 0;
	if (t->subdir[0] == '\0' || t->root_path != NULL ||
	    d->roots[t->root].away || d->roots[t->root].fd == -1)
		return;
	t->sub = find(d, t->root, t->subdir);
	/* Most lie where the one before them does. */
	if (t->sub != 0 || (d->plain_subdir != NULL &&
	    d->plain_root == t->root &&
	    strcmp(d->plain_subdir, t->subdir) == 0))
		return;
	if (!look(d, &sub) || d->nsubs == SUBS_MAX) {
		if (sub.fd != -1)
			io_close(sub.fd);
		free(d->plain_subdir);
		d->plain_subdir = xstrdup(t->subdir);
		d->plain_root = t->root;
		return;
	}
	sub.subdir = xstrdup(t->subdir);
	d->subs[d->nsubs++] = sub;
	t->sub = (uint8_t)d->nsubs;
	if (!sub.away)
		remember(d, &sub);
}

bool
subs_away(const struct disk *d, uint32_t root, const char *subdir)
{
	uint8_t	i = find(d, root, subdir);

	return i != 0 && d->subs[i - 1].away;
}

void
subs_accept(struct disk *d, const struct content *t)
{
	struct sub	*sub = &d->subs[t->sub - 1];

	sub->away = false;
	remember(d, sub);
}

/* Is there a root that it would be beneath? */
static bool
is_ours(const struct disk *d, const char *path)
{
	const struct root	*r;
	size_t			 len;

	for (r = d->roots; r < d->roots + ROOTS_MAX; r++) {
		if (r->path == NULL || r->away || r->fd == -1)
			continue;
		len = strlen(r->path);
		if (strncmp(path, r->path, len) == 0 && path[len] == '/')
			return true;
	}
	return false;
}

static bool
is_used(const struct disk *d, const char *path)
{
	uint32_t	 i;
	char		*s;
	bool		 used = false;

	for (i = 0; i < d->nsubs && !used; i++) {
		s = path_of(d, d->subs[i].root, d->subs[i].subdir);
		used = strcmp(s, path) == 0;
		free(s);
	}
	return used;
}

void
subs_scanned(struct disk *d)
{
	uint32_t	 i;
	const char	*path;
	bool		 changed = false;

	for (i = d->volumes.n; i-- > 0;) {
		path = d->volumes.v[i].path;
		if (roots_find(d, path) < ROOTS_MAX || !is_ours(d, path) ||
		    is_used(d, path))
			continue;
		changed = volumes_forget(&d->volumes, path);
	}
	if (changed)
		roots_save(d);
}
