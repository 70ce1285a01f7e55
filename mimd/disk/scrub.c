/* SPDX-License-Identifier: ISC */
#include "scrub.h"

#include <sys/resource.h>

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "barred.h"
#include "bitfield.h"
#include "check.h"
#include "content.h"
#include "disk.h"
#include "disk_data.h"
#include "log.h"
#include "loop.h"
#include "mem.h"
#include "metainfo.h"
#include "pace.h"
#include "part.h"
#include "save.h"
#include "span.h"
#include "verify.h"
#include "worker.h"

#define SCRUB_BATCH	64U		/* pieces of a job at most */
#define SCRUB_JOB	(4U << 20)	/* bytes of a job, about */
#define SCRUB_LOOK_MS	60000U		/* at least so often */
#define SCRUB_YIELD_MS	1000U		/* ... when others are at work */
#define SCRUB_FILES	3U		/* damaged ones that are named */

struct scrub {
	struct disk		*disk;
	struct pool		*pool;		/* one thread */
	struct loop_timer	*timer;
	struct pace		 pace;
	bool			 started;	/* pace is */
	bool			 batch;		/* one is being read */
	struct content		*t;		/* being read, or NULL */
	struct verifier		 verifier;
	struct scrub_job	*job;		/* in the thread's hands */
	atomic_bool		 cancel;
};

struct scrub_job {
	struct job	 job;
	struct scrub	*scrub;
	uint32_t	 n, looked;
	uint32_t	 next;			/* piece behind them */
	uint32_t	 pieces[SCRUB_BATCH];
	bool		 good[SCRUB_BATCH];
	struct part	*part;			/* a copy, or NULL */
	struct verify	 verify;
};

static void	scrub_look(void *);
static void	scrub_done(struct job *, void *);

struct scrub *
scrub_new(struct disk *d)
{
	struct scrub	*s = xcalloc(1, sizeof(*s));

	s->disk = d;
	s->pool = pool_new(d->loop, 1, d);
	pool_set_nice(s->pool, PRIO_MAX - 1);
	s->timer = loop_timer_new(d->loop, scrub_look, s);
	return s;
}

void
scrub_start(struct scrub *s)
{
	pool_start(s->pool);
}

bool
scrub_idle(const struct scrub *s)
{
	return s->job == NULL;
}

bool
scrub_holds(const struct disk *d, const struct content *t)
{
	return d->scrub->t == t && d->scrub->job != NULL;
}

/* ---- in the thread ---- */

static void
scrub_run(struct job *job, unsigned int worker)
{
	struct scrub_job	*j = (struct scrub_job *)job;

	(void)worker;
	while (j->looked < j->n && j->verify.error == 0 &&
	    j->verify.absent == 0 && !atomic_load(&j->scrub->cancel)) {
		j->good[j->looked] = verify_piece(&j->verify,
		    &j->scrub->verifier, j->pieces[j->looked]);
		j->looked++;
	}
	verify_end(&j->verify);
}

/* ---- what is damaged ---- */

/* Name the files that a piece is in. */
static void
scrub_tell(struct disk *d, struct content *t, uint32_t piece)
{
	char			 text[ERROR_MAX + 1];
	struct span_iter	 it;
	struct span		 s;
	size_t			 len;
	uint32_t		 n = 0;

	snprintf(text, sizeof(text), "damaged on disk, to be fetched again: "
	    "piece %u of", piece);
	span_start(&it, t->files->mi, (uint64_t)piece * t->geom.piece_length,
	    geom_piece_size(&t->geom, piece));
	while (span_next(&it, &s)) {
		if (s.pad || n++ >= SCRUB_FILES)
			continue;
		len = strlen(text);
		snprintf(text + len, sizeof(text) - len, "%s %.120s",
		    n > 1 ? "," : "", t->files->mi->files[s.file].path);
	}
	if (n > SCRUB_FILES) {
		len = strlen(text);
		snprintf(text + len, sizeof(text) - len, " and %u more",
		    n - SCRUB_FILES);
	}
	log_warnx("torrent %u: %s: %s", t->id, t->name, text);
	free(t->damage);
	t->damage = xstrdup(text);
	content_set_state(d, t, DSTATE_READY, NULL);
}

static void
scrub_rot(struct disk *d, struct content *t, uint32_t piece)
{
	if (!bitfield_get(t->have, piece))
		return;
	content_clear_have(d, t, piece);
	scrub_tell(d, t, piece);
	barred_look(d, t);
	disk_data_lost(d, t, piece);
}

void
scrub_repaired(struct disk *d, struct content *t)
{
	if (t->damage == NULL)
		return;
	log_info("torrent %u: %s: what was damaged is whole again", t->id,
	    t->name);
	free(t->damage);
	t->damage = NULL;
	if (t->state == DSTATE_READY)
		content_set_state(d, t, DSTATE_READY, NULL);
}

/* ---- which one, and when ---- */

static bool
scrub_may(const struct content *t)
{
	return t->magnet == NULL && t->state == DSTATE_READY && !t->paused &&
	    !t->removing && !t->adding && t->nhave > 0 &&
	    t->root_path == NULL;
}

/* When it was last known to be right, Unix time. */
static uint64_t
scrub_base(const struct content *t)
{
	uint64_t	base = t->scrubbed;

	if (base < t->completed)
		base = t->completed;
	return base < t->added ? t->added : base;
}

/*
 * The torrent that was not looked at for longest, with the time when it is
 * due, and the bytes of all.
 */
static struct content *
scrub_oldest(struct scrub *s, uint64_t *due, uint64_t *total)
{
	struct content	*t, *oldest = NULL;
	uint64_t	 base = UINT64_MAX;

	*total = 0;
	for (t = content_first(s->disk); t != NULL; t = content_next(t)) {
		if (!scrub_may(t))
			continue;
		*total += t->have_bytes;
		if (scrub_base(t) < base) {
			base = scrub_base(t);
			oldest = t;
		}
	}
	*due = oldest == NULL ? 0 : base + PACE_DUE(s->pace.period);
	return oldest;
}

static void
scrub_leave(struct scrub *s)
{
	struct content	*t = s->t;

	if (t == NULL || s->job != NULL)
		return;
	s->t = NULL;
	t->files->pins--;
	verifier_end(&s->verifier);
}

static void
scrub_again(struct scrub *s, uint64_t ms)
{
	if (!s->disk->stopping && s->pace.period != 0)
		loop_timer_set(s->timer, ms < SCRUB_LOOK_MS ? ms :
		    SCRUB_LOOK_MS);
}

/* All of it was looked at. */
static void
scrub_pass(struct scrub *s)
{
	struct content	*t = s->t;

	t->scrub_next = 0;
	t->scrubbed = (uint32_t)time(NULL);
	content_dirty(s->disk, t, 1000);
	log_debug("torrent %u: looked through", t->id);
	scrub_leave(s);
}

static void
scrub_submit(struct scrub *s)
{
	struct content		*t = s->t;
	struct scrub_job	*j = xcalloc(1, sizeof(*j));
	uint32_t		 max = SCRUB_JOB / t->geom.piece_length;

	max = max < 1 ? 1 : max > SCRUB_BATCH ? SCRUB_BATCH : max;
	for (j->next = t->scrub_next; j->next < t->geom.npieces &&
	    j->n < max; j->next++)
		if (bitfield_get(t->have, j->next))
			j->pieces[j->n++] = j->next;
	j->job.run = scrub_run;
	j->job.done = scrub_done;
	j->scrub = s;
	j->part = part_copy(t->part, t->nfiles);
	verify_start(&j->verify, t->files->mi, j->part,
	    content_place(s->disk, t), &s->cancel);
	atomic_store(&s->cancel, false);
	s->job = j;
	pool_submit(s->pool, &j->job);
}

/* Have a torrent to read; 0, or ms until there may be one. */
static uint64_t
scrub_choose(struct scrub *s)
{
	struct content	*t;
	uint64_t	 total, due, now = (uint64_t)time(NULL);

	t = scrub_oldest(s, &due, &total);
	if (!s->started && total > 0) {
		pace_init(&s->pace, s->pace.period, total,
		    loop_now(s->disk->loop));
		s->started = true;
	}
	pace_earn(&s->pace, total, loop_now(s->disk->loop));
	if (s->t == NULL) {
		if (t == NULL)
			return SCRUB_LOOK_MS;
		if (due > now)
			return (due - now) * 1000;
	}
	if (!s->batch && pace_wait(&s->pace, total) > 0)
		return pace_wait(&s->pace, total);
	s->batch = true;
	if (s->t != NULL)
		return 0;
	if (content_load(s->disk, t) == NULL)
		return SCRUB_YIELD_MS;
	t->files->pins++;
	verifier_start(&s->verifier);
	s->t = t;
	return 0;
}

static void
scrub_look(void *arg)
{
	struct scrub	*s = arg;
	struct disk	*d = s->disk;
	uint64_t	 ms;

	if (s->job != NULL || s->pace.period == 0 || d->stopping)
		return;
	if (s->t != NULL && !scrub_may(s->t))
		scrub_leave(s);
	if (d->scan != NULL || !check_idle(d))
		ms = SCRUB_YIELD_MS;
	else
		ms = scrub_choose(s);
	if (ms == 0)
		scrub_submit(s);
	else
		scrub_again(s, ms);
}

/* What the thread found out; nothing, if all has changed meanwhile. */
static void
scrub_take(struct scrub *s, const struct scrub_job *j)
{
	const struct verify	*v = &j->verify;
	struct content		*t = s->t;
	struct disk		*d = s->disk;
	uint32_t		 i;

	if (atomic_load(&s->cancel) || !scrub_may(t))
		return;
	if (v->error != 0 || v->absent != 0) {
		content_fail(d, t, part_path(v->mi, v->part, v->error != 0 ?
		    v->error_file : v->absent_file),
		    v->error != 0 ? v->error : v->absent);
		return;
	}
	for (i = 0; i < j->looked; i++)
		if (!j->good[i])
			scrub_rot(d, t, j->pieces[i]);
	t->scrub_next = j->next;
}

static void
scrub_done(struct job *job, void *arg)
{
	struct scrub_job	*j = (struct scrub_job *)job;
	struct disk		*d = arg;
	struct scrub		*s = d->scrub;
	struct content		*t = s->t;
	bool			 quiet;

	quiet = sched_is_quiet(sched_device(&d->sched, content_dev(d, t)),
	    loop_now(d->loop));
	pace_spend(&s->pace, j->verify.read);
	s->job = NULL;
	scrub_take(s, j);
	s->batch = s->pace.credit > 0;
	if (!scrub_may(t) || atomic_load(&s->cancel) || d->stopping)
		scrub_leave(s);
	else if (t->scrub_next >= t->geom.npieces)
		scrub_pass(s);
	else if (!s->batch) {
		content_dirty(d, t, CONTENT_SAVE_MS);
		scrub_leave(s);
	}
	free(j->part);
	free(j);
	if (t->removing)
		remove_try(d, t);
	scrub_again(s, quiet ? 0 : SCRUB_YIELD_MS / 4);
}

void
scrub_cancel(struct disk *d, struct content *t)
{
	struct scrub	*s = d->scrub;

	if (s->t != t)
		return;
	atomic_store(&s->cancel, true);
	scrub_leave(s);
}

void
scrub_set_period(struct scrub *s, uint32_t period)
{
	s->pace.period = period;
	if (period == 0)
		loop_timer_clear(s->timer);
	if (period == 0 && s->t != NULL)
		scrub_cancel(s->disk, s->t);
	scrub_again(s, 0);
}
