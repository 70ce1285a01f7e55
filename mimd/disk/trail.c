/* SPDX-License-Identifier: ISC */
#include "trail.h"

#include <stdlib.h>

#include "mem.h"

#define NONE	UINT32_MAX
#define BUCKETS	4096U		/* a power of two */

struct mark {
	struct trail_chunk	chunk;
	uint32_t		prev, next;	/* in the order of use */
	uint32_t		chain;		/* in its bucket */
};

struct trail {
	struct mark	*marks;		/* TRAIL_MAX; n are in use */
	uint32_t	*buckets;
	uint32_t	 n, limit;
	uint32_t	 unused;	/* chain of those that were, NONE */
	uint32_t	 high;		/* none was from here on */
	uint32_t	 oldest, newest;
};

/* Pages of either array cost nothing until they are used. */
struct trail *
trail_new(void)
{
	struct trail	*t = xcalloc(1, sizeof(*t));

	t->marks = xcalloc(TRAIL_MAX, sizeof(*t->marks));
	t->buckets = xcalloc(BUCKETS, sizeof(*t->buckets));
	t->limit = TRAIL_MAX;
	t->unused = t->oldest = t->newest = NONE;
	return t;
}

void
trail_free(struct trail *t)
{
	free(t->marks);
	free(t->buckets);
	free(t);
}

static bool
same(const struct trail_chunk *a, const struct trail_chunk *b)
{
	return a->torrent == b->torrent && a->file == b->file &&
	    a->number == b->number;
}

/* The head of its chain; 0 ends one, else it is an index plus 1. */
static uint32_t *
bucket(struct trail *t, const struct trail_chunk *c)
{
	uint64_t	h = c->torrent * 0x9e3779b97f4a7c15ULL;

	h = (h ^ c->file) * 0xff51afd7ed558ccdULL;
	h = (h ^ c->number) * 0xc4ceb9fe1a85ec53ULL;
	return &t->buckets[(h >> 40) & (BUCKETS - 1)];
}

static void
order_add(struct trail *t, uint32_t i)
{
	t->marks[i].prev = t->newest;
	t->marks[i].next = NONE;
	if (t->newest != NONE)
		t->marks[t->newest].next = i;
	else
		t->oldest = i;
	t->newest = i;
}

static void
order_del(struct trail *t, uint32_t i)
{
	struct mark	*m = &t->marks[i];

	if (m->prev != NONE)
		t->marks[m->prev].next = m->next;
	else
		t->oldest = m->next;
	if (m->next != NONE)
		t->marks[m->next].prev = m->prev;
	else
		t->newest = m->prev;
}

static struct trail_chunk
drop_oldest(struct trail *t)
{
	uint32_t	 i = t->oldest, *link;

	order_del(t, i);
	link = bucket(t, &t->marks[i].chunk);
	while (*link != i + 1)
		link = &t->marks[*link - 1].chain;
	*link = t->marks[i].chain;
	t->marks[i].chain = t->unused;
	t->unused = i;
	t->n--;
	return t->marks[i].chunk;
}

void
trail_limit(struct trail *t, uint32_t chunks)
{
	t->limit = chunks < 1 ? 1 : chunks > TRAIL_MAX ? TRAIL_MAX : chunks;
	while (t->n > t->limit)
		drop_oldest(t);
}

static void
insert(struct trail *t, const struct trail_chunk *chunk)
{
	uint32_t	 i = t->unused, *head = bucket(t, chunk);

	if (i != NONE)
		t->unused = t->marks[i].chain;
	else
		i = t->high++;
	t->marks[i].chunk = *chunk;
	t->marks[i].chain = *head;
	*head = i + 1;
	order_add(t, i);
	t->n++;
}

struct trail_chunk
trail_chunk(uint32_t torrent, uint32_t file, uint64_t size, uint64_t off)
{
	if (size <= TRAIL_SMALL)
		return (struct trail_chunk){ torrent,
		    file - file % TRAIL_GROUP, TRAIL_SMALLS };
	return (struct trail_chunk){ torrent, file,
	    (uint32_t)(off / TRAIL_CHUNK) };
}

bool
trail_touch(struct trail *t, struct trail_chunk chunk,
    struct trail_chunk *gone)
{
	uint32_t	i;
	bool		drop = false;

	if (t->newest != NONE && same(&t->marks[t->newest].chunk, &chunk))
		return false;
	for (i = *bucket(t, &chunk); i != 0; i = t->marks[i - 1].chain)
		if (same(&t->marks[i - 1].chunk, &chunk))
			break;
	if (i != 0) {
		order_del(t, i - 1);
		order_add(t, i - 1);
		return false;
	}
	if ((drop = t->n == t->limit))
		*gone = drop_oldest(t);
	insert(t, &chunk);
	return drop;
}
