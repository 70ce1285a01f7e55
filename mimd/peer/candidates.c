/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "candidates.h"
#include "mem.h"
#include "msg.h"

void
candidates_clear(struct candidates *c)
{
	free(c->v);
	memset(c, 0, sizeof(*c));
}

struct candidate *
candidates_find(const struct candidates *c, const struct addr *addr)
{
	uint32_t	i;

	for (i = 0; i < c->n; i++)
		if (addr_cmp(&c->v[i].addr, addr) == 0)
			return &c->v[i];
	return NULL;
}

static void
candidates_del(struct candidates *c, uint32_t i)
{
	c->v[i] = c->v[--c->n];
}

/* Who tells of a peer that it is there, and who may just say so. */
static uint8_t
source_rank(uint8_t source)
{
	switch (source) {
	case PEER_SOURCE_USER:
		return 6;
	case PEER_SOURCE_RESUME:
		return 5;
	case PEER_SOURCE_TRACKER:
		return 4;
	case PEER_SOURCE_LSD:
		return 3;
	case PEER_SOURCE_PEX:
		return 1;
	default:
		return 2;
	}
}

static uint64_t
candidate_merit(const struct candidate *cand)
{
	uint32_t	bad = cand->fails;

	if (!(cand->flags & CAND_WORKED))
		bad += 2;
	return (uint64_t)(UINT8_MAX - bad) << 40 |
	    (uint64_t)source_rank(cand->source) << 32 | cand->priority;
}

static bool
candidates_room(struct candidates *c, uint8_t source)
{
	uint32_t	 i, worst = UINT32_MAX;
	uint64_t	 merit, least = UINT64_MAX;

	if (c->n < CANDIDATES_MAX) {
		if (c->n == c->size) {
			c->size = c->size == 0 ? 8 : c->size * 2;
			c->v = xreallocarray(c->v, c->size, sizeof(*c->v));
		}
		return true;
	}
	for (i = 0; i < c->n; i++) {
		if (c->v[i].flags & (CAND_CONNECTED | CAND_SELF))
			continue;
		merit = candidate_merit(&c->v[i]);
		if (merit < least) {
			least = merit;
			worst = i;
		}
	}
	if (worst == UINT32_MAX || (c->v[worst].fails == 0 &&
	    source_rank(c->v[worst].source) >= source_rank(source)))
		return false;
	candidates_del(c, worst);
	return true;
}

bool
candidates_add(struct candidates *c, const struct addr *addr, uint8_t source,
    uint32_t priority, uint64_t now)
{
	struct candidate	*cand = candidates_find(c, addr);

	if (cand != NULL) {
		if (source_rank(source) > source_rank(cand->source))
			cand->source = source;
		/* The user wants it now. */
		if (source == PEER_SOURCE_USER) {
			cand->fails = 0;
			cand->due = now;
		}
		return false;
	}
	if (!candidates_room(c, source))
		return false;
	cand = &c->v[c->n++];
	memset(cand, 0, sizeof(*cand));
	cand->addr = *addr;
	cand->source = source;
	cand->priority = priority;
	cand->due = now;
	return true;
}

uint32_t
candidates_count(const struct candidates *c, uint8_t source)
{
	uint32_t	i, n = 0;

	for (i = 0; i < c->n; i++)
		n += c->v[i].source == source;
	return n;
}

static bool
candidate_usable(const struct candidate *cand, bool no_seeds)
{
	if (cand->flags & (CAND_CONNECTED | CAND_SELF))
		return false;
	return !no_seeds || !(cand->flags & CAND_SEED);
}

struct candidate *
candidates_next(struct candidates *c, bool no_seeds, uint64_t now)
{
	struct candidate	*best = NULL, *cand;
	uint64_t		 merit, most = 0;
	uint32_t		 i;

	for (i = 0; i < c->n; i++) {
		cand = &c->v[i];
		if (!candidate_usable(cand, no_seeds) || cand->due > now)
			continue;
		merit = candidate_merit(cand);
		if (merit > most) {
			most = merit;
			best = cand;
		}
	}
	if (best != NULL)
		best->flags |= CAND_CONNECTED;
	return best;
}

uint64_t
candidates_due(const struct candidates *c, bool no_seeds)
{
	uint64_t	due = UINT64_MAX;
	uint32_t	i;

	for (i = 0; i < c->n; i++)
		if (candidate_usable(&c->v[i], no_seeds) && c->v[i].due < due)
			due = c->v[i].due;
	return due;
}

void
candidates_on_end(struct candidates *c, const struct addr *addr, bool useful,
    uint64_t now)
{
	struct candidate	*cand = candidates_find(c, addr);
	uint64_t		 wait;

	if (cand == NULL)
		return;
	cand->flags &= (uint8_t)~CAND_CONNECTED;
	if (useful) {
		cand->fails = 0;
		cand->flags |= CAND_WORKED;
	} else if (++cand->fails > CANDIDATE_FAILS_MAX) {
		candidates_del(c, (uint32_t)(cand - c->v));
		return;
	}
	wait = (uint64_t)CANDIDATE_WAIT_MS << cand->fails;
	if (useful)
		wait = CANDIDATE_AGAIN_MS;
	if (wait > CANDIDATE_WAIT_MAX_MS)
		wait = CANDIDATE_WAIT_MAX_MS;
	/* A quarter of jitter, so that a swarm does not move in step. */
	cand->due = now + wait - arc4random_uniform((uint32_t)wait / 4 + 1);
}

void
candidates_put_back(struct candidates *c, const struct addr *addr,
    uint64_t due)
{
	struct candidate	*cand = candidates_find(c, addr);

	if (cand == NULL)
		return;
	cand->flags &= (uint8_t)~CAND_CONNECTED;
	cand->due = due;
}

void
candidates_mark(struct candidates *c, const struct addr *addr, uint8_t flag)
{
	struct candidate	*cand = candidates_find(c, addr);

	if (cand != NULL)
		cand->flags |= flag;
}

void
candidates_keep_only(struct candidates *c, uint8_t source)
{
	uint32_t	i;

	for (i = c->n; i-- > 0;)
		if (c->v[i].source != source)
			candidates_del(c, i);
}

void
candidates_drop_ip(struct candidates *c, const struct addr *addr)
{
	uint32_t	i;

	for (i = c->n; i-- > 0;)
		if (addr_cmp_ip(&c->v[i].addr, addr) == 0)
			candidates_del(c, i);
}

void
bans_clear(struct bans *bans)
{
	free(bans->v);
	memset(bans, 0, sizeof(*bans));
}

void
bans_add(struct bans *bans, const uint8_t ip[16], uint64_t now, uint64_t ms)
{
	uint32_t	i;

	if (bans->v == NULL)
		bans->v = xcalloc(BANS_MAX, sizeof(*bans->v));
	for (i = 0; i < bans->n; i++)
		if (memcmp(bans->v[i].ip, ip, 16) == 0)
			break;
	if (i == bans->n) {
		/* The list is a ring: the oldest gives way. */
		i = bans->next;
		bans->next = (bans->next + 1) % BANS_MAX;
		if (bans->n < BANS_MAX)
			bans->n++;
	}
	memcpy(bans->v[i].ip, ip, 16);
	bans->v[i].until = now + ms;
}

void
bans_del(struct bans *bans, const uint8_t ip[16])
{
	uint32_t	i;

	for (i = 0; i < bans->n; i++)
		if (memcmp(bans->v[i].ip, ip, 16) == 0)
			bans->v[i].until = 0;
}

bool
bans_has(const struct bans *bans, const uint8_t ip[16], uint64_t now)
{
	uint32_t	i;

	for (i = 0; i < bans->n; i++)
		if (memcmp(bans->v[i].ip, ip, 16) == 0)
			return bans->v[i].until > now;
	return false;
}
