/* SPDX-License-Identifier: ISC */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "child.h"
#include "bound.h"
#include "log.h"
#include "sandbox.h"
#include "slim.h"

/* The state of a child process, whatever its role. */
static struct {
	struct child		 child;
	const struct child_ops	*ops;
	union msg_fn		 fns[MSG_COUNT];
	void			*arg;
	bool			 running;	/* sealed */
	bool			 leaving;
} self;

static void
child_log(enum log_level level, const char *line, void *arg)
{
	struct msg_log	m = { .level = (uint8_t)level, .text = line };

	(void)arg;
	chan_try(self.child.parent, MSG_LOG, &m);
}

static void
child_on_log_level(struct chan *c, const struct msg_log_level *m, void *arg)
{
	(void)c;
	(void)arg;
	log_set_level((enum log_level)m->level);
}

static void
child_on_bind(struct chan *c, const struct msg_bind *m, void *arg)
{
	struct bound	b;

	(void)c;
	bound_from_msg(&b, m);
	bound_set(&b);
	if (!self.running || self.leaving)
		return;
	self.ops->rebound(arg);
	bound_sweep();
}

static void
child_on_sockets_ask(struct chan *c, const struct msg_sockets_ask *m,
    void *arg)
{
	struct rec_socket	rows[SOCKET_ROWS_MAX];
	struct msg_sockets_told	told = {
		.client = m->client,
		.rows = { rows, bound_list(rows) },
	};

	(void)arg;
	chan_send(c, MSG_SOCKETS_TOLD, &told);
}

static void
child_on_conf_end(struct chan *c, const struct msg_conf_end *m, void *arg)
{
	struct child_path	paths[CHILD_PATHS_MAX];
	struct sandbox_report	report;
	struct msg_ready	ready = { .uid = getuid() };
	int			n;

	n = self.ops->warm(arg, paths);
	sandbox_seal(self.ops->role, paths, n, m->relaxed, self.ops->threads,
	    arg, &report);
	self.running = true;
	ready.walls = report.walls;
	ready.landlock_abi = report.landlock_abi;
	chan_send(c, MSG_READY, &ready);
	self.ops->run(arg);
	slim_started();
}

static void
child_leave(bool parent_gone)
{
	if (self.leaving && !parent_gone)
		return;
	self.leaving = true;
	if (!self.running)
		child_exit(&self.child);
	else
		self.ops->shutdown(self.arg, parent_gone);
}

static void
child_on_shutdown(struct chan *c, const struct msg_shutdown *m, void *arg)
{
	(void)c;
	(void)m;
	(void)arg;
	child_leave(false);
}

static void
child_on_closed(struct chan *c, const char *why, void *arg)
{
	(void)arg;
	if (why != NULL)
		fatalx("parent: %s", why);
	log_set_sink(NULL, NULL);
	chan_pause(c, true);
	child_leave(true);
}

void
child_exit(struct child *child)
{
	chan_flush(child->parent);
	exit(0);
}

void
child_main(const struct child_ops *ops)
{
	signal(SIGPIPE, SIG_IGN);
	/* The parent alone hears the terminal and the service manager. */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	setproctitle("%s", role_name(ops->role));
	sandbox_drop(ops->role, CHILD_FD);

	self.ops = ops;
	self.child.loop = loop_new();
	self.arg = ops->start(&self.child);
	memcpy(self.fns, ops->fns, sizeof(self.fns));
	self.fns[MSG_LOG_LEVEL].log_level = child_on_log_level;
	if (ops->rebound != NULL) {
		self.fns[MSG_BIND].bind = child_on_bind;
		self.fns[MSG_SOCKETS_ASK].sockets_ask = child_on_sockets_ask;
	}
	self.fns[MSG_CONF_END].conf_end = child_on_conf_end;
	self.fns[MSG_SHUTDOWN].shutdown = child_on_shutdown;
	self.child.parent = chan_new(self.child.loop, CHILD_FD, ops->role,
	    ROLE_PARENT, true, self.fns, child_on_closed, self.arg);
	log_set_sink(child_log, NULL);
	loop_run(self.child.loop);
	exit(0);
}
