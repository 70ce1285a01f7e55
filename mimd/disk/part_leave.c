/* SPDX-License-Identifier: ISC */
#include "part_leave.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bitfield.h"
#include "content.h"
#include "disk.h"
#include "fdcache.h"
#include "io.h"
#include "loop.h"
#include "mem.h"
#include "metainfo.h"
#include "part.h"
#include "part_copy.h"
#include "roots.h"
#include "save.h"
#include "span.h"
#include "worker.h"

#define LEAVE_REST	(1U << 20)	/* bytes that the loop copies at most */

struct part_leave {
	struct pool		*pool;		/* one thread */
	struct loop_timer	*timer;
	struct content		*t;		/* whose files, or NULL */
	struct part_copy	 work;
	bool			 running;	/* in the thread's hands */
	bool			 copied;	/* until a record says so */
	struct part_log		 log;		/* written before it is */
};

static void	leave_look(void *);
static void	leave_done(struct job *, void *);

void
part_leave_init(struct disk *d)
{
	struct part_leave	*l = d->leave = xcalloc(1, sizeof(*l));

	l->pool = pool_new(d->loop, 1, d);
	l->timer = loop_timer_new(d->loop, leave_look, d);
}

void
part_leave_threads(struct disk *d)
{
	pool_start(d->leave->pool);
}

void
part_leave_soon(struct disk *d)
{
	if (!loop_timer_pending(d->leave->timer))
		loop_timer_set(d->leave->timer, 0);
}

bool
part_leave_busy(const struct disk *d, const struct content *t)
{
	return d->leave->t == t && (d->leave->running || d->leave->copied);
}

int
part_leave_write(struct disk *d, struct content *t, const struct span *s,
    const uint8_t *buf, size_t len)
{
	struct part_leave	*l = d->leave;
	const struct mi_file	*f = &t->files->mi->files[s->file];
	ssize_t			 n;
	int			 fd;

	if (l->t != t || !part_copy_has(&l->work, s->file))
		return 0;
	if (!l->copied) {
		part_log_add(&l->log, s->file, s->off, len);
		return 0;
	}
	fd = fdcache_get(d->files, t->id, s->file, content_place(d, t),
	    f->path, FILE_WRITE);
	if (fd == -1)
		return -1;
	content_touch(d, t, s->file);
	n = io_pwrite(fd, buf, len, (off_t)(s->off - f->offset));
	if (n >= 0 && (size_t)n < len)
		errno = ENOSPC;
	return n == (ssize_t)len ? 0 : -1;
}

/* ---- which ---- */

static bool
leave_may(const struct disk *d, const struct content *t)
{
	return t->part != NULL && t->part->leaving && !d->stopping &&
	    t->state == DSTATE_READY && !t->removing && !t->adding &&
	    !t->in_checks && t->move == NULL && t->root_path == NULL &&
	    !roots_away(d, t);
}

static void
leave_submit(struct disk *d)
{
	struct part_leave	*l = d->leave;

	l->running = true;
	d->njobs++;
	pool_submit(l->pool, &l->work.job);
}

static void
leave_end(struct disk *d)
{
	struct part_leave	*l = d->leave;

	l->t->files->pins--;
	l->t = NULL;
	l->copied = false;
	part_leave_soon(d);
}

/* Begin with some of its files; none are left: they are all out. */
static bool
leave_begin(struct disk *d, struct content *t)
{
	struct part_leave	*l = d->leave;
	struct part_copy	*w = &l->work;
	uint32_t		 i;

	if (content_load(d, t) == NULL)
		return false;
	part_copy_start(w, t->files->mi, content_place(d, t), t->part->name);
	for (i = 0; i < t->nfiles && w->n < PART_COPY_FILES; i++)
		if (part_has(t->part, i) && !content_skips(t, i))
			part_copy_add(w, i, t->files->have[i] > 0);
	if (w->n == 0) {
		t->part->leaving = false;
		return false;
	}
	w->shared = d->write_shared;
	w->uid = d->uid;
	w->job.done = leave_done;
	l->t = t;
	part_log_clear(&l->log);
	t->files->pins++;
	leave_submit(d);
	return true;
}

static void
leave_look(void *arg)
{
	struct disk	*d = arg;
	struct content	*t;

	for (t = content_first(d); d->leave->t == NULL && t != NULL;
	    t = content_next(t))
		if (leave_may(d, t) && leave_begin(d, t))
			break;
}

/* ---- out ---- */

/* What was written meanwhile is copied, too; false: by the thread. */
static bool
leave_rest(struct disk *d)
{
	struct part_leave	*l = d->leave;

	part_copy_again(&l->work, &l->log);
	part_log_clear(&l->log);
	if (part_log_size(&l->work.todo) > LEAVE_REST) {
		leave_submit(d);
		return false;
	}
	part_copy_run(&l->work.job, 0);
	return true;
}

/* All of it is at both places: the record is to say so. */
static void
leave_copied(struct disk *d)
{
	struct part_leave	*l = d->leave;
	uint32_t		 i;

	l->copied = true;
	for (i = 0; i < l->work.n; i++)
		if (l->work.files[i].made)
			content_touch(d, l->t, l->work.files[i].index);
	content_dirty(d, l->t, 0);
	save_due(d, loop_now(d->loop));
}

static void
leave_failed(struct disk *d, struct content *t)
{
	struct part_copy	*w = &d->leave->work;

	content_fail(d, t, t->files->mi->files[w->failed].path, w->error);
	/* Else when it is ready again. */
	if (t->state == DSTATE_READY)
		t->part->leaving = false;
}

static void
leave_done(struct job *job, void *arg)
{
	struct part_copy	*w = (struct part_copy *)job;
	struct disk		*d = arg;
	struct content		*t = d->leave->t;
	bool			 valid;

	d->leave->running = false;
	d->njobs--;
	valid = leave_may(d, t) && !atomic_load(&w->cancel);
	if (!valid || w->error != 0 || leave_rest(d)) {
		if (valid && w->error == 0)
			leave_copied(d);
		else
			leave_end(d);
		if (t->removing)
			remove_try(d, t);
		else if (valid && w->error != 0)
			leave_failed(d, t);
	}
	disk_settled(d);
}

void
part_leave_fill(const struct disk *d, const struct content *t,
    uint8_t *parted)
{
	const struct part_leave	*l = d->leave;
	uint32_t		 i;

	if (l->t != t || !l->copied)
		return;
	for (i = 0; i < l->work.n; i++)
		bitfield_clear(parted, l->work.files[i].index);
}

void
part_leave_saved(struct disk *d, struct content *t, const uint8_t *parted)
{
	struct part_leave	*l = d->leave;
	uint32_t		 i;

	if (l->t != t || !l->copied ||
	    bitfield_get(parted, l->work.files[0].index))
		return;
	for (i = 0; i < l->work.n; i++) {
		bitfield_clear(t->part->files, l->work.files[i].index);
		part_punch(d, t, l->work.files[i].index);
	}
	if (bitfield_count(t->part->files, t->nfiles) == 0) {
		part_forget(t);
		content_dirty(d, t, 0);
	}
	leave_end(d);
}

void
part_leave_cancel(struct disk *d, const struct content *t)
{
	struct part_leave	*l = d->leave;

	if (l->t == NULL || (t != NULL && l->t != t))
		return;
	if (l->running)
		atomic_store(&l->work.cancel, true);
	else if (l->t->removing)
		leave_end(d);
}
