/* SPDX-License-Identifier: ISC */
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "acceptor.h"
#include "bound.h"
#include "dataplane.h"
#include "filter.h"
#include "loop.h"
#include "mem.h"
#include "net.h"
#include "newcomers.h"

/* The listening sockets that the parent opened, and what comes in by them. */

static void
acceptor_pause(struct net *net, bool pause)
{
	struct listener	*l;

	TAILQ_FOREACH(l, &net->listeners, link)
		loop_io_want(l->io, pause ? 0 : LOOP_READ);
	if (pause)
		loop_timer_set(net->accept_timer, NET_ACCEPT_PAUSE_MS);
}

static void
acceptor_again(void *arg)
{
	acceptor_pause(arg, false);
}

/* Out of descriptors or memory: accepting again at once would only spin. */
static void
acceptor_on_error(struct net *net)
{
	unsigned int	held;

	/* It listens no more: the parent is about to tell. */
	if (errno == EINVAL) {
		acceptor_pause(net, true);
		return;
	}
	if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED ||
	    errno == EPROTO)
		return;
	if (log_every(&net->accept_log, loop_now(net->loop), &held))
		log_warn("accept (%u more)", held);
	acceptor_pause(net, true);
}

static void
acceptor_on_peer(struct net *net, int fd, const struct sockaddr *sa)
{
	struct addr	addr;

	if (addr_from_sockaddr(&addr, sa) == -1 || !bound_fits(fd) ||
	    net_refuses(net, &addr)) {
		close(fd);
		return;
	}
	newcomers_make_room(net, &addr);
	conn_new(net, fd, &addr, NULL);
	data_idle_soon(net);
}

static void
acceptor_ready(int fd, int what, void *arg)
{
	struct listener		*l = arg;
	struct sockaddr_storage	 ss;
	socklen_t		 len;
	int			 i, s;

	(void)what;
	for (i = 0; i < NET_ACCEPT_BURST; i++) {
		len = sizeof(ss);
		s = accept4(fd, (struct sockaddr *)&ss, &len,
		    SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (s == -1) {
			acceptor_on_error(l->net);
			return;
		}
		acceptor_on_peer(l->net, s, (struct sockaddr *)&ss);
	}
}

void
acceptor_add(struct net *net, int fd)
{
	struct listener	*l;

	/* Accept is called until it says that there is no more. */
	if (net->nlisteners == NET_LISTEN_MAX ||
	    fcntl(fd, F_SETFL, O_NONBLOCK) == -1) {
		close(fd);
		return;
	}
	if (net->accept_timer == NULL)
		net->accept_timer = loop_timer_new(net->loop, acceptor_again,
		    net);
	l = xcalloc(1, sizeof(*l));
	l->net = net;
	l->fd = fd;
	l->io = loop_io_new(net->loop, fd, acceptor_ready, l);
	loop_io_want(l->io, filter_loading(net) ? 0 : LOOP_READ);
	TAILQ_INSERT_TAIL(&net->listeners, l, link);
	net->nlisteners++;
}

void
acceptor_begin(struct net *net)
{
	acceptor_pause(net, false);
}

void
acceptor_drop_all(struct net *net)
{
	struct listener	*l;

	while ((l = TAILQ_FIRST(&net->listeners)) != NULL) {
		TAILQ_REMOVE(&net->listeners, l, link);
		loop_io_free(l->io);
		close(l->fd);
		free(l);
	}
	net->nlisteners = 0;
}
