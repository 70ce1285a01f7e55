/* SPDX-License-Identifier: ISC */
/* What the parent orders of moves. */
#include "move.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chan.h"
#include "content.h"
#include "disk.h"
#include "mem.h"
#include "metainfo.h"
#include "move_item.h"
#include "names.h"
#include "report.h"
#include "roots.h"

static void __attribute__((format(printf, 3, 4)))
refuse(struct disk *d, uint32_t id, const char *fmt, ...)
{
	char	text[ERROR_MAX + 1];
	va_list	ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	move_tell(d, id, text);
}

static bool
same_target(const struct move *m, const struct msg_torrent_move *o)
{
	bool	committed = move_committed(m->w.phase);

	if (m->w.what != (enum move_what)o->what || m->name != NULL)
		return false;
	return (committed ? m->t->root : m->root) == o->root &&
	    strcmp(committed ? m->t->subdir : m->subdir, o->subdir) == 0;
}

static bool
is_here(const struct content *t, const struct msg_torrent_move *o)
{
	return t->root_path == NULL && t->root == o->root &&
	    strcmp(t->subdir, o->subdir) == 0;
}

/* One is under way: this may be the same, or its end. */
static void
order_again(struct disk *d, struct content *t,
    const struct msg_torrent_move *o)
{
	struct move	*m = t->move;

	if (m->queued && same_target(m, o))
		m->asked = true;
	else if (m->queued && !move_committed(m->w.phase) &&
	    o->what == MOVE_DATA && m->name == NULL && is_here(t, o)) {
		move_cancel(d, t);
		move_tell(d, t->id, "");
	} else
		refuse(d, t->id, "it is being moved: try again when that is "
		    "done");
}

/* Only the name of its directory to be is known. */
static void
order_magnet(struct disk *d, struct content *t,
    const struct msg_torrent_move *o)
{
	if (o->what != MOVE_DATA) {
		refuse(d, t->id, "its metadata is not known yet");
		return;
	}
	free(t->root_path);
	t->root_path = NULL;
	t->root = o->root;
	free(t->subdir);
	t->subdir = xstrdup(o->subdir);
	subs_take(d, t);
	move_forget_home(t);
	content_dirty(d, t, 0);
	report_content(d, t);
	move_tell(d, t->id, "");
}

/* Why it cannot be moved now, or NULL. */
static const char *
order_why_not(struct content *t, const struct msg_torrent_move *o)
{
	if (t->in_checks)
		return "it is being checked: try again when that is done";
	if (o->what == MOVE_LOCATE)
		return NULL;
	if (t->state == DSTATE_ERROR || t->root_path != NULL)
		return t->error != NULL ? t->error : "it is in error";
	if (o->what == MOVE_RENAME && o->file < FILES_MAX &&
	    o->file >= t->nfiles)
		return "it has no file of that number";
	return NULL;
}

static void
order(struct disk *d, struct content *t, const struct msg_torrent_move *o)
{
	struct move	*m;
	struct content	*other;
	char		 why[ERROR_MAX + 1] = "";
	uint32_t	 root = o->root;
	const char	*subdir = o->subdir;

	if (o->what == MOVE_RENAME) {
		root = t->root;
		subdir = t->subdir;
	}
	m = move_new(t, (enum move_what)o->what, root,
	    d->roots[root].path, subdir);
	if (o->what == MOVE_RENAME && move_take_name(d, m,
	    o->file == FILES_MAX ? NAMES_TOP : o->file, o->name, why,
	    sizeof(why)) &&
	    strcmp(names_get(t->files->mi, m->index), m->name) == 0) {
		move_drop(d, t);
		move_tell(d, t->id, "");	/* its name already */
		return;
	}
	if (why[0] == '\0' && (other = content_clash(d, root, subdir,
	    move_other_mi(m), t)) != NULL)
		snprintf(why, sizeof(why), "its files would be those of "
		    "torrent %u", other->id);
	if (why[0] == '\0') {
		m->asked = true;
		move_queue(d, m);
		return;
	}
	move_tell(d, t->id, why);
	move_drop(d, t);
}

void
move_on_order(struct chan *c, const struct msg_torrent_move *o, void *arg)
{
	struct disk	*d = arg;
	struct content	*t = content_find(d, o->id);
	const char	*why;

	(void)c;
	if (t == NULL || t->removing || t->adding)
		refuse(d, o->id, "no such torrent");
	else if (t->move != NULL)
		order_again(d, t, o);
	else if (o->what != MOVE_RENAME && d->roots[o->root].away)
		refuse(d, t->id, "%s: %s", d->roots[o->root].path,
		    d->roots[o->root].why != NULL ? d->roots[o->root].why :
		    "is not the directory that it was");
	else if (o->what != MOVE_RENAME && subs_away(d, o->root, o->subdir))
		refuse(d, t->id, "%.250s/%.200s: is not the directory that "
		    "it was", d->roots[o->root].path, o->subdir);
	else if (o->what != MOVE_RENAME && (d->roots[o->root].fd == -1 ||
	    !file_subdir_ok(o->subdir)))
		refuse(d, t->id, "not beneath a download directory");
	else if (t->magnet != NULL)
		order_magnet(d, t, o);
	else if (o->what == MOVE_DATA && is_here(t, o))
		move_tell(d, t->id, "");
	else if ((why = order_why_not(t, o)) != NULL)
		move_tell(d, t->id, why);
	else if (content_load(d, t) == NULL)
		move_tell(d, t->id, t->error != NULL ? t->error : "");
	else
		order(d, t, o);
}
