/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "bitfield.h"
#include "mem.h"
#include "picker_piece.h"

bool
pick_set_has(const struct picker *p, const struct pieceset *set, uint32_t piece)
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
	p->left_wanted = p->left;
	p->done = g->npieces - p->left;
	TAILQ_INIT(&p->open);
	TAILQ_INIT(&p->busy);
	order_init(&p->order, g->npieces, p->have);
	p->credit = PICKER_LATE_SHARE;
	return p;
}

void
picker_free(struct picker *p)
{
	uint32_t	i;

	if (p == NULL)
		return;
	while ((i = p->npieces) > 0)
		begun_close(p, p->pieces[i - 1]);
	order_clear(&p->order);
	free(p->hints);
	free(p->have);
	free(p->skip);
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
picker_left_wanted(const struct picker *p)
{
	return p->left_wanted;
}

bool
picker_skips(const struct picker *p, uint32_t piece)
{
	return p->skip != NULL && bitfield_get(p->skip, piece);
}

bool
picker_lacks(const struct picker *p, uint32_t piece)
{
	return !bitfield_get(p->have, piece) && !picker_skips(p, piece);
}

uint32_t
picker_nopen(const struct picker *p)
{
	return p->npieces;
}

bool
picker_all_came(const struct picker *p)
{
	return p->order.n == 0 && p->coming == 0 && p->nreserved == 0;
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
		return set->count == p->geom->npieces ? p->left_wanted : 0;
	for (i = 0; i < bytes; i++)
		n += (uint32_t)__builtin_popcount(set->bits[i] &
		    (uint8_t)~p->have[i] &
		    (uint8_t)~(p->skip != NULL ? p->skip[i] : 0));
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

void
picker_del_piece(struct picker *p, uint32_t piece)
{
	order_dec(&p->order, piece);
}

bool
picker_begun(const struct picker *p, uint32_t piece)
{
	return order_open_slot(&p->order, piece) != ORDER_NONE;
}

uint32_t
picker_availability(const struct picker *p, uint32_t piece)
{
	return order_peers(&p->order, piece);
}

void
picker_set_mode(struct picker *p, uint32_t mode)
{
	p->mode = mode;
	if (mode & PICKER_EDGES_FIRST)
		picker_add_file(p, 0, p->geom->npieces - 1);
	order_edges_first(&p->order, (mode & PICKER_EDGES_FIRST) != 0);
	begun_sort(p);
}

static void
picker_set_skip(struct picker *p, uint32_t piece, bool skip)
{
	if (picker_skips(p, piece) == skip)
		return;
	if (p->skip == NULL)
		p->skip = xcalloc(1, bitfield_size(p->geom->npieces));
	if (skip)
		bitfield_set(p->skip, piece);
	else
		bitfield_clear(p->skip, piece);
	if (!bitfield_get(p->have, piece))
		p->left_wanted += skip ? -1U : 1U;
}

void
picker_set_priority(struct picker *p, uint32_t first, uint32_t last,
    enum picker_prio prio)
{
	uint32_t	i;

	for (i = first; i <= last && i < p->geom->npieces; i++) {
		picker_set_skip(p, i, prio == PICKER_SKIP);
		order_set_prio(&p->order, i, prio);
	}
	begun_sort(p);
}

void
picker_add_file(struct picker *p, uint32_t first, uint32_t last)
{
	if (first >= p->geom->npieces || last >= p->geom->npieces)
		return;
	order_set_edge(&p->order, first);
	order_set_edge(&p->order, last);
	if (p->npieces > 0)
		begun_sort(p);
}

bool
picker_on_good(struct picker *p, uint32_t piece)
{
	struct pick_piece	*pp = begun_find(p, piece);

	if (bitfield_get(p->have, piece))
		return false;
	if (pp != NULL)
		begun_close(p, pp);
	picker_release(p, piece);
	order_had(&p->order, piece);
	bitfield_set(p->have, piece);
	p->left--;
	p->left_wanted -= !picker_skips(p, piece);
	p->done++;
	return true;
}

/* Whoever had a part in it is not the first to be asked again. */
void
picker_on_bad(struct picker *p, uint32_t piece)
{
	struct pick_piece	*pp = begun_find(p, piece);
	uint8_t			 i;

	if (pp == NULL)
		return;
	pp->suspects = xreallocarray(pp->suspects,
	    pp->nsenders > 0 ? pp->nsenders : 1, sizeof(*pp->suspects));
	for (i = 0; i < pp->nsenders; i++)
		pp->suspects[i] = pp->senders[i].id;
	pp->nsuspects = pp->nsenders;
	pp->failed_at = p->now;
	pp->waits = true;
	begun_reset(p, pp);
}

void
picker_retry(struct picker *p, uint32_t piece)
{
	struct pick_piece	*pp = begun_find(p, piece);

	if (pp != NULL)
		pp->waits = false;
}

void
picker_on_lost(struct picker *p, uint32_t piece)
{
	if (!bitfield_get(p->have, piece))
		return;
	bitfield_clear(p->have, piece);
	p->left++;
	p->left_wanted += !picker_skips(p, piece);
	order_lost(&p->order, piece);
}

void
picker_on_disk_gone(struct picker *p)
{
	uint32_t	i;

	for (i = 0; i < p->npieces; i++) {
		p->pieces[i]->waits = false;
		begun_reset(p, p->pieces[i]);
	}
}
