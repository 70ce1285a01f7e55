/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "picker_piece.h"

/* Pieces that are begun: their blocks, who was asked, who sent them. */

struct pick_piece *
begun_find(const struct picker *p, uint32_t piece)
{
	uint32_t	slot = order_open_slot(&p->order, piece);

	return slot == ORDER_NONE || slot == ORDER_RESERVED ? NULL :
	    p->pieces[slot];
}

uint32_t
begun_prio(const struct picker *p, const struct pick_piece *pp)
{
	return order_class(&p->order, pp->piece) / 2;
}

/* Does a come before b? */
static bool
piece_before(const struct picker *p, const struct pick_piece *a,
    const struct pick_piece *b)
{
	uint32_t	ca = order_class(&p->order, a->piece);
	uint32_t	cb = order_class(&p->order, b->piece);

	if (ca != cb)
		return ca > cb;
	if (p->mode & PICKER_SEQUENTIAL)
		return a->piece < b->piece;
	return (int32_t)(a->serial - b->serial) < 0;
}

/* New ones go to the end, mostly at once; at most PICKER_OPEN_MAX steps. */
static void
piece_enlist(struct picker *p, struct pick_piece *pp)
{
	struct pick_piece	*q = TAILQ_LAST(&p->open, pick_list);

	while (q != NULL && piece_before(p, pp, q))
		q = TAILQ_PREV(q, pick_list, link);
	if (q == NULL)
		TAILQ_INSERT_HEAD(&p->open, pp, link);
	else
		TAILQ_INSERT_AFTER(&p->open, q, pp, link);
}

void
begun_sort(struct picker *p)
{
	struct pick_list	 old = TAILQ_HEAD_INITIALIZER(old);
	struct pick_piece	*pp;
	uint32_t		 i;

	TAILQ_CONCAT(&old, &p->open, link);
	while ((pp = TAILQ_FIRST(&old)) != NULL) {
		TAILQ_REMOVE(&old, pp, link);
		piece_enlist(p, pp);
	}
	memset(p->nprio, 0, sizeof(p->nprio));
	for (i = 0; i < p->npieces; i++)
		p->nprio[begun_prio(p, p->pieces[i])]++;
}

/* A list keeps those with something to ask apart. */
static void
piece_set_free(struct picker *p, struct pick_piece *pp, uint32_t nfree)
{
	bool	was = pp->nfree > 0, is = nfree > 0;

	pp->nfree = nfree;
	if (was == is)
		return;
	TAILQ_REMOVE(was ? &p->open : &p->busy, pp, link);
	if (is) {
		piece_enlist(p, pp);
		return;
	}
	TAILQ_INSERT_TAIL(&p->busy, pp, link);
	pp->busy_at = p->now;
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

struct pick_piece *
begun_open(struct picker *p, uint32_t piece)
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
	pp->serial = p->serial++;
	p->pieces[p->npieces++] = pp;
	p->nprio[begun_prio(p, pp)]++;
	order_open(&p->order, piece, pp->slot);
	piece_enlist(p, pp);
	return pp;
}

void
begun_close(struct picker *p, struct pick_piece *pp)
{
	struct pick_piece	*last = p->pieces[--p->npieces];
	uint32_t		 i;

	for (i = 0; i < pp->nblocks; i++)
		if (pp->blocks[i].state < BLOCK_DISK)
			p->coming--;
	TAILQ_REMOVE(pp->nfree > 0 ? &p->open : &p->busy, pp, link);
	p->nprio[begun_prio(p, pp)]--;
	if (last != pp) {
		last->slot = pp->slot;
		p->pieces[pp->slot] = last;
		order_move_slot(&p->order, last->piece, last->slot);
	}
	free(pp->senders);
	free(pp->suspects);
	free(pp);
}

void
begun_reset(struct picker *p, struct pick_piece *pp)
{
	uint32_t	i;

	for (i = 0; i < pp->nblocks; i++)
		if (pp->blocks[i].state >= BLOCK_DISK)
			block_free(p, pp, i);
	pp->nsenders = 0;
	pp->owner = 0;
	pp->alone = false;
}

void
begun_own(struct picker *p, struct pick_piece *pp, uint32_t id, bool alone)
{
	pp->owner = id;
	pp->alone = alone;
	pp->owned_at = p->now;
}

void
begun_release_old(struct picker *p, struct pick_piece *pp)
{
	if (pp->owner == 0 || p->now < pp->owned_at + PICKER_OWN_MS)
		return;
	pp->owner = 0;
	pp->alone = false;
}

bool
block_asked_of(const struct pick_block *b, uint32_t id)
{
	return b->asker[0] == id || b->asker[1] == id;
}

uint32_t
block_ask_again(struct picker *p, struct pick_block *b, uint32_t id)
{
	uint32_t	instead = 0;

	if (b->asker[1] != 0) {
		instead = b->asker[0];
		b->asker[0] = b->asker[1];
	}
	b->asker[1] = id;
	b->asked = (uint32_t)p->now;
	return instead;
}

uint32_t
begun_take(struct picker *p, struct pick_piece *pp, uint32_t id,
    struct pick *out, uint32_t n)
{
	uint32_t	got = 0, i;

	for (i = pp->cursor; i < pp->nblocks && got < n; i++) {
		if (pp->blocks[i].state != BLOCK_FREE)
			continue;
		pp->blocks[i].state = BLOCK_ASKED;
		pp->blocks[i].asker[0] = id;
		pp->blocks[i].asked = (uint32_t)p->now;
		out[got++] = (struct pick){ .piece = pp->piece, .block = i };
	}
	pp->cursor = i;
	if (got > 0)
		piece_set_free(p, pp, pp->nfree - got);
	return got;
}

void
picker_unask(struct picker *p, uint32_t id, uint32_t piece, uint32_t block)
{
	struct pick_piece	*pp = begun_find(p, piece);
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
		p->pieces[i]->alone = false;
	}
}

bool
picker_wants(const struct picker *p, uint32_t piece, uint32_t block)
{
	const struct pick_piece	*pp = begun_find(p, piece);

	return pp != NULL && block < pp->nblocks &&
	    (pp->blocks[block].state == BLOCK_FREE ||
	    pp->blocks[block].state == BLOCK_ASKED);
}

/* Addresses are what counts: who comes back is the same sender. */
static uint8_t
piece_sender(struct pick_piece *pp, const struct pick_sender *sender)
{
	uint8_t	i;

	for (i = 0; i < pp->nsenders; i++)
		if (memcmp(pp->senders[i].ip, sender->ip, 16) == 0)
			return i;
	if (pp->nsenders == PICKER_SENDERS)
		return SENDER_OVER;
	if ((pp->nsenders & (pp->nsenders - 1)) == 0)
		pp->senders = xreallocarray(pp->senders,
		    pp->nsenders == 0 ? 1 : 2U * pp->nsenders,
		    sizeof(*pp->senders));
	pp->senders[pp->nsenders] = *sender;
	return pp->nsenders++;
}

uint32_t
picker_on_block(struct picker *p, const struct pick_sender *sender,
    uint32_t piece, uint32_t block)
{
	struct pick_piece	*pp = begun_find(p, piece);
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
	if (p->credit < PICKER_LATE_SAVED * PICKER_LATE_SHARE)
		p->credit++;
	return other;
}

void
picker_on_stored(struct picker *p, uint32_t piece, uint32_t block, bool ok)
{
	struct pick_piece	*pp = begun_find(p, piece);

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
	const struct pick_piece	*pp = begun_find(p, piece);
	uint64_t		 used = 0;
	uint32_t		 i;
	bool			 over = false;

	*n = 0;
	if (pp == NULL)
		return PICK_UNKNOWN;
	for (i = 0; i < pp->nblocks; i++) {
		if (pp->blocks[i].sender == SENDER_OVER)
			over = true;
		else if (pp->blocks[i].sender != SENDER_NONE)
			used |= 1ULL << pp->blocks[i].sender;
	}
	for (i = 0; i < pp->nsenders; i++)
		if (used & 1ULL << i)
			senders[(*n)++] = pp->senders[i];
	if (*n == 0)
		return PICK_UNKNOWN;
	return *n == 1 && !over ? PICK_SOLE : PICK_MIXED;
}

uint32_t
picker_block_sender(const struct picker *p, uint32_t piece, uint32_t block,
    const struct pick_sender *senders, uint32_t n)
{
	const struct pick_piece	*pp = begun_find(p, piece);
	uint32_t		 i;

	if (pp == NULL || block >= pp->nblocks ||
	    pp->blocks[block].sender >= pp->nsenders)
		return n;
	for (i = 0; i < n; i++)
		if (memcmp(senders[i].ip,
		    pp->senders[pp->blocks[block].sender].ip, 16) == 0)
			break;
	return i;
}
