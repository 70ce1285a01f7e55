/* SPDX-License-Identifier: ISC */
#include "choice.h"

#include <fnmatch.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "metainfo.h"

struct choice *
choice_unpack(const struct rec_span *only, uint32_t nonly,
    const struct rec_glob *except, uint32_t nexcept)
{
	struct choice	*c;
	uint32_t	 i;

	if (nonly + nexcept == 0)
		return NULL;
	c = xcalloc(1, sizeof(*c));
	for (i = 0; i < nonly && i < CHOICE_SPANS_MAX; i++)
		c->only[c->nonly++] = only[i];
	for (i = 0; i < nexcept && i < CHOICE_GLOBS_MAX; i++)
		c->except[c->nexcept++] = xstrdup(except[i].pattern);
	return c;
}

uint32_t
choice_pack_globs(const struct choice *c,
    struct rec_glob rows[CHOICE_GLOBS_MAX])
{
	uint32_t	i;

	for (i = 0; i < c->nexcept; i++)
		rows[i].pattern = c->except[i];
	return i;
}

void
choice_free(struct choice *c)
{
	if (c == NULL)
		return;
	while (c->nexcept > 0)
		free(c->except[--c->nexcept]);
	free(c);
}

static bool
is_named(const struct choice *c, uint32_t file)
{
	uint32_t	i;

	for (i = 0; i < c->nonly; i++)
		if (file >= c->only[i].first && file <= c->only[i].last)
			return true;
	return c->nonly == 0;
}

static bool
is_excepted(const struct choice *c, const char *path)
{
	const char	*base = strrchr(path, '/');
	uint32_t	 i;

	base = base == NULL ? path : base + 1;
	for (i = 0; i < c->nexcept; i++)
		if (fnmatch(c->except[i], strchr(c->except[i], '/') != NULL ?
		    path : base, 0) == 0)
			return true;
	return false;
}

uint8_t *
choice_apply(const struct choice *c, const struct metainfo *mi,
    const char **why)
{
	uint8_t		*prios;
	uint32_t	 i, skipped = 0, all = 0;

	*why = NULL;
	if (c == NULL)
		return NULL;
	for (i = 0; i < c->nonly; i++)
		if (c->only[i].last >= mi->nfiles)
			*why = "it has no file of the highest number chosen";
	prios = xmalloc(mi->nfiles);
	memset(prios, FILE_PRIO_NORMAL, mi->nfiles);
	for (i = 0; i < mi->nfiles; i++) {
		if ((mi->files[i].attr & MI_PAD) != 0)
			continue;
		all++;
		if (is_named(c, i) && !is_excepted(c, mi->files[i].path))
			continue;
		prios[i] = FILE_PRIO_SKIP;
		skipped++;
	}
	if (skipped == all && *why == NULL)
		*why = "of its files none is chosen";
	if (skipped > 0)
		return prios;
	free(prios);
	return NULL;
}
