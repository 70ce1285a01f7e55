/* SPDX-License-Identifier: ISC */
#include "piece.h"

#include <stddef.h>
#include <stdlib.h>

#include "bitfield.h"
#include "geom.h"
#include "mem.h"

static int
piece_cmp(const struct piece *a, const struct piece *b)
{
	if (a->torrent != b->torrent)
		return a->torrent < b->torrent ? -1 : 1;
	if (a->index != b->index)
		return a->index < b->index ? -1 : 1;
	return 0;
}

RB_GENERATE_INTERNAL(piece_tree, piece, node, piece_cmp,
    static __attribute__((unused)))

void
piece_set_init(struct piece_set *set)
{
	*set = (struct piece_set){ .tree = RB_INITIALIZER(&set->tree) };
}

void
piece_set_clear(struct piece_set *set)
{
	struct piece	*p;

	while ((p = RB_MIN(piece_tree, &set->tree)) != NULL)
		piece_close(set, p);
	for (; set->nidle > 0; set->nhashers--)
		hash_free(set->idle[--set->nidle]);
}

struct piece *
piece_find(struct piece_set *set, uint32_t torrent, uint32_t index)
{
	struct piece	 key = { .torrent = torrent, .index = index };
	struct piece	*p = set->last;

	if (p != NULL && p->torrent == torrent && p->index == index)
		return p;
	p = RB_FIND(piece_tree, &set->tree, &key);
	if (p != NULL)
		set->last = p;
	return p;
}

struct piece *
piece_open(struct piece_set *set, uint32_t torrent, uint32_t index,
    uint32_t size, uint8_t owner)
{
	struct piece	*p;
	uint32_t	 nblocks = (size + BLOCK_SIZE - 1) / BLOCK_SIZE;

	if (set->n >= PIECES_OPEN_MAX ||
	    (owner != 0 && set->nothers >= PIECES_OWNER_MAX))
		return NULL;
	p = xcalloc(1, sizeof(*p) + bitfield_size(nblocks));
	p->torrent = torrent;
	p->index = index;
	p->size = size;
	p->nblocks = nblocks;
	p->owner = owner;
	set->nothers += owner != 0;
	RB_INSERT(piece_tree, &set->tree, p);
	set->n++;
	set->last = p;
	return p;
}

static void
piece_free(struct piece_set *set, struct piece *p)
{
	if (p->hash != NULL && set->nidle < PIECE_HASHERS)
		set->idle[set->nidle++] = p->hash;
	else if (p->hash != NULL) {
		hash_free(p->hash);
		set->nhashers--;
	}
	free(p);
}

void
piece_close(struct piece_set *set, struct piece *p)
{
	RB_REMOVE(piece_tree, &set->tree, p);
	set->n--;
	set->nothers -= p->owner != 0;
	if (set->last == p)
		set->last = NULL;
	p->closed = true;
	if (p->claims == 0)
		piece_free(set, p);
}

void
piece_close_owned(struct piece_set *set, uint8_t owner)
{
	struct piece	*p, *next;

	RB_FOREACH_SAFE(p, piece_tree, &set->tree, next)
		if (p->owner == owner)
			piece_close(set, p);
}

void
piece_close_span(struct piece_set *set, uint32_t torrent, uint32_t first,
    uint32_t last, uint8_t owner)
{
	struct piece	 key = { .torrent = torrent, .index = first };
	struct piece	*p, *next;

	for (p = RB_NFIND(piece_tree, &set->tree, &key); p != NULL &&
	    p->torrent == torrent && p->index <= last; p = next) {
		next = RB_NEXT(piece_tree, &set->tree, p);
		if (p->owner == owner)
			piece_close(set, p);
	}
}

void
piece_close_torrent(struct piece_set *set, uint32_t torrent)
{
	struct piece	 key = { .torrent = torrent };
	struct piece	*p, *next;

	for (p = RB_NFIND(piece_tree, &set->tree, &key);
	    p != NULL && p->torrent == torrent; p = next) {
		next = RB_NEXT(piece_tree, &set->tree, p);
		piece_close(set, p);
	}
}

bool
piece_holds(const struct piece *p, uint32_t block)
{
	return bitfield_get(p->bits, block);
}

void
piece_hold(struct piece *p, uint32_t first, uint32_t n)
{
	for (; n > 0; n--, first++) {
		if (!bitfield_get(p->bits, first))
			p->nheld++;
		bitfield_set(p->bits, first);
	}
}

bool
piece_full(const struct piece *p)
{
	return p->nheld == p->nblocks;
}

uint32_t
piece_ahead(const struct piece *p)
{
	uint32_t	block = p->cursor / BLOCK_SIZE;
	uint64_t	end;

	while (block < p->nblocks && bitfield_get(p->bits, block))
		block++;
	end = (uint64_t)block * BLOCK_SIZE;
	if (end > p->size)
		end = p->size;
	return end > p->cursor ? (uint32_t)end - p->cursor : 0;
}

/* A fresh digest for p; a full piece gets one beyond the limit. */
static struct hash *
piece_take_hasher(struct piece_set *set, const struct piece *p)
{
	struct hash	*h;

	if (set->nidle > 0) {
		h = set->idle[--set->nidle];
		hash_reset(h);
		return h;
	}
	if (set->nhashers >= PIECE_HASHERS && !piece_full(p))
		return NULL;
	set->nhashers++;
	return hash_new();
}

struct hash *
piece_claim(struct piece_set *set, struct piece *p, uint32_t len)
{
	if (p->hash == NULL &&
	    (p->hash = piece_take_hasher(set, p)) == NULL)
		return NULL;
	p->cursor += len;
	p->claims++;
	return p->hash;
}

bool
piece_settle(struct piece_set *set, struct piece *p)
{
	p->claims--;
	if (!p->closed)
		return true;
	if (p->claims == 0)
		piece_free(set, p);
	return false;
}

bool
piece_ready(const struct piece *p)
{
	return p->cursor == p->size && p->claims == 0 && piece_full(p);
}

void
piece_digest(struct piece *p, uint8_t out[SHA1_LEN])
{
	hash_final(p->hash, out);
}
