/* SPDX-License-Identifier: ISC */
#include <sys/uio.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "loop.h"
#include "mem.h"
#include "meta.h"
#include "net.h"
#include "send.h"
#include "throttle.h"
#include "upload.h"
#include "usage.h"
#include "vec.h"

/*
 * Sending.  One writev(2) takes the rest of a half sent block, then control
 * messages, then as many (head, slot) pairs of answers as are in the cache.
 * Only a block that the socket took in part is pinned, so a slow receiver
 * holds one slot.
 */
static struct {
	uint8_t		 head[CONN_SEND_BLOCKS + 1][WIRE_HEAD_PIECE];
	uint32_t	 slot[CONN_SEND_BLOCKS];
	uint32_t	 nblocks;
	struct vec	 vec;
} plan;

void
send_bytes(struct conn *c, const void *p, uint32_t n)
{
	struct tx	*tx = &c->tx;

	if (c->state == CONN_DEAD || c->overflow)
		return;
	if (tx->len - tx->off + n > CONN_OUT_MAX) {
		/* Not closed here: callers walk lists of connections. */
		c->overflow = true;
		conn_send_soon(c);
		return;
	}
	if (tx->off > 0 && tx->len + n > tx->size) {
		memmove(tx->buf, tx->buf + tx->off, tx->len - tx->off);
		tx->len -= tx->off;
		tx->off = 0;
	}
	if (tx->len + n > tx->size) {
		tx->size = tx->size == 0 ? 128 : tx->size;
		while (tx->len + n > tx->size)
			tx->size *= 2;
		tx->buf = xreallocarray(tx->buf, tx->size, 1);
	}
	memcpy(tx->buf + tx->len, p, n);
	tx->len += n;
}

void
send_plain(struct conn *c, enum wire_id id)
{
	uint8_t	buf[5];

	send_bytes(c, buf, (uint32_t)wire_put_plain(buf, id));
	conn_send_soon(c);
}

/* Head and bytes of a block, from its byte done on. */
static void
plan_block(struct conn *c, uint8_t *head, const struct req *r, uint32_t slot,
    uint32_t done)
{
	uint8_t	*data = arena_slot(&c->net->arena, slot);

	wire_put_piece(head, r->piece, r->begin, r->length);
	if (done < WIRE_HEAD_PIECE) {
		vec_add(&plan.vec, head + done, WIRE_HEAD_PIECE - done);
		vec_add(&plan.vec, data, r->length);
	} else {
		done -= WIRE_HEAD_PIECE;
		vec_add(&plan.vec, data + done, r->length - done);
	}
}

/*
 * Requests and the like wait for no limit, as all else would wait for them;
 * they are owed.  False if there is nothing of that kind.
 */
static bool
plan_urgent(struct conn *c)
{
	uint32_t	n = c->tx.len - c->tx.off;

	plan.nblocks = 0;
	vec_clear(&plan.vec);
	if (c->tx.slot != SLOT_NONE || n == 0 || n > CONN_SEND_URGENT)
		return false;
	vec_add(&plan.vec, c->tx.buf + c->tx.off, n);
	return true;
}

static void
plan_make(struct conn *c, uint64_t room)
{
	struct net	*net = c->net;
	struct req	*r;
	uint32_t	 slot;

	plan.nblocks = 0;
	vec_clear(&plan.vec);
	if (c->tx.slot != SLOT_NONE)
		plan_block(c, plan.head[CONN_SEND_BLOCKS], &c->tx.req,
		    c->tx.slot, c->tx.done);
	if (c->tx.len > c->tx.off)
		vec_add(&plan.vec, c->tx.buf + c->tx.off,
		    c->tx.len - c->tx.off);
	if (net->data == NULL)
		return;
	while (plan.nblocks < CONN_SEND_BLOCKS && plan.nblocks < c->in.n &&
	    plan.vec.total < room) {
		r = reqs_at(&c->in, plan.nblocks);
		slot = slots_find(&net->slots, c->swarm->id, r->piece,
		    r->begin, r->length);
		if (slot == SLOT_NONE ||
		    net->slots.v[slot].use != SLOT_CACHED)
			break;
		plan_block(c, plan.head[plan.nblocks], r, slot, 0);
		plan.slot[plan.nblocks++] = slot;
	}
}

static void
block_sent(struct conn *c, uint32_t length)
{
	c->uploaded += length;
	c->swarm->uploaded += length;
	c->swarm->changed = c->changed = true;
	c->net->up_since += length;
	rate_add(&c->up, c->sent, length);
	rate_add(&c->swarm->traffic->up, c->sent, length);
}

/* Bytes of a block beyond those before it: all of it, or a part. */
static size_t
take_current(struct conn *c, size_t n)
{
	struct tx	*tx = &c->tx;
	size_t		 left = WIRE_HEAD_PIECE + tx->req.length - tx->done;

	if (n < left) {
		tx->done += (uint32_t)n;
		return n;
	}
	slots_unpin(&c->net->slots, tx->slot, c->sent);
	tx->slot = SLOT_NONE;
	block_sent(c, tx->req.length);
	return left;
}

static size_t
take_control(struct conn *c, size_t n)
{
	struct tx	*tx = &c->tx;

	if (n > tx->len - tx->off)
		n = tx->len - tx->off;
	tx->off += (uint32_t)n;
	if (tx->off == tx->len) {
		/* Idle connections keep no buffer. */
		tx->off = tx->len = 0;
		if (tx->size > 4096 || c->in.n + c->asked.n == 0) {
			free(tx->buf);
			tx->buf = NULL;
			tx->size = 0;
		}
	}
	return n;
}

/* Account for n bytes that the socket took. */
static void
plan_done(struct conn *c, size_t n)
{
	uint32_t	k;

	if (c->tx.slot != SLOT_NONE) {
		n -= take_current(c, n);
		if (c->tx.slot != SLOT_NONE)
			return;
	}
	if (c->tx.len > c->tx.off) {
		n -= take_control(c, n);
		if (c->tx.len > c->tx.off)
			return;
	}
	for (k = 0; k < plan.nblocks && n > 0; k++) {
		c->tx.req = *reqs_at(&c->in, 0);
		c->tx.slot = plan.slot[k];
		c->tx.done = 0;
		reqs_remove(&c->in, 0);
		slots_pin(&c->net->slots, c->tx.slot, c->sent);
		usage_sent(c->net);
		n -= take_current(c, n);
	}
	/* A small arena must not end up in the hands of slow readers. */
	if (c->net->slots.npinned > c->net->slots.n / 4)
		send_detach(c);
}

static void
send_grow_ahead(struct conn *c, bool drained, uint32_t nblocks)
{
	if (drained && c->ahead < CONN_AHEAD_MAX)
		c->ahead *= 2;
	else if (!drained && nblocks < c->ahead / 4 && c->ahead > 4)
		c->ahead /= 2;
}

/* full: the socket took less than it was given. */
static ssize_t
send_plan(struct conn *c, bool *full)
{
	ssize_t	n;

	if (c->crypt != NULL)
		return crypt_writev(c, plan.vec.iov, plan.vec.n, full);
	n = writev(c->fd, plan.vec.iov, plan.vec.n);
	*full = n >= 0 && (size_t)n < plan.vec.total;
	return n;
}

/* One write; false when there is no more to do now. */
static bool
send_once(struct conn *c, size_t *sent)
{
	ssize_t	n;
	bool	full;

	n = send_plan(c, &full);
	if (n == -1) {
		if (errno != EAGAIN && errno != EINTR)
			conn_close(c, strerror(errno));
		else
			c->blocked = true;
		return false;
	}
	c->sent = loop_now(c->net->loop);
	if (c->net->shaped)
		throttle_sent(c, (uint64_t)n);
	*sent += (size_t)n;
	plan_done(c, (size_t)n);
	if (full || *sent >= CONN_SEND_TURN)
		c->blocked = true;
	return !c->blocked;
}

void
send_turn(struct conn *c, uint64_t room)
{
	size_t		sent = 0;
	uint32_t	blocks = 0;
	bool		urgent;

	if (c->state != CONN_UP && c->state != CONN_HANDSHAKE)
		return;
	if (c->overflow) {
		conn_close(c, "does not read");
		return;
	}
	do {
		if (c->net->shaped && room == 0)
			room = throttle_send_room(c);
		urgent = room == 0 && (plan_urgent(c) || crypt_pending(c));
		if (!urgent)
			plan_make(c, room == 0 ? 1 : room);
		if (plan.vec.n == 0 && !crypt_pending(c))
			break;
		if (room == 0 && !urgent) {
			throttle_wait_send(c);
			break;
		}
		vec_cut(&plan.vec, urgent ? BUCKET_ALL : room);
		blocks += plan.nblocks;
		room = c->net->shaped ? 0 : BUCKET_ALL;
	} while (send_once(c, &sent));
	if (c->state == CONN_DEAD)
		return;
	if (c->in.n > 0 && c->state == CONN_UP) {
		send_grow_ahead(c, !c->blocked && !c->tx_line.waiting,
		    blocks);
		upload_prefetch(c);
	}
	if (c->meta != NULL && c->meta->nqueue > 0 && !c->blocked &&
	    !c->tx_line.waiting)
		serve_pump(c);
	conn_update_io(c);
}

void
send_flush(struct conn *c)
{
	send_turn(c, c->net->shaped ? 0 : BUCKET_ALL);
}

void
send_clear(struct conn *c)
{
	if (c->tx.slot != SLOT_NONE)
		slots_unpin(&c->net->slots, c->tx.slot, c->sent);
	c->tx.slot = SLOT_NONE;
	free(c->tx.buf);
	c->tx.buf = NULL;
	c->tx.len = c->tx.off = c->tx.size = 0;
}

void
send_detach(struct conn *c)
{
	struct tx	*tx = &c->tx;
	uint32_t	 rest = tx->len - tx->off, left, size;
	uint8_t		 block[WIRE_HEAD_PIECE + WIRE_BLOCK_MAX], *buf;

	if (tx->slot == SLOT_NONE)
		return;
	wire_put_piece(block, tx->req.piece, tx->req.begin, tx->req.length);
	memcpy(block + WIRE_HEAD_PIECE, arena_slot(&c->net->arena, tx->slot),
	    tx->req.length);
	left = WIRE_HEAD_PIECE + tx->req.length - tx->done;
	size = left + rest;
	buf = xmalloc(size);
	memcpy(buf, block + tx->done, left);
	if (rest > 0)
		memcpy(buf + left, tx->buf + tx->off, rest);
	free(tx->buf);
	tx->buf = buf;
	tx->off = 0;
	tx->len = tx->size = size;
	slots_unpin(&c->net->slots, tx->slot, c->sent);
	tx->slot = SLOT_NONE;
	block_sent(c, tx->req.length);
}
