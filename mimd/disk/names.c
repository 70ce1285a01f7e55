/* SPDX-License-Identifier: ISC */
#include "names.h"

#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "metainfo.h"
#include "path.h"
#include "resume.h"

struct names {
	uint32_t		 n;
	struct resume_name	*v;
	char			*pool;	/* of the paths made of them */
	size_t			 len, size;
};

struct names *
names_new(const struct resume_name *v, uint32_t n)
{
	struct names	*names;
	uint32_t	 i;

	if (n == 0)
		return NULL;
	names = xcalloc(1, sizeof(*names));
	names->v = xreallocarray(NULL, n, sizeof(*names->v));
	for (i = 0; i < n; i++) {
		names->v[i].index = v[i].index;
		names->v[i].name = xstrdup(v[i].name);
	}
	names->n = n;
	return names;
}

struct names *
names_with(const struct names *old, uint32_t index, const char *name)
{
	struct resume_name	 new = { index, NULL };
	struct names		*names = NULL;
	uint32_t		 i;

	if (old != NULL)
		names = names_new(old->v, old->n);
	if (names == NULL)
		names = xcalloc(1, sizeof(*names));
	for (i = 0; i < names->n; i++)
		if (names->v[i].index == index)
			break;
	if (i == names->n) {
		names->v = xreallocarray(names->v, names->n + 1,
		    sizeof(*names->v));
		names->v[names->n++] = new;
	}
	free(names->v[i].name);
	names->v[i].name = xstrdup(name);
	return names;
}

void
names_free(struct names *names)
{
	if (names == NULL)
		return;
	while (names->n > 0)
		free(names->v[--names->n].name);
	free(names->v);
	free(names->pool);
	free(names);
}

uint32_t
names_list(const struct names *names, const struct resume_name **list)
{
	*list = names == NULL ? NULL : names->v;
	return names == NULL ? 0 : names->n;
}

const char *
names_get(const struct metainfo *mi, uint32_t index)
{
	if (index == NAMES_TOP || mi->single)
		return mi->name;
	return mi->files[index].path + strlen(mi->name) + 1;
}

/* Would each step of it be left as it is?  depth: how many there may be. */
static bool
is_clean(const char *name, unsigned int depth)
{
	char	safe[PATH_COMPONENT_MAX + 1];
	size_t	n;

	for (;; name += n + 1) {
		n = strcspn(name, "/");
		if (depth-- == 0 || path_component(name, n, safe) != n ||
		    memcmp(name, safe, n) != 0)
			return false;
		if (name[n] == '\0')
			return true;
	}
}

static const char *
check_name(const struct metainfo *mi, const struct resume_name *n)
{
	if (n->index == NAMES_TOP)
		return is_clean(n->name, 1) ? NULL :
		    "not a name for a torrent";
	if (n->index >= mi->nfiles)
		return "it has no file of that number";
	if ((mi->files[n->index].attr & (MI_PAD | MI_SYMLINK)) != 0)
		return "a file that is not stored has no name";
	/* A torrent of one file goes by its own name. */
	if (mi->single)
		return "not a name for a torrent";
	return is_clean(n->name, PATH_DEPTH_MAX - 1) ? NULL :
	    "not a name for a file";
}

/* Counts while there is no pool. */
static char *
make_path(struct names *names, const char *top, const char *inner)
{
	size_t	 ntop = strlen(top), n = strlen(inner);
	char	*path;

	if (names->pool == NULL) {
		names->size += ntop + 1 + n + 1;
		return NULL;
	}
	path = names->pool + names->len;
	memcpy(path, top, ntop);
	path[ntop] = '/';
	memcpy(path + ntop + 1, inner, n + 1);
	names->len += ntop + 1 + n + 1;
	return path;
}

/* The paths that are new, the others being as in mi. */
static void
make_paths(struct names *names, const struct metainfo *mi, const char *top,
    const char **inner, char **paths)
{
	bool		same = strcmp(top, mi->name) == 0;
	uint32_t	i;

	for (i = 0; i < mi->nfiles; i++) {
		if (inner[i] == NULL && same)
			paths[i] = mi->files[i].path;
		else
			paths[i] = make_path(names, top, inner[i] != NULL ?
			    inner[i] : names_get(mi, i));
	}
}

/* Only to learn that a path had to be another. */
static char *
never_the_same(const char *path, size_t len, void *arg)
{
	bool	*clash = arg;

	(void)path;
	(void)len;
	*clash = true;
	return NULL;
}

static const char *
check_paths(const struct metainfo *mi, char *const *paths)
{
	char		**copy;
	bool		  clash = false;
	uint32_t	  i;

	copy = xreallocarray(NULL, mi->nfiles, sizeof(*copy));
	for (i = 0; i < mi->nfiles; i++) {
		if (strlen(paths[i]) > METAINFO_PATH_MAX)
			break;
		copy[i] = (mi->files[i].attr & (MI_PAD | MI_SYMLINK)) != 0 ?
		    NULL : paths[i];
	}
	if (i == mi->nfiles)
		path_resolve(copy, mi->nfiles, never_the_same, &clash);
	free(copy);
	if (i < mi->nfiles)
		return "makes a path too long";
	return clash ? "another file of the torrent is there" : NULL;
}

static const char *
apply(struct names *names, struct metainfo *mi, const char **inner,
    char **paths)
{
	char		*top = mi->name;
	const char	*why;
	uint32_t	 i;

	for (i = 0; i < names->n; i++) {
		if ((why = check_name(mi, &names->v[i])) != NULL)
			return why;
		if (names->v[i].index == NAMES_TOP)
			top = names->v[i].name;
		else
			inner[names->v[i].index] = names->v[i].name;
	}
	if (mi->single)
		paths[0] = top;
	else {
		make_paths(names, mi, top, inner, paths);
		names->pool = xmalloc(names->size + 1);
		make_paths(names, mi, top, inner, paths);
	}
	if ((why = check_paths(mi, paths)) != NULL)
		return why;
	for (i = 0; i < mi->nfiles; i++) {
		if (paths[i] != mi->files[i].path)
			metainfo_keep_origin(mi, i);
		mi->files[i].path = paths[i];
	}
	mi->name = top;
	return NULL;
}

bool
names_apply(struct names *names, struct metainfo *mi, const char **why)
{
	const char	**inner;
	char		**paths;

	free(names->pool);
	names->pool = NULL;
	names->len = names->size = 0;
	inner = xcalloc(mi->nfiles, sizeof(*inner));
	paths = xcalloc(mi->nfiles, sizeof(*paths));
	*why = apply(names, mi, inner, paths);
	free(inner);
	free(paths);
	return *why == NULL;
}
