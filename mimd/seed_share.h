/* SPDX-License-Identifier: ISC */
#ifndef SEED_SHARE_H
#define SEED_SHARE_H

#include <stdint.h>

#define SEED_SHARE_MS	900U	/* between two looks, or more */

struct parent;

/* What tracker and peer were told of the limit of all torrents, bytes/s. */
struct seed_share {
	uint64_t	seeds, peers;
	uint64_t	at;		/* ms, the last look */
};

/* Web seeds have told of themselves. */
void	 seed_share_look(struct parent *parent);
/* The same at once: a limit has changed, or a child is a new one. */
void	 seed_share_update(struct parent *parent);

#endif /* SEED_SHARE_H */
