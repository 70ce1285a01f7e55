/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "bitfield.h"
#include "mem.h"
#include "picker_order.h"

/* Values of pos beside an index into the list. */
#define POS_HAVE	UINT32_MAX
#define POS_OPEN	0x80000000U	/* or-ed with the slot */

static bool
order_listed(const struct order *o, uint32_t piece)
{
	return o->pos[piece] < POS_OPEN;
}

static void
order_put(struct order *o, uint32_t at, uint32_t piece)
{
	o->list[at] = piece;
	o->pos[piece] = at;
}

static void
order_swap(struct order *o, uint32_t a, uint32_t b)
{
	uint32_t	pa = o->list[a];

	order_put(o, a, o->list[b]);
	order_put(o, b, pa);
}

/* Give the piece at a random place among its equals. */
static void
order_shuffle(struct order *o, uint32_t piece)
{
	uint32_t	a = o->avail[piece];
	uint32_t	n = o->first[a + 1] - o->first[a];

	if (n > 1)
		order_swap(o, o->pos[piece],
		    o->first[a] + arc4random_uniform(n));
}

/* Make room for availability a. */
static void
order_grow(struct order *o, uint32_t a)
{
	uint32_t	i;

	if (a < o->navail)
		return;
	o->first = xreallocarray(o->first, a + 2, sizeof(*o->first));
	for (i = o->navail + 1; i <= a + 1; i++)
		o->first[i] = o->n;
	o->navail = a + 1;
}

void
order_init(struct order *o, uint32_t npieces, const uint8_t *have)
{
	uint32_t	i;

	memset(o, 0, sizeof(*o));
	o->npieces = npieces;
	o->list = xcalloc(npieces, sizeof(*o->list));
	o->pos = xcalloc(npieces, sizeof(*o->pos));
	o->avail = xcalloc(npieces, sizeof(*o->avail));
	for (i = 0; i < npieces; i++) {
		if (bitfield_get(have, i))
			o->pos[i] = POS_HAVE;
		else
			order_put(o, o->n++, i);
	}
	for (i = 0; i + 1 < o->n; i++)
		order_swap(o, i, i + arc4random_uniform(o->n - i));
	o->first = xcalloc(2, sizeof(*o->first));
	o->first[1] = o->n;
	o->navail = 1;
}

void
order_clear(struct order *o)
{
	free(o->list);
	free(o->pos);
	free(o->avail);
	free(o->first);
	memset(o, 0, sizeof(*o));
}

void
order_inc(struct order *o, uint32_t piece)
{
	uint32_t	a = o->avail[piece];

	if (a == UINT16_MAX)
		return;
	if (order_listed(o, piece)) {
		order_grow(o, a + 1);
		order_swap(o, o->pos[piece], o->first[a + 1] - 1);
		o->first[a + 1]--;
	}
	o->avail[piece]++;
	if (order_listed(o, piece))
		order_shuffle(o, piece);
}

void
order_dec(struct order *o, uint32_t piece)
{
	uint32_t	a = o->avail[piece];

	if (a == 0)
		return;
	if (order_listed(o, piece)) {
		order_swap(o, o->pos[piece], o->first[a]);
		o->first[a]++;
	}
	o->avail[piece]--;
	if (order_listed(o, piece))
		order_shuffle(o, piece);
}

/* Take the piece out: it hops over the edge of each run after its own. */
static void
order_remove(struct order *o, uint32_t piece)
{
	uint32_t	a;

	for (a = o->avail[piece]; a < o->navail; a++) {
		order_swap(o, o->pos[piece], o->first[a + 1] - 1);
		o->first[a + 1]--;
	}
	o->n--;
}

static void
order_insert(struct order *o, uint32_t piece)
{
	uint32_t	a;

	order_grow(o, o->avail[piece]);
	order_put(o, o->n++, piece);
	for (a = o->navail; a > o->avail[piece]; a--) {
		o->first[a]++;
		if (a - 1 > o->avail[piece])
			order_swap(o, o->pos[piece], o->first[a - 1]);
	}
	order_shuffle(o, piece);
}

void
order_open(struct order *o, uint32_t piece, uint32_t slot)
{
	order_remove(o, piece);
	o->pos[piece] = POS_OPEN | slot;
}

void
order_move_slot(struct order *o, uint32_t piece, uint32_t slot)
{
	o->pos[piece] = POS_OPEN | slot;
}

uint32_t
order_open_slot(const struct order *o, uint32_t piece)
{
	if (order_listed(o, piece) || o->pos[piece] == POS_HAVE)
		return ORDER_NONE;
	return o->pos[piece] & ~POS_OPEN;
}

void
order_had(struct order *o, uint32_t piece)
{
	if (order_listed(o, piece))
		order_remove(o, piece);
	o->pos[piece] = POS_HAVE;
}

void
order_lost(struct order *o, uint32_t piece)
{
	order_insert(o, piece);
}

uint32_t
order_peers(const struct order *o, uint32_t piece)
{
	return o->seeds + o->avail[piece];
}

bool
order_available(const struct order *o)
{
	return o->n > 0 && (o->seeds > 0 || o->first[1] < o->n);
}

static uint64_t
load64(const uint8_t *bits, uint32_t byte, uint32_t nbytes)
{
	uint64_t	v = 0;

	memcpy(&v, bits + byte, nbytes - byte < 8 ? nbytes - byte : 8);
	return v;
}

static uint32_t
order_walk(const struct order *o, const uint8_t *bits)
{
	uint32_t	nbytes = (uint32_t)bitfield_size(o->npieces);
	uint32_t	words = (nbytes + 7) / 8;
	uint32_t	start = arc4random_uniform(words), w, i, piece;

	for (w = 0; w < words; w++) {
		uint32_t	byte = (start + w) % words * 8;

		if (load64(bits, byte, nbytes) == 0)
			continue;
		for (i = 0; i < 64; i++) {
			piece = byte * 8 + i;
			if (piece < o->npieces && bitfield_get(bits, piece) &&
			    order_listed(o, piece))
				return piece;
		}
	}
	return ORDER_NONE;
}

uint32_t
order_rarest(const struct order *o, const uint8_t *bits, uint32_t probe)
{
	/* Pieces that nobody but seeds has come first, but may be absent. */
	uint32_t	i = bits == NULL ? 0 : o->first[1];

	if (bits == NULL)
		return o->n > 0 ? o->list[0] : ORDER_NONE;
	for (; i < o->n && probe > 0; i++, probe--)
		if (bitfield_get(bits, o->list[i]))
			return o->list[i];
	return i < o->n ? order_walk(o, bits) : ORDER_NONE;
}

uint32_t
order_random(const struct order *o, const uint8_t *bits)
{
	if (bits == NULL)
		return o->n > 0 ? o->list[arc4random_uniform(o->n)] :
		    ORDER_NONE;
	return order_walk(o, bits);
}
