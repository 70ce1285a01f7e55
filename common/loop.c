/* SPDX-License-Identifier: ISC */
#include <event2/event.h>
#include <event2/event_struct.h>

#include <stdlib.h>

#include "clock.h"
#include "log.h"
#include "loop.h"
#include "mem.h"

/* More than peer, disk or parent need; registered for the loop's life. */
#define LOOP_SIGNALS_MAX	16

struct loop_signal {
	struct event	*ev;
	loop_signal_fn	 fn;
	void		*arg;
};

struct loop {
	struct event_base	*base;
	uint64_t		 now_us;
	struct loop_signal	 signals[LOOP_SIGNALS_MAX];
	int			 nsignals;
};

struct loop_io {
	struct loop	*loop;
	struct event	 ev;
	int		 fd;
	int		 wanted;
	loop_io_fn	 fn;
	void		*arg;
};

struct loop_timer {
	struct event	 ev;
	struct loop	*loop;
	loop_fn		 fn;
	void		*arg;
};

static void
loop_read_clock(struct loop *loop)
{
	loop->now_us = clock_us();
}

struct loop *
loop_new(void)
{
	struct event_config	*config;
	struct loop		*loop;

	loop = xcalloc(1, sizeof(*loop));
	if ((config = event_config_new()) == NULL)
		fatalx("event_config_new");
	/* No locks and no environment: each process has one thread in it. */
	event_config_set_flag(config,
	    EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_IGNORE_ENV);
	if ((loop->base = event_base_new_with_config(config)) == NULL)
		fatalx("event_base_new_with_config");
	event_config_free(config);
	loop_read_clock(loop);
	return loop;
}

void
loop_free(struct loop *loop)
{
	int	i;

	for (i = 0; i < loop->nsignals; i++)
		event_free(loop->signals[i].ev);
	event_base_free(loop->base);
	free(loop);
}

void
loop_run(struct loop *loop)
{
	int	r;

	loop_read_clock(loop);
	do {
		r = event_base_loop(loop->base, EVLOOP_ONCE);
	} while (r == 0 && !event_base_got_break(loop->base));
	if (r == -1)
		fatal("event_base_loop");
}

void
loop_stop(struct loop *loop)
{
	event_base_loopbreak(loop->base);
}

/* The time when the callback that runs now was entered. */
uint64_t
loop_now(struct loop *loop)
{
	return loop->now_us / 1000;
}

uint64_t
loop_now_us(struct loop *loop)
{
	return loop->now_us;
}

static void
loop_io_event(evutil_socket_t fd, short what, void *arg)
{
	struct loop_io	*io = arg;
	int		 set = 0;

	if (what & EV_READ)
		set |= LOOP_READ;
	if (what & EV_WRITE)
		set |= LOOP_WRITE;
	loop_read_clock(io->loop);
	io->fn(fd, set, io->arg);
}

struct loop_io *
loop_io_new(struct loop *loop, int fd, loop_io_fn fn, void *arg)
{
	struct loop_io	*io;

	io = xcalloc(1, sizeof(*io));
	io->loop = loop;
	io->fd = fd;
	io->fn = fn;
	io->arg = arg;
	event_assign(&io->ev, loop->base, fd, EV_READ | EV_PERSIST,
	    loop_io_event, io);
	return io;
}

void
loop_io_want(struct loop_io *io, int what)
{
	short	set = EV_PERSIST;

	if (io->wanted == what)
		return;
	if (io->wanted != 0)
		event_del(&io->ev);
	io->wanted = what;
	if (what == 0)
		return;
	if (what & LOOP_READ)
		set |= EV_READ;
	if (what & LOOP_WRITE)
		set |= EV_WRITE;
	event_assign(&io->ev, io->loop->base, io->fd, set, loop_io_event, io);
	if (event_add(&io->ev, NULL) == -1)
		fatal("event_add");
}

void
loop_io_free(struct loop_io *io)
{
	if (io == NULL)
		return;
	if (io->wanted != 0)
		event_del(&io->ev);
	free(io);
}

static void
loop_timer_event(evutil_socket_t fd, short what, void *arg)
{
	struct loop_timer	*timer = arg;

	(void)fd;
	(void)what;
	loop_read_clock(timer->loop);
	timer->fn(timer->arg);
}

struct loop_timer *
loop_timer_new(struct loop *loop, loop_fn fn, void *arg)
{
	struct loop_timer	*timer;

	timer = xcalloc(1, sizeof(*timer));
	timer->loop = loop;
	timer->fn = fn;
	timer->arg = arg;
	evtimer_assign(&timer->ev, loop->base, loop_timer_event, timer);
	return timer;
}

void
loop_timer_set(struct loop_timer *timer, uint64_t ms)
{
	struct timeval	tv;

	tv.tv_sec = (time_t)(ms / 1000);
	tv.tv_usec = (suseconds_t)(ms % 1000 * 1000);
	if (evtimer_add(&timer->ev, &tv) == -1)
		fatal("evtimer_add");
}

void
loop_timer_clear(struct loop_timer *timer)
{
	evtimer_del(&timer->ev);
}

int
loop_timer_pending(const struct loop_timer *timer)
{
	return evtimer_pending(&timer->ev, NULL);
}

void
loop_timer_free(struct loop_timer *timer)
{
	if (timer == NULL)
		return;
	evtimer_del(&timer->ev);
	free(timer);
}

static void
loop_signal_event(evutil_socket_t signo, short what, void *arg)
{
	struct loop_signal	*sig = arg;

	(void)what;
	sig->fn(signo, sig->arg);
}

void
loop_signal(struct loop *loop, int signo, loop_signal_fn fn, void *arg)
{
	struct loop_signal	*sig;

	if (loop->nsignals == LOOP_SIGNALS_MAX)
		fatalx("too many signals");
	sig = &loop->signals[loop->nsignals++];
	sig->fn = fn;
	sig->arg = arg;
	sig->ev = evsignal_new(loop->base, signo, loop_signal_event, sig);
	if (sig->ev == NULL || evsignal_add(sig->ev, NULL) == -1)
		fatal("evsignal_add");
}
