/* SPDX-License-Identifier: ISC */
#include <sys/socket.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "bound.h"
#include "datagrams.h"
#include "filter.h"
#include "hearing.h"
#include "loop.h"
#include "mem.h"
#include "net.h"
#include "utp_refuse.h"

/*
 * The UDP sockets at the port of peers that the parent opened, which hear all
 * that is not for the DHT: attempts of uTP, which are refused.
 */
#define READ_BURST	64	/* packets of a turn */

struct datagram_socket {
	struct net	*net;
	struct loop_io	*io;
	int		 fd;
};

struct datagrams {
	struct datagram_socket	 v[NET_LISTEN_MAX];
	uint32_t		 n;
	struct hearing		 hearing;
};

/* A host may have many torrents to come for. */
static const struct hearing_limits	limits = {
	.burst = 64, .refill_ms = 250, .all_burst = 256, .all_refill_ms = 10
};

/* The sender is kept as it came: a link-local one has its link there. */
static void
on_packet(struct datagram_socket *s, const uint8_t *p, size_t n,
    const struct sockaddr *from, socklen_t len)
{
	struct net	*net = s->net;
	uint8_t		 reset[UTP_HEADER];
	struct addr	 addr;

	if (!utp_refuse(reset, p, n) ||
	    addr_from_sockaddr(&addr, from) == -1 || addr.port == 0 ||
	    filter_loading(net) || net_refuses(net, &addr) ||
	    !hearing_take(&net->datagrams->hearing, &limits, &addr,
	    loop_now(net->loop)))
		return;
	/* One that is lost is made up for by the peer's patience. */
	if (sendto(s->fd, reset, sizeof(reset), 0, from, len) == -1)
		log_debug("refuse uTP: %s", strerror(errno));
}

static void
on_readable(int fd, int what, void *arg)
{
	struct datagram_socket	*s = arg;
	struct sockaddr_storage	 ss;
	socklen_t		 len;
	uint8_t			 buf[UTP_SYN_MAX + 1];
	ssize_t			 n;
	int			 i;

	(void)what;
	for (i = 0; i < READ_BURST; i++) {
		len = sizeof(ss);
		n = recvfrom(fd, buf, sizeof(buf), 0, (struct sockaddr *)&ss,
		    &len);
		if (n == -1)
			break;
		on_packet(s, buf, (size_t)n, (struct sockaddr *)&ss, len);
	}
	/* It was broken: the parent is about to tell. */
	if (i == 0 && !bound_fits(fd))
		loop_io_want(s->io, 0);
}

void
datagrams_start(struct net *net)
{
	net->datagrams = xcalloc(1, sizeof(*net->datagrams));
}

void
datagrams_add(struct net *net, int fd)
{
	struct datagrams	*d = net->datagrams;
	struct datagram_socket	*s;

	if (d->n == NET_LISTEN_MAX) {
		close(fd);
		return;
	}
	s = &d->v[d->n++];
	s->net = net;
	s->fd = fd;
	s->io = loop_io_new(net->loop, fd, on_readable, s);
	loop_io_want(s->io, LOOP_READ);
}

void
datagrams_drop_all(struct net *net)
{
	struct datagrams	*d = net->datagrams;
	uint32_t		 i;

	for (i = 0; i < d->n; i++) {
		loop_io_free(d->v[i].io);
		close(d->v[i].fd);
	}
	d->n = 0;
}
