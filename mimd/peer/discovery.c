/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dgram.h"
#include "discovery.h"
#include "hearing.h"
#include "loop.h"
#include "lsd.h"
#include "mem.h"
#include "net.h"

/*
 * Local service discovery (BEP 14): the multicast sockets that the parent
 * opened, what is announced by them and what is heard.
 */
#define READ_BURST	32	/* packets of a turn */
#define SHARE		200	/* of a torrent's candidates */

static const struct hearing_limits	limits = {
	.burst = 64, .refill_ms = 250, .all_burst = 256, .all_refill_ms = 25
};

struct lsd_socket {
	struct net		*net;
	struct loop_io		*io;
	int			 fd;
	bool			 v6;
	struct rec_prefix	 subnets[LSD_SUBNETS_MAX];
	uint32_t		 nsubnets;
};

struct discovery {
	struct lsd_socket	 v[LSD_SOCKETS_MAX];
	uint32_t		 n;
	struct lsd_queue	 queue;
	struct hearing		 hearing;
	struct loop_timer	*timer;
	char			 cookie[LSD_COOKIE_LEN + 1];
};

/* ---- announcing ---- */

static void
arm(struct net *net)
{
	struct discovery	*d = net->discovery;
	uint64_t		 due = lsd_due(&d->queue);
	uint64_t		 now = loop_now(net->loop);

	if (due == UINT64_MAX || d->n == 0)
		loop_timer_clear(d->timer);
	else
		loop_timer_set(d->timer, due > now ? due - now : 0);
}

static void
send_packet(struct lsd_socket *s, const uint8_t *const *hashes, uint32_t n)
{
	struct addr	 group;
	char		 out[LSD_PACKET_MAX];
	size_t		 size;

	if (addr_parse(&group, s->v6 ? LSD_GROUP6 : LSD_GROUP4, LSD_PORT) ==
	    -1)
		return;
	size = lsd_build(out, s->v6, s->net->listen_port, hashes, n,
	    s->net->discovery->cookie);
	/* One that is lost is made up for by the next. */
	if (dgram_send(s->fd, out, size, &group) == -1)
		log_debug("local discovery: %s", strerror(errno));
}

static void
on_timer(void *arg)
{
	struct net		*net = arg;
	struct discovery	*d = net->discovery;
	const uint8_t		*hashes[LSD_HASHES_MAX];
	uint32_t		 i, n;

	n = lsd_take(&d->queue, loop_now(net->loop), hashes);
	for (i = 0; i < d->n && n > 0 && net->listen_port != 0; i++)
		send_packet(&d->v[i], hashes, n);
	arm(net);
}

void
discovery_enter(struct swarm *s)
{
	if (s->private)
		return;
	lsd_add(&s->net->discovery->queue, &s->lsd, s->infohash,
	    loop_now(s->net->loop));
	arm(s->net);
}

void
discovery_leave(struct swarm *s)
{
	lsd_del(&s->net->discovery->queue, &s->lsd);
	arm(s->net);
}

/* ---- hearing ---- */

static bool
is_near(const struct lsd_socket *s, const struct addr *a)
{
	uint32_t	i;

	for (i = 0; i < s->nsubnets; i++) {
		if (addr_in_prefix(a, s->subnets[i].ip, s->subnets[i].bits))
			return true;
	}
	return false;
}

/* A neighbour says that it has these torrents. */
static void
on_found(struct net *net, const struct lsd_msg *m, const struct addr *peer)
{
	struct swarm	*s;
	uint32_t	 i;

	for (i = 0; i < m->nhashes; i++) {
		s = swarm_by_hash(net, m->hashes[i]);
		if (s == NULL || s->private ||
		    candidates_count(&s->cands, PEER_SOURCE_LSD) >= SHARE)
			continue;
		if (swarm_add_peer(s, peer, PEER_SOURCE_LSD))
			swarm_connect(s);
	}
}

static void
on_packet(struct lsd_socket *s, const char *p, size_t n, struct addr *from)
{
	static struct lsd_msg	 m;
	struct net		*net = s->net;
	struct discovery	*d = net->discovery;

	if (!is_near(s, from) ||
	    !hearing_take(&d->hearing, &limits, from,
	    loop_now(net->loop)) ||
	    lsd_parse(&m, p, n, d->cookie) == -1 || m.ours)
		return;
	from->port = m.port;
	on_found(net, &m, from);
}

static void
on_readable(int fd, int what, void *arg)
{
	struct addr	 from;
	char		 buf[2 * LSD_PACKET_MAX];
	ssize_t		 n;
	int		 i;

	(void)what;
	for (i = 0; i < READ_BURST; i++) {
		if ((n = dgram_recv(fd, buf, sizeof(buf), &from)) == -1)
			break;
		on_packet(arg, buf, (size_t)n, &from);
	}
}

/* ---- sockets ---- */

void
discovery_start(struct net *net)
{
	struct discovery	*d = xcalloc(1, sizeof(*d));

	net->discovery = d;
	lsd_queue_init(&d->queue);
	d->timer = loop_timer_new(net->loop, on_timer, net);
	snprintf(d->cookie, sizeof(d->cookie), "%08x%08x",
	    arc4random(), arc4random());
}

void
discovery_add(struct net *net, int fd, const struct msg_lsd_socket *m)
{
	struct discovery	*d = net->discovery;
	struct lsd_socket	*s;

	if (d->n == LSD_SOCKETS_MAX) {
		close(fd);
		return;
	}
	s = &d->v[d->n++];
	s->net = net;
	s->fd = fd;
	s->v6 = m->v6;
	s->nsubnets = m->subnets.n;
	memcpy(s->subnets, m->subnets.v,
	    m->subnets.n * sizeof(*m->subnets.v));
	s->io = loop_io_new(net->loop, fd, on_readable, s);
	loop_io_want(s->io, LOOP_READ);
	lsd_again(&d->queue, loop_now(net->loop));
	arm(net);
}

void
discovery_close(struct net *net)
{
	struct discovery	*d = net->discovery;
	uint32_t		 i;

	for (i = 0; i < d->n; i++) {
		loop_io_free(d->v[i].io);
		close(d->v[i].fd);
	}
	d->n = 0;
	arm(net);
}
