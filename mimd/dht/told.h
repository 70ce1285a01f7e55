/* SPDX-License-Identifier: ISC */
#ifndef TOLD_H
#define TOLD_H

#include <sys/tree.h>

#include <stdbool.h>
#include <stdint.h>

#include "nodeid.h"

/*
 * The torrents that the parent told of: it names them by number, the DHT by
 * info-hash.  Pure.
 */
struct told {
	RB_ENTRY(told)	 by_hash;	/* tolds::hashes */
	uint32_t	 id;
	uint8_t		 hash[ID_LEN];
	bool		 seed;
};
RB_HEAD(told_hashes, told);

struct tolds {
	struct told_hashes hashes;
	struct told	**v;		/* by id, ascending */
	uint32_t	 n, size;
};

void	tolds_init(struct tolds *ts);
void	tolds_clear(struct tolds *ts);
/* NULL: there is no such. */
struct told *tolds_find(const struct tolds *ts, uint32_t id);
struct told *tolds_find_hash(struct tolds *ts, const uint8_t *hash);
/* Neither its number nor its info-hash are there. */
struct told *tolds_add(struct tolds *ts, uint32_t id, const uint8_t *hash);
void	tolds_del(struct tolds *ts, struct told *t);

#endif /* TOLD_H */
