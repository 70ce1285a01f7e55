/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "slots.h"

static uint32_t
words(uint32_t bits)
{
	return (bits + 63) / 64;
}

/* The free map: a bit per slot, a bit per word of that, and once more. */
static void
map_set(struct slots *s, uint32_t i)
{
	int	l;

	for (l = 0; l < 3; l++, i /= 64)
		s->map[l][i / 64] |= 1ULL << (i % 64);
}

static void
map_clear(struct slots *s, uint32_t i)
{
	int	l;

	for (l = 0; l < 3; l++, i /= 64) {
		s->map[l][i / 64] &= ~(1ULL << (i % 64));
		if (s->map[l][i / 64] != 0)
			break;
	}
}

static uint32_t
map_lowest(const struct slots *s)
{
	uint32_t	i, w;

	for (w = 0; s->map[2][w] == 0; w++)
		continue;
	i = w * 64 + (uint32_t)__builtin_ctzll(s->map[2][w]);
	i = i * 64 + (uint32_t)__builtin_ctzll(s->map[1][i]);
	return i * 64 + (uint32_t)__builtin_ctzll(s->map[0][i]);
}

void
slots_init(struct slots *s, uint32_t n)
{
	uint32_t	i, size = n;

	memset(s, 0, sizeof(*s));
	s->n = s->nfree = n;
	s->v = xcalloc(n, sizeof(*s->v));
	for (i = 0; i < 3; i++) {
		size = words(size);
		s->map[i] = xcalloc(size, sizeof(uint64_t));
	}
	for (s->nbuckets = 64; s->nbuckets < n && s->nbuckets < 16384;)
		s->nbuckets *= 2;
	s->buckets = xcalloc(s->nbuckets, sizeof(*s->buckets));
	for (i = 0; i < s->nbuckets; i++)
		s->buckets[i] = SLOT_NONE;
	for (i = 0; i < n; i++)
		map_set(s, i);
	s->fresh.oldest = s->fresh.newest = SLOT_NONE;
	s->served = s->fresh;
	s->ghosts = xcalloc(s->nbuckets, sizeof(*s->ghosts));
	s->cache = SLOTS_CACHE_MIN;
}

void
slots_clear(struct slots *s)
{
	int	i;

	free(s->v);
	free(s->buckets);
	free(s->ghosts);
	for (i = 0; i < 3; i++)
		free(s->map[i]);
	memset(s, 0, sizeof(*s));
}

static struct slot_order *
order_of(struct slots *s, uint32_t i)
{
	return s->v[i].served ? &s->served : &s->fresh;
}

static void
order_add(struct slots *s, uint32_t i)
{
	struct slot_order	*o = order_of(s, i);

	s->v[i].prev = o->newest;
	s->v[i].next = SLOT_NONE;
	if (o->newest != SLOT_NONE)
		s->v[o->newest].next = i;
	else
		o->oldest = i;
	o->newest = i;
}

static void
order_del(struct slots *s, uint32_t i)
{
	struct slot_order	*o = order_of(s, i);
	struct slot		*slot = &s->v[i];

	if (slot->prev != SLOT_NONE)
		s->v[slot->prev].next = slot->next;
	else
		o->oldest = slot->next;
	if (slot->next != SLOT_NONE)
		s->v[slot->next].prev = slot->prev;
	else
		o->newest = slot->prev;
}

static uint64_t
block_hash(uint32_t torrent, uint32_t piece, uint32_t begin)
{
	uint64_t	h = torrent * 0x9e3779b97f4a7c15ULL;

	h = (h ^ piece) * 0xff51afd7ed558ccdULL;
	return (h ^ begin) * 0xc4ceb9fe1a85ec53ULL;
}

static uint32_t
slot_bucket(const struct slots *s, uint32_t torrent, uint32_t piece,
    uint32_t begin)
{
	return (uint32_t)(block_hash(torrent, piece, begin) >> 40) &
	    (s->nbuckets - 1);
}

/* One remembers as many as it has buckets, the latest of each; 0 is none. */
static uint32_t
ghost_tag(const struct slot *slot)
{
	return (uint32_t)block_hash(slot->torrent, slot->piece, slot->begin) |
	    1;
}

static uint32_t *
ghost_place(struct slots *s, const struct slot *slot)
{
	return &s->ghosts[slot_bucket(s, slot->torrent, slot->piece,
	    slot->begin)];
}

/* It is read: did it give way too early? */
static void
cache_learn(struct slots *s, const struct slot *slot)
{
	uint32_t	*ghost = ghost_place(s, slot);

	if (*ghost == ghost_tag(slot)) {
		*ghost = 0;
		s->cache += SLOTS_CACHE_GROW;
		if (s->cache > s->n)
			s->cache = s->n;
	} else if (++s->news >= SLOTS_CACHE_NEWS) {
		s->news = 0;
		if (s->cache > SLOTS_CACHE_MIN)
			s->cache--;
	}
}

static void
hash_del(struct slots *s, uint32_t i)
{
	struct slot	*slot = &s->v[i];
	uint32_t	*link;

	link = &s->buckets[slot_bucket(s, slot->torrent, slot->piece,
	    slot->begin)];
	while (*link != i)
		link = &s->v[*link].hash;
	*link = slot->hash;
}

static void
slot_count(struct slots *s, uint32_t use, int by)
{
	uint32_t	*count = use == SLOT_FREE ? &s->nfree :
			    use == SLOT_WRITE ? &s->nwrite :
			    use == SLOT_READ ? &s->nread :
			    use == SLOT_CACHED ? &s->ncached : NULL;

	if (count != NULL)
		*count += (uint32_t)by;
}

static void
slot_become(struct slots *s, uint32_t i, enum slot_use use)
{
	slot_count(s, s->v[i].use, -1);
	slot_count(s, use, 1);
	s->v[i].use = (uint8_t)use;
}

static uint32_t
oldest_unpinned(const struct slots *s, const struct slot_order *o)
{
	uint32_t	i = o->oldest;

	while (i != SLOT_NONE && s->v[i].pins > 0)
		i = s->v[i].next;
	return i;
}

/* A cached block that nobody sends from gives way: one that was served. */
static uint32_t
slots_evict(struct slots *s, bool served_only)
{
	uint32_t	i;

	if (s->ncached == s->npinned)
		return SLOT_NONE;
	i = oldest_unpinned(s, &s->served);
	if (i == SLOT_NONE && !served_only)
		i = oldest_unpinned(s, &s->fresh);
	if (i == SLOT_NONE)
		return SLOT_NONE;
	order_del(s, i);
	hash_del(s, i);
	slot_become(s, i, SLOT_HELD);
	*ghost_place(s, &s->v[i]) = ghost_tag(&s->v[i]);
	return i;
}

uint32_t
slots_take(struct slots *s)
{
	uint32_t	i;

	if (s->nfree == 0)
		return slots_evict(s, false);
	i = map_lowest(s);
	map_clear(s, i);
	slot_become(s, i, SLOT_HELD);
	s->v[i].dirty = true;
	if (i >= s->high)
		s->high = i + 1;
	return i;
}

uint32_t
slots_take_cache(struct slots *s)
{
	uint32_t	i, more;

	if (s->nread + s->ncached >= s->cache &&
	    (i = slots_evict(s, true)) != SLOT_NONE) {
		/* It may have become smaller. */
		if (s->nread + s->ncached >= s->cache &&
		    (more = slots_evict(s, true)) != SLOT_NONE)
			slots_give(s, more, s->v[more].used);
		return i;
	}
	/* The last quarter is for what is received. */
	if (s->nfree <= s->n / 4)
		return slots_evict(s, false);
	return slots_take(s);
}

void
slots_give(struct slots *s, uint32_t slot, uint64_t now)
{
	struct slot	*v = &s->v[slot];

	if (v->use == SLOT_READ)
		hash_del(s, slot);
	else if (v->use == SLOT_CACHED) {
		hash_del(s, slot);
		order_del(s, slot);
	}
	slot_become(s, slot, SLOT_FREE);
	v->stale = v->served = false;
	v->pins = 0;
	v->used = now;
	v->waiters = NULL;
	map_set(s, slot);
}

static uint32_t
slot_name(struct slot *v, uint32_t torrent, uint32_t piece, uint32_t begin,
    uint32_t length)
{
	v->torrent = torrent;
	v->piece = piece;
	v->begin = begin;
	v->length = length;
	v->stale = v->served = false;
	v->pins = 0;
	v->waiters = NULL;
	return ++v->gen;
}

uint32_t
slots_write(struct slots *s, uint32_t slot, uint32_t torrent, uint32_t piece,
    uint32_t begin, uint32_t length)
{
	slot_become(s, slot, SLOT_WRITE);
	return slot_name(&s->v[slot], torrent, piece, begin, length);
}

uint32_t
slots_read(struct slots *s, uint32_t slot, uint32_t torrent, uint32_t piece,
    uint32_t begin, uint32_t length)
{
	uint32_t	*bucket, gen;

	slot_become(s, slot, SLOT_READ);
	gen = slot_name(&s->v[slot], torrent, piece, begin, length);
	cache_learn(s, &s->v[slot]);
	bucket = &s->buckets[slot_bucket(s, torrent, piece, begin)];
	s->v[slot].hash = *bucket;
	*bucket = slot;
	return gen;
}

void
slots_filled(struct slots *s, uint32_t slot, uint64_t now)
{
	if (s->v[slot].stale) {
		slots_give(s, slot, now);
		return;
	}
	slot_become(s, slot, SLOT_CACHED);
	s->v[slot].used = now;
	s->v[slot].waiters = NULL;
	order_add(s, slot);
}

uint32_t
slots_find(const struct slots *s, uint32_t torrent, uint32_t piece,
    uint32_t begin, uint32_t length)
{
	const struct slot	*v;
	uint32_t		 i;

	i = s->buckets[slot_bucket(s, torrent, piece, begin)];
	for (; i != SLOT_NONE; i = v->hash) {
		v = &s->v[i];
		if (v->torrent == torrent && v->piece == piece &&
		    v->begin == begin && v->length >= length && !v->stale)
			return i;
	}
	return SLOT_NONE;
}

void
slots_pin(struct slots *s, uint32_t slot, uint64_t now)
{
	if (s->v[slot].pins++ == 0)
		s->npinned++;
	s->v[slot].used = now;
}

void
slots_unpin(struct slots *s, uint32_t slot, uint64_t now)
{
	struct slot	*v = &s->v[slot];

	order_del(s, slot);
	v->used = now;
	v->served = true;
	order_add(s, slot);
	if (--v->pins > 0)
		return;
	s->npinned--;
	if (v->stale)
		slots_give(s, slot, now);
}

void
slots_forget(struct slots *s, uint32_t torrent, uint64_t now)
{
	uint32_t	i;

	for (i = 0; i < s->high; i++) {
		if (s->v[i].torrent != torrent)
			continue;
		if (s->v[i].use == SLOT_READ || (s->v[i].use == SLOT_CACHED &&
		    s->v[i].pins > 0))
			s->v[i].stale = true;
		else if (s->v[i].use == SLOT_CACHED)
			slots_give(s, i, now);
	}
}

static void
order_expire(struct slots *s, const struct slot_order *o, uint64_t now,
    uint64_t age)
{
	uint32_t	i, next;

	for (i = o->oldest; i != SLOT_NONE; i = next) {
		next = s->v[i].next;
		if (s->v[i].used + age > now)
			break;
		/* Its pages were idle for as long as itself. */
		if (s->v[i].pins == 0)
			slots_give(s, i, s->v[i].used);
	}
}

void
slots_expire(struct slots *s, uint64_t now, uint64_t age)
{
	order_expire(s, &s->fresh, now, age);
	order_expire(s, &s->served, now, age);
}

static bool
slot_idle(const struct slot *v, uint64_t now)
{
	return v->use == SLOT_FREE && v->dirty &&
	    v->used + SLOTS_KEEP_MS <= now;
}

uint32_t
slots_idle_run(struct slots *s, uint64_t now, uint32_t *from)
{
	uint32_t	i = *from, end;

	while (i < s->high && !slot_idle(&s->v[i], now))
		i++;
	for (end = i; end < s->high && slot_idle(&s->v[end], now); end++)
		s->v[end].dirty = false;
	*from = i;
	while (s->high > 0 && !s->v[s->high - 1].dirty)
		s->high--;
	return end - i;
}
