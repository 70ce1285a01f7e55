/* SPDX-License-Identifier: ISC */
#include "move.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admit.h"
#include "allot.h"
#include "chan.h"
#include "check.h"
#include "content.h"
#include "disk.h"
#include "disk_data.h"
#include "fdcache.h"
#include "log.h"
#include "loop.h"
#include "mem.h"
#include "metainfo.h"
#include "move_work.h"
#include "names.h"
#include "part.h"
#include "report.h"
#include "roots.h"
#include "resume.h"
#include "save.h"
#include "scrub.h"
#include "trouble.h"

/* A torrent's move, from the order to its end. */
struct move {
	TAILQ_ENTRY(move)	 link;		/* disk::moves */
	struct content		*t;
	struct move_work	 w;
	/* The other place: the new one, after the commit the old one. */
	uint32_t		 root;		/* ROOTS_MAX: not there now */
	char			*root_path, *subdir;
	uint32_t		 index;		/* whose name changes, */
	char			*name;		/* ... the other one, or NULL */
	struct names		*names;
	struct metainfo		*mi;		/* NULL: as the torrent's */
	char			*error;		/* why it is undone */
	char			 part[PART_NAME_MAX];	/* w.part */
	bool			 queued;
	bool			 running;	/* w, by the worker */
	bool			 saved;		/* the record has the phase */
	bool			 asked;		/* by the parent */
	bool			 home;		/* nobody asked */
	bool			 late;		/* the files were begun with */
	bool			 again;		/* after a restart */
	bool			 check;		/* wanted when it is done */
};

static void	move_pump(struct disk *);
static void	move_done(struct job *, void *);

void
move_init(struct disk *d)
{
	TAILQ_INIT(&d->moves);
	d->mover = pool_new(d->loop, 1, d);
}

void
move_threads(struct disk *d)
{
	pool_start(d->mover);
}

static void
tell_moved(struct disk *d, uint32_t id, const char *error)
{
	struct msg_torrent_moved	m = { .id = id, .error = error };

	chan_send(d->parent, MSG_TORRENT_MOVED, &m);
}

static void __attribute__((format(printf, 3, 4)))
refuse(struct disk *d, uint32_t id, const char *fmt, ...)
{
	char	text[ERROR_MAX + 1];
	va_list	ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	tell_moved(d, id, text);
}

/* ---- one move ---- */

static struct place
other_place(const struct disk *d, const struct move *m)
{
	struct place	place = { -1, m->subdir };

	if (m->root < ROOTS_MAX && !d->roots[m->root].away)
		place.root = d->roots[m->root].fd;
	return place;
}

/* Are both places there? */
static bool
can_go_on(const struct disk *d, const struct move *m)
{
	return other_place(d, m).root != -1 && m->t->root_path == NULL &&
	    !roots_away(d, m->t);
}

static const struct metainfo *
other_mi(const struct move *m)
{
	return m->mi != NULL ? m->mi : m->t->files->mi;
}

static struct move *
move_new(struct disk *d, struct content *t, enum move_what what,
    uint32_t root, const char *root_path, const char *subdir)
{
	struct move	*m = xcalloc(1, sizeof(*m));

	m->t = t;
	m->w.id = t->id;
	m->w.what = what;
	m->w.job.run = move_work_run;
	m->w.job.done = move_done;
	move_stage_name(t->infohash, m->w.stage);
	m->root = root;
	m->root_path = xstrdup(root_path);
	m->subdir = xstrdup(subdir);
	m->w.stamps = xcalloc(t->nfiles + 1, sizeof(*m->w.stamps));
	t->move = m;
	t->files->pins++;
	(void)d;
	return m;
}

static void
forget_home(struct content *t)
{
	if (t->home == NULL)
		return;
	free(t->home->root);
	free(t->home->subdir);
	free(t->home);
	t->home = NULL;
}

static void
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
	forget_home(t);
}

/* The same name for the same torrent, but for one: its metainfo then. */
static bool
take_name(struct disk *d, struct move *m, uint32_t index, const char *name,
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

/* ---- its course ---- */

static void
move_run(struct disk *d, struct move *m)
{
	struct move_work	*w = &m->w;
	struct content		*t = m->t;
	bool			 back = move_committed(w->phase);

	w->from = back ? other_place(d, m) : content_place(d, t);
	w->to = back ? content_place(d, t) : other_place(d, m);
	w->mi_from = back ? other_mi(m) : t->files->mi;
	w->mi_to = back ? t->files->mi : other_mi(m);
	free(w->dir);
	w->dir = xasprintf("%s%s%s", back ? d->roots[t->root].path :
	    m->root_path, w->to.subdir[0] != '\0' ? "/" : "", w->to.subdir);
	if (!back)
		memcpy(w->stamps, t->files->stamps,
		    (t->nfiles + 1) * sizeof(*w->stamps));
	part_name(t, m->part);
	w->part = m->part[0] != '\0' ? m->part : NULL;
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
	if (allot_busy(d, t) || scrub_holds(d, t))
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

static void
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
	bool		 look, located = m->w.what == MOVE_LOCATE;

	look = m->again || m->w.doubt || (located && good);
	if (!good)
		log_warnx("torrent %u: not moved: %s", t->id, error);
	else
		log_info("torrent %u %s %s: %s", t->id, located ?
		    "found in" : m->w.what == MOVE_RENAME ? "renamed in" :
		    "moved to", m->w.dir, t->name);
	if (good && m->w.what != MOVE_RENAME)
		forget_home(t);
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
		content_dirty(d, t, 0);
		if (good)
			report_content(d, t);
	}
	if (asked)
		tell_moved(d, t->id, error);
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
		tell_moved(d, m->t->id, text);
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
			log_warnx("torrent %u: left where it was: %s",
			    m->t->id, m->w.error);
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

void
move_fill(const struct disk *d, const struct content *t, struct resume *r)
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
	(void)d;
	if (m == NULL || m->w.phase == MOVE_NONE)
		return;
	r->move.phase = (uint8_t)m->w.phase;
	r->move.root = xstrdup(m->root_path);
	r->move.subdir = xstrdup(m->subdir);
	r->move.index = m->index;
	if (m->name != NULL)
		r->move.name = xstrdup(m->name);
}

/* ---- after a restart ---- */

static uint32_t
find_root(const struct disk *d, const char *path)
{
	uint32_t	i;

	for (i = 0; i < ROOTS_MAX; i++)
		if (d->roots[i].path != NULL &&
		    strcmp(d->roots[i].path, path) == 0)
			break;
	return i;
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
	m = move_new(d, t, rm->name != NULL ? MOVE_RENAME : MOVE_DATA,
	    find_root(d, rm->root), rm->root, rm->subdir);
	if (rm->name != NULL && !take_name(d, m, rm->index, rm->name, text,
	    sizeof(text))) {
		log_warnx("torrent %u: %s", t->id, text);
		move_drop(d, t);
		return false;
	}
	m->w.phase = (enum move_phase)rm->phase;
	m->again = m->saved = true;
	if (can_go_on(d, m)) {
		log_info("torrent %u: going on with its move: %s", t->id,
		    t->name);
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

/* ---- home ---- */

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
	*root = find_root(d, t->home->root);
	return *root < ROOTS_MAX && !d->roots[*root].away;
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
	if (check_exists(d, t)) {
		forget_home(t);
		return;
	}
	t->home->subdir = t->subdir;
	t->subdir = subdir;
	t->root = before;
}

void
move_go_home(struct disk *d, struct content *t)
{
	struct content	*other;
	struct move	*m;
	uint32_t	 root;
	char		 text[ERROR_MAX + 1] = "";

	if (t->home == NULL || t->removing || d->stopping || t->homeless ||
	    t->state != DSTATE_READY || !content_done(t))
		return;
	/* The parent is to know first that it is complete. */
	if (t->is_changed) {
		content_dirty(d, t, 1000);
		return;
	}
	if (content_load(d, t) == NULL)
		return;
	t->homeless = true;		/* tried once in the disk's life */
	if (!home_root(d, t, &root))
		snprintf(text, sizeof(text), "%.400s is not there as a "
		    "\"download directory\"", t->home->root);
	else if ((other = content_clash(d, root, t->home->subdir,
	    t->files->mi, t)) != NULL)
		snprintf(text, sizeof(text), "%.300s: its files would be "
		    "those of torrent %u", t->home->root, other->id);
	if (text[0] != '\0') {
		log_warnx("torrent %u: not moved: %s", t->id, text);
		content_set_state(d, t, DSTATE_READY, text);
		return;
	}
	m = move_new(d, t, MOVE_DATA, root, d->roots[root].path,
	    t->home->subdir);
	m->home = true;
	move_queue(d, m);
}

/* ---- orders ---- */

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
		tell_moved(d, t->id, "");
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
	forget_home(t);
	content_dirty(d, t, 0);
	report_content(d, t);
	tell_moved(d, t->id, "");
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
		return "no such file";
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
	m = move_new(d, t, (enum move_what)o->what, root,
	    d->roots[root].path, subdir);
	if (o->what == MOVE_RENAME && take_name(d, m, o->file == FILES_MAX ?
	    NAMES_TOP : o->file, o->name, why, sizeof(why)) &&
	    strcmp(names_get(t->files->mi, m->index), m->name) == 0) {
		move_drop(d, t);
		tell_moved(d, t->id, "");	/* its name already */
		return;
	}
	if (why[0] == '\0' && (other = content_clash(d, root, subdir,
	    other_mi(m), t)) != NULL)
		snprintf(why, sizeof(why), "its files would be those of "
		    "torrent %u", other->id);
	if (why[0] == '\0') {
		m->asked = true;
		move_queue(d, m);
		return;
	}
	tell_moved(d, t->id, why);
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
	else if (o->what != MOVE_RENAME && (d->roots[o->root].fd == -1 ||
	    !file_subdir_ok(o->subdir)))
		refuse(d, t->id, "not beneath a download directory");
	else if (t->magnet != NULL)
		order_magnet(d, t, o);
	else if (o->what == MOVE_DATA && is_here(t, o))
		tell_moved(d, t->id, "");
	else if ((why = order_why_not(t, o)) != NULL)
		tell_moved(d, t->id, why);
	else if (content_load(d, t) == NULL)
		tell_moved(d, t->id, t->error != NULL ? t->error : "");
	else
		order(d, t, o);
}

/* ---- what others ask ---- */

int
move_open(struct disk *d, struct content *t, uint32_t file,
    enum file_mode mode)
{
	const struct move	*m = t->move;

	return fdcache_get(d->files, t->id, file, other_place(d, m),
	    part_path(other_mi(m), t->part, file), mode);
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
	} else if (can_go_on(d, m)) {
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
		if (can_go_on(d, m))
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
