/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "bitfield.h"
#include "mem.h"
#include "picker_order.h"

/* Values of pos beside an index into the list. */
#define POS_HAVE	UINT32_MAX
#define POS_OPEN	0x80000000U	/* or-ed with the slot */

/* Of marks. */
#define MARK_PRIO	0x03
#define MARK_EDGE	0x04
#define MARK_COMMON	1		/* the middle priority */

bool
order_listed(const struct order *o, uint32_t piece)
{
	return o->pos[piece] < POS_OPEN;
}

uint32_t
order_class(const struct order *o, uint32_t piece)
{
	uint8_t	mark = o->marks == NULL ? MARK_COMMON : o->marks[piece];

	return 2U * (mark & MARK_PRIO) +
	    (o->edges_first && (mark & MARK_EDGE) != 0);
}

/* One more or one less of those that are of use. */
static void
order_count(struct order *o, uint32_t piece, uint32_t n)
{
	if (order_class(o, piece) / 2 != ORDER_SKIP)
		o->n += n;
}

static struct order_class *
order_home(struct order *o, uint32_t piece)
{
	return &o->class[order_class(o, piece)];
}

static void
order_put(struct order *o, struct order_class *c, uint32_t at,
    uint32_t piece)
{
	c->list[at] = piece;
	o->pos[piece] = at;
}

static void
order_swap(struct order *o, struct order_class *c, uint32_t a, uint32_t b)
{
	uint32_t	pa = c->list[a];

	order_put(o, c, a, c->list[b]);
	order_put(o, c, b, pa);
}

/* Give the piece at a random place among its equals. */
static void
order_shuffle(struct order *o, struct order_class *c, uint32_t piece)
{
	uint32_t	a = o->avail[piece];
	uint32_t	n = c->first[a + 1] - c->first[a];

	if (n > 1)
		order_swap(o, c, o->pos[piece],
		    c->first[a] + arc4random_uniform(n));
}

/* Make room for availability a. */
static void
class_grow(struct order_class *c, uint32_t a)
{
	uint32_t	i;

	if (a < c->navail)
		return;
	c->first = xreallocarray(c->first, a + 2, sizeof(*c->first));
	if (c->navail == 0)
		c->first[0] = 0;
	for (i = c->navail + 1; i <= a + 1; i++)
		c->first[i] = c->n;
	c->navail = a + 1;
}

void
order_init(struct order *o, uint32_t npieces, const uint8_t *have)
{
	struct order_class	*c = &o->class[2 * MARK_COMMON];
	uint32_t		 i;

	memset(o, 0, sizeof(*o));
	o->npieces = npieces;
	o->have = have;
	o->pos = xcalloc(npieces, sizeof(*o->pos));
	o->avail = xcalloc(npieces, sizeof(*o->avail));
	c->size = npieces;
	c->list = xcalloc(npieces, sizeof(*c->list));
	for (i = 0; i < npieces; i++) {
		if (bitfield_get(have, i))
			o->pos[i] = POS_HAVE;
		else
			order_put(o, c, c->n++, i);
	}
	o->n = c->n;
	for (i = 0; i + 1 < c->n; i++)
		order_swap(o, c, i, i + arc4random_uniform(c->n - i));
	class_grow(c, 0);
}

void
order_clear(struct order *o)
{
	uint32_t	i;

	for (i = 0; i < ORDER_CLASSES; i++) {
		free(o->class[i].list);
		free(o->class[i].first);
	}
	free(o->pos);
	free(o->avail);
	free(o->marks);
	memset(o, 0, sizeof(*o));
}

void
order_inc(struct order *o, uint32_t piece)
{
	struct order_class	*c;
	uint32_t		 a = o->avail[piece];

	if (a == UINT16_MAX)
		return;
	o->avail[piece]++;
	if (!order_listed(o, piece))
		return;
	c = order_home(o, piece);
	class_grow(c, a + 1);
	order_swap(o, c, o->pos[piece], c->first[a + 1] - 1);
	c->first[a + 1]--;
	order_shuffle(o, c, piece);
}

void
order_dec(struct order *o, uint32_t piece)
{
	struct order_class	*c;
	uint32_t		 a = o->avail[piece];

	if (a == 0)
		return;
	o->avail[piece]--;
	if (!order_listed(o, piece))
		return;
	c = order_home(o, piece);
	order_swap(o, c, o->pos[piece], c->first[a]);
	c->first[a]++;
	order_shuffle(o, c, piece);
}

/* Take the piece out: it hops over the edge of each run after its own. */
static void
order_remove(struct order *o, uint32_t piece)
{
	struct order_class	*c = order_home(o, piece);
	uint32_t		 a;

	for (a = o->avail[piece]; a < c->navail; a++) {
		order_swap(o, c, o->pos[piece], c->first[a + 1] - 1);
		c->first[a + 1]--;
	}
	c->n--;
	order_count(o, piece, -1U);
}

static void
order_insert(struct order *o, uint32_t piece)
{
	struct order_class	*c = order_home(o, piece);
	uint32_t		 a;

	if (c->n == c->size) {
		c->size = c->size < 8 ? 16 : 2 * c->size;
		if (c->size > o->npieces)
			c->size = o->npieces;
		c->list = xreallocarray(c->list, c->size, sizeof(*c->list));
	}
	class_grow(c, o->avail[piece]);
	order_put(o, c, c->n++, piece);
	order_count(o, piece, 1);
	for (a = c->navail; a > o->avail[piece]; a--) {
		c->first[a]++;
		if (a - 1 > o->avail[piece])
			order_swap(o, c, o->pos[piece], c->first[a - 1]);
	}
	order_shuffle(o, c, piece);
	if (piece < c->cursor)
		c->cursor = piece;
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
	const struct order_class	*c;

	if (o->seeds > 0)
		return o->n > 0;
	for (c = o->class; c < o->class + 2 * ORDER_PRIOS; c++)
		if (c->n > 0 && c->first[1] < c->n)
			return true;
	return false;
}

static void
order_mark(struct order *o, uint32_t piece, uint8_t mark)
{
	bool	listed = order_listed(o, piece);

	if (o->marks == NULL) {
		o->marks = xmalloc(o->npieces);
		memset(o->marks, MARK_COMMON, o->npieces);
	}
	if (listed)
		order_remove(o, piece);
	o->marks[piece] = mark;
	if (listed)
		order_insert(o, piece);
}

static uint8_t
order_marks(const struct order *o, uint32_t piece)
{
	return o->marks == NULL ? MARK_COMMON : o->marks[piece];
}

void
order_set_prio(struct order *o, uint32_t piece, uint32_t prio)
{
	uint8_t	mark = order_marks(o, piece);

	if ((mark & MARK_PRIO) != prio)
		order_mark(o, piece,
		    (uint8_t)((mark & ~MARK_PRIO) | prio));
}

void
order_set_edge(struct order *o, uint32_t piece)
{
	uint8_t	mark = order_marks(o, piece);

	if ((mark & MARK_EDGE) == 0)
		order_mark(o, piece, mark | MARK_EDGE);
}

void
order_edges_first(struct order *o, bool yes)
{
	uint32_t	i;
	bool		listed;

	if (o->edges_first == yes)
		return;
	for (i = 0; i < o->npieces && o->marks != NULL; i++) {
		if ((o->marks[i] & MARK_EDGE) == 0)
			continue;
		listed = order_listed(o, i);
		o->edges_first = !yes;
		if (listed)
			order_remove(o, i);
		o->edges_first = yes;
		if (listed)
			order_insert(o, i);
	}
	o->edges_first = yes;
}

static uint64_t
load64(const uint8_t *bits, uint32_t byte, uint32_t nbytes)
{
	uint64_t	v = 0;

	memcpy(&v, bits + byte, nbytes - byte < 8 ? nbytes - byte : 8);
	return v;
}

/* From a random place on, so that what one walk misses another finds. */
static uint32_t
order_walk(const struct order *o, uint32_t class, const uint8_t *bits)
{
	uint32_t	nbytes = (uint32_t)bitfield_size(o->npieces);
	uint32_t	words = (nbytes + 7) / 8, n = words, w, i, piece;
	uint32_t	start = arc4random_uniform(words);

	if (n > ORDER_WALK)
		n = ORDER_WALK;
	for (w = 0; w < n; w++) {
		uint32_t	byte = (start + w) % words * 8;

		if ((load64(bits, byte, nbytes) &
		    ~load64(o->have, byte, nbytes)) == 0)
			continue;
		for (i = 0; i < 64; i++) {
			piece = byte * 8 + i;
			if (piece < o->npieces && bitfield_get(bits, piece) &&
			    order_listed(o, piece) &&
			    order_class(o, piece) == class)
				return piece;
		}
	}
	return ORDER_NONE;
}

uint32_t
order_rarest(const struct order *o, uint32_t class, const uint8_t *bits)
{
	const struct order_class	*c = &o->class[class];
	uint32_t			 i, probe = ORDER_PROBE;

	if (c->n == 0)
		return ORDER_NONE;
	if (bits == NULL)
		return c->list[0];
	/* Pieces that nobody but seeds has come first, but may be absent. */
	for (i = c->first[1]; i < c->n && probe > 0; i++, probe--)
		if (bitfield_get(bits, c->list[i]))
			return c->list[i];
	return i < c->n ? order_walk(o, class, bits) : ORDER_NONE;
}

uint32_t
order_random(const struct order *o, uint32_t class, const uint8_t *bits)
{
	const struct order_class	*c = &o->class[class];
	uint32_t			 i, piece;

	if (c->n == 0)
		return ORDER_NONE;
	for (i = 0; i < ORDER_TRIES; i++) {
		piece = c->list[arc4random_uniform(c->n)];
		if (bits == NULL || bitfield_get(bits, piece))
			return piece;
	}
	return order_rarest(o, class, bits);
}

uint32_t
order_next(struct order *o, uint32_t class, const uint8_t *bits)
{
	struct order_class	*c = &o->class[class];
	uint32_t		 i, n;

	if (c->n == 0)
		return ORDER_NONE;
	/* Each step forth is taken once: begun pieces do not come back. */
	while (!order_listed(o, c->cursor) ||
	    order_class(o, c->cursor) != class)
		c->cursor++;
	if (bits == NULL)
		return c->cursor;
	for (i = c->cursor, n = 0; i < o->npieces && n < ORDER_WINDOW;
	    i++, n++)
		if (bitfield_get(bits, i) && order_listed(o, i) &&
		    order_class(o, i) == class)
			return i;
	return ORDER_NONE;
}

bool
order_equal(const struct order *o, uint32_t a, uint32_t b)
{
	return order_listed(o, b) && o->avail[a] == o->avail[b] &&
	    order_class(o, a) == order_class(o, b);
}
