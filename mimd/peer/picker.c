/* SPDX-License-Identifier: ISC */
#include <sys/queue.h>

#include <stdlib.h>
#include <string.h>

#include "bitfield.h"
#include "mem.h"
#include "picker.h"
#include "picker_order.h"

#define ASKERS		2	/* peers that one block is asked of */
#define SENDER_NONE	0xff
#define SENDER_OVER	0xfe	/* one too many to remember */

enum block_state {
	BLOCK_FREE,
	BLOCK_ASKED,
	BLOCK_DISK,		/* received, on its way to disk */
	BLOCK_STORED
};

struct pick_block {
	uint32_t	asker[ASKERS];	/* 0: none */
	uint8_t		state;
	uint8_t		sender;		/* index into senders */
};

struct pick_piece {
	TAILQ_ENTRY(pick_piece) link;	/* picker::open or picker::busy */
	uint32_t	 piece, nblocks;
	uint32_t	 nfree;		/* blocks; > 0: on picker::open */
	uint32_t	 cursor;	/* no free block before it */
	uint32_t	 slot;		/* index in picker::pieces */
	uint32_t	 owner;		/* takes it alone while it can; or 0 */
	bool		 parole;	/* strictly alone */
	uint8_t		 nsenders;
	struct pick_sender senders[PICKER_SENDERS];
	struct pick_block blocks[];
};
TAILQ_HEAD(pick_list, pick_piece);

struct picker {
	const struct geom	*geom;
	struct order		 order;	/* pieces not begun, by rarity */
	uint8_t			*have;
	uint32_t		 left;
	uint32_t		 coming;	/* blocks of begun pieces */
	uint32_t		 done;	/* pieces completed since the start */
	struct pick_list	 open;	/* with free blocks, oldest first */
	struct pick_list	 busy;	/* all asked for */
	struct pick_piece	*pieces[PICKER_OPEN_MAX];
	uint32_t		 npieces;
};

static struct pick_piece *
picker_find(const struct picker *p, uint32_t piece)
{
	uint32_t	slot = order_open_slot(&p->order, piece);

	return slot == ORDER_NONE ? NULL : p->pieces[slot];
}

static bool
set_has(const struct picker *p, const struct pieceset *set, uint32_t piece)
{
	if (set->bits == NULL)
		return set->count == p->geom->npieces;
	return bitfield_get(set->bits, piece);
}

struct picker *
picker_new(const struct geom *g, const uint8_t *have)
{
	struct picker	*p = xcalloc(1, sizeof(*p));

	p->geom = g;
	p->have = xcalloc(1, bitfield_size(g->npieces));
	memcpy(p->have, have, bitfield_size(g->npieces));
	p->left = g->npieces - bitfield_count(have, g->npieces);
	p->done = g->npieces - p->left;
	TAILQ_INIT(&p->open);
	TAILQ_INIT(&p->busy);
	order_init(&p->order, g->npieces, have);
	return p;
}

void
picker_free(struct picker *p)
{
	uint32_t	i;

	if (p == NULL)
		return;
	for (i = 0; i < p->npieces; i++)
		free(p->pieces[i]);
	order_clear(&p->order);
	free(p->have);
	free(p);
}

bool
picker_has(const struct picker *p, uint32_t piece)
{
	return bitfield_get(p->have, piece);
}

uint32_t
picker_left(const struct picker *p)
{
	return p->left;
}

uint32_t
picker_nopen(const struct picker *p)
{
	return p->npieces;
}

bool
picker_all_came(const struct picker *p)
{
	return p->order.n == 0 && p->coming == 0;
}

const uint8_t *
picker_have_bits(const struct picker *p)
{
	return p->have;
}

uint32_t
picker_count_wanted(const struct picker *p, const struct pieceset *set)
{
	uint32_t	i, n = 0;
	size_t		bytes = bitfield_size(p->geom->npieces);

	if (set->bits == NULL)
		return set->count == p->geom->npieces ? p->left : 0;
	for (i = 0; i < bytes; i++)
		n += (uint32_t)__builtin_popcount(set->bits[i] &
		    (uint8_t)~p->have[i]);
	return n;
}

void
picker_add_set(struct picker *p, const struct pieceset *set)
{
	uint32_t	i;

	if (set->bits == NULL) {
		if (set->count == p->geom->npieces)
			p->order.seeds++;
		return;
	}
	for (i = 0; i < p->geom->npieces; i++)
		if (bitfield_get(set->bits, i))
			order_inc(&p->order, i);
}

void
picker_del_set(struct picker *p, const struct pieceset *set)
{
	uint32_t	i;

	if (set->bits == NULL) {
		if (set->count == p->geom->npieces)
			p->order.seeds--;
		return;
	}
	for (i = 0; i < p->geom->npieces; i++)
		if (bitfield_get(set->bits, i))
			order_dec(&p->order, i);
}

void
picker_add_piece(struct picker *p, uint32_t piece)
{
	order_inc(&p->order, piece);
}

/* Pieces begun: a list keeps those with something to ask apart. */
static void
piece_set_free(struct picker *p, struct pick_piece *pp, uint32_t nfree)
{
	bool	was = pp->nfree > 0, is = nfree > 0;

	pp->nfree = nfree;
	if (was == is)
		return;
	TAILQ_REMOVE(was ? &p->open : &p->busy, pp, link);
	if (is)
		TAILQ_INSERT_TAIL(&p->open, pp, link);
	else
		TAILQ_INSERT_TAIL(&p->busy, pp, link);
}

static void
block_free(struct picker *p, struct pick_piece *pp, uint32_t block)
{
	struct pick_block	*b = &pp->blocks[block];

	if (b->state >= BLOCK_DISK)
		p->coming++;
	b->state = BLOCK_FREE;
	b->sender = SENDER_NONE;
	memset(b->asker, 0, sizeof(b->asker));
	if (block < pp->cursor)
		pp->cursor = block;
	piece_set_free(p, pp, pp->nfree + 1);
}

static struct pick_piece *
piece_open(struct picker *p, uint32_t piece)
{
	uint32_t		 n = geom_nblocks(p->geom, piece), i;
	struct pick_piece	*pp;

	pp = xcalloc(1, sizeof(*pp) + n * sizeof(pp->blocks[0]));
	pp->piece = piece;
	pp->nblocks = pp->nfree = n;
	p->coming += n;
	for (i = 0; i < n; i++)
		pp->blocks[i].sender = SENDER_NONE;
	pp->slot = p->npieces;
	p->pieces[p->npieces++] = pp;
	order_open(&p->order, piece, pp->slot);
	TAILQ_INSERT_TAIL(&p->open, pp, link);
	return pp;
}

/* The piece is not begun any more; the caller says where it goes. */
static void
piece_close(struct picker *p, struct pick_piece *pp)
{
	struct pick_piece	*last = p->pieces[--p->npieces];
	uint32_t		 i;

	for (i = 0; i < pp->nblocks; i++)
		if (pp->blocks[i].state < BLOCK_DISK)
			p->coming--;
	TAILQ_REMOVE(pp->nfree > 0 ? &p->open : &p->busy, pp, link);
	if (last != pp) {
		last->slot = pp->slot;
		p->pieces[pp->slot] = last;
		order_move_slot(&p->order, last->piece, last->slot);
	}
	free(pp);
}

static bool
block_asked_of(const struct pick_block *b, uint32_t id)
{
	return b->asker[0] == id || b->asker[1] == id;
}

/* Take free blocks of pp in order. */
static uint32_t
piece_take(struct picker *p, struct pick_piece *pp, uint32_t id,
    struct pick *out, uint32_t n)
{
	uint32_t	got = 0, i;

	for (i = pp->cursor; i < pp->nblocks && got < n; i++) {
		if (pp->blocks[i].state != BLOCK_FREE)
			continue;
		pp->blocks[i].state = BLOCK_ASKED;
		pp->blocks[i].asker[0] = id;
		out[got].piece = pp->piece;
		out[got++].block = i;
	}
	pp->cursor = i;
	if (got > 0)
		piece_set_free(p, pp, pp->nfree - got);
	return got;
}

enum pick_step { STEP_OWN, STEP_SHARED, STEP_ANY };

/* May peer take blocks of this open piece in this step? */
static bool
step_allows(enum pick_step step, const struct pick_piece *pp,
    const struct pick_peer *peer)
{
	if (step == STEP_OWN)
		return pp->owner == peer->id;
	if (pp->owner != 0 && (step == STEP_SHARED || pp->parole))
		return false;
	/*
	 * On parole one takes over an abandoned piece if it is untouched;
	 * others as a last resort, or all on parole could wait for ever.
	 */
	return !peer->parole || (pp->owner == 0 &&
	    (step == STEP_ANY || pp->nfree == pp->nblocks));
}

static uint32_t
pick_from_open(struct picker *p, const struct pick_peer *peer,
    enum pick_step step, struct pick *out, uint32_t n)
{
	struct pick_piece	*pp, *next;
	uint32_t		 got = 0;

	for (pp = TAILQ_FIRST(&p->open); pp != NULL && got < n; pp = next) {
		next = TAILQ_NEXT(pp, link);
		if (!step_allows(step, pp, peer) ||
		    !set_has(p, peer->has, pp->piece))
			continue;
		if (step == STEP_SHARED && (peer->fast || peer->parole)) {
			/* An abandoned piece finds a new owner. */
			pp->owner = peer->id;
			pp->parole = peer->parole;
		}
		got += piece_take(p, pp, peer->id, out + got, n - got);
	}
	return got;
}

/* Does the peer have anything that is not begun? */
static bool
peer_has_unopened(const struct picker *p, const struct pick_peer *peer)
{
	uint32_t	i, open = 0;

	if (peer->has->bits == NULL)
		return peer->has->count != 0 && p->order.n > 0;
	for (i = 0; i < p->npieces; i++)
		if (bitfield_get(peer->has->bits, p->pieces[i]->piece))
			open++;
	return peer->wanted > open;
}

static uint32_t
pick_new_piece(const struct picker *p, const struct pick_peer *peer)
{
	if (!peer_has_unopened(p, peer))
		return PICKER_NONE;
	if (p->done + p->npieces < PICKER_RANDOM_FIRST)
		return order_random(&p->order, peer->has->bits);
	return order_rarest(&p->order, peer->has->bits, PICKER_PROBE);
}

static uint32_t
pick_from_new(struct picker *p, const struct pick_peer *peer, uint32_t limit,
    struct pick *out, uint32_t n)
{
	uint32_t		 got = 0, piece;
	struct pick_piece	*pp;

	while (got < n && p->npieces < PICKER_OPEN_MAX) {
		/* Small pieces: never less than what a window holds. */
		if (p->npieces >= limit && TAILQ_FIRST(&p->open) != NULL)
			break;
		if ((piece = pick_new_piece(p, peer)) == PICKER_NONE)
			break;
		pp = piece_open(p, piece);
		if (peer->fast || peer->parole) {
			pp->owner = peer->id;
			pp->parole = peer->parole;
		}
		got += piece_take(p, pp, peer->id, out + got, n - got);
	}
	return got;
}

/* Is there a block to ask for that someone here has? */
static bool
picker_has_free(const struct picker *p)
{
	const struct pick_piece	*pp;

	TAILQ_FOREACH(pp, &p->open, link)
		if (order_peers(&p->order, pp->piece) > 0)
			return true;
	return order_available(&p->order);
}

/* Every block to be had is asked for: ask once more, of an idle peer. */
static uint32_t
pick_endgame(struct picker *p, const struct pick_peer *peer, struct pick *out,
    uint32_t n)
{
	struct pick_piece	*pp;
	struct pick_block	*b;
	uint32_t		 got = 0, i;

	if (!peer->idle || peer->parole || picker_has_free(p))
		return 0;
	if (n > PICKER_ENDGAME)
		n = PICKER_ENDGAME;
	TAILQ_FOREACH(pp, &p->busy, link) {
		if (pp->parole || !set_has(p, peer->has, pp->piece))
			continue;
		for (i = 0; i < pp->nblocks && got < n; i++) {
			b = &pp->blocks[i];
			if (b->state != BLOCK_ASKED || b->asker[1] != 0 ||
			    block_asked_of(b, peer->id))
				continue;
			b->asker[1] = peer->id;
			out[got].piece = pp->piece;
			out[got++].block = i;
		}
		if (got == n)
			break;
	}
	return got;
}

uint32_t
picker_pick(struct picker *p, const struct pick_peer *peer, uint32_t npeers,
    struct pick *out, uint32_t n)
{
	uint32_t	got, limit = PICKER_OPEN_BASE + npeers + npeers / 2;

	if (n == 0 || peer->wanted == 0)
		return 0;
	got = pick_from_open(p, peer, STEP_OWN, out, n);
	if (got < n)
		got += pick_from_open(p, peer, STEP_SHARED, out + got,
		    n - got);
	if (got < n)
		got += pick_from_new(p, peer, limit, out + got, n - got);
	if (got < n)
		got += pick_from_open(p, peer, STEP_ANY, out + got, n - got);
	/* Who has none of the begun pieces (their peers left) may begin. */
	if (got == 0)
		got = pick_from_new(p, peer, PICKER_OPEN_MAX, out, n);
	if (got == 0)
		got = pick_endgame(p, peer, out, n);
	return got;
}

void
picker_unask(struct picker *p, uint32_t id, uint32_t piece, uint32_t block)
{
	struct pick_piece	*pp = picker_find(p, piece);
	struct pick_block	*b;

	if (pp == NULL || block >= pp->nblocks)
		return;
	b = &pp->blocks[block];
	if (b->state != BLOCK_ASKED || !block_asked_of(b, id))
		return;
	if (b->asker[0] == id)
		b->asker[0] = b->asker[1];
	b->asker[1] = 0;
	if (b->asker[0] == 0)
		block_free(p, pp, block);
}

void
picker_disown(struct picker *p, uint32_t id)
{
	uint32_t	i;

	for (i = 0; i < p->npieces; i++) {
		if (p->pieces[i]->owner != id)
			continue;
		p->pieces[i]->owner = 0;
		p->pieces[i]->parole = false;
	}
}

bool
picker_wants(const struct picker *p, uint32_t piece, uint32_t block)
{
	const struct pick_piece	*pp = picker_find(p, piece);

	return pp != NULL && block < pp->nblocks &&
	    (pp->blocks[block].state == BLOCK_FREE ||
	    pp->blocks[block].state == BLOCK_ASKED);
}

static uint8_t
piece_sender(struct pick_piece *pp, const struct pick_sender *sender)
{
	uint8_t	i;

	for (i = 0; i < pp->nsenders; i++)
		if (memcmp(pp->senders[i].ip, sender->ip, 16) == 0)
			return i;
	if (pp->nsenders == PICKER_SENDERS)
		return SENDER_OVER;
	pp->senders[pp->nsenders] = *sender;
	return pp->nsenders++;
}

uint32_t
picker_on_block(struct picker *p, const struct pick_sender *sender,
    uint32_t piece, uint32_t block)
{
	struct pick_piece	*pp = picker_find(p, piece);
	struct pick_block	*b;
	uint32_t		 other = 0;

	if (pp == NULL || block >= pp->nblocks)
		return 0;
	b = &pp->blocks[block];
	if (b->state == BLOCK_FREE)
		piece_set_free(p, pp, pp->nfree - 1);
	if (b->state < BLOCK_DISK)
		p->coming--;
	if (b->asker[0] != 0 && b->asker[0] != sender->id)
		other = b->asker[0];
	else if (b->asker[1] != 0 && b->asker[1] != sender->id)
		other = b->asker[1];
	memset(b->asker, 0, sizeof(b->asker));
	b->state = BLOCK_DISK;
	b->sender = piece_sender(pp, sender);
	return other;
}

void
picker_on_stored(struct picker *p, uint32_t piece, uint32_t block, bool ok)
{
	struct pick_piece	*pp = picker_find(p, piece);

	if (pp == NULL || block >= pp->nblocks ||
	    pp->blocks[block].state != BLOCK_DISK)
		return;
	if (ok)
		pp->blocks[block].state = BLOCK_STORED;
	else
		block_free(p, pp, block);
}

enum pick_verdict
picker_blame(const struct picker *p, uint32_t piece,
    struct pick_sender senders[PICKER_SENDERS], uint32_t *n)
{
	const struct pick_piece	*pp = picker_find(p, piece);
	uint32_t		 used = 0, i;
	bool			 over = false;

	*n = 0;
	if (pp == NULL)
		return PICK_UNKNOWN;
	for (i = 0; i < pp->nblocks; i++) {
		if (pp->blocks[i].sender == SENDER_OVER)
			over = true;
		else if (pp->blocks[i].sender != SENDER_NONE)
			used |= 1U << pp->blocks[i].sender;
	}
	for (i = 0; i < pp->nsenders; i++)
		if (used & 1U << i)
			senders[(*n)++] = pp->senders[i];
	if (*n == 0)
		return PICK_UNKNOWN;
	return *n == 1 && !over ? PICK_SOLE : PICK_MIXED;
}

bool
picker_on_good(struct picker *p, uint32_t piece)
{
	struct pick_piece	*pp = picker_find(p, piece);

	if (bitfield_get(p->have, piece))
		return false;
	if (pp != NULL)
		piece_close(p, pp);
	order_had(&p->order, piece);
	bitfield_set(p->have, piece);
	p->left--;
	p->done++;
	return true;
}

void
picker_on_bad(struct picker *p, uint32_t piece)
{
	struct pick_piece	*pp = picker_find(p, piece);
	uint32_t		 i;

	if (pp == NULL)
		return;
	for (i = 0; i < pp->nblocks; i++)
		if (pp->blocks[i].state >= BLOCK_DISK)
			block_free(p, pp, i);
	pp->nsenders = 0;
	pp->owner = 0;
	pp->parole = false;
}

void
picker_on_lost(struct picker *p, uint32_t piece)
{
	if (!bitfield_get(p->have, piece))
		return;
	bitfield_clear(p->have, piece);
	p->left++;
	order_lost(&p->order, piece);
}

void
picker_on_disk_gone(struct picker *p)
{
	uint32_t	i;

	for (i = 0; i < p->npieces; i++)
		picker_on_bad(p, p->pieces[i]->piece);
}
