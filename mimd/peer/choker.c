/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "choker.h"
#include "mem.h"

uint32_t
choker_slots_max(uint64_t limit)
{
	uint64_t	max = limit / CHOKER_SLOT_SHARE;

	if (limit == 0 || max > CHOKER_SLOTS_MAX)
		return CHOKER_SLOTS_MAX;
	return max < CHOKER_SLOTS_FEW ? CHOKER_SLOTS_FEW : (uint32_t)max;
}

uint32_t
choker_slots(uint32_t slots, uint32_t used, uint32_t blocked, uint64_t rate,
    uint64_t limit)
{
	uint32_t	max = choker_slots_max(limit);
	uint32_t	min = max < CHOKER_SLOTS_MIN ? max : CHOKER_SLOTS_MIN;
	uint64_t	each;

	if (used == 0)
		return max;
	each = rate / used;
	if (each >= CHOKER_SLOT_HIGH)
		slots += slots / 8 + 1;
	else if (each < CHOKER_SLOT_LOW && blocked > used / 2)
		slots = used - used / 8 - 1;
	if (slots < min)
		return min;
	return slots > max ? max : slots;
}

bool
choker_scarce(uint32_t used, uint32_t blocked, uint64_t rate, uint64_t limit)
{
	if (limit != 0)
		return rate >= limit - limit / 8;
	return used > 0 && blocked > used / 2 &&
	    rate / used < CHOKER_SLOT_HIGH;
}

/* Whose turn it is, of those that are served by turns. */
enum choker_rank {
	RANK_TURN,		/* has it */
	RANK_WAITS,
	RANK_OVER,		/* had it */
	RANK_NONE		/* gets none */
};

struct key {
	struct choker_peer	*peer;
	enum choker_rank	 rank;
	bool			 sends;	/* reciprocates */
	uint64_t		 weight;	/* larger is first */
	uint32_t		 level;	/* which slot of its torrent */
};

static enum choker_rank
peer_rank(const struct choker_peer *p, uint64_t now)
{
	uint64_t	ms = now - p->since;

	if (!p->interested ||
	    (p->seeding && p->taken > 2 * p->size && p->size > 0))
		return RANK_NONE;
	if (!p->unchoked)
		return RANK_WAITS;
	/* A turn is over early if nothing is asked for. */
	if (!p->busy && ms >= CHOKER_ROUND_MS)
		return RANK_OVER;
	return ms < CHOKER_TURN_MS ? RANK_TURN : RANK_OVER;
}

/* How long it has waited, as if in thousandths of a second. */
static uint64_t
peer_wait(const struct choker_peer *p, uint64_t now)
{
	uint64_t	ms = now - p->since + 1, middle;

	if (!p->served)
		ms *= CHOKER_NEW_WEIGHT;
	if (p->seeding) {
		/* Twice at either end, once in the middle. */
		middle = p->progress < 500 ? 500U - p->progress :
		    p->progress - 500U;
		ms += ms * middle / 500;
	}
	return (ms << CHOKER_IDLE_MAX) >>
	    (p->idle < CHOKER_IDLE_MAX ? p->idle : CHOKER_IDLE_MAX);
}

static bool
peer_sends(const struct choker_peer *p, uint64_t now)
{
	if (p->seeding || p->rate == 0)
		return false;
	return !p->silent || p->heard == 0 || now - p->heard < CHOKER_SNUB_MS;
}

static void
key_fill(struct key *k, struct choker_peer *p, uint64_t now)
{
	k->peer = p;
	k->rank = peer_rank(p, now);
	k->sends = k->rank != RANK_NONE && peer_sends(p, now);
	if (k->sends)		/* a little more holds what it has */
		k->weight = p->rate + (p->unchoked ? p->rate / 8 : 0);
	else if (k->rank == RANK_WAITS)
		k->weight = peer_wait(p, now);
	else			/* the shortest turn steps back last */
		k->weight = p->since;
	k->level = 0;
}

static int
cmp64(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

/* By torrent; in it those that send, by rate, then the others by turns. */
static int
cmp_torrent(const void *pa, const void *pb)
{
	const struct key	*a = pa, *b = pb;

	if (a->peer->torrent != b->peer->torrent)
		return cmp64(a->peer->torrent, b->peer->torrent);
	if (a->sends != b->sends)
		return a->sends ? -1 : 1;
	if (!a->sends && a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	return cmp64(b->weight, a->weight);
}

/* The first slots of all torrents, then the second ones ... */
static int
cmp_level(const void *pa, const void *pb)
{
	const struct key	*a = pa, *b = pb;

	if ((a->rank == RANK_NONE) != (b->rank == RANK_NONE))
		return a->rank == RANK_NONE ? 1 : -1;
	if (a->level != b->level)
		return a->level < b->level ? -1 : 1;
	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	/* Rates of different torrents do not compare, times do. */
	return a->rank == RANK_WAITS ?
	    cmp64(a->peer->since, b->peer->since) :
	    cmp64(b->peer->since, a->peer->since);
}

/*
 * Number the slots of one torrent: those that send are the first ns of n.
 * Where few slots fall to each torrent the first one is optimistic now and
 * then, or nobody new would ever get one.
 */
static void
give_levels(struct key *k, uint32_t n, bool scarce, uint64_t now)
{
	uint32_t	ns, sends = 0, other, level, optimistic, most, i;

	for (ns = 0; ns < n && k[ns].sends; ns++)
		;
	other = ns;
	optimistic = now / CHOKER_TURN_MS % 3 == 0 ? 0 : 1;
	most = scarce && !k->peer->seeding ? CHOKER_SLOTS_MIN : UINT32_MAX;
	for (level = 0; level < n; level++) {
		if (other < n && (sends == ns ||
		    level % CHOKER_FIFTH == optimistic)) {
			if (sends == ns && level >= most)
				k[other].rank = RANK_NONE;
			i = other++;
		} else {
			i = sends++;
		}
		k[i].level = level;
		if (level >= k[i].peer->max)
			k[i].rank = RANK_NONE;
	}
}

/* In this order, as far as they go. */
static void
give_slots(struct key *keys, uint32_t n, uint32_t slots)
{
	uint32_t		 given[SHAPER_CLASSES + 1] = { 0 };
	struct key		*k;
	struct choker_peer	*p;

	for (k = keys; k < keys + n; k++) {
		p = k->peer;
		p->unchoked = slots > 0 && k->rank != RANK_NONE &&
		    (p->class == 0 || given[p->class] < p->class_max);
		p->optimistic = p->unchoked && !k->sends && !p->seeding;
		slots -= p->unchoked;
		given[p->class] += p->unchoked;
	}
}

/* Chance decides among equals. */
static void
shuffle(struct key *keys, uint32_t n)
{
	uint32_t	i, j;
	struct key	t;

	for (i = 0; i + 1 < n; i++) {
		j = i + arc4random_uniform(n - i);
		t = keys[i];
		keys[i] = keys[j];
		keys[j] = t;
	}
}

void
choker_run(struct choker_peer *v, uint32_t n, uint32_t slots, bool scarce,
    uint64_t now)
{
	struct key	*keys;
	uint32_t	 i, from;

	if (n == 0)
		return;
	keys = xcalloc(n, sizeof(*keys));
	for (i = 0; i < n; i++)
		key_fill(&keys[i], &v[i], now);
	shuffle(keys, n);
	qsort(keys, n, sizeof(*keys), cmp_torrent);
	for (from = 0, i = 1; i <= n; i++) {
		if (i < n && keys[i].peer->torrent ==
		    keys[from].peer->torrent)
			continue;
		give_levels(keys + from, i - from, scarce, now);
		from = i;
	}
	qsort(keys, n, sizeof(*keys), cmp_level);
	give_slots(keys, n, slots);
	free(keys);
}
