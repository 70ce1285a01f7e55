/* SPDX-License-Identifier: ISC */
#include "dataplane.h"
#include "loop.h"
#include "net.h"
#include "proto.h"
#include "reveal.h"
#include "upload.h"

/*
 * Requests of a peer wait in conn::in and are answered in order from the
 * block cache.  What is not there is read ahead of its turn: at least the
 * next requests, and beyond them if the peer reads a piece from one end to
 * the other but asks for little at a time.
 */
#define SEQUENTIAL	4	/* requests in a row that make it a pattern */
#define READ_AHEAD	16	/* blocks beyond what was asked for */

/* Is it one to be answered with a block? */
static bool
upload_accepts(struct conn *c, uint32_t piece, uint32_t begin,
    uint32_t length)
{
	if (length > WIRE_BLOCK_MAX || !swarm_has(c->swarm, piece) ||
	    !reveal_shows(c, piece) ||
	    !geom_has(&c->swarm->geom, piece, begin, length)) {
		if (++c->invalid > CONN_INVALID_MAX)
			conn_close(c, "asks for what there is not");
		return false;
	}
	if (c->am_choking && !fast_serves(c, piece, length)) {
		/* Requests sent before our choke arrived are no offence. */
		if (loop_now(c->net->loop) - c->choked_at > CONN_CHOKED_MS)
			proto_useless(c);
		return false;
	}
	if (reqs_push(&c->in, CONN_QUEUE_MAX, piece, begin, length))
		return true;
	proto_useless(c);
	return false;
}

void
upload_on_request(struct conn *c, uint32_t piece, uint32_t begin,
    uint32_t length)
{
	if (!upload_accepts(c, piece, begin, length)) {
		fast_refuse(c, piece, begin, length);
		return;
	}
	c->asked_us = true;
	if (piece == c->seq_piece && begin == c->seq_begin) {
		if (c->sequential < SEQUENTIAL)
			c->sequential++;
	} else if (begin != 0) {
		c->sequential = 0;
	}
	c->seq_piece = piece;
	c->seq_begin = begin + length;
}

void
upload_on_cancel(struct conn *c, uint32_t piece, uint32_t begin,
    uint32_t length)
{
	uint32_t	i = reqs_find(&c->in, piece, begin, length);

	if (i == REQS_NONE) {
		proto_useless(c);
		return;
	}
	if (i == 0)
		upload_unwait(c);
	reqs_remove(&c->in, i);
	fast_refuse(c, piece, begin, length);
}

void
upload_drop_piece(struct conn *c, uint32_t piece)
{
	struct req	r;
	uint32_t	i = 0;

	while (i < c->in.n) {
		r = *reqs_at(&c->in, i);
		if (r.piece != piece) {
			i++;
			continue;
		}
		if (i == 0)
			upload_unwait(c);
		reqs_remove(&c->in, i);
		fast_refuse(c, r.piece, r.begin, r.length);
	}
}

/* Without BEP 6 a choke says it all. */
void
upload_on_choke(struct conn *c)
{
	const struct req	*r;
	uint32_t		 i;

	for (i = 0; i < c->in.n; i++) {
		r = reqs_at(&c->in, i);
		fast_refuse(c, r->piece, r->begin, r->length);
	}
	upload_clear(c);
}

void
upload_clear(struct conn *c)
{
	upload_unwait(c);
	reqs_clear(&c->in);
}

void
upload_unwait(struct conn *c)
{
	struct conn	*o;
	struct slot	*slot;

	if (c->wait_slot == SLOT_NONE)
		return;
	slot = &c->net->slots.v[c->wait_slot];
	c->wait_slot = SLOT_NONE;
	if (slot->waiters == c) {
		slot->waiters = c->wait_next;
		return;
	}
	for (o = slot->waiters; o != NULL; o = o->wait_next) {
		if (o->wait_next == c) {
			o->wait_next = c->wait_next;
			return;
		}
	}
}

static void
upload_wait(struct conn *c, uint32_t slot)
{
	if (c->wait_slot == slot)
		return;
	upload_unwait(c);
	c->wait_slot = slot;
	c->wait_next = c->net->slots.v[slot].waiters;
	c->net->slots.v[slot].waiters = c;
}

/* False if no slot is to be had now. */
static bool
upload_read(struct conn *c, const struct req *r)
{
	struct net	*net = c->net;
	uint32_t	 slot;

	if ((slot = slots_take_cache(&net->slots)) == SLOT_NONE) {
		net->starved = true;
		return false;
	}
	data_read(net, c->swarm->id, r->piece, r->begin, r->length, slot);
	return true;
}

static bool
upload_cached(const struct conn *c, const struct req *r)
{
	return slots_find(&c->net->slots, c->swarm->id, r->piece, r->begin,
	    r->length) != SLOT_NONE;
}

static void
upload_read_ahead(struct conn *c)
{
	const struct geom	*g = &c->swarm->geom;
	uint32_t		 size = geom_piece_size(g, c->seq_piece), k;
	struct req		 r = { c->seq_piece, c->seq_begin, 0 };

	for (k = 0; k < READ_AHEAD && r.begin < size; k++) {
		r.length = size - r.begin < BLOCK_SIZE ? size - r.begin :
		    BLOCK_SIZE;
		if (upload_cached(c, &r) || !upload_read(c, &r))
			return;
		r.begin += r.length;
	}
}

/*
 * Blocks to be read before they are sent: a quarter of the arena is for those
 * of all.
 */
static uint32_t
upload_ahead(const struct conn *c)
{
	uint32_t	n = c->ahead, share;

	share = c->net->slots.n / 4 / (c->net->nunchoked + 1);
	if (share < CONN_AHEAD_MIN)
		share = CONN_AHEAD_MIN;
	if (n > share)
		n = share;
	return n < c->in.n ? n : c->in.n;
}

void
upload_prefetch(struct conn *c)
{
	struct net	*net = c->net;
	uint32_t	 n = upload_ahead(c), i, slot;
	struct req	*r;

	if (net->data == NULL || !c->swarm->open || c->in.n == 0)
		return;
	for (i = 0; i < n; i++)
		if (!upload_cached(c, reqs_at(&c->in, i)))
			break;
	/* Half a window ready is enough; read the rest in one go later. */
	if (i <= n / 2) {
		for (; i < n; i++) {
			r = reqs_at(&c->in, i);
			if (!upload_cached(c, r) && !upload_read(c, r))
				break;
		}
		if (i == c->in.n && c->in.n < READ_AHEAD / 2 &&
		    c->sequential == SEQUENTIAL)
			upload_read_ahead(c);
	}
	r = reqs_at(&c->in, 0);
	slot = slots_find(&net->slots, c->swarm->id, r->piece, r->begin,
	    r->length);
	if (slot != SLOT_NONE && net->slots.v[slot].use == SLOT_READ)
		upload_wait(c, slot);
	else if (slot != SLOT_NONE && !c->blocked && !c->tx_line.waiting)
		conn_send_soon(c);
	if (net->nreads > 0)
		net_turn_soon(net);
}

void
upload_on_read(struct net *net, uint32_t slot, bool failed)
{
	struct slot	*v = &net->slots.v[slot];
	struct conn	*c, *next;
	struct req	 r;

	for (c = v->waiters; c != NULL; c = next) {
		next = c->wait_next;
		c->wait_slot = SLOT_NONE;
		if (failed && c->in.n > 0) {
			r = *reqs_at(&c->in, 0);
			reqs_remove(&c->in, 0);
			fast_refuse(c, r.piece, r.begin, r.length);
		}
		if (!c->blocked)
			conn_send_soon(c);
	}
	v->waiters = NULL;
}
