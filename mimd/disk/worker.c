/* SPDX-License-Identifier: ISC */
#include "worker.h"

#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <linux/ioprio.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "log.h"
#include "loop.h"
#include "mem.h"

#define WORKER_STACK	(256U << 10)
#define RELAY_AHEAD	12U	/* calls that are worth a thread's waking */

STAILQ_HEAD(job_list, job);

/* Pairs of calls: ready of the first ones are made, next second ones begun. */
struct relay {
	void		(*second)(void *, uint32_t);
	void		*arg;
	uint32_t	 ready, next;
	unsigned int	 busy;		/* of the pool's threads */
};

struct pool {
	void		*arg;
	struct loop_io	*io;
	int		 efd;		/* a finished job */
	int		 nice;
	unsigned int	 n, up;		/* threads, those that run */
	pthread_mutex_t	 lock;		/* of all below and up */
	pthread_cond_t	 work, started, shared;
	struct job_list	 todo, finished;
	struct relay	*relay;		/* with calls to begin, or NULL */
	unsigned int	 idle;		/* threads that wait for work */
};

struct worker {
	struct pool	*pool;
	unsigned int	 number;
};

static void	 pool_on_finished(int, int, void *);
static void	*worker_main(void *);

struct pool *
pool_new(struct loop *loop, unsigned int n, void *arg)
{
	struct pool	*pool = xcalloc(1, sizeof(*pool));

	pool->arg = arg;
	pool->n = n < 1 ? 1 : n > WORKERS_MAX ? WORKERS_MAX : n;
	pool->efd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (pool->efd == -1)
		fatal("eventfd");
	if (pthread_mutex_init(&pool->lock, NULL) != 0 ||
	    pthread_cond_init(&pool->work, NULL) != 0 ||
	    pthread_cond_init(&pool->started, NULL) != 0 ||
	    pthread_cond_init(&pool->shared, NULL) != 0)
		fatalx("cannot set up worker threads");
	STAILQ_INIT(&pool->todo);
	STAILQ_INIT(&pool->finished);
	pool->io = loop_io_new(loop, pool->efd, pool_on_finished, pool);
	loop_io_want(pool->io, LOOP_READ);
	return pool;
}

/*
 * Waits for the threads because a thread registers itself with the kernel
 * (rseq, robust futexes) as it starts: that must not meet the filter.
 */
void
pool_start(struct pool *pool)
{
	sigset_t	 all, old;
	pthread_attr_t	 attr;
	pthread_t	 thread;
	struct worker	*w;
	unsigned int	 i;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, WORKER_STACK);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	for (i = 0; i < pool->n; i++) {
		w = xcalloc(1, sizeof(*w));
		w->pool = pool;
		w->number = i;
		errno = pthread_create(&thread, &attr, worker_main, w);
		if (errno != 0)
			fatal("cannot start a worker thread");
	}
	pthread_attr_destroy(&attr);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_mutex_lock(&pool->lock);
	while (pool->up < pool->n)
		pthread_cond_wait(&pool->started, &pool->lock);
	pthread_mutex_unlock(&pool->lock);
}

void
pool_set_nice(struct pool *pool, int nice)
{
	pool->nice = nice;
}

unsigned int
pool_size(const struct pool *pool)
{
	return pool->n;
}

void
pool_submit(struct pool *pool, struct job *job)
{
	pthread_mutex_lock(&pool->lock);
	STAILQ_INSERT_TAIL(&pool->todo, job, link);
	pthread_cond_signal(&pool->work);
	pthread_mutex_unlock(&pool->lock);
}

/* The next second call, with the lock, which is let go of meanwhile. */
static void
relay_next(struct pool *pool, struct relay *r)
{
	uint32_t	i = r->next++;

	pthread_mutex_unlock(&pool->lock);
	r->second(r->arg, i);
	pthread_mutex_lock(&pool->lock);
}

void
pool_relay(struct pool *pool, uint32_t n, void (*first)(void *, uint32_t),
    void (*second)(void *, uint32_t), void *arg)
{
	struct relay	r = { .second = second, .arg = arg };

	pthread_mutex_lock(&pool->lock);
	pool->relay = &r;
	while (r.ready < n) {
		pthread_mutex_unlock(&pool->lock);
		first(arg, r.ready);
		pthread_mutex_lock(&pool->lock);
		if (++r.ready - r.next >= RELAY_AHEAD && pool->idle > 0)
			pthread_cond_signal(&pool->work);
	}
	while (r.next < n)
		relay_next(pool, &r);
	pool->relay = NULL;
	while (r.busy > 0)
		pthread_cond_wait(&pool->shared, &pool->lock);
	pthread_mutex_unlock(&pool->lock);
}

/* In a thread of the pool: someone waits for this, so it goes first. */
static void
relay_help(struct pool *pool)
{
	struct relay	*r = pool->relay;

	r->busy++;
	while (r->next < r->ready)
		relay_next(pool, r);
	if (--r->busy == 0 && pool->relay == NULL)
		pthread_cond_signal(&pool->shared);
}

/* Of this thread alone; all it costs not to be obeyed is politeness. */
static void
stand_back(int nice)
{
	if (nice == 0)
		return;
	setpriority(PRIO_PROCESS, 0, nice);
	if (nice == PRIO_MAX - 1)
		syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0,
		    IOPRIO_PRIO_VALUE(IOPRIO_CLASS_IDLE, 0));
}

static void *
worker_main(void *arg)
{
	struct worker	*w = arg;
	struct pool	*pool = w->pool;
	struct job	*job;
	uint64_t	 one = 1;
	ssize_t		 n;
	bool		 told;

	stand_back(pool->nice);
	pthread_mutex_lock(&pool->lock);
	pool->up++;
	pthread_cond_signal(&pool->started);
	for (;;) {
		if (pool->relay != NULL &&
		    pool->relay->next < pool->relay->ready) {
			relay_help(pool);
			continue;
		}
		if ((job = STAILQ_FIRST(&pool->todo)) == NULL) {
			pool->idle++;
			pthread_cond_wait(&pool->work, &pool->lock);
			pool->idle--;
			continue;
		}
		STAILQ_REMOVE_HEAD(&pool->todo, link);
		pthread_mutex_unlock(&pool->lock);
		job->run(job, w->number);
		pthread_mutex_lock(&pool->lock);
		told = !STAILQ_EMPTY(&pool->finished);
		STAILQ_INSERT_TAIL(&pool->finished, job, link);
		if (told)
			continue;
		/* Can only fail when the counter is full: read is due then. */
		n = write(pool->efd, &one, sizeof(one));
		(void)n;
	}
	return NULL;
}

static void
pool_on_finished(int fd, int what, void *arg)
{
	struct pool	*pool = arg;
	struct job_list	 done = STAILQ_HEAD_INITIALIZER(done);
	struct job	*job;
	uint64_t	 count;

	(void)what;
	if (read(fd, &count, sizeof(count)) == -1 && errno != EAGAIN)
		fatal("eventfd");
	pthread_mutex_lock(&pool->lock);
	STAILQ_CONCAT(&done, &pool->finished);
	pthread_mutex_unlock(&pool->lock);
	while ((job = STAILQ_FIRST(&done)) != NULL) {
		STAILQ_REMOVE_HEAD(&done, link);
		job->done(job, pool->arg);
	}
}
