/* SPDX-License-Identifier: ISC */
#include "check.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "admit.h"
#include "barred.h"
#include "bitfield.h"
#include "content.h"
#include "disk.h"
#include "fdcache.h"
#include "loop.h"
#include "mem.h"
#include "metainfo.h"
#include "part.h"
#include "part_leave.h"
#include "report.h"
#include "save.h"
#include "sched.h"
#include "scrub.h"
#include "span.h"
#include "sync_fs.h"
#include "tally.h"
#include "verify.h"
#include "worker.h"

#define CHECK_BATCH	64U		/* pieces of a job at most */
#define CHECK_JOB	(4U << 20)	/* bytes of a job, about */
#define CHECK_HOLE	(64U << 20)	/* ... where the last were a hole */

/* A check that runs; workers read of it what does not change. */
struct check {
	TAILQ_ENTRY(check)	 link;		/* disk::checking */
	struct disk		*disk;
	struct content		*t;
	const struct metainfo	*mi;
	struct part		*part;		/* a copy, or NULL */
	struct place		 place;
	uint8_t			*rewrite;	/* pieces, or NULL */
	struct sched_device	*dev;
	atomic_bool		 cancel;
	uint32_t		 next;		/* piece to hand out */
	uint32_t		 running;	/* jobs */
	bool			 drained;	/* no more to hand out */
	bool			 in_hole;	/* the last job read nothing */
	int			 error;
	uint32_t		 error_file;
	bool			 restart;
};

struct check_job {
	struct job	 job;
	struct check	*check;
	uint64_t	 began;			/* ms */
	uint32_t	 n, looked;		/* pieces, those done */
	uint32_t	 pieces[CHECK_BATCH];
	bool		 good[CHECK_BATCH];
	struct verify	 verify;
};

static void	check_pump(void *);
static void	check_done(struct job *, void *);

void
check_init(struct disk *d)
{
	TAILQ_INIT(&d->checks);
	TAILQ_INIT(&d->checking);
	sched_init(&d->sched, pool_size(d->hashers));
	d->check_resume = loop_timer_new(d->loop, check_pump, d);
}

/* ---- in a worker ---- */

static void
check_run(struct job *job, unsigned int worker)
{
	struct check_job	*j = (struct check_job *)job;
	struct check		*c = j->check;
	struct verifier		*w = &c->disk->verifiers[worker];

	if (w->buf == NULL)
		verifier_start(w);
	verify_start(&j->verify, c->mi, c->part, c->place, &c->cancel);
	j->verify.rewrite = c->rewrite;
	for (j->looked = 0; j->looked < j->n; j->looked++) {
		j->good[j->looked] = verify_piece(&j->verify, w,
		    j->pieces[j->looked]);
		if (j->verify.error != 0 || atomic_load(&c->cancel))
			break;
	}
	verify_end(&j->verify);
}

/* ---- in the loop ---- */

static struct check *
check_of(const struct disk *d, const struct content *t)
{
	struct check	*c;

	TAILQ_FOREACH(c, &d->checking, link)
		if (c->t == t)
			break;
	return c;
}

/* Give the workers a job of this check; false if there is none. */
static bool
check_submit(struct disk *d, struct check *c)
{
	struct content		*t = c->t;
	struct check_job	*j;
	uint32_t		 max;

	if (c->drained || atomic_load(&c->cancel))
		return false;
	max = (c->in_hole ? CHECK_HOLE : CHECK_JOB) / t->geom.piece_length;
	max = max < 1 ? 1 : max > CHECK_BATCH ? CHECK_BATCH : max;
	j = xcalloc(1, sizeof(*j));
	for (; c->next < t->geom.npieces && j->n < max; c->next++)
		if (bitfield_get(t->todo, c->next))
			j->pieces[j->n++] = c->next;
	if (j->n == 0) {
		c->drained = true;
		free(j);
		return false;
	}
	j->check = c;
	j->began = loop_now(d->loop);
	j->job.run = check_run;
	j->job.done = check_done;
	c->running++;
	sched_job(c->dev);
	pool_submit(d->hashers, &j->job);
	return true;
}

static void
check_end(struct disk *d, struct check *c)
{
	struct content	*t = c->t;
	bool		 restart = c->restart;
	unsigned int	 i;

	TAILQ_REMOVE(&d->checking, c, link);
	tally_soon(d);
	sched_ended(&d->sched, c->dev);
	d->check_news = true;
	t->files->pins--;
	t->in_checks = false;
	if (c->error != 0)
		content_fail(d, t, part_path(c->mi, c->part,
		    c->error_file), c->error);
	else if (!atomic_load(&c->cancel)) {
		free(t->todo);
		t->todo = NULL;
		if (c->rewrite != NULL) {
			free(t->unsynced);
			t->unsynced = NULL;
		}
		content_changed(d, t);
		report_progress(d, t);
		admit(d, t);
		content_dirty(d, t, 0);
		/* Where that is a lot to do: before peers come. */
		if (sync_fs_worth(t->files->ntouched))
			save_due(d, loop_now(d->loop));
	}
	free(c->rewrite);
	free(c->part);
	free(c);
	for (i = 0; i < WORKERS_MAX && check_idle(d); i++)
		verifier_end(&d->verifiers[i]);
	if (t->removing)
		remove_try(d, t);
	else if (restart)
		check_want(d, t, NULL);
	disk_settled(d);
}

static void
check_verdict(struct disk *d, struct content *t, uint32_t piece, bool good)
{
	struct span_iter	it;
	struct span		s;

	if (bitfield_get(t->todo, piece)) {
		bitfield_clear(t->todo, piece);
		t->ntodo--;
	}
	content_changed(d, t);
	if (!good)
		return;
	span_start_part(&it, t->files->mi, t->part,
	    (uint64_t)piece * t->geom.piece_length,
	    geom_piece_size(&t->geom, piece));
	while (span_next(&it, &s))
		if (!s.pad)
			content_touch(d, t, s.home);
	content_set_have(d, t, piece);
}

static void
check_done(struct job *job, void *arg)
{
	struct check_job	*j = (struct check_job *)job;
	struct disk		*d = arg;
	struct check		*c = j->check;
	uint64_t		 now = loop_now(d->loop);
	uint32_t		 i;

	c->running--;
	c->in_hole = j->verify.read == 0;
	sched_job_done(c->dev, now, now - j->began);
	if (!atomic_load(&c->cancel))
		for (i = 0; i < j->looked; i++)
			check_verdict(d, c->t, j->pieces[i], j->good[i]);
	if (j->verify.error != 0 && c->error == 0) {
		c->error = j->verify.error;
		c->error_file = j->verify.error_file;
		atomic_store(&c->cancel, true);
	}
	free(j);
	check_pump(d);
}

static void
check_start(struct disk *d, struct content *t, struct sched_device *dev)
{
	size_t		 size = bitfield_size(t->geom.npieces);
	struct check	*c = xcalloc(1, sizeof(*c));

	c->disk = d;
	c->t = t;
	c->mi = t->files->mi;
	c->part = part_copy(t->part, t->nfiles);
	c->place = content_place(d, t);
	if (t->unsynced != NULL) {
		c->rewrite = xmalloc(size);
		memcpy(c->rewrite, t->unsynced, size);
	}
	c->dev = dev;
	t->files->pins++;
	sched_started(&d->sched, dev);
	TAILQ_INSERT_TAIL(&d->checking, c, link);
	tally_soon(d);
}

/* Begin those that may run now, in the order in which they were wanted. */
static void
check_begin(struct disk *d)
{
	struct content		*t, *next;
	struct sched_device	*dev;

	if (!d->check_news || d->stopping)
		return;
	d->check_news = false;
	TAILQ_FOREACH_SAFE(t, &d->checks, check_link, next) {
		dev = sched_device(&d->sched, content_dev(d, t));
		/* One that cannot be kept must go at once: no jobs yet. */
		if (t->adding || !sched_may_start(dev))
			continue;
		TAILQ_REMOVE(&d->checks, t, check_link);
		if (content_load(d, t) == NULL)
			t->in_checks = false;
		else
			check_start(d, t, dev);
	}
}

/*
 * A job for the first check that may have one, which is the last then; the
 * time to wait if there is none.
 */
static uint64_t
check_turn(struct disk *d, bool *any)
{
	struct check	*c;
	uint64_t	 wait = SCHED_LATER, ms;

	*any = false;
	TAILQ_FOREACH(c, &d->checking, link) {
		if (c->drained || atomic_load(&c->cancel))
			continue;
		ms = sched_wait(&d->sched, c->dev, loop_now(d->loop));
		if (ms == 0 && check_submit(d, c)) {
			TAILQ_REMOVE(&d->checking, c, link);
			TAILQ_INSERT_TAIL(&d->checking, c, link);
			*any = true;
			break;
		}
		if (ms > 0 && ms < wait)
			wait = ms;
	}
	return wait;
}

/* End what is over, begin what may, and keep the workers busy. */
static void
check_pump(void *arg)
{
	struct disk	*d = arg;
	struct check	*c;
	uint64_t	 wait;
	bool		 any;

	do {
		check_begin(d);
		do
			wait = check_turn(d, &any);
		while (any);
		TAILQ_FOREACH(c, &d->checking, link)
			if (c->running == 0 && (c->drained ||
			    atomic_load(&c->cancel)))
				break;
		if (c != NULL)
			check_end(d, c);
	} while (c != NULL);
	loop_timer_clear(d->check_resume);
	if (wait != SCHED_LATER)
		loop_timer_set(d->check_resume, wait);
}

/* It ends when its jobs have, or at once. */
static void
check_stop(struct disk *d, struct check *c)
{
	atomic_store(&c->cancel, true);
	loop_timer_set(d->check_resume, 0);
}

void
check_want(struct disk *d, struct content *t, uint8_t *todo)
{
	struct check	*c = check_of(d, t);
	size_t		 size = bitfield_size(t->geom.npieces);

	if (c != NULL) {
		free(todo);
		c->restart = true;
		check_stop(d, c);
		return;
	}
	if (todo == NULL) {
		if (content_load(d, t) == NULL)
			return;
		todo = xcalloc(1, size);
		content_reset_have(d, t, todo);
		memset(todo, 0xff, size);
		bitfield_trim(todo, t->geom.npieces);
	}
	free(t->todo);
	t->todo = todo;
	t->ntodo = bitfield_count(todo, t->geom.npieces);
	fdcache_drop(d->files, t->id);
	scrub_cancel(d, t);
	part_leave_cancel(d, t);
	free(t->damage);
	t->damage = NULL;
	barred_free(t);
	content_set_state(d, t, DSTATE_CHECKING, NULL);
	if (!t->in_checks)
		TAILQ_INSERT_TAIL(&d->checks, t, check_link);
	t->in_checks = true;
	check_soon(d);
}

void
check_soon(struct disk *d)
{
	d->check_news = true;
	loop_timer_set(d->check_resume, 0);
}

void
check_cancel(struct disk *d, struct content *t)
{
	struct check	*c = check_of(d, t);

	if (c != NULL) {
		check_stop(d, c);
		return;
	}
	if (t->in_checks)
		TAILQ_REMOVE(&d->checks, t, check_link);
	t->in_checks = false;
}

bool
check_idle(const struct disk *d)
{
	return TAILQ_EMPTY(&d->checking);
}

struct content *
check_running(const struct disk *d, const struct content *t)
{
	struct check	*c;

	c = t == NULL ? TAILQ_FIRST(&d->checking) :
	    TAILQ_NEXT(check_of(d, t), link);
	return c == NULL ? NULL : c->t;
}
