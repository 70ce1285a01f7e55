/* SPDX-License-Identifier: ISC */
/* What can be wrong with a torrent: errors, lack of space, clashes. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admit.h"
#include "content.h"
#include "disk.h"
#include "io.h"
#include "log.h"
#include "mem.h"
#include "metainfo.h"
#include "move.h"
#include "part_leave.h"
#include "report.h"
#include "trouble.h"

void
content_set_state(struct disk *d, struct content *t, enum dstate state,
    const char *text)
{
	char			*error = text != NULL ?
				    xstrndup(text, ERROR_MAX) : NULL;
	bool			 same;

	if (error == NULL && state == DSTATE_READY && t->damage != NULL)
		error = xstrdup(t->damage);
	same = t->state == state && (error == NULL) == (t->error == NULL) &&
	    (error == NULL || strcmp(error, t->error) == 0);
	if (t->state == DSTATE_WAITING)
		d->nwaiting--;
	if (state == DSTATE_WAITING)
		d->nwaiting++;
	free(t->error);
	t->error = error;
	t->state = (uint8_t)state;
	if (state == DSTATE_ERROR || state == DSTATE_MOVING)
		admit_release(d, t);
	if (state == DSTATE_READY && t->part != NULL)
		part_leave_soon(d);
	if (!same && t->is_reported)
		report_state(d, t);
}

static const char *
content_dir(const struct disk *d, const struct content *t, char *buf,
    size_t size)
{
	const char	*root = t->root_path != NULL ? t->root_path :
			    d->roots[t->root].path;

	snprintf(buf, size, "%s%s%s", root, t->subdir[0] ? "/" : "",
	    t->subdir);
	return buf;
}

dev_t
content_dev(const struct disk *d, const struct content *t)
{
	if (t->dev != 0 || t->root_path != NULL)
		return t->dev;
	return d->roots[t->root].dev;
}

void
content_fail(struct disk *d, struct content *t, const char *path, int error)
{
	if (t->state == DSTATE_ERROR)
		return;
	if ((error != ENOSPC && error != EDQUOT) || !admit_full(d, t, error))
		content_error(d, t, path, error);
}

void
content_error(struct disk *d, struct content *t, const char *path, int error)
{
	char	dir[ERROR_MAX], text[ERROR_MAX + 1];

	if (t->state == DSTATE_ERROR)
		return;
	content_dir(d, t, dir, sizeof(dir));
	/* The reason comes last: it must not be what is cut. */
	if (path != NULL)
		snprintf(text, sizeof(text), "%.150s/%.250s: %s", dir, path,
		    file_strerror(error));
	else
		snprintf(text, sizeof(text), "%.400s: %s", dir,
		    file_strerror(error));
	content_set_state(d, t, DSTATE_ERROR, text);
	trouble_begin(d, t, path, error);
}

/* ---- two torrents, one path ---- */

/* Is the path a the same as b, or a directory above it? */
static bool
path_covers(const char *a, const char *b)
{
	size_t	len = strlen(a);

	return strncmp(a, b, len) == 0 && (b[len] == '\0' || b[len] == '/');
}

static char *
path_join(const char *subdir, const char *name)
{
	return xasprintf("%s%s%s", subdir, subdir[0] ? "/" : "", name);
}

/* '/' before all else, so that what lies beneath a path follows it. */
static int
path_cmp(const void *pa, const void *pb)
{
	const unsigned char	*a = *(const unsigned char *const *)pa;
	const unsigned char	*b = *(const unsigned char *const *)pb;

	while (*a != '\0' && *a == *b) {
		a++;
		b++;
	}
	if (*a == *b)
		return 0;
	if (*a == '\0' || *b == '\0')
		return *a == '\0' ? -1 : 1;
	if (*a == '/' || *b == '/')
		return *a == '/' ? -1 : 1;
	return *a < *b ? -1 : 1;
}

static char **
path_list(const char *subdir, const struct metainfo *mi, uint32_t *n)
{
	char		**list = xcalloc(mi->nfiles, sizeof(*list));
	uint32_t	  i;

	for (*n = i = 0; i < mi->nfiles; i++)
		if ((mi->files[i].attr & (MI_PAD | MI_SYMLINK)) == 0)
			list[(*n)++] = path_join(subdir, mi->files[i].path);
	qsort(list, *n, sizeof(*list), path_cmp);
	return list;
}

static void
path_list_free(char **list, uint32_t n)
{
	while (n > 0)
		free(list[--n]);
	free(list);
}

static bool
files_meet(const char *sub1, const struct metainfo *mi1, const char *sub2,
    const struct metainfo *mi2)
{
	char		**a, **b;
	uint32_t	  na, nb, i = 0, j = 0;
	bool		  meet = false;

	a = path_list(sub1, mi1, &na);
	b = path_list(sub2, mi2, &nb);
	while (!meet && i < na && j < nb) {
		meet = path_covers(a[i], b[j]) || path_covers(b[j], a[i]);
		if (path_cmp(&a[i], &b[j]) < 0)
			i++;
		else
			j++;
	}
	path_list_free(a, na);
	path_list_free(b, nb);
	return meet;
}

static bool
content_meets(struct disk *d, struct content *t, const char *at,
    const char *subdir, const struct metainfo *mi)
{
	char		 err[ERROR_MAX];
	struct metainfo	*other;
	bool		 meet;

	if (t->renamed)
		content_load(d, t);
	if (t->files != NULL)
		return files_meet(at, t->files->mi, subdir, mi);
	other = content_read_metainfo(d, t, err, sizeof(err));
	if (other == NULL)
		return true;
	meet = files_meet(at, other, subdir, mi);
	metainfo_free(other);
	return meet;
}

static size_t
common_length(const char *a, const char *b)
{
	size_t	n = 0;

	while (a[n] != '\0' && a[n] == b[n])
		n++;
	return n;
}

static bool
ends_step(char c)
{
	return c == '\0' || c == '/';
}

/* Does one cover the other: top, and name in subdir?  Asked of all. */
static bool
is_near(const char *top, const char *subdir, const char *name)
{
	size_t	n;

	if (*subdir != '\0') {
		n = common_length(top, subdir);
		if (top[n] == '\0')
			return ends_step(subdir[n]);
		if (subdir[n] != '\0' || top[n] != '/')
			return false;
		top += n + 1;
	}
	n = common_length(top, name);
	return (top[n] == '\0' && ends_step(name[n])) ||
	    (name[n] == '\0' && ends_step(top[n]));
}

struct content *
content_clash(struct disk *d, uint32_t root, const char *subdir,
    const struct metainfo *mi, const struct content *self)
{
	struct content	*t;
	char		*top = path_join(subdir, mi->name);
	const char	*at;
	uint32_t	 other;

	for (t = content_first(d); t != NULL; t = content_next(t)) {
		if (t == self || t->magnet != NULL)
			continue;
		if (t->root_path == NULL && t->root == root &&
		    is_near(top, t->subdir, t->name) &&
		    content_meets(d, t, t->subdir, subdir, mi))
			break;
		if (move_target(t, &other, &at) && other == root &&
		    is_near(top, at, t->name) &&
		    content_meets(d, t, at, subdir, mi))
			break;
	}
	free(top);
	return t;
}
