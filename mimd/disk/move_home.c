/* SPDX-License-Identifier: ISC */
/* Where torrents go once they are complete. */
#include "move.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "content.h"
#include "disk.h"
#include "log.h"
#include "loop.h"
#include "mem.h"
#include "move_item.h"
#include "roots.h"
#include "trouble.h"

void
move_forget_home(struct content *t)
{
	if (t->home == NULL)
		return;
	free(t->home->root);
	free(t->home->subdir);
	free(t->home);
	t->home = NULL;
}

void
move_set_home(struct content *t, const char *root, const char *subdir)
{
	if (t->home == NULL)
		t->home = xcalloc(1, sizeof(*t->home));
	free(t->home->root);
	free(t->home->subdir);
	t->home->root = xstrdup(root);
	t->home->subdir = xstrdup(subdir);
}

static bool
home_root(const struct disk *d, const struct content *t, uint32_t *root)
{
	*root = roots_find(d, t->home->root);
	return *root < ROOTS_MAX && !d->roots[*root].away &&
	    !subs_away(d, *root, t->home->subdir);
}

void
move_look_home(struct disk *d, struct content *t)
{
	char		*subdir = t->subdir;
	uint32_t	 root, before = t->root;

	if (t->home == NULL || t->files == NULL || t->root_path != NULL ||
	    !home_root(d, t, &root))
		return;
	t->root = root;
	t->subdir = t->home->subdir;
	t->home->subdir = subdir;
	subs_take(d, t);
	if (check_exists(d, t)) {
		move_forget_home(t);
		return;
	}
	t->home->subdir = t->subdir;
	t->subdir = subdir;
	t->root = before;
	subs_take(d, t);
}

/* ---- going there ---- */

static void
arm(struct disk *d)
{
	struct content	*t;
	uint64_t	 now = loop_now(d->loop), due = UINT64_MAX;

	for (t = content_first(d); t != NULL; t = content_next(t))
		if (t->home != NULL && t->home->due != 0 &&
		    t->home->due < due)
			due = t->home->due;
	if (due != UINT64_MAX)
		loop_timer_set(d->homing, due > now ? due - now : 0);
}

static void
on_timer(void *arg)
{
	struct disk	*d = arg;
	struct content	*t;
	uint64_t	 now = loop_now(d->loop);

	for (t = content_first(d); t != NULL; t = content_next(t)) {
		if (t->home == NULL || t->home->due == 0 ||
		    t->home->due > now)
			continue;
		t->home->due = 0;
		move_go_home(d, t);
	}
	arm(d);
}

void
move_home_init(struct disk *d)
{
	d->homing = loop_timer_new(d->loop, on_timer, d);
}

void
move_home_failed(struct disk *d, struct content *t)
{
	if (t->home == NULL)
		return;
	t->home->due = loop_now(d->loop) + trouble_wait(t->home->tries);
	if (t->home->tries < UINT16_MAX)
		t->home->tries++;
	arm(d);
}

void
move_go_home(struct disk *d, struct content *t)
{
	struct content	*other;
	struct move	*m;
	uint32_t	 root;
	char		 text[ERROR_MAX + 1] = "";

	if (t->home == NULL || t->home->due != 0 || t->removing ||
	    d->stopping || t->state != DSTATE_READY || !content_done(t))
		return;
	/* The parent is to know first that it is complete. */
	if (t->is_changed) {
		content_dirty(d, t, 1000);
		return;
	}
	if (content_load(d, t) == NULL)
		return;
	if (!home_root(d, t, &root))
		snprintf(text, sizeof(text), "%.400s is not there as a "
		    "\"download directory\"", t->home->root);
	else if ((other = content_clash(d, root, t->home->subdir,
	    t->files->mi, t)) != NULL)
		snprintf(text, sizeof(text), "%.300s: its files would be "
		    "those of torrent %u", t->home->root, other->id);
	if (text[0] != '\0') {
		log_warnx("torrent %u: %s: not moved: %s", t->id, t->name,
		    text);
		content_set_state(d, t, DSTATE_READY, text);
		move_home_failed(d, t);
		return;
	}
	m = move_new(t, MOVE_DATA, root, d->roots[root].path,
	    t->home->subdir);
	m->home = true;
	move_queue(d, m);
}
