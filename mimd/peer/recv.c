/* SPDX-License-Identifier: ISC */
#include <sys/socket.h>
#include <sys/uio.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "dataplane.h"
#include "loop.h"
#include "net.h"
#include "recv.h"
#include "request.h"
#include "rx.h"
#include "send.h"
#include "throttle.h"
#include "vec.h"

/*
 * Receiving.  A peer answers requests with messages of known shape: 13 bytes
 * of head, then a block.  So one readv(2) is laid out as
 *
 *	rest of a block | head | slot | head | slot ...
 *
 * and blocks land in their slots without a copy.  Where something else came
 * instead (a have, a choke), what follows is moved to the scratch buffer and
 * fed to the byte-wise parser (rx.h); nothing depends on the guess being right.
 */
#define SCRATCH_SIZE	((WIRE_HEAD_PIECE + WIRE_BLOCK_MAX) * CONN_READ_BLOCKS \
			    + WIRE_BLOCK_MAX)
#define SCRATCH_READ	65536U		/* when no block is expected */

static struct {
	uint8_t		 scratch[SCRATCH_SIZE];
	uint8_t		 head[CONN_READ_BLOCKS][WIRE_HEAD_PIECE];
	uint32_t	 slot[CONN_READ_BLOCKS];
	uint32_t	 length[CONN_READ_BLOCKS];
	uint32_t	 nblocks;
	struct vec	 vec;
} plan;

static void
plan_release(struct conn *c, uint32_t from)
{
	uint32_t	k;

	for (k = from; k < plan.nblocks; k++)
		if (plan.slot[k] != SLOT_NONE)
			slots_give(&c->net->slots, plan.slot[k],
			    loop_now(c->net->loop));
	plan.nblocks = 0;
}

/* No more than room bytes; a head is read as a whole or not at all. */
static void
plan_cut(uint64_t room, bool data_first)
{
	bool	cut = vec_cut(&plan.vec, room);

	if (cut && (plan.vec.n & 1) != data_first)
		vec_drop(&plan.vec);
}

/*
 * Lay out the next readv; false if no slot can be had.  Who is in the middle
 * of a block has one, so there is always someone who gets on.
 */
static bool
plan_make(struct conn *c, uint64_t room)
{
	struct rx	*rx = &c->rx;
	struct net	*net = c->net;
	uint32_t	 max = CONN_READ_BLOCKS, k, have = rx->hlen;

	plan.nblocks = 0;
	vec_clear(&plan.vec);
	if (rx->state == RX_DATA) {
		vec_add(&plan.vec, arena_slot(&net->arena, rx->slot) + rx->got,
		    rx->length - rx->got);
		max--;
	}
	memcpy(plan.head[0], rx->head, have);
	for (k = 0; k < max && k < c->asked.n && plan.vec.total < room; k++) {
		plan.slot[k] = slots_take(&net->slots);
		if (plan.slot[k] == SLOT_NONE)
			break;
		plan.length[k] = reqs_at(&c->asked, k)->length;
		vec_add(&plan.vec, plan.head[k] + have, WIRE_HEAD_PIECE - have);
		have = 0;
		vec_add(&plan.vec, arena_slot(&net->arena, plan.slot[k]),
		    plan.length[k]);
		plan.nblocks++;
	}
	data_idle_soon(net);
	plan_cut(room, rx->state == RX_DATA);
	return plan.vec.n > 0;
}

/* Not what was expected: what is left of the read goes by the parser. */
static void
plan_failed(struct conn *c, uint32_t block, int iov, size_t left)
{
	const struct iovec	*v = &plan.vec.iov[iov];
	size_t			 n, off = 0;

	for (; left > 0; v++) {
		n = v->iov_len < left ? v->iov_len : left;
		memcpy(plan.scratch + off, v->iov_base, n);
		off += n;
		left -= n;
	}
	plan_release(c, block);
	rx_feed(c, plan.scratch, (uint32_t)off);
}

/*
 * Take up to n bytes of block k, whose head is at iov[iov].  Returns the
 * bytes used, or 0 if the guess was wrong.
 */
static size_t
plan_take(struct conn *c, uint32_t k, int iov, size_t n)
{
	struct rx	*rx = &c->rx;
	struct wire_msg	 m;
	size_t		 hlen = plan.vec.iov[iov].iov_len, body;

	if (n < hlen)
		return 0;
	wire_parse(plan.head[k], WIRE_HEAD_PIECE, &c->swarm->geom, &m);
	if (m.kind != WIRE_DATA || m.length != plan.length[k] ||
	    !request_expects(c, m.piece, m.begin, m.length))
		return 0;
	rx_start_data(c, &m, plan.slot[k]);
	plan.slot[k] = SLOT_NONE;
	body = n - hlen < m.length ? n - hlen : m.length;
	rx->got = (uint32_t)body;
	if (rx->got == rx->length)
		rx_data_done(c);
	return hlen + body;
}

static void
plan_walk(struct conn *c, size_t n)
{
	struct rx	*rx = &c->rx;
	int		 iov = 0;
	uint32_t	 k;
	size_t		 used;

	if (rx->state == RX_DATA) {
		used = plan.vec.iov[iov++].iov_len;
		if (used > n)
			used = n;
		rx->got += (uint32_t)used;
		n -= used;
		if (rx->got == rx->length)
			rx_data_done(c);
	}
	for (k = 0; k < plan.nblocks && n > 0; k++, iov += 2) {
		if (c->state == CONN_DEAD)
			break;
		if ((used = plan_take(c, k, iov, n)) == 0) {
			plan_failed(c, k, iov, n);
			return;
		}
		n -= used;
	}
	plan_release(c, 0);
}

static ssize_t
recv_into_slots(struct conn *c)
{
	ssize_t	n;

	n = readv(c->fd, plan.vec.iov, plan.vec.n);
	if (n <= 0) {
		plan_release(c, 0);
		return n;
	}
	crypt_open(c, plan.vec.iov, (size_t)n);
	plan_walk(c, (size_t)n);
	return n;
}

static ssize_t
recv_into_scratch(struct conn *c, uint64_t room)
{
	size_t	max = crypt_read_max(c);
	ssize_t	n;

	if (max > SCRATCH_READ)
		max = SCRATCH_READ;
	vec_clear(&plan.vec);
	vec_add(&plan.vec, plan.scratch, max < room ? max : (size_t)room);
	n = recv(c->fd, plan.scratch, plan.vec.total, 0);
	if (n <= 0)
		return n;
	crypt_open(c, plan.vec.iov, (size_t)n);
	rx_feed(c, plan.scratch, (uint32_t)n);
	return n;
}

/* One read of room bytes at most; false when there is no more to do now. */
static bool
recv_once(struct conn *c, uint64_t room)
{
	bool	wants;
	ssize_t	n;

	if (c->held)
		return false;
	wants = c->state == CONN_UP && (c->rx.state == RX_DATA ||
	    (c->asked.n > 0 && c->rx.state == RX_HEAD &&
	    c->rx.hlen < WIRE_HEAD_PIECE));
	if (wants) {
		if (!c->swarm->open || !data_ready(c->net) ||
		    !plan_make(c, room)) {
			conn_wait(c);
			return false;
		}
		n = recv_into_slots(c);
	} else {
		n = recv_into_scratch(c, room);
	}
	if (n == 0) {
		conn_close(c, "closed by peer");
	} else if (n == -1) {
		if (errno != EAGAIN && errno != EINTR)
			conn_close(c, strerror(errno));
	} else {
		c->received = loop_now(c->net->loop);
		if (c->net->shaped)
			throttle_received(c, (uint64_t)n);
	}
	return c->state != CONN_DEAD && n > 0 && (size_t)n == plan.vec.total &&
	    !crypt_waits(c);
}

static void
recv_done(struct conn *c)
{
	if (c->state != CONN_UP)
		return;
	request_refill(c);
	if (!c->blocked)
		send_flush(c);
}

void
recv_ready(struct conn *c)
{
	uint64_t	room = BUCKET_ALL;
	int		i;

	for (i = 0; i < CONN_READ_TURN; i++) {
		if (c->net->shaped && (room = throttle_recv_room(c)) == 0) {
			throttle_wait_recv(c);
			break;
		}
		if (!recv_once(c, room))
			break;
	}
	recv_done(c);
}

void
recv_turn(struct conn *c, uint64_t room)
{
	if (recv_once(c, room) && !c->waiting)
		throttle_wait_recv(c);
	recv_done(c);
	if (c->state != CONN_DEAD)
		conn_update_io(c);
}
