/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "peerstore.h"
#include "subnet.h"

#define SOURCE_SLOTS	16384U

static int
swarm_cmp(const struct peerstore_swarm *a, const struct peerstore_swarm *b)
{
	return memcmp(a->hash, b->hash, ID_LEN);
}

RB_GENERATE_INTERNAL(peerstore_swarms, peerstore_swarm, entry, swarm_cmp,
    static __attribute__((unused)))

void
peerstore_init(struct peerstore *s, uint64_t key)
{
	memset(s, 0, sizeof(*s));
	RB_INIT(&s->swarms);
	s->key = key | 1;
}

static struct peerstore_swarm *
swarm_find(const struct peerstore *s, const uint8_t *hash)
{
	struct peerstore_swarm	like;

	memcpy(like.hash, hash, ID_LEN);
	return RB_FIND(peerstore_swarms,
	    (struct peerstore_swarms *)&s->swarms, &like);
}

static struct peerstore_swarm *
swarm_new(struct peerstore *s, const uint8_t *hash)
{
	struct peerstore_swarm	*w = xcalloc(1, sizeof(*w));

	memcpy(w->hash, hash, ID_LEN);
	if (s->nswarms == s->size) {
		s->size = s->size == 0 ? 16 : s->size * 2;
		s->v = xreallocarray(s->v, s->size, sizeof(*s->v));
	}
	w->at = s->nswarms;
	s->v[s->nswarms++] = w;
	RB_INSERT(peerstore_swarms, &s->swarms, w);
	return w;
}

static void
swarm_drop(struct peerstore *s, struct peerstore_swarm *w)
{
	RB_REMOVE(peerstore_swarms, &s->swarms, w);
	s->v[w->at] = s->v[--s->nswarms];
	s->v[w->at]->at = w->at;
	s->npeers -= w->n[0] + w->n[1];
	free(w->peers[0]);
	free(w->peers[1]);
	free(w);
}

void
peerstore_clear(struct peerstore *s)
{
	while (s->nswarms > 0)
		swarm_drop(s, s->v[s->nswarms - 1]);
	free(s->v);
	free(s->sources);
	s->v = NULL;
	s->sources = NULL;
	s->size = 0;
}

/* How many entries a source has, and perhaps another that falls on it. */
static uint8_t *
source_count(struct peerstore *s, const struct addr *a)
{
	uint64_t	h = (subnet_source(a) ^ s->key) * (s->key | 1);

	if (s->sources == NULL)
		s->sources = xcalloc(SOURCE_SLOTS, 1);
	h ^= h >> 29;
	h *= UINT64_C(0x9e3779b97f4a7c15);
	return &s->sources[(h >> 40) % SOURCE_SLOTS];
}

bool
peerstore_has_room(const struct peerstore *s, const uint8_t *hash)
{
	return s->npeers < PEERSTORE_ALL &&
	    (s->nswarms < PEERSTORE_HASHES || swarm_find(s, hash) != NULL);
}

/* One entry for an address, whatever the port, but in a local network. */
static struct peerstore_peer *
peer_find(const struct peerstore_swarm *w, int f, const struct addr *a)
{
	bool		local = subnet_is_local(a);
	uint32_t	i;

	for (i = 0; i < w->n[f]; i++)
		if ((local ? addr_cmp(&w->peers[f][i].addr, a) :
		    addr_cmp_ip(&w->peers[f][i].addr, a)) == 0)
			return &w->peers[f][i];
	return NULL;
}

static struct peerstore_peer *
peer_new(struct peerstore *s, struct peerstore_swarm *w, int f,
    uint32_t random)
{
	struct peerstore_peer	*p;

	if (w->n[f] == PEERSTORE_SWARM) {
		p = &w->peers[f][random % PEERSTORE_SWARM];
		--*source_count(s, &p->addr);
		return p;
	}
	if (w->n[f] == w->size[f]) {
		w->size[f] = (uint16_t)(w->size[f] == 0 ? 2 :
		    w->size[f] + w->size[f] / 2);
		w->peers[f] = xreallocarray(w->peers[f], w->size[f],
		    sizeof(*w->peers[f]));
	}
	s->npeers++;
	return &w->peers[f][w->n[f]++];
}

bool
peerstore_add(struct peerstore *s, const uint8_t *hash, const struct addr *a,
    bool seed, uint32_t random, uint32_t now)
{
	struct peerstore_swarm	*w = swarm_find(s, hash);
	struct peerstore_peer	*p = NULL;
	int			 f = !addr_is_v4(a);
	uint8_t			*count;

	if (w != NULL)
		p = peer_find(w, f, a);
	if (p == NULL) {
		count = source_count(s, a);
		if (*count >= PEERSTORE_SOURCE || !peerstore_has_room(s, hash))
			return false;
		if (w == NULL)
			w = swarm_new(s, hash);
		p = peer_new(s, w, f, random);
		++*count;
	}
	p->addr = *a;
	p->seed = seed;
	p->seen = now;
	return true;
}

uint32_t
peerstore_get(const struct peerstore *s, const uint8_t *hash, bool v6,
    bool noseed, uint32_t random, struct addr *out, uint32_t max)
{
	struct peerstore_swarm		*w = swarm_find(s, hash);
	const struct peerstore_peer	*p;
	uint32_t			 i, n = 0;

	if (w == NULL || w->n[v6] == 0)
		return 0;
	for (i = 0; i < w->n[v6] && n < max; i++) {
		p = &w->peers[v6][(random % w->n[v6] + i) % w->n[v6]];
		if (!noseed || !p->seed)
			out[n++] = p->addr;
	}
	return n;
}

bool
peerstore_has(const struct peerstore *s, const uint8_t *hash)
{
	return swarm_find(s, hash) != NULL;
}

bool
peerstore_filters(const struct peerstore *s, const uint8_t *hash,
    uint8_t seeds[BLOOM_LEN], uint8_t peers[BLOOM_LEN])
{
	struct peerstore_swarm		*w = swarm_find(s, hash);
	const struct peerstore_peer	*p;
	uint32_t			 i;
	int				 f;

	memset(seeds, 0, BLOOM_LEN);
	memset(peers, 0, BLOOM_LEN);
	if (w == NULL)
		return false;
	for (f = 0; f < 2; f++)
		for (i = 0; i < w->n[f]; i++) {
			p = &w->peers[f][i];
			bloom_add(p->seed ? seeds : peers, &p->addr);
		}
	return true;
}

uint32_t
peerstore_sample(const struct peerstore *s, uint32_t random,
    uint8_t (*out)[ID_LEN], uint32_t max)
{
	uint32_t	i, n = s->nswarms < max ? s->nswarms : max;
	uint64_t	step;

	if (n == 0)
		return 0;
	/* One of each stretch, so that none comes twice. */
	for (i = 0; i < n; i++) {
		step = (uint64_t)i * s->nswarms / n;
		memcpy(out[i], s->v[(step + random) % s->nswarms]->hash,
		    ID_LEN);
	}
	return n;
}

static void
swarm_expire(struct peerstore *s, struct peerstore_swarm *w, uint32_t now)
{
	struct peerstore_peer	*p;
	uint32_t		 i;
	int			 f;

	for (f = 0; f < 2; f++)
		for (i = 0; i < w->n[f];) {
			p = &w->peers[f][i];
			if (p->seen + PEERSTORE_LIFE_S > now) {
				i++;
				continue;
			}
			--*source_count(s, &p->addr);
			*p = w->peers[f][--w->n[f]];
			s->npeers--;
		}
	if (w->n[0] + w->n[1] == 0)
		swarm_drop(s, w);
}

void
peerstore_expire(struct peerstore *s, uint32_t now)
{
	uint32_t	i;

	for (i = s->nswarms; i > 0; i--)
		swarm_expire(s, s->v[i - 1], now);
}
