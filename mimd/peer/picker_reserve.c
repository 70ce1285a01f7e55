/* SPDX-License-Identifier: ISC */
#include "picker_piece.h"

/*
 * Pieces that are set aside for a web seed: long runs, for each costs it a
 * request.  First those that no peer has, urgent ones before others.
 */

static bool
avoided(const struct picker_run *avoid, uint32_t n, uint32_t piece)
{
	uint32_t	i;

	for (i = 0; i < n; i++)
		if (piece - avoid[i].first < avoid[i].n)
			return true;
	return false;
}

/* How much a piece is worth: its class, and whether no peer has it. */
static uint32_t
worth(const struct picker *p, uint32_t piece)
{
	bool	rare = (p->mode & PICKER_SEQUENTIAL) == 0 &&
	    order_peers(&p->order, piece) == 0;

	return 2 * order_class(&p->order, piece) + rare + 1;
}

uint32_t
picker_reserve(struct picker *p, uint32_t max, const struct picker_run *avoid,
    uint32_t navoid, uint32_t *first)
{
	bool		in_order = (p->mode & PICKER_SEQUENTIAL) != 0;
	uint32_t	i, value, run = 0, was = 0;
	uint32_t	best = 0, best_value = 0, n;

	*first = 0;
	for (i = 0; i < p->geom->npieces; i++) {
		value = !order_listed(&p->order, i) || picker_skips(p, i) ||
		    avoided(avoid, navoid, i) ? 0 : worth(p, i);
		run = value != 0 && value == was && run < max ? run + 1 : 1;
		was = value;
		if (value == 0 || value < best_value ||
		    (value == best_value && (run <= best ||
		    (in_order && *first != i + 1 - run))))
			continue;
		best_value = value;
		best = run;
		*first = i + 1 - run;
	}
	for (n = 0; n < best; n++)
		order_open(&p->order, *first + n, ORDER_RESERVED);
	p->nreserved += best;
	return best;
}

bool
picker_release(struct picker *p, uint32_t piece)
{
	if (order_open_slot(&p->order, piece) != ORDER_RESERVED)
		return false;
	order_lost(&p->order, piece);
	p->nreserved--;
	return true;
}
