/* SPDX-License-Identifier: ISC */
#include "lane.h"

#include <pthread.h>
#include <stdlib.h>

#include "disk.h"
#include "disk_data.h"
#include "log.h"
#include "mem.h"
#include "piece.h"

#define RUN_SKEW	64	/* bytes beyond the border of a page */

struct lane {
	struct disk	*disk;
	struct pool	*pool;
	unsigned int	 nruns;		/* allocated */
	pthread_mutex_t	 lock;		/* of all below */
	pthread_cond_t	 given;
	uint8_t		*runs[LANE_RUNS];	/* last given, first taken */
	unsigned int	 nfree;
};

struct lane_job {
	struct job	 job;
	struct lane	*lane;
	struct piece	*piece;
	struct hash	*hash;
	uint8_t		*run;
	uint32_t	 n;
};

struct lane *
lane_new(struct disk *d)
{
	struct lane	*lane = xcalloc(1, sizeof(*lane));

	lane->disk = d;
	lane->pool = pool_new(d->loop, 1, d);
	if (pthread_mutex_init(&lane->lock, NULL) != 0 ||
	    pthread_cond_init(&lane->given, NULL) != 0)
		fatalx("cannot set up the hashing thread");
	return lane;
}

void
lane_start(struct lane *lane)
{
	pool_start(lane->pool);
}

bool
lane_idle(struct lane *lane)
{
	bool	idle;

	pthread_mutex_lock(&lane->lock);
	idle = lane->nfree == lane->nruns;
	pthread_mutex_unlock(&lane->lock);
	return idle;
}

/*
 * Slots begin where pages do.  To copy 16 KiB from there to a few bytes beyond
 * a border, where malloc puts what is large, takes some processors (AMD's Zen,
 * with "rep movsb") more than ten times as long as to any other place.
 */
static uint8_t *
run_new(void)
{
	uint8_t	*mem = aligned_alloc(BLOCK_SIZE, BLOCK_SIZE + LANE_RUN);

	if (mem == NULL)
		fatal("aligned_alloc");
	return mem + RUN_SKEW;
}

uint8_t *
lane_take(struct lane *lane)
{
	uint8_t	*run = NULL;

	pthread_mutex_lock(&lane->lock);
	if (lane->nfree == 0 && lane->nruns < LANE_RUNS) {
		lane->nruns++;
		run = run_new();
	}
	while (run == NULL) {
		if (lane->nfree > 0)
			run = lane->runs[--lane->nfree];
		else
			pthread_cond_wait(&lane->given, &lane->lock);
	}
	pthread_mutex_unlock(&lane->lock);
	return run;
}

void
lane_give(struct lane *lane, uint8_t *run)
{
	pthread_mutex_lock(&lane->lock);
	lane->runs[lane->nfree++] = run;
	pthread_cond_signal(&lane->given);
	pthread_mutex_unlock(&lane->lock);
}

/* In the thread. */
static void
lane_run(struct job *job, unsigned int worker)
{
	struct lane_job	*j = (struct lane_job *)job;

	(void)worker;
	hash_update(j->hash, j->run, j->n);
	lane_give(j->lane, j->run);
}

static void
lane_done(struct job *job, void *arg)
{
	struct lane_job	*j = (struct lane_job *)job;
	struct disk	*d = arg;
	struct piece	*p = j->piece;

	free(j);
	if (piece_settle(&d->pieces, p))
		disk_data_hashed(d, p);
}

bool
lane_hash(struct lane *lane, struct piece *p, uint8_t *run, uint32_t n)
{
	struct disk	*d = lane->disk;
	struct lane_job	*j;
	struct hash	*hash;

	if ((hash = piece_claim(&d->pieces, p, n)) == NULL) {
		lane_give(lane, run);
		return false;
	}
	if (n <= LANE_SHORT && p->claims == 1) {
		hash_update(hash, run, n);
		lane_give(lane, run);
		if (piece_settle(&d->pieces, p))
			disk_data_hashed(d, p);
		return true;
	}
	j = xcalloc(1, sizeof(*j));
	j->job.run = lane_run;
	j->job.done = lane_done;
	j->lane = lane;
	j->piece = p;
	j->hash = hash;
	j->run = run;
	j->n = n;
	pool_submit(lane->pool, &j->job);
	return true;
}

void
lane_relay(struct lane *lane, uint32_t n, void (*first)(void *, uint32_t),
    void (*second)(void *, uint32_t), void *arg)
{
	pool_relay(lane->pool, n, first, second, arg);
}
