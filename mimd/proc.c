/* SPDX-License-Identifier: ISC */
#include <sys/wait.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proc.h"
#include "log.h"
#include "mem.h"

#define PROC_EXE_FD_MIN	16	/* clear of CHILD_FD when a child moves it */
#define PROC_SLEEP_MIN	1000	/* ms, the second start in a row */

struct procs {
	struct loop		*loop;
	const union msg_fn	*fns;
	const struct procs_ops	*ops;
	void			*arg;
	int			 exe;	/* O_PATH, the binary that runs */
	bool			 keep_stderr;
	mode_t			 mask;	/* of the children */
	bool			 running;	/* procs_start() was said */
	bool			 stopping;
	struct proc		 child[ROLE_COUNT];
};

static void proc_start(struct proc *);
static void proc_timeout(void *);
static void proc_lost(struct proc *);
static void procs_reap(int, void *);

#define FOREACH_CHILD(p, procs)						\
	for ((p) = &(procs)->child[ROLE_CHILD_FIRST];			\
	    (p) <= &(procs)->child[ROLE_CHILD_LAST]; (p)++)

static int
open_self(void)
{
	int	fd, high;

	if ((fd = open("/proc/self/exe", O_PATH | O_CLOEXEC)) == -1)
		fatal("/proc/self/exe");
	if ((high = fcntl(fd, F_DUPFD_CLOEXEC, PROC_EXE_FD_MIN)) == -1)
		fatal("fcntl");
	close(fd);
	return high;
}

struct procs *
procs_new(struct loop *loop, const union msg_fn *fns,
    const struct procs_ops *ops, void *arg, bool keep_stderr, mode_t mask)
{
	struct procs	*procs;
	struct proc	*p;

	procs = xcalloc(1, sizeof(*procs));
	procs->loop = loop;
	procs->fns = fns;
	procs->ops = ops;
	procs->arg = arg;
	procs->exe = open_self();
	procs->keep_stderr = keep_stderr;
	procs->mask = mask;
	FOREACH_CHILD(p, procs) {
		p->procs = procs;
		p->err_fd = -1;
		p->role = (enum role)(p - procs->child);
		p->timer = loop_timer_new(loop, proc_timeout, p);
	}
	loop_signal(loop, SIGCHLD, procs_reap, procs);
	return procs;
}

void
procs_free(struct procs *procs)
{
	struct proc	*p;

	FOREACH_CHILD(p, procs) {
		chan_free(p->chan);
		proc_stderr_close(p);
		loop_timer_free(p->timer);
	}
	close(procs->exe);
	free(procs);
}

void
procs_start(struct procs *procs)
{
	struct proc	*p;

	procs->running = true;
	FOREACH_CHILD(p, procs) {
		if (!p->unwanted)
			proc_start(p);
	}
}

struct proc *
procs_get(struct procs *procs, enum role role)
{
	return &procs->child[role];
}

void *
procs_arg(const struct procs *procs)
{
	return procs->arg;
}

bool
procs_all_ready(const struct procs *procs)
{
	const struct proc	*p;

	FOREACH_CHILD(p, procs) {
		if (!p->ready && !p->unwanted)
			return false;
	}
	return true;
}

bool
procs_gone(const struct procs *procs)
{
	const struct proc	*p;

	FOREACH_CHILD(p, procs) {
		if (p->pid != 0)
			return false;
	}
	return true;
}

/* ---- start ---- */

static void
proc_on_closed(struct chan *c, const char *why, void *arg)
{
	struct proc	*p = arg;

	(void)c;
	if (why != NULL)
		proc_breach(p, why);
	else
		proc_lost(p);
}

static void
proc_on_drain(struct chan *c, void *arg)
{
	struct proc	*p = arg;

	(void)c;
	p->procs->ops->drained(p, p->procs->arg);
}

static void
proc_start(struct proc *p)
{
	struct procs	*procs = p->procs;
	int		 fds[2], err_fd;

	if (chan_pair(fds) == -1) {
		log_warn("%s: socketpair", role_name(p->role));
		loop_timer_set(p->timer, PROC_SLEEP_MIN);
		return;
	}
	err_fd = procs->keep_stderr ? -1 : proc_stderr_open(p, procs->loop);
	if ((p->pid = fork()) == 0)
		proc_exec(procs->exe, procs->mask, p->role, fds[1], err_fd);
	close(fds[1]);
	if (err_fd != -1)
		close(err_fd);
	if (p->pid == -1) {
		log_warn("%s: fork", role_name(p->role));
		p->pid = 0;
		close(fds[0]);
		proc_stderr_close(p);
		loop_timer_set(p->timer, PROC_SLEEP_MIN);
		return;
	}
	p->chan = chan_new(procs->loop, fds[0], ROLE_PARENT, p->role, true,
	    procs->fns, proc_on_closed, p);
	chan_on_drain(p->chan, proc_on_drain);
	p->started = loop_now(procs->loop);
	p->ready = p->leaving = p->killed = p->reaped = false;
	p->blames = 0;
	p->walls = 0;
	p->landlock_abi = 0;
	loop_timer_set(p->timer, PROC_READY_MS);
	log_debug("%s: started, pid %d", role_name(p->role), (int)p->pid);
	procs->ops->started(p, procs->arg);
}

void
proc_on_ready(struct proc *p, const struct msg_ready *m)
{
	p->ready = true;
	p->uid = m->uid;
	p->walls = m->walls;
	p->landlock_abi = m->landlock_abi;
	if (!p->leaving)
		loop_timer_clear(p->timer);
	p->procs->ops->ready(p, p->procs->arg);
}

/* ---- talk ---- */

bool
proc_up(const struct proc *p)
{
	return p->chan != NULL && !p->leaving;
}

void
proc_send_fd(struct proc *p, enum msg_type type, const void *body, int fd)
{
	if (p->chan != NULL)
		chan_send_fd(p->chan, type, body, fd);
	else if (fd != -1)
		close(fd);
}

void
proc_send(struct proc *p, enum msg_type type, const void *body)
{
	proc_send_fd(p, type, body, -1);
}

/* ---- what it logs ---- */

bool
proc_may_log(struct proc *p)
{
	uint64_t	now = loop_now(p->procs->loop);
	uint64_t	times, earned;

	times = log_level() == LOG_LEVEL_DEBUG ? PROC_LOG_DEBUG : 1;
	earned = (now - p->log_at) * PROC_LOG_RATE * times;
	p->log_at = now;
	p->log_spent -= earned < p->log_spent ? earned : p->log_spent;
	if (p->log_spent + 1000 <= PROC_LOG_BURST * times * 1000) {
		p->log_spent += 1000;
		return true;
	}
	if (++p->log_held == PROC_LOG_FLOOD)
		proc_breach(p, "floods the log");
	return false;
}

void
proc_log_held(struct proc *p)
{
	if (p->log_held > 0)
		log_warnx("%s: %u lines held back", role_name(p->role),
		    p->log_held);
	p->log_held = 0;
}

/* ---- end ---- */

void
proc_breach(struct proc *p, const char *why)
{
	if (!p->killed)
		log_warnx("%s: broke the rules and is killed: %s",
		    role_name(p->role), why);
	p->killed = true;
	if (p->pid != 0 && !p->reaped)
		kill(p->pid, SIGKILL);
	proc_lost(p);
}

void
proc_blame(struct proc *p, struct proc *other, const char *why)
{
	char	text[ERROR_MAX + 16];

	snprintf(text, sizeof(text), "%s: %s", role_name(p->role), why);
	proc_breach(other, text);
	if (++p->blames == PROC_BLAMES_MAX)
		proc_breach(p, "blames its sibling time and again");
}

void
proc_leave(struct proc *p)
{
	struct msg_shutdown	m = { 0 };

	if (p->pid == 0 || p->leaving)
		return;
	proc_send(p, MSG_SHUTDOWN, &m);
	p->leaving = true;
	loop_timer_set(p->timer, PROC_LEAVE_MS);
}

void
proc_want(struct proc *p, bool want)
{
	if (p->unwanted == !want)
		return;
	p->unwanted = !want;
	if (p->pid != 0) {
		if (!want)
			proc_leave(p);
	} else if (!want)
		loop_timer_clear(p->timer);
	else if (p->procs->running && !p->procs->stopping)
		proc_start(p);
}

/* When is the next start?  At once, if this was the first death. */
static uint32_t
proc_backoff(struct proc *p, uint64_t now)
{
	uint32_t	wait;

	if (now - p->started >= PROC_STABLE_MS)
		p->backoff_ms = 0;
	wait = p->backoff_ms;
	p->backoff_ms = wait == 0 ? PROC_SLEEP_MIN : wait * 2;
	if (p->backoff_ms > PROC_BACKOFF_MAX_MS)
		p->backoff_ms = PROC_BACKOFF_MAX_MS;
	return wait;
}

static void
log_death(const struct proc *p, int status)
{
	const char	*name = role_name(p->role);

	if (p->killed)
		return;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
		log_warnx("%s: broke its sandbox and was killed (pid %d)",
		    name, (int)p->pid);
	else if (WIFSIGNALED(status))
		log_warnx("%s: killed by signal %d, %s (pid %d)", name,
		    WTERMSIG(status), strsignal(WTERMSIG(status)),
		    (int)p->pid);
	else if (!p->leaving || WEXITSTATUS(status) != 0)
		log_warnx("%s: ended with status %d (pid %d)", name,
		    WEXITSTATUS(status), (int)p->pid);
}

static void
proc_on_death(struct proc *p)
{
	struct procs	*procs = p->procs;
	bool		 planned = p->leaving;

	proc_stderr_finish(p);
	proc_log_held(p);
	log_death(p, p->status);
	p->pid = 0;
	p->ready = p->leaving = p->reaped = false;
	loop_timer_clear(p->timer);
	if (!procs->stopping && !p->unwanted) {
		p->restarts++;
		loop_timer_set(p->timer, planned ? 0 :
		    proc_backoff(p, loop_now(procs->loop)));
	}
	procs->ops->ended(p, procs->arg);
}

/* The channel is of no more use: the child has ended, or must. */
static void
proc_lost(struct proc *p)
{
	chan_free(p->chan);
	p->chan = NULL;
	if (p->reaped)
		proc_on_death(p);
	else if (p->pid != 0 && !p->leaving)
		kill(p->pid, SIGKILL);
}

static void
procs_reap(int signo, void *arg)
{
	struct procs	*procs = arg;
	struct proc	*p;
	int		 status;

	(void)signo;
	FOREACH_CHILD(p, procs) {
		if (p->pid == 0 || p->reaped ||
		    waitpid(p->pid, &status, WNOHANG) != p->pid)
			continue;
		p->reaped = true;
		p->status = status;
		if (p->chan == NULL)
			proc_on_death(p);
		else
			loop_timer_set(p->timer, PROC_LAST_WORDS_MS);
	}
}

static void
proc_timeout(void *arg)
{
	struct proc	*p = arg;

	if (p->pid == 0) {
		if (!p->procs->stopping)
			proc_start(p);
		return;
	}
	if (p->reaped) {
		proc_lost(p);
		return;
	}
	log_warnx("%s: %s in time and is killed", role_name(p->role),
	    p->leaving ? "did not end" : "did not get ready");
	p->killed = true;
	kill(p->pid, SIGKILL);
}

void
procs_stop(struct procs *procs)
{
	struct proc	*p;

	procs->stopping = true;
	FOREACH_CHILD(p, procs) {
		if (p->pid == 0)
			loop_timer_clear(p->timer);
	}
}

void
proc_recall(struct proc *p)
{
	proc_start(p);
}

void
procs_kill(struct procs *procs)
{
	struct proc	*p;

	FOREACH_CHILD(p, procs) {
		if (p->pid == 0 || p->reaped)
			continue;
		log_warnx("%s: did not end in time and is killed",
		    role_name(p->role));
		p->killed = true;
		kill(p->pid, SIGKILL);
	}
}
