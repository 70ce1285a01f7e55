/* SPDX-License-Identifier: ISC */
/* Moves and homes in resume records. */
#include "move.h"

#include <stdio.h>
#include <stdlib.h>

#include "content.h"
#include "disk.h"
#include "log.h"
#include "mem.h"
#include "move_item.h"
#include "names.h"
#include "resume.h"
#include "roots.h"

void
move_fill(const struct content *t, struct resume *r)
{
	const struct resume_name	*list;
	const struct move		*m = t->move;
	uint32_t			 i;

	if (t->home != NULL) {
		r->home_root = xstrdup(t->home->root);
		r->home_subdir = xstrdup(t->home->subdir);
	}
	if (t->files == NULL)
		return;
	if ((r->nnames = names_list(t->files->names, &list)) > 0)
		r->names = xcalloc(r->nnames, sizeof(*r->names));
	for (i = 0; i < r->nnames; i++) {
		r->names[i].index = list[i].index;
		r->names[i].name = xstrdup(list[i].name);
	}
	if (m == NULL || m->w.phase == MOVE_NONE)
		return;
	r->move.phase = (uint8_t)m->w.phase;
	r->move.root = xstrdup(m->root_path);
	r->move.subdir = xstrdup(m->subdir);
	r->move.index = m->index;
	if (m->name != NULL)
		r->move.name = xstrdup(m->name);
}

bool
move_take(struct disk *d, struct content *t, const struct resume *r)
{
	const struct resume_move	*rm = &r->move;
	struct move			*m;
	char				 text[ERROR_MAX + 1];

	if (r->home_root != NULL)
		move_set_home(t, r->home_root, r->home_subdir);
	if (rm->phase == MOVE_NONE || rm->phase >= MOVE_PHASES ||
	    t->magnet != NULL)
		return false;
	m = move_new(t, rm->name != NULL ? MOVE_RENAME : MOVE_DATA,
	    roots_find(d, rm->root), rm->root, rm->subdir);
	if (rm->name != NULL && !move_take_name(d, m, rm->index, rm->name, text,
	    sizeof(text))) {
		log_warnx("torrent %u: %s: %s", t->id, t->name, text);
		move_drop(d, t);
		return false;
	}
	m->w.phase = (enum move_phase)rm->phase;
	m->again = m->saved = true;
	if (move_can_go_on(d, m)) {
		log_info("torrent %u: %s: its move goes on", t->id, t->name);
		move_queue(d, m);
		return true;
	}
	/* Where nothing can be done now it is kept until it can. */
	if (t->root_path != NULL || roots_away(d, t))
		return true;
	if (m->w.phase == MOVE_PLACE) {
		snprintf(text, sizeof(text), "is moved in part to %.300s, "
		    "which is not there as a \"download directory\"",
		    rm->root);
		content_set_state(d, t, DSTATE_ERROR, text);
		return true;
	}
	if (m->root == ROOTS_MAX)
		move_drop(d, t);
	return false;
}
