/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "choker.h"

uint32_t
choker_slots(uint32_t slots, uint32_t used, uint32_t blocked, uint64_t rate)
{
	uint64_t	each;

	if (used == 0)
		return CHOKER_SLOTS_MAX;
	each = rate / used;
	if (each >= CHOKER_SLOT_HIGH)
		slots += slots / 8 + 1;
	else if (each < CHOKER_SLOT_LOW && blocked > used / 2)
		slots = used - used / 8 - 1;
	if (slots < CHOKER_SLOTS_MIN)
		return CHOKER_SLOTS_MIN;
	return slots > CHOKER_SLOTS_MAX ? CHOKER_SLOTS_MAX : slots;
}

/*
 * First those whose turn is not over, then those that wait, the longest
 * waiting first, then those who had their turn, the shortest one first.
 */
static int
choker_rank(const struct choker_peer *p, uint64_t now)
{
	if (!p->interested)
		return 3;
	if (!p->unchoked)
		return 1;
	return now - p->since < CHOKER_TURN_MS ? 0 : 2;
}

struct choker_key {
	struct choker_peer	peer;
	int			rank;
	uint64_t		order;
};

static int
choker_cmp(const void *pa, const void *pb)
{
	const struct choker_key	*a = pa, *b = pb;

	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	if (a->order != b->order)
		return a->order < b->order ? -1 : 1;
	return 0;
}

void
choker_run(struct choker_peer *v, uint32_t n, uint32_t slots, uint64_t now)
{
	struct choker_key	*keys;
	uint32_t		 i;

	if (n == 0 || (keys = calloc(n, sizeof(*keys))) == NULL)
		return;
	for (i = 0; i < n; i++) {
		keys[i].peer = v[i];
		keys[i].rank = choker_rank(&v[i], now);
		keys[i].order = keys[i].rank == 2 ? UINT64_MAX - v[i].since :
		    v[i].since;
		/* Never served yet: chance decides who is first. */
		if (keys[i].rank == 1 && v[i].since == 0)
			keys[i].order = 0;
	}
	for (i = 0; i + 1 < n; i++) {
		uint32_t		 j = i + arc4random_uniform(n - i);
		struct choker_key	 t = keys[i];

		keys[i] = keys[j];
		keys[j] = t;
	}
	qsort(keys, n, sizeof(*keys), choker_cmp);
	for (i = 0; i < n; i++) {
		v[i] = keys[i].peer;
		v[i].unchoked = i < slots && v[i].interested;
	}
	free(keys);
}
