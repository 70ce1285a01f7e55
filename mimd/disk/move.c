/* SPDX-License-Identifier: ISC */
/* The course of moves. */
#include "move.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admit.h"
#include "allot.h"
#include "check.h"
#include "content.h"
#include "disk.h"
#include "disk_data.h"
#include "fdcache.h"
#include "log.h"
#include "loop.h"
#include "mem.h"
#include "metainfo.h"
#include "move_item.h"
#include "move_work.h"
#include "names.h"
#include "part.h"
#include "part_leave.h"
#include "report.h"
#include "roots.h"
#include "resume.h"
#include "save.h"
#include "scrub.h"
#include "trouble.h"

static void	move_pump(struct disk *);
static void	move_done(struct job *, void *);

void
move_init(struct disk *d)
{
	TAILQ_INIT(&d->moves);
	move_home_init(d);
	d->mover = pool_new(d->loop, 1, d);
}

void
move_threads(struct disk *d)
{
	pool_start(d->mover);
}

static void
move_run(struct disk *d, struct move *m)
{
	struct move_work	*w = &m->w;
	struct content		*t = m->t;
	bool			 back = move_committed(w->phase);

	w->from = back ? move_other_place(d, m) : content_place(d, t);
	w->to = back ? content_place(d, t) : move_other_place(d, m);
	w->mi_from = back ? move_other_mi(m) : t->files->mi;
	w->mi_to = back ? t->files->mi : move_other_mi(m);
	free(w->dir);
	w->dir = back ? xasprintf("%s%s%s", d->roots[t->root].path,
	    t->subdir[0] != '\0' ? "/" : "", t->subdir) :
	    xasprintf("%s%s%s", m->root_path, m->subdir[0] != '\0' ? "/" : "",
	    m->subdir);
	if (!back)
		memcpy(w->stamps, t->files->stamps,
		    (t->nfiles + 1) * sizeof(*w->stamps));
	part_name(t, m->part);
	w->part = m->part[0] != '\0' ? m->part : NULL;
	w->job.run = move_work_run;
	w->job.done = move_done;
	m->running = true;
	m->late = m->late || w->phase != MOVE_NONE;
	d->njobs++;
	pool_submit(d->mover, &w->job);
}

/* Its turn has come, or something it waited for. */
static void
move_next(struct disk *d, struct move *m)
{
	struct content	*t = m->t;

	if (m->running || d->stopping || t->saving)
		return;
	/* They read by what a move changes: the next tick tries again. */
	if (allot_busy(d, t) || scrub_holds(d, t) || part_leave_busy(d, t))
		return;
	if (m->w.phase == MOVE_NONE || m->saved) {
		move_run(d, m);
		return;
	}
	content_dirty(d, t, 0);
	save_due(d, loop_now(d->loop));
}

static void
move_pump(struct disk *d)
{
	struct move	*m = TAILQ_FIRST(&d->moves);

	if (m != NULL)
		move_next(d, m);
}

void
move_queue(struct disk *d, struct move *m)
{
	struct content	*t = m->t;

	if (!content_done(t) && m->w.what != MOVE_LOCATE)
		disk_data_forget(d, t);
	if (m->w.what != MOVE_LOCATE)
		content_set_state(d, t, DSTATE_MOVING, NULL);
	trouble_end(d, t);
	allot_cancel(d, t);
	scrub_cancel(d, t);
	part_leave_cancel(d, t);
	TAILQ_INSERT_TAIL(&d->moves, m, link);
	m->queued = true;
	disk_tick_soon(d);
	move_pump(d);
}

/* What was the other place is the torrent's now. */
static void
move_commit(struct disk *d, struct move *m)
{
	struct content		*t = m->t;
	struct content_files	*f = t->files;
	struct metainfo		*mi = f->mi;
	struct names		*names = f->names;
	uint32_t		 root = t->root;
	char			*subdir = t->subdir, *path;

	path = t->root_path != NULL ? t->root_path :
	    xstrdup(d->roots[root].path);
	t->root_path = NULL;
	t->root = m->root;
	t->subdir = m->subdir;
	free(m->root_path);
	m->root_path = path;
	m->root = root;
	m->subdir = subdir;
	if (m->mi != NULL) {
		free(m->name);
		m->name = xstrdup(names_get(mi, m->index));
		f->mi = m->mi;
		f->names = m->names;
		m->mi = mi;
		m->names = names;
		t->renamed = true;
		free(t->name);
		t->name = xstrdup(f->mi->name);
	}
	memcpy(f->stamps, m->w.stamps,
	    (t->nfiles + 1) * sizeof(*f->stamps));
	t->dev = 0;
	subs_take(d, t);
	t->made = false;
	roots_used(d, t->root);
	fdcache_drop(d->files, t->id);
}

/* As a torrent that was just loaded: what of it is to be believed? */
static void
move_look(struct disk *d, struct content *t, bool all)
{
	uint8_t	*todo;

	if (all || t->todo != NULL) {
		check_want(d, t, NULL);
		return;
	}
	/* An error is found anew where it still is. */
	content_set_state(d, t, DSTATE_CHECKING, NULL);
	if ((todo = check_doubts(d, t)) != NULL)
		check_want(d, t, todo);
	else if (t->state != DSTATE_ERROR)
		admit(d, t);
}

static void
move_end(struct disk *d, struct move *m, const char *error)
{
	struct content	*t = m->t;
	bool		 asked = m->asked, late = m->late || m->home;
	bool		 good = *error == '\0', check = m->check;
	bool		 located = m->w.what == MOVE_LOCATE;
	bool		 home = m->home, look;

	look = m->again || m->w.doubt || (located && good);
	if (!good)
		log_warnx("torrent %u: %s: not moved: %s", t->id, t->name,
		    error);
	else
		log_info("torrent %u: %s: %s %s", t->id, t->name, located ?
		    "found in" : m->w.what == MOVE_RENAME ? "renamed in" :
		    "moved to", m->w.dir);
	if (good && m->w.what != MOVE_RENAME)
		move_forget_home(t);
	move_drop(d, t);
	part_follow(d, t);
	trouble_end(d, t);
	if (!t->removing) {
		if (look || check)
			move_look(d, t, check);
		else if (!located)
			admit(d, t);
		if (!good && late && t->state == DSTATE_READY)
			content_set_state(d, t, DSTATE_READY, error);
		if (!good && home)
			move_home_failed(d, t);
		content_dirty(d, t, 0);
		if (good)
			report_content(d, t);
	}
	if (asked)
		move_tell(d, t->id, error);
	if (t->removing)
		remove_try(d, t);
	move_pump(d);
}

/* Half of it is here, half there, and no step can be done. */
static void
move_stuck(struct disk *d, struct move *m)
{
	struct content	*t;
	char		 text[ERROR_MAX + 1];

	snprintf(text, sizeof(text), "is moved in part, start it to go on: "
	    "%.400s", m->w.error);
	TAILQ_REMOVE(&d->moves, m, link);
	m->queued = false;
	content_set_state(d, m->t, DSTATE_ERROR, text);
	if (m->asked)
		move_tell(d, m->t->id, text);
	m->asked = false;
	if (m->t->removing) {
		t = m->t;
		move_drop(d, t);
		remove_try(d, t);
	}
	move_pump(d);
}

/* Why is known, unless that was before a restart. */
static void
move_end_undone(struct disk *d, struct move *m)
{
	char	text[ERROR_MAX + 1];

	strlcpy(text, m->error != NULL ? m->error : m->w.error[0] != '\0' ?
	    m->w.error : "its copies were removed again", sizeof(text));
	move_end(d, m, text);
}

/* What was missed in a file while it was away may be there again. */
static void
doubt_lost(struct move *m)
{
	const struct content_files	*f = m->t->files;
	uint32_t			 i;

	for (i = 0; i < m->t->nfiles; i++)
		if (f->have[i] < f->mi->files[i].length)
			m->w.stamps[i] = (struct resume_file){ 0 };
}

static void
move_looked(struct disk *d, struct move *m)
{
	if (m->w.end != MOVE_DONE) {
		move_end_undone(d, m);
		return;
	}
	if (m->w.what == MOVE_LOCATE) {
		doubt_lost(m);
		disk_data_forget(d, m->t);
		move_commit(d, m);
		move_end(d, m, "");
		return;
	}
	m->w.phase = move_first(m->w.same_fs);
	m->saved = false;
	move_next(d, m);
}

static void
move_went(struct disk *d, struct move *m)
{
	enum move_phase	phase = m->w.phase, next;

	next = move_after(phase, m->w.end);
	if (m->w.end == MOVE_STUCK) {
		move_stuck(d, m);
		return;
	}
	if (next == phase)
		return;			/* at the next start */
	m->w.phase = next;
	m->saved = false;
	if (next == MOVE_UNSTAGE)
		m->error = xstrdup(m->w.error);
	if (next == MOVE_NONE && move_committed(phase)) {
		if (m->w.error[0] != '\0')
			log_warnx("torrent %u: %s: left where it was: %s",
			    m->t->id, m->t->name, m->w.error);
		move_end(d, m, "");
	} else if (next == MOVE_NONE)
		move_end_undone(d, m);
	else {
		if (move_committed(next))
			move_commit(d, m);
		content_dirty(d, m->t, 0);
		move_next(d, m);
	}
}

static void
move_done(struct job *job, void *arg)
{
	struct move_work	*w = (struct move_work *)job;
	struct disk		*d = arg;
	struct move		*m = content_find(d, w->id)->move;

	d->njobs--;
	m->running = false;
	if (w->phase == MOVE_NONE && !d->stopping)
		move_looked(d, m);
	else if (w->phase != MOVE_NONE)
		move_went(d, m);
	if (d->stopping)
		save_due(d, 0);
	disk_settled(d);
}

/* ---- the record ---- */

bool
move_holds_save(const struct content *t)
{
	return t->move != NULL && t->move->running &&
	    (move_renames(t->move->w.phase) ||
	    t->move->w.what == MOVE_LOCATE);
}

void
move_saved(struct disk *d, struct content *t, const struct resume *r,
    bool good)
{
	struct move	*m = t->move;

	if (m == NULL) {
		if (good)
			move_go_home(d, t);
		return;
	}
	if (!m->queued || m != TAILQ_FIRST(&d->moves) || m->running)
		return;
	if (good && m->w.phase != MOVE_NONE && r->move.phase == m->w.phase)
		m->saved = true;
	else if (!good && !m->saved && !m->again &&
	    (m->w.phase == MOVE_PLACE || m->w.phase == MOVE_COPY)) {
		/* Nothing has been touched yet. */
		m->w.phase = MOVE_NONE;
		move_end(d, m, "the state directory cannot be written");
		return;
	} else if (!good)
		return;			/* tried again when it is due */
	move_next(d, m);
}

/* ---- what others ask ---- */

int
move_open(struct disk *d, struct content *t, uint32_t file,
    enum file_mode mode)
{
	const struct move	*m = t->move;

	return fdcache_get(d->files, t->id, file, move_other_place(d, m),
	    part_path(move_other_mi(m), t->part, file), mode);
}

bool
move_target(const struct content *t, uint32_t *root, const char **subdir)
{
	if (t->move == NULL)
		return false;
	*root = t->move->root;
	*subdir = t->move->subdir;
	return true;
}

uint32_t
move_permille(const struct content *t)
{
	uint64_t	done, all;

	if (t->move == NULL)
		return 0;
	done = atomic_load(&t->move->w.done);
	all = atomic_load(&t->move->w.all);
	if (all == 0)
		return 0;
	return done >= all ? 1000 : (uint32_t)(done * 1000 / all);
}

void
move_tick(struct disk *d)
{
	struct move	*m = TAILQ_FIRST(&d->moves);

	if (m == NULL)
		return;
	if (m->running)
		content_changed(d, m->t);
	else
		move_pump(d);
	disk_tick_soon(d);
}

bool
move_check(struct disk *d, struct content *t)
{
	struct move	*m = t->move;

	if (m == NULL)
		return false;
	if (m->queued) {
		m->check = true;
		report_state(d, t);
	} else if (move_can_go_on(d, m)) {
		m->again = m->saved = true;
		move_queue(d, m);
	} else if (m->w.phase == MOVE_PLACE)
		report_state(d, t);
	else
		return false;
	return true;
}

void
move_cancel(struct disk *d, struct content *t)
{
	struct move	*m = t->move;

	if (m == NULL)
		return;
	if (!move_committed(m->w.phase)) {
		atomic_store(&m->w.cancel, true);
		atomic_store(&m->w.stop, true);
	}
	if (m->running)
		return;
	if (m->w.phase == MOVE_NONE && m->queued)
		move_end(d, m, "cancelled");
	else if (!m->queued && t->removing) {
		/* It was stuck. */
		m->saved = true;
		if (move_can_go_on(d, m))
			move_queue(d, m);
		else
			move_drop(d, t);
	}
}

void
move_stop(struct disk *d)
{
	struct move	*m = TAILQ_FIRST(&d->moves);

	if (m != NULL && m->running)
		atomic_store(&m->w.stop, true);
}
