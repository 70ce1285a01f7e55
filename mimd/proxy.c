/* SPDX-License-Identifier: ISC */
#include <sys/socket.h>

#include <netinet/in.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bound.h"
#include "chan.h"
#include "child.h"
#include "proxy.h"

static struct {
	struct proxy		 proxy;
	struct child		*child;
	void			(*again)(void *arg);
	void			*arg;
	bool			 shut;		/* it failed: why */
	bool			 told;		/* the parent knows why */
	char			 why[ERROR_MAX + 1];
	struct loop_timer	*timer;		/* next try, or its end */
	struct loop_io		*io;		/* of a try */
	int			 fd;		/* -1: none under way */
	uint32_t		 next;		/* address to try */
} self = { .fd = -1 };

static void	on_timer(void *);

void
proxy_init(struct child *child, void (*again)(void *arg), void *arg)
{
	self.child = child;
	self.again = again;
	self.arg = arg;
	self.timer = loop_timer_new(child->loop, on_timer, NULL);
}

const struct proxy *
proxy_get(void)
{
	return &self.proxy;
}

bool
proxy_used(void)
{
	return self.proxy.kind != PROXY_NONE;
}

const char *
proxy_refuses(void)
{
	return self.shut ? self.why : NULL;
}

bool
proxy_is_at(const struct addr *a)
{
	uint32_t	i;

	for (i = 0; i < self.proxy.naddrs; i++)
		if (addr_cmp(&self.proxy.addrs[i], a) == 0)
			return true;
	return false;
}

/* ---- is it of use? ---- */

static void
tell(const char *why)
{
	struct msg_proxy_told	m = { .error = why };

	chan_send(self.child->parent, MSG_PROXY_TOLD, &m);
}

static void
set_why(const char *why)
{
	snprintf(self.why, sizeof(self.why), "proxy %s: %s", self.proxy.name,
	    why);
}

const char *
proxy_failed(const char *why)
{
	char	was[sizeof(self.why)];

	strlcpy(was, self.why, sizeof(was));
	set_why(why);
	if (!self.told || strcmp(was, self.why) != 0)
		tell(self.why);
	self.told = true;
	if (!self.shut)
		loop_timer_set(self.timer, PROXY_PROBE_MS);
	self.shut = true;
	return self.why;
}

void
proxy_worked(void)
{
	if (self.told)
		tell("");
	self.told = false;
}

static void
open_again(void)
{
	self.shut = false;
	loop_timer_clear(self.timer);
	self.again(self.arg);
}

/* ---- trying ---- */

static void
try_end(void)
{
	loop_io_free(self.io);
	close(self.fd);
	self.io = NULL;
	self.fd = -1;
}

static void
on_connected(int fd, int what, void *arg)
{
	int		error = 0;
	socklen_t	len = sizeof(error);

	(void)what;
	(void)arg;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1)
		error = errno;
	try_end();
	if (error == 0) {
		open_again();
		return;
	}
	proxy_failed(strerror(error));
	loop_timer_set(self.timer, PROXY_PROBE_MS);
}

/* NULL, or why there is no telling yet. */
static const char *
try_begin(void)
{
	struct sockaddr_storage	ss;
	socklen_t		len;
	int			error;

	len = addr_to_sockaddr(&self.proxy.addrs[self.next++ %
	    self.proxy.naddrs], &ss);
	self.fd = bound_socket(ss.ss_family, SOCK_STREAM, IPPROTO_TCP);
	if (self.fd == -1)
		return strerror(errno);
	if (connect(self.fd, (struct sockaddr *)&ss, len) == -1 &&
	    errno != EINPROGRESS) {
		error = errno;
		close(self.fd);
		self.fd = -1;
		return strerror(error);
	}
	self.io = loop_io_new(self.child->loop, self.fd, on_connected, NULL);
	loop_io_want(self.io, LOOP_WRITE);
	loop_timer_set(self.timer, PROXY_SILENT_MS);
	return NULL;
}

static void
on_timer(void *arg)
{
	const char	*why = NULL;

	(void)arg;
	if (self.fd != -1) {
		try_end();
		why = "no answer";
	} else if (self.proxy.naddrs > 0)
		why = try_begin();
	if (why == NULL)
		return;
	proxy_failed(why);
	loop_timer_set(self.timer, PROXY_PROBE_MS);
}

/* ---- what the parent says ---- */

static void
set_name(struct proxy *p, const struct msg_proxy_set *m)
{
	snprintf(p->name, sizeof(p->name), strchr(m->host, ':') != NULL ?
	    "[%s]:%u" : "%s:%u", m->host, m->port);
}

void
proxy_on_msg(struct chan *c, const struct msg_proxy_set *m, void *arg)
{
	struct proxy	*p = &self.proxy;
	bool		 had = p->naddrs > 0;
	uint32_t	 i;

	(void)c;
	(void)arg;
	p->kind = m->kind;
	p->port = m->port;
	set_name(p, m);
	strlcpy(p->user, m->user, sizeof(p->user));
	strlcpy(p->password, m->password, sizeof(p->password));
	p->naddrs = m->addrs.n;
	for (i = 0; i < m->addrs.n; i++) {
		memcpy(p->addrs[i].ip, m->addrs.v[i].ip,
		    sizeof(p->addrs[i].ip));
		p->addrs[i].port = m->port;
	}
	if (p->kind == PROXY_NONE)
		return;
	if (p->naddrs == 0) {
		strlcpy(self.why, m->error, sizeof(self.why));
		self.shut = true;
		loop_timer_clear(self.timer);
		if (self.fd != -1)
			try_end();
	} else if (self.shut && !had)
		open_again();
}
