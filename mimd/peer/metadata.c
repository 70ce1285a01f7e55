/* SPDX-License-Identifier: ISC */
#include "metadata.h"

#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "utmeta.h"

void
metadata_init(struct metadata *md)
{
	memset(md, 0, sizeof(*md));
	TAILQ_INIT(&md->peers);
}

void
metadata_clear(struct metadata *md)
{
	struct metadata_peer	*p;

	while ((p = TAILQ_FIRST(&md->peers)) != NULL)
		metadata_leave(md, p);
	free(md->blocks);
	metadata_init(md);
}

bool
metadata_join(struct metadata *md, struct metadata_peer *p,
    const uint8_t ip[16], uint32_t size)
{
	if (size == 0 || size > METADATA_SIZE_MAX)
		return false;
	memset(p, 0, sizeof(*p));
	memcpy(p->ip, ip, sizeof(p->ip));
	p->size = size;
	p->window = METADATA_FIRST;
	TAILQ_INSERT_TAIL(&md->peers, p, link);
	return true;
}

static void
forget_asked(struct metadata *md, struct metadata_peer *p)
{
	uint8_t	i;

	for (i = 0; i < p->nasked; i++)
		if (p->asked[i].block < md->nblocks)
			md->blocks[p->asked[i].block].at = 0;
	p->late += p->nasked;
	p->nasked = 0;
}

void
metadata_leave(struct metadata *md, struct metadata_peer *p)
{
	forget_asked(md, p);
	if (md->solo == p)
		md->solo = NULL;
	TAILQ_REMOVE(&md->peers, p, link);
}

/* ---- attempts ---- */

static uint32_t
size_fails(const struct metadata *md, uint32_t size)
{
	uint32_t	i;

	for (i = 0; i < md->nsizes; i++)
		if (md->sizes[i].size == size)
			return md->sizes[i].fails;
	return 0;
}

static void
size_failed(struct metadata *md, uint32_t size)
{
	uint32_t	i, least = 0;

	for (i = 0; i < md->nsizes; i++) {
		if (md->sizes[i].size == size) {
			md->sizes[i].fails++;
			return;
		}
		if (md->sizes[i].fails < md->sizes[least].fails)
			least = i;
	}
	if (md->nsizes < METADATA_SIZES)
		least = md->nsizes++;
	md->sizes[least].size = size;
	md->sizes[least].fails = 1;
}

/* Has an earlier peer of this address said the same? */
static bool
is_repeated(const struct metadata *md, const struct metadata_peer *p)
{
	const struct metadata_peer	*o;

	TAILQ_FOREACH(o, &md->peers, link) {
		if (o == p)
			break;
		if (o->size == p->size && memcmp(o->ip, p->ip, 16) == 0)
			return true;
	}
	return false;
}

static uint32_t
votes(const struct metadata *md, uint32_t size)
{
	const struct metadata_peer	*p;
	uint32_t			 n = 0;

	TAILQ_FOREACH(p, &md->peers, link)
		if (p->size == size && !is_repeated(md, p))
			n++;
	return n;
}

/* The size that failed least; of these the one with most votes. */
static uint32_t
best_size(const struct metadata *md)
{
	const struct metadata_peer	*p;
	uint32_t			 best = 0, n = 0, fails = 0, v, f;

	TAILQ_FOREACH(p, &md->peers, link) {
		if (p->size == best)
			continue;
		f = size_fails(md, p->size);
		v = votes(md, p->size);
		if (best == 0 || f < fails || (f == fails && v > n)) {
			best = p->size;
			n = v;
			fails = f;
		}
	}
	return best;
}

static struct metadata_peer *
best_peer(struct metadata *md, uint64_t now)
{
	struct metadata_peer	*p, *best = NULL;
	uint32_t		 cost, least = 0;

	TAILQ_FOREACH(p, &md->peers, link) {
		cost = 4U * p->stuck + p->strikes + (p->rest > now ? 64 : 0);
		if (best == NULL || cost < least) {
			best = p;
			least = cost;
		}
	}
	return best;
}

void
metadata_reset(struct metadata *md)
{
	struct metadata_peer	*p;

	TAILQ_FOREACH(p, &md->peers, link)
		forget_asked(md, p);
	free(md->blocks);
	md->blocks = NULL;
	md->size = md->nblocks = md->ntaken = md->first = md->nsenders = 0;
	md->solo = NULL;
}

uint32_t
metadata_begin(struct metadata *md, uint64_t now)
{
	metadata_reset(md);
	if (md->failed) {
		md->solo = best_peer(md, now);
		md->size = md->solo != NULL ? md->solo->size : 0;
	} else {
		md->size = best_size(md);
	}
	if (md->size == 0)
		return 0;
	md->nblocks = (md->size + UTMETA_BLOCK - 1) / UTMETA_BLOCK;
	md->blocks = xcalloc(md->nblocks, sizeof(*md->blocks));
	md->moved = now;
	return md->size;
}

bool
metadata_stuck(struct metadata *md, uint64_t now)
{
	uint64_t	patience = METADATA_STUCK_MS;
	uint32_t	best;

	if (md->failed && (md->solo == NULL || (md->solo->rest > now &&
	    best_peer(md, now)->rest <= now)))
		return true;
	if (!md->failed && (best = best_size(md)) != md->size &&
	    votes(md, best) > votes(md, md->size))
		return true;
	if (md->solo != NULL)
		patience = (uint64_t)METADATA_SOLO_MS * (md->solo->stuck + 1);
	if (now - md->moved < patience)
		return false;
	if (md->solo != NULL && md->solo->stuck < UINT8_MAX)
		md->solo->stuck++;
	size_failed(md, md->size);
	return true;
}

/* ---- blocks ---- */

uint32_t
metadata_length(const struct metadata *md, uint32_t block)
{
	uint32_t	left = md->size - block * UTMETA_BLOCK;

	return left < UTMETA_BLOCK ? left : UTMETA_BLOCK;
}

static uint8_t
find_asked(const struct metadata_peer *p, uint32_t block)
{
	uint8_t	i;

	for (i = 0; i < p->nasked; i++)
		if (p->asked[i].block == block)
			break;
	return i;
}

static void
drop_asked(struct metadata_peer *p, uint8_t i)
{
	p->asked[i] = p->asked[--p->nasked];
}

/* What it did not answer for so long will not come. */
static void
expire_asked(struct metadata_peer *p, uint64_t now)
{
	uint8_t	i;

	for (i = p->nasked; i-- > 0;)
		if (now - p->asked[i].at >= METADATA_LOST_MS) {
			drop_asked(p, i);
			p->late++;
			p->rest = now + METADATA_REST_MS;
		}
}

bool
metadata_next(struct metadata *md, struct metadata_peer *p, uint64_t now,
    uint32_t *block)
{
	const struct metadata_block	*b;
	uint32_t			 i, again = md->nblocks;

	expire_asked(p, now);
	if (md->size == 0 || p->size != md->size || p->rest > now ||
	    p->nasked >= p->window || (md->failed && md->solo != p))
		return false;
	for (i = md->first; i < md->nblocks; i++) {
		b = &md->blocks[i];
		if (b->taken)
			continue;
		if (b->at == 0)
			break;
		if (again == md->nblocks && now - b->at >= METADATA_AGAIN_MS &&
		    find_asked(p, i) == p->nasked)
			again = i;
	}
	if (i == md->nblocks)
		i = again;
	if (i == md->nblocks)
		return false;
	md->blocks[i].at = now;
	p->asked[p->nasked].block = i;
	p->asked[p->nasked++].at = now;
	*block = i;
	return true;
}

static void
add_sender(struct metadata *md, const uint8_t ip[16])
{
	uint32_t	i;

	for (i = 0; i < md->nsenders; i++)
		if (memcmp(md->senders[i], ip, 16) == 0)
			return;
	if (md->nsenders < METADATA_SENDERS)
		memcpy(md->senders[md->nsenders++], ip, 16);
}

enum metadata_verdict
metadata_on_data(struct metadata *md, struct metadata_peer *p, uint32_t block,
    uint32_t length, uint32_t total, uint64_t now)
{
	uint8_t	i = find_asked(p, block);

	if (i == p->nasked) {
		if (p->late == 0)
			return METADATA_UNASKED;
		p->late--;
		return METADATA_LATE;
	}
	drop_asked(p, i);
	if (length != metadata_length(md, block) ||
	    (total != 0 && total != md->size)) {
		md->blocks[block].at = 0;
		return METADATA_WRONG;
	}
	if (md->blocks[block].taken)
		return METADATA_LATE;
	md->blocks[block].taken = true;
	md->ntaken++;
	md->moved = now;
	p->rejects = 0;
	if (p->window < METADATA_ASKED)
		p->window++;
	while (md->first < md->nblocks && md->blocks[md->first].taken)
		md->first++;
	add_sender(md, p->ip);
	return METADATA_TAKE;
}

void
metadata_on_reject(struct metadata *md, struct metadata_peer *p,
    uint32_t block, uint64_t now)
{
	uint8_t	i = find_asked(p, block);

	if (i == p->nasked) {
		if (p->late > 0)
			p->late--;
		return;
	}
	drop_asked(p, i);
	md->blocks[block].at = 0;
	if (p->rejects < 6)
		p->rejects++;
	p->rest = now + (uint64_t)METADATA_REST_MS * p->rejects;
}

void
metadata_on_lost(struct metadata *md, uint32_t block)
{
	if (block >= md->nblocks || !md->blocks[block].taken)
		return;
	md->blocks[block].taken = false;
	md->blocks[block].at = 0;
	md->ntaken--;
	if (block < md->first)
		md->first = block;
}

bool
metadata_on_bad(struct metadata *md, uint8_t ip[16])
{
	struct metadata_peer	*p;
	uint32_t		 i;
	bool			 sole = md->nsenders == 1;

	if (sole)
		memcpy(ip, md->senders[0], 16);
	TAILQ_FOREACH(p, &md->peers, link)
		for (i = 0; i < md->nsenders; i++)
			if (memcmp(p->ip, md->senders[i], 16) == 0 &&
			    p->strikes < UINT8_MAX)
				p->strikes++;
	size_failed(md, md->size);
	md->failed = true;
	metadata_reset(md);
	return sole;
}
