/* SPDX-License-Identifier: ISC */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "loop.h"
#include "mem.h"
#include "net.h"
#include "recv.h"
#include "send.h"
#include "throttle.h"

/*
 * Puts into effect what shaper.c decides.  A connection that may not move
 * bytes now is not watched, but waits in line; one timer serves both lines.
 */
#define THROTTLE_MS	5		/* between looks at the lines */
#define THROTTLE_SERVES	512		/* of one direction and look */
#define REQUESTS_MS	1000		/* beside the round trip */

enum { OWN_RX, OWN_TX };

static void
throttle_soon(struct net *net)
{
	if (!loop_timer_pending(net->throttle))
		loop_timer_set(net->throttle, THROTTLE_MS);
}

uint64_t
throttle_recv_room(struct conn *c)
{
	if (c->swarm == NULL)
		return BUCKET_ALL;
	return shaper_room(&c->net->rx_line, &c->swarm->traffic->rx_line,
	    &c->rx_line, loop_now_us(c->net->loop));
}

uint64_t
throttle_send_room(struct conn *c)
{
	if (c->swarm == NULL)
		return BUCKET_ALL;
	return shaper_room(&c->net->tx_line, &c->swarm->traffic->tx_line,
	    &c->tx_line, loop_now_us(c->net->loop));
}

void
throttle_received(struct conn *c, uint64_t bytes)
{
	shaper_take(&c->net->rx_line,
	    c->swarm == NULL ? NULL : &c->swarm->traffic->rx_line,
	    &c->rx_line, bytes, loop_now_us(c->net->loop));
}

void
throttle_sent(struct conn *c, uint64_t bytes)
{
	shaper_take(&c->net->tx_line,
	    c->swarm == NULL ? NULL : &c->swarm->traffic->tx_line,
	    &c->tx_line, bytes, loop_now_us(c->net->loop));
}

void
throttle_wait_recv(struct conn *c)
{
	shaper_wait(&c->net->rx_line, &c->swarm->traffic->rx_line, &c->rx_line);
	conn_update_io(c);
	throttle_soon(c->net);
}

void
throttle_wait_send(struct conn *c)
{
	shaper_wait(&c->net->tx_line, &c->swarm->traffic->tx_line, &c->tx_line);
	throttle_soon(c->net);
}

/* The share of one in n + 1, if that is less. */
static uint64_t
lower(uint64_t least, uint64_t rate, uint32_t n)
{
	if (rate == 0)
		return least;
	rate /= (uint64_t)n + 1;
	return rate < least ? rate : least;
}

uint32_t
throttle_requests(const struct conn *c)
{
	const struct net	*net = c->net;
	const struct shaper_class *class;
	const struct shaper_group *line;
	uint64_t		 rate = UINT64_MAX;
	uint64_t		 ms = REQUESTS_MS + c->rtt_ms;

	if (!net->shaped || c->rx_line.exempt)
		return UINT32_MAX;
	rate = lower(rate, net->rx_line.all.rate, net->rx_line.nwaiting);
	class = &net->rx_line.classes[c->rx_line.class];
	rate = lower(rate, class->bucket.rate, class->nwaiting +
	    class->nheld);
	line = &c->swarm->traffic->rx_line;
	rate = lower(rate, line->bucket.rate, line->nwaiting);
	rate = lower(rate, net->each_down, 0);
	if (rate > BUCKET_RATE_MAX)
		return UINT32_MAX;
	return (uint32_t)(rate * ms / 1000 / BLOCK_SIZE) + 1;
}

/* ---- turns ---- */

static void
serve_recv(struct net *net, uint64_t *wait_us)
{
	struct shaper_peer	*p;
	struct conn		*c;
	uint64_t		 room;
	uint32_t		 n;

	for (n = 0; n < THROTTLE_SERVES; n++) {
		p = shaper_next(&net->rx_line, loop_now_us(net->loop), &room,
		    wait_us);
		if (p == NULL)
			return;
		c = (struct conn *)((char *)p - offsetof(struct conn,
		    rx_line));
		recv_turn(c, room);
	}
	*wait_us = 0;
}

static void
serve_send(struct net *net, uint64_t *wait_us)
{
	struct shaper_peer	*p;
	struct conn		*c;
	uint64_t		 room;
	uint32_t		 n;

	for (n = 0; n < THROTTLE_SERVES; n++) {
		p = shaper_next(&net->tx_line, loop_now_us(net->loop), &room,
		    wait_us);
		if (p == NULL)
			return;
		c = (struct conn *)((char *)p - offsetof(struct conn,
		    tx_line));
		send_turn(c, room);
	}
	*wait_us = 0;
}

static void
throttle_serve(void *arg)
{
	struct net	*net = arg;
	uint64_t	 rx_us, tx_us, ms;

	serve_recv(net, &rx_us);
	serve_send(net, &tx_us);
	if (rx_us > tx_us)
		rx_us = tx_us;
	if (rx_us != UINT64_MAX) {
		ms = rx_us / 1000 + 1;
		loop_timer_set(net->throttle, ms < THROTTLE_MS ? THROTTLE_MS :
		    ms);
	}
	net_turn_soon(net);
}

void
throttle_init(struct net *net)
{
	shaper_init(&net->rx_line);
	shaper_init(&net->tx_line);
	net->throttle = loop_timer_new(net->loop, throttle_serve, net);
}

/* ---- who has which limit ---- */

/* The longest prefix that it lies in says which class it is of. */
static void
conn_classify(struct conn *c)
{
	struct net			*net = c->net;
	const struct rec_rate_prefix	*p, *best = NULL;
	uint8_t				 class;

	for (p = net->prefixes; p < net->prefixes + net->nprefixes; p++)
		if ((best == NULL || p->bits > best->bits) &&
		    addr_in_prefix(&c->addr, p->ip, p->bits))
			best = p;
	c->rx_line.exempt = c->tx_line.exempt = best != NULL &&
	    best->class == RATE_CLASS_EXEMPT;
	class = best == NULL ? 0 : best->class;
	if (!c->am_choking) {
		net->class_unchoked[c->tx_line.class]--;
		net->class_unchoked[class]++;
	}
	c->rx_line.class = c->tx_line.class = class;
}

void
throttle_enter(struct conn *c)
{
	struct net	*net = c->net;
	uint64_t	 now = loop_now_us(net->loop);

	conn_classify(c);
	if ((net->each_down == 0 && net->each_up == 0) || c->rx_line.exempt) {
		free(c->own);
		c->own = c->rx_line.own = c->tx_line.own = NULL;
		return;
	}
	if (c->own == NULL)
		c->own = xcalloc(2, sizeof(*c->own));
	c->rx_line.own = &c->own[OWN_RX];
	c->tx_line.own = &c->own[OWN_TX];
	bucket_set(c->rx_line.own, net->each_down, now);
	bucket_set(c->tx_line.own, net->each_up, now);
}

static void
throttle_unwait(struct conn *c)
{
	shaper_leave(&c->net->rx_line, &c->rx_line);
	shaper_leave(&c->net->tx_line, &c->tx_line);
}

void
throttle_leave(struct conn *c)
{
	throttle_unwait(c);
	free(c->own);
	c->own = c->rx_line.own = c->tx_line.own = NULL;
}

/* Limits have changed: who waits tries, and waits again if it must. */
static void
throttle_release(struct conn *c)
{
	bool	sends = c->tx_line.waiting;

	throttle_unwait(c);
	throttle_enter(c);
	conn_update_io(c);
	if (sends)
		conn_send_soon(c);
}

static void
throttle_update(struct net *net)
{
	uint32_t	i;

	net->shaped = net->rx_line.all.rate != 0 ||
	    net->tx_line.all.rate != 0 || net->each_down != 0 ||
	    net->each_up != 0 || net->nlimited > 0;
	for (i = 1; i <= SHAPER_CLASSES; i++)
		if (net->rx_line.classes[i].bucket.rate != 0 ||
		    net->tx_line.classes[i].bucket.rate != 0)
			net->shaped = true;
}

/* Those that are no more have no limit; nobody is of them any more. */
static void
set_classes(struct net *net, const struct msg_peer_rates *m, uint64_t now)
{
	const struct rec_rate_class	 none = { 0 }, *r;
	uint32_t			 i;

	_Static_assert(SHAPER_CLASSES == RATE_CLASSES_MAX, "classes");
	for (i = 0; i < SHAPER_CLASSES; i++) {
		r = i < m->classes.n ? &m->classes.v[i] : &none;
		bucket_set(&net->rx_line.classes[i + 1].bucket, r->down, now);
		bucket_set(&net->tx_line.classes[i + 1].bucket, r->up, now);
	}
	net->nprefixes = m->prefixes.n;
	if (m->prefixes.n > 0)
		memcpy(net->prefixes, m->prefixes.v,
		    m->prefixes.n * sizeof(*m->prefixes.v));
}

void
throttle_on_rates(struct net *net, const struct msg_peer_rates *m)
{
	uint64_t	 now = loop_now_us(net->loop);
	struct swarm	*s;
	struct conn	*c;

	bucket_set(&net->rx_line.all, m->down, now);
	bucket_set(&net->tx_line.all, m->up, now);
	net->each_down = m->each_down;
	net->each_up = m->each_up;
	set_classes(net, m, now);
	throttle_update(net);
	TAILQ_FOREACH(c, &net->newcomers, link)
		throttle_enter(c);
	TAILQ_FOREACH(s, &net->busy, busy_link)
		TAILQ_FOREACH(c, &s->conns, link)
			throttle_release(c);
}

bool
throttle_limits(const struct swarm *s)
{
	return s->traffic != NULL && (s->traffic->rx_line.bucket.rate != 0 ||
	    s->traffic->tx_line.bucket.rate != 0);
}

void
throttle_on_limits(struct swarm *s, const struct msg_swarm_limits *m)
{
	struct net	*net = s->net;
	uint64_t	 now = loop_now_us(net->loop);
	struct conn	*c;

	if (m->down != 0 || m->up != 0)
		swarm_need_traffic(s);
	if (s->traffic == NULL)
		return;
	net->nlimited -= throttle_limits(s);
	bucket_set(&s->traffic->rx_line.bucket, m->down, now);
	bucket_set(&s->traffic->tx_line.bucket, m->up, now);
	net->nlimited += throttle_limits(s);
	throttle_update(net);
	TAILQ_FOREACH(c, &s->conns, link)
		throttle_release(c);
}

void
throttle_drop(struct swarm *s)
{
	s->net->nlimited -= throttle_limits(s);
	throttle_update(s->net);
}
