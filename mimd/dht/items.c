/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "items.h"
#include "mem.h"
#include "subnet.h"

static int
entry_cmp(const struct items_entry *a, const struct items_entry *b)
{
	return memcmp(a->item.target, b->item.target, ID_LEN);
}

RB_GENERATE_INTERNAL(items_tree, items_entry, entry, entry_cmp,
    static __attribute__((unused)))

void
items_init(struct items *s)
{
	RB_INIT(&s->tree);
	s->n = 0;
}

static void
drop(struct items *s, struct items_entry *e)
{
	RB_REMOVE(items_tree, &s->tree, e);
	s->n--;
	free(e);
}

void
items_clear(struct items *s)
{
	struct items_entry	*e;

	while ((e = RB_ROOT(&s->tree)) != NULL)
		drop(s, e);
}

static struct items_entry *
find(const struct items *s, const uint8_t *target)
{
	struct items_entry	*e = RB_ROOT(&s->tree);
	int			 c;

	while (e != NULL && (c = memcmp(target, e->item.target, ID_LEN)) != 0)
		e = c < 0 ? RB_LEFT(e, entry) : RB_RIGHT(e, entry);
	return e;
}

const struct item *
items_find(const struct items *s, const uint8_t *target)
{
	const struct items_entry	*e = find(s, target);

	return e == NULL ? NULL : &e->item;
}

static int
replace(struct items_entry *e, const struct item *item, const int64_t *cas,
    uint32_t now)
{
	bool	same = item->nv == e->item.nv &&
	    memcmp(item->v, e->item.v, item->nv) == 0;

	if (item->signs) {
		if (cas != NULL && *cas != e->item.seq)
			return KRPC_E_CAS;
		if (item->seq < e->item.seq ||
		    (item->seq == e->item.seq && !same))
			return KRPC_E_SEQ;
		e->item = *item;
	}
	e->seen = now;
	return 0;
}

/* All places are taken: the farthest makes way, if this one is nearer. */
static bool
make_room(struct items *s, const uint8_t *target, const uint8_t *own)
{
	struct items_entry	*e, *far = NULL;

	if (s->n < ITEMS_MAX)
		return true;
	RB_FOREACH(e, items_tree, &s->tree)
		if (far == NULL ||
		    id_cmp(own, e->item.target, far->item.target) > 0)
			far = e;
	if (id_cmp(own, target, far->item.target) >= 0)
		return false;
	drop(s, far);
	return true;
}

static uint32_t
count_of(const struct items *s, uint64_t source)
{
	struct items_entry	*e;
	uint32_t		 n = 0;

	RB_FOREACH(e, items_tree, (struct items_tree *)&s->tree)
		n += e->source == source;
	return n;
}

int
items_store(struct items *s, const struct item *item, const int64_t *cas,
    const struct addr *source, const uint8_t *own, uint32_t now)
{
	struct items_entry	*e = find(s, item->target);
	uint64_t		 who = subnet_source(source);

	if (e != NULL)
		return replace(e, item, cas, now);
	if (count_of(s, who) >= ITEMS_SOURCE ||
	    !make_room(s, item->target, own))
		return KRPC_E_SERVER;
	e = xmalloc(sizeof(*e));
	e->source = who;
	e->seen = now;
	e->item = *item;
	RB_INSERT(items_tree, &s->tree, e);
	s->n++;
	return 0;
}

void
items_expire(struct items *s, uint32_t now)
{
	struct items_entry	*e, *next;

	RB_FOREACH_SAFE(e, items_tree, &s->tree, next)
		if (e->seen + ITEMS_LIFE_S <= now)
			drop(s, e);
}
