/* SPDX-License-Identifier: ISC */
/* What is kept of a move. */
#include "move_item.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chan.h"
#include "content.h"
#include "disk.h"
#include "mem.h"
#include "metainfo.h"
#include "move.h"
#include "names.h"
#include "resume.h"
#include "roots.h"

void
move_tell(struct disk *d, uint32_t id, const char *error)
{
	struct msg_torrent_moved	m = { .id = id, .error = error };

	chan_send(d->parent, MSG_TORRENT_MOVED, &m);
}

struct place
move_other_place(const struct disk *d, const struct move *m)
{
	struct place	place = { -1, m->subdir };

	if (m->root < ROOTS_MAX && !d->roots[m->root].away)
		place.root = d->roots[m->root].fd;
	return place;
}

bool
move_can_go_on(const struct disk *d, const struct move *m)
{
	return move_other_place(d, m).root != -1 && m->t->root_path == NULL &&
	    !roots_away(d, m->t);
}

const struct metainfo *
move_other_mi(const struct move *m)
{
	return m->mi != NULL ? m->mi : m->t->files->mi;
}

struct move *
move_new(struct content *t, enum move_what what, uint32_t root,
    const char *root_path, const char *subdir)
{
	struct move	*m = xcalloc(1, sizeof(*m));

	m->t = t;
	m->w.id = t->id;
	m->w.what = what;
	move_stage_name(t->infohash, m->w.stage);
	m->root = root;
	m->root_path = xstrdup(root_path);
	m->subdir = xstrdup(subdir);
	m->w.stamps = xcalloc(t->nfiles + 1, sizeof(*m->w.stamps));
	t->move = m;
	t->files->pins++;
	return m;
}

void
move_drop(struct disk *d, struct content *t)
{
	struct move	*m = t->move;

	if (m == NULL)
		return;
	t->move = NULL;
	if (m->queued)
		TAILQ_REMOVE(&d->moves, m, link);
	t->files->pins--;
	metainfo_free(m->mi);
	names_free(m->names);
	free(m->root_path);
	free(m->subdir);
	free(m->name);
	free(m->w.stamps);
	free(m->w.dir);
	free(m->error);
	free(m);
}

void
move_free(struct disk *d, struct content *t)
{
	move_drop(d, t);
	move_forget_home(t);
}

/* The same name for the same torrent, but for one: its metainfo then. */
bool
move_take_name(struct disk *d, struct move *m, uint32_t index, const char *name,
    char *why, size_t size)
{
	struct content	*t = m->t;
	const char	*text;

	if (t->files->mi->single && index == 0)
		index = NAMES_TOP;
	m->index = index;
	m->name = xstrdup(name);
	m->names = names_with(t->files->names, index, name);
	if ((m->mi = content_read_metainfo(d, t, why, size)) == NULL)
		return false;
	if (names_apply(m->names, m->mi, &text))
		return true;
	snprintf(why, size, "\"%.200s\": %s", name, text);
	return false;
}
