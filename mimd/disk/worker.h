/* SPDX-License-Identifier: ISC */
#ifndef WORKER_H
#define WORKER_H

#include <sys/queue.h>

#include <stdint.h>

struct loop;

/*
 * A few threads that take jobs in order.  A job belongs to the pool from
 * submission until done() is called, from the loop.  run() is in a thread:
 * it touches only its job and what nobody changes meanwhile, and never logs.
 */
#define WORKERS_MAX	16U

struct job {
	STAILQ_ENTRY(job) link;		/* pool::todo or pool::finished */
	void	(*run)(struct job *job, unsigned int worker);
	void	(*done)(struct job *job, void *arg);
};

struct pool;

/* n is cut to WORKERS_MAX; arg is done()'s. */
struct pool *pool_new(struct loop *loop, unsigned int n, void *arg);
/* Start the threads; returns when all of them run. */
void	 pool_start(struct pool *pool);
/*
 * Before that: how much its threads stand back, as nice(1) says; those that
 * stand back as far as can be read only when nobody else does.
 */
void	 pool_set_nice(struct pool *pool, int nice);
unsigned int pool_size(const struct pool *pool);
void	 pool_submit(struct pool *pool, struct job *job);
/*
 * For each number below n, first() here, in order, and then second(), here or
 * in one of the pool's threads, whoever is free; returns when each call has.
 * One at a time.
 */
void	 pool_relay(struct pool *pool, uint32_t n,
	    void (*first)(void *arg, uint32_t i),
	    void (*second)(void *arg, uint32_t i), void *arg);

#endif /* WORKER_H */
