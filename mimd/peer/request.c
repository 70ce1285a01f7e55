/* SPDX-License-Identifier: ISC */
#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <string.h>

#include "dataplane.h"
#include "loop.h"
#include "net.h"
#include "proto.h"
#include "request.h"
#include "rx.h"
#include "send.h"
#include "stats.h"
#include "throttle.h"
#include "webseed.h"

#define FAST_SECONDS	20	/* a piece within that: a peer of its own */
#define BITCOMET_MAX	50	/* it drops what goes beyond */
#define REQUESTS_MAX	128	/* asked for at once */
#define LIMBO_MAX	512
#define LIMBO_MS	60000
#define REFUSED_MS	1000	/* ask nothing after a refusal */
#define SCARCE_MS	30000	/* for a block when slots are few */

/* A block that was asked for; it may still come although it is not wanted. */
static void
limbo_add(struct conn *c, const struct req *r)
{
	if (c->limbo.n == LIMBO_MAX)
		reqs_remove(&c->limbo, 0);
	reqs_push(&c->limbo, LIMBO_MAX, r->piece, r->begin, r->length);
	c->limbo_until = loop_now(c->net->loop) + LIMBO_MS;
}

bool
request_expects(struct conn *c, uint32_t piece, uint32_t begin,
    uint32_t length)
{
	const struct swarm	*s = c->swarm;
	bool			 known;

	known = reqs_find(&c->asked, piece, begin, length) != REQS_NONE ||
	    reqs_find(&c->limbo, piece, begin, length) != REQS_NONE;
	if (!known) {
		if (++c->unasked > CONN_UNASKED_MAX)
			conn_close(c, "sends what nobody asked for");
		return false;
	}
	return s->open && s->picker != NULL && begin % BLOCK_SIZE == 0 &&
	    picker_wants(s->picker, piece, begin / BLOCK_SIZE);
}

/* Off the record; true if it was there. */
static bool
request_forget(struct conn *c, uint32_t piece, uint32_t begin,
    uint32_t length)
{
	uint32_t	i;

	if ((i = reqs_find(&c->asked, piece, begin, length)) != REQS_NONE) {
		reqs_remove(&c->asked, i);
		return true;
	}
	if ((i = reqs_find(&c->limbo, piece, begin, length)) != REQS_NONE)
		reqs_remove(&c->limbo, i);
	return false;
}

static void
request_cancel(struct conn *c, const struct req *r)
{
	uint8_t	buf[WIRE_HEAD_MAX];

	send_bytes(c, buf, (uint32_t)wire_put_range(buf, WIRE_CANCEL,
	    r->piece, r->begin, r->length));
	conn_send_soon(c);
}

/* Someone else sent it first, or shall: false if it was not asked for. */
static bool
request_take_back(struct conn *c, const struct req *r)
{
	uint32_t	i;

	i = reqs_find(&c->asked, r->piece, r->begin, r->length);
	if (i == REQS_NONE)
		return false;
	reqs_remove(&c->asked, i);
	limbo_add(c, r);
	request_cancel(c, r);
	return true;
}

void
request_on_block(struct conn *c, uint32_t piece, uint32_t begin,
    uint32_t length, uint32_t slot)
{
	struct swarm		*s = c->swarm;
	uint64_t		 now = loop_now(c->net->loop);
	struct pick_sender	 sender = { .id = c->id };
	struct req		 r = { piece, begin, length };
	struct conn		*o;
	uint32_t		 other;

	if (request_forget(c, piece, begin, length))
		pipeline_on_block(&c->pipeline, now, length);
	c->unasked = 0;
	c->heard_at = now;
	rate_add(&c->down, now, length);
	rate_add(&s->traffic->down, now, length);
	c->downloaded += length;
	c->changed = s->changed = true;
	/* Another may have been quicker while this one was under way. */
	if (s->picker == NULL || !s->open ||
	    !picker_wants(s->picker, piece, begin / BLOCK_SIZE)) {
		if (s->picker != NULL)
			picker_unask(s->picker, c->id, piece,
			    begin / BLOCK_SIZE);
		s->wasted += length;
		slots_give(&c->net->slots, slot, now);
		return;
	}
	s->downloaded += length;
	memcpy(sender.ip, c->addr.ip, sizeof(sender.ip));
	other = picker_on_block(s->picker, &sender, piece,
	    begin / BLOCK_SIZE);
	/* Told before disk can be done: who sees the end sees all of it. */
	if (picker_all_came(s->picker))
		stats_swarm(s, now);
	data_write(c->net, s->id, piece, begin, length, slot);
	if (other != 0 && (o = swarm_conn(s, other)) != NULL &&
	    request_take_back(o, &r))
		request_refill(o);
}

void
request_on_dropped(struct conn *c, uint32_t piece, uint32_t begin)
{
	struct swarm	*s = c->swarm;
	uint32_t	 len;

	if (begin % BLOCK_SIZE != 0)
		return;
	len = geom_block_len(&s->geom, piece, begin / BLOCK_SIZE);
	if (request_forget(c, piece, begin, len) && s->picker != NULL)
		picker_unask(s->picker, c->id, piece, begin / BLOCK_SIZE);
}

void
request_on_refused(struct conn *c, uint32_t piece, uint32_t begin)
{
	request_on_dropped(c, piece, begin);
	proto_useless(c);
	/* To ask for the same again at once would go round at line speed. */
	c->refill_at = loop_now(c->net->loop) + REFUSED_MS;
	swarm_wake(c->swarm, REFUSED_MS);
}

void
request_on_reject(struct conn *c, uint32_t piece, uint32_t begin,
    uint32_t length)
{
	bool	asked = reqs_find(&c->asked, piece, begin, length) !=
		    REQS_NONE;

	if (!asked && reqs_find(&c->limbo, piece, begin, length) ==
	    REQS_NONE) {
		proto_useless(c);
		return;
	}
	if (request_forget(c, piece, begin, length) &&
	    c->swarm->picker != NULL)
		picker_unask(c->swarm->picker, c->id, piece,
		    begin / BLOCK_SIZE);
	if (!asked)
		return;
	if (c->fast != NULL)
		fast_disallow(c->fast, piece);
	if (!c->peer_choking) {
		c->refill_at = loop_now(c->net->loop) + REFUSED_MS;
		swarm_wake(c->swarm, REFUSED_MS);
	}
}

/*
 * When disk is what holds us up, more requests make nothing faster: their
 * blocks only wait in socket buffers, until no cache holds them any more.
 */
static uint32_t
request_room(struct conn *c, uint64_t rate)
{
	uint64_t	now = loop_now(c->net->loop);
	uint32_t	cap, window;

	cap = c->ext != NULL ? c->ext->reqq : EXT_REQQ_DEFAULT;
	if (memcmp(c->peer_id, "-BC", 3) == 0 && cap > BITCOMET_MAX)
		cap = BITCOMET_MAX;
	if (cap > c->net->slots.n)
		cap = c->net->slots.n;
	if (c->held_at != 0 && now - c->held_at < CONN_HELD_MS &&
	    cap > CONN_HELD_WINDOW)
		cap = CONN_HELD_WINDOW;
	if (c->net->shaped && cap > throttle_requests(c))
		cap = throttle_requests(c);
	window = pipeline_window(&c->pipeline, rate, c->rtt_ms, cap);
	return window > c->asked.n ? window - c->asked.n : 0;
}

/* Ask for what was picked. */
static void
request_send(struct conn *c, const struct pick *picks, uint32_t n)
{
	struct swarm	*s = c->swarm;
	uint8_t		 buf[REQUESTS_MAX * WIRE_HEAD_MAX];
	struct req	 r;
	struct conn	*o;
	uint32_t	 i;
	size_t		 off = 0;

	for (i = 0; i < n; i++) {
		r.piece = picks[i].piece;
		r.begin = picks[i].block * BLOCK_SIZE;
		r.length = geom_block_len(&s->geom, r.piece, picks[i].block);
		reqs_push(&c->asked, UINT32_MAX, r.piece, r.begin, r.length);
		off += wire_put_range(buf + off, WIRE_REQUEST, r.piece,
		    r.begin, r.length);
		if (picks[i].instead != 0 &&
		    (o = swarm_conn(s, picks[i].instead)) != NULL)
			request_take_back(o, &r);
	}
	send_bytes(c, buf, (uint32_t)off);
	conn_send_soon(c);
}

void
request_refill(struct conn *c)
{
	struct swarm	*s = c->swarm;
	struct pick	 picks[REQUESTS_MAX];
	struct pick_peer peer;
	uint32_t	 n, room;
	uint64_t	 rate, now = loop_now(c->net->loop);

	if (c->state != CONN_UP || s->picker == NULL || !s->open ||
	    !c->am_interested || now < c->refill_at ||
	    (c->peer_choking && (c->fast == NULL || c->fast->nallowed == 0)))
		return;
	rate = rate_get(&c->down, now);
	room = request_room(c, rate);
	if (room == 0)
		return;
	peer = (struct pick_peer){ .id = c->id, .has = &c->has,
	    .wanted = c->wanted, .parole = c->parole,
	    .outstanding = c->asked.n, .last = c->last_piece };
	if (!c->pipeline.snubbed) {
		peer.rate = rate;
		peer.fast = rate * FAST_SECONDS >= s->geom.piece_length;
	}
	peer.idle = c->asked.n < PICKER_ENDGAME;
	if (c->asked.n == 0)
		pipeline_start(&c->pipeline, now);
	if (room > REQUESTS_MAX)
		room = REQUESTS_MAX;
	if (c->peer_choking)
		n = picker_pick_among(s->picker, &peer, c->fast->allowed,
		    c->fast->nallowed, now, picks, room);
	else {
		n = picker_pick(s->picker, &peer, s->nup, now, picks, room);
		if (n == 0 && webseed_steal(c, rate))
			n = picker_pick(s->picker, &peer, s->nup, now, picks,
			    room);
	}
	if (n == 0)
		return;
	c->last_piece = picks[n - 1].piece;
	request_send(c, picks, n);
	swarm_wake(s, 1000);
}

/* It is in limbo then: it may come yet. */
static struct req
unask(struct conn *c, uint32_t i)
{
	struct req	r = *reqs_at(&c->asked, i);

	reqs_remove(&c->asked, i);
	if (c->swarm->picker != NULL)
		picker_unask(c->swarm->picker, c->id, r.piece,
		    r.begin / BLOCK_SIZE);
	limbo_add(c, &r);
	return r;
}

void
request_drop_all(struct conn *c, bool cancel)
{
	struct req	r;

	while (c->asked.n > 0) {
		r = unask(c, 0);
		if (cancel)
			request_cancel(c, &r);
	}
}

void
request_drop_piece(struct conn *c, uint32_t piece)
{
	uint32_t	i = 0;

	while (i < c->asked.n) {
		if (reqs_at(&c->asked, i)->piece == piece)
			unask(c, i);
		else
			i++;
	}
}

void
request_on_choke(struct conn *c)
{
	if (!(c->speaks & WIRE_SPEAKS_FAST))
		request_drop_all(c, false);
	if (c->swarm->picker != NULL)
		picker_disown(c->swarm->picker, c->id);
}

static void
request_read_rtt(struct conn *c)
{
	struct tcp_info	info;
	socklen_t	len = sizeof(info);

	if (getsockopt(c->fd, IPPROTO_TCP, TCP_INFO, &info, &len) == 0)
		c->rtt_ms = info.tcpi_rtt / 1000 < 2000 ?
		    info.tcpi_rtt / 1000 : 2000;
}

void
request_tick(struct conn *c, uint64_t now)
{
	if (c->limbo.n > 0 && now > c->limbo_until)
		reqs_clear(&c->limbo);
	if (c->rx.state == RX_DATA && now - c->rx.since > SCARCE_MS &&
	    !c->waiting && !c->rx_line.waiting && !data_slots(c->net))
		rx_detach(c);
	if (c->asked.n == 0) {
		request_refill(c);
		if (c->asked.n == 0 && c->asked.v != NULL)
			reqs_clear(&c->asked);
		return;
	}
	request_read_rtt(c);
	/* While we do not read, silence is not the peer's. */
	if (c->waiting || c->rx_line.waiting || !c->swarm->open) {
		pipeline_start(&c->pipeline, now);
	} else if (pipeline_late(&c->pipeline, now)) {
		pipeline_on_timeout(&c->pipeline, now);
		c->changed = true;
		request_drop_all(c, true);
		picker_disown(c->swarm->picker, c->id);
	}
	request_refill(c);
}
