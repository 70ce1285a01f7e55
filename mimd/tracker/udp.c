/* SPDX-License-Identifier: ISC */
#include <sys/socket.h>

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "bound.h"
#include "dgram.h"
#include "guard.h"
#include "icmp.h"
#include "loop.h"
#include "mem.h"
#include "proxy.h"
#include "udp.h"

#define READS_MAX	64	/* packets before others have their turn */

struct udp {
	struct loop		*loop;
	struct hosts		*hosts;
	struct udp_table	*table;
	struct loop_timer	*timer;
	struct udp_sock {
		struct udp	*udp;
		struct loop_io	*io;
		int		 fd;	/* -1: not made yet */
		bool		 v6;
	}			 socks[2];
	const struct guard	*guard;
	uint8_t			 buf[65536];	/* any datagram */
};

static const char	*udp_send(void *, const struct addr *,
			    const uint8_t *, size_t);
static void		 udp_timer(void *);

struct udp *
udp_new(struct loop *loop, struct hosts *hosts, const struct guard *guard)
{
	struct udp	*udp = xcalloc(1, sizeof(*udp));
	int		 i;

	udp->loop = loop;
	udp->hosts = hosts;
	udp->guard = guard;
	udp->table = udp_table_new(udp_send, udp);
	udp->timer = loop_timer_new(loop, udp_timer, udp);
	for (i = 0; i < 2; i++) {
		udp->socks[i].udp = udp;
		udp->socks[i].fd = -1;
		udp->socks[i].v6 = i == 1;
	}
	return udp;
}

static void
set_timer(struct udp *udp)
{
	uint64_t	due = udp_table_due(udp->table);
	uint64_t	now = loop_now(udp->loop);

	if (due == UINT64_MAX)
		loop_timer_clear(udp->timer);
	else
		loop_timer_set(udp->timer, due > now ? due - now : 0);
}

static void
udp_timer(void *arg)
{
	struct udp	*udp = arg;

	udp_table_tick(udp->table, loop_now(udp->loop));
	set_timer(udp);
}

/* ---- sockets ---- */

/* Whom the network does not let us reach need not be waited for. */
static void
hear_refusals(struct udp *udp, int fd)
{
	struct icmp	icmp;
	int		i;

	for (i = 0; i < READS_MAX && icmp_next(fd, &icmp); i++)
		udp_table_refused(udp->table, &icmp.to, icmp.packet, icmp.len,
		    icmp.error, loop_now(udp->loop));
}

static void
on_io(int fd, int what, void *arg)
{
	struct udp_sock	*sock = arg;
	struct udp	*udp = sock->udp;
	struct addr	 from;
	ssize_t		 n;
	int		 i;

	(void)what;
	hear_refusals(udp, fd);
	for (i = 0; i < READS_MAX; i++) {
		n = dgram_recv(fd, udp->buf, sizeof(udp->buf), &from);
		if (n == -1)
			break;
		/* What comes to the wrong socket is no answer to us. */
		if (addr_is_v4(&from) != sock->v6)
			udp_table_input(udp->table, &from, udp->buf,
			    (size_t)n, loop_now(udp->loop));
	}
	set_timer(udp);
}

static int
sock_open(struct udp_sock *sock)
{
	sock->fd = bound_socket(sock->v6 ? AF_INET6 : AF_INET, SOCK_DGRAM, 0);
	if (sock->fd == -1)
		return -1;
	icmp_watch(sock->fd, sock->v6);
	sock->io = loop_io_new(sock->udp->loop, sock->fd, on_io, sock);
	loop_io_want(sock->io, LOOP_READ);
	return 0;
}

/* Others are made when they are needed. */
void
udp_rebound(struct udp *udp)
{
	struct udp_sock	*sock;

	for (sock = udp->socks; sock < udp->socks + 2; sock++) {
		if (sock->fd == -1)
			continue;
		loop_io_free(sock->io);
		close(sock->fd);
		sock->fd = -1;
	}
}

/* An error may be of what was sent before, and is told once: ip(7). */
static ssize_t
send_to(int fd, const struct addr *to, const uint8_t *p, size_t len)
{
	ssize_t	n = dgram_send(fd, p, len, to);

	return n != -1 ? n : dgram_send(fd, p, len, to);
}

/* A packet that finds no room is one of those that get lost. */
static const char *
udp_send(void *arg, const struct addr *to, const uint8_t *p, size_t len)
{
	struct udp	*udp = arg;
	struct udp_sock	*sock = &udp->socks[!addr_is_v4(to)];

	if (sock->fd == -1 && sock_open(sock) == -1)
		return bound_refuses() != NULL ? bound_refuses() :
		    strerror(errno);
	if (send_to(sock->fd, to, p, len) == -1 && errno != EAGAIN &&
	    errno != ENOBUFS && errno != EINTR)
		return strerror(errno);
	return NULL;
}

/* ---- requests ---- */

static void
on_host(struct host_wait *w, const struct addr *addrs, unsigned int n,
    const char *error)
{
	struct udp_req		*req = (struct udp_req *)((char *)w -
				    offsetof(struct udp_req, wait));
	struct udp		*udp = req->owner;
	struct udp_result	 result = { .error = error };
	struct addr		 to;
	unsigned int		 i;

	if (n > 0) {
		result.error = req->v6 ? "no IPv6 address" :
		    "no IPv4 address";
		result.absent = true;
	}
	for (i = 0; i < n; i++) {
		if (addr_is_v4(&addrs[i]) == req->v6)
			continue;
		result.absent = false;
		if ((result.error = guard_refuses(udp->guard,
		    &addrs[i])) == NULL)
			break;
	}
	if (result.error != NULL)
		udp_table_fail(udp->table, req, &result);
	else {
		to = addrs[i];
		to.port = req->port;
		udp_table_submit(udp->table, req, &to, loop_now(udp->loop));
	}
	set_timer(udp);
}

void
udp_submit(struct udp *udp, struct udp_req *req, const struct udp_user *user,
    const char *host, uint16_t port, bool v6)
{
	static const struct udp_result	proxied = {
		.error = "UDP does not go through the proxy"
	};

	req->owner = udp;
	req->user = user;
	req->state = UDP_IDLE;
	req->port = port;
	req->v6 = v6;
	if (proxy_used()) {
		udp_table_fail(udp->table, req, &proxied);
		set_timer(udp);
		return;
	}
	hosts_ask(udp->hosts, &req->wait, host, on_host, loop_now(udp->loop));
}

void
udp_cancel(struct udp *udp, struct udp_req *req)
{
	hosts_cancel(&req->wait);
	udp_table_cancel(udp->table, req, loop_now(udp->loop));
	set_timer(udp);
}
