/* SPDX-License-Identifier: ISC */
#ifndef PEERSTORE_H
#define PEERSTORE_H

#include <sys/tree.h>

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "bloom.h"
#include "nodeid.h"

/*
 * The peers that others announced to us (BEP 5), with an end to each number.
 * Pure; times are seconds of a clock that began before 1.
 */
#define PEERSTORE_HASHES	16384	/* torrents */
#define PEERSTORE_ALL		100000	/* peers of all of them */
#define PEERSTORE_SWARM		500	/* peers of a torrent and family */
#define PEERSTORE_SOURCE	64	/* entries of a source */
#define PEERSTORE_LIFE_S	2700	/* unless announced again */

struct peerstore_peer {
	struct addr	addr;
	bool		seed;
	uint32_t	seen;
};

struct peerstore_swarm {
	RB_ENTRY(peerstore_swarm) entry;	/* peerstore::swarms */
	uint8_t			 hash[ID_LEN];
	uint32_t		 at;		/* in peerstore::v */
	uint16_t		 n[2], size[2];
	struct peerstore_peer	*peers[2];	/* IPv4, IPv6 */
};
RB_HEAD(peerstore_swarms, peerstore_swarm);

struct peerstore {
	struct peerstore_swarms	  swarms;
	struct peerstore_swarm	**v;		/* the same, in no order */
	uint32_t		  nswarms, size, npeers;
	uint64_t		  key;		/* of sources, secret */
	uint8_t			 *sources;	/* entries, by hash; or NULL */
};

void	peerstore_init(struct peerstore *s, uint64_t key);
void	peerstore_clear(struct peerstore *s);
/* May somebody announce a torrent?  If not, he needs no token. */
bool	peerstore_has_room(const struct peerstore *s, const uint8_t *hash);
/*
 * False if there is no room for it, or its source has had its share.  In a
 * full swarm it takes the place of another (random).
 */
bool	peerstore_add(struct peerstore *s, const uint8_t *hash,
	    const struct addr *a, bool seed, uint32_t random, uint32_t now);
/* Up to max peers of a family, others each time; without seeds if so. */
uint32_t peerstore_get(const struct peerstore *s, const uint8_t *hash,
	    bool v6, bool noseed, uint32_t random, struct addr *out,
	    uint32_t max);
bool	peerstore_has(const struct peerstore *s, const uint8_t *hash);
/* The filters of BEP 33, of both families; false if nothing is known. */
bool	peerstore_filters(const struct peerstore *s, const uint8_t *hash,
	    uint8_t seeds[BLOOM_LEN], uint8_t peers[BLOOM_LEN]);
/* Up to max torrents, by chance; returns how many. */
uint32_t peerstore_sample(const struct peerstore *s, uint32_t random,
	    uint8_t (*out)[ID_LEN], uint32_t max);
/* Forget those not announced for long. */
void	peerstore_expire(struct peerstore *s, uint32_t now);

#endif /* PEERSTORE_H */
