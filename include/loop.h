/* SPDX-License-Identifier: ISC */
#ifndef LOOP_H
#define LOOP_H

#include <stdint.h>

/*
 * The event loop: descriptors, timers, signals and one cached monotonic
 * clock.  A thin face on libevent(3), the only place that names it.
 *
 * Any source may be freed inside any callback, its own included.
 */
struct loop;
struct loop_io;
struct loop_timer;

#define LOOP_READ	0x1
#define LOOP_WRITE	0x2

typedef void (*loop_io_fn)(int fd, int what, void *arg);
typedef void (*loop_fn)(void *arg);
typedef void (*loop_signal_fn)(int signo, void *arg);

struct loop *loop_new(void);
void	 loop_free(struct loop *loop);
/* Run until loop_stop() or until nothing is left to wait for. */
void	 loop_run(struct loop *loop);
void	 loop_stop(struct loop *loop);
/* CLOCK_MONOTONIC in ms and us, as read when this callback was entered. */
uint64_t loop_now(struct loop *loop);
uint64_t loop_now_us(struct loop *loop);

/* Watch fd (not owned).  Nothing is watched until loop_io_want(). */
struct loop_io *loop_io_new(struct loop *loop, int fd, loop_io_fn fn,
	    void *arg);
/* Watch for a set of LOOP_READ and LOOP_WRITE; cheap when unchanged. */
void	 loop_io_want(struct loop_io *io, int what);
void	 loop_io_free(struct loop_io *io);	/* NULL is fine */

struct loop_timer *loop_timer_new(struct loop *loop, loop_fn fn, void *arg);
/* Fire once, ms from now; replaces an earlier setting. */
void	 loop_timer_set(struct loop_timer *timer, uint64_t ms);
void	 loop_timer_clear(struct loop_timer *timer);
int	 loop_timer_pending(const struct loop_timer *timer);
void	 loop_timer_free(struct loop_timer *timer);	/* NULL is fine */

/* Call fn for a signal, from the loop; lives as long as the loop. */
void	 loop_signal(struct loop *loop, int signo, loop_signal_fn fn,
	    void *arg);

#endif /* LOOP_H */
