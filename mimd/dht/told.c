/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "told.h"

static int
hash_cmp(const struct told *a, const struct told *b)
{
	return memcmp(a->hash, b->hash, ID_LEN);
}

RB_GENERATE_INTERNAL(told_hashes, told, by_hash, hash_cmp,
    __attribute__((unused)) static)

void
tolds_init(struct tolds *ts)
{
	memset(ts, 0, sizeof(*ts));
	RB_INIT(&ts->hashes);
}

void
tolds_clear(struct tolds *ts)
{
	while (ts->n > 0)
		tolds_del(ts, ts->v[ts->n - 1]);
	free(ts->v);
	tolds_init(ts);
}

/* Of the first whose id is at least this. */
static uint32_t
index_of(const struct tolds *ts, uint32_t id)
{
	uint32_t	low = 0, high = ts->n, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (ts->v[mid]->id < id)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

struct told *
tolds_find(const struct tolds *ts, uint32_t id)
{
	uint32_t	i = index_of(ts, id);

	return i < ts->n && ts->v[i]->id == id ? ts->v[i] : NULL;
}

struct told *
tolds_find_hash(struct tolds *ts, const uint8_t *hash)
{
	struct told	key;

	memcpy(key.hash, hash, ID_LEN);
	return RB_FIND(told_hashes, &ts->hashes, &key);
}

struct told *
tolds_add(struct tolds *ts, uint32_t id, const uint8_t *hash)
{
	struct told	*t = xcalloc(1, sizeof(*t));
	uint32_t	 i = index_of(ts, id);

	if (ts->n == ts->size) {
		ts->size = ts->size == 0 ? 16 : ts->size * 2;
		ts->v = xreallocarray(ts->v, ts->size, sizeof(*ts->v));
	}
	t->id = id;
	memcpy(t->hash, hash, ID_LEN);
	memmove(ts->v + i + 1, ts->v + i, (ts->n - i) * sizeof(*ts->v));
	ts->v[i] = t;
	ts->n++;
	RB_INSERT(told_hashes, &ts->hashes, t);
	return t;
}

void
tolds_del(struct tolds *ts, struct told *t)
{
	uint32_t	i = index_of(ts, t->id);

	RB_REMOVE(told_hashes, &ts->hashes, t);
	ts->n--;
	memmove(ts->v + i, ts->v + i + 1, (ts->n - i) * sizeof(*ts->v));
	free(t);
}
