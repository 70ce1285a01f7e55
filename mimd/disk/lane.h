/* SPDX-License-Identifier: ISC */
#ifndef LANE_H
#define LANE_H

#include <stdbool.h>
#include <stdint.h>

#include "worker.h"

struct disk;
struct piece;

/*
 * The thread that hashes what is being downloaded, so that copying and
 * writing go on meanwhile.  It takes runs in the order they are given, and
 * touches nothing but their bytes and the digest.  When there are many small
 * files to be made it lends a hand (fresh.h).  A short run of a piece
 * that has none before it there is hashed at once: that costs less than to
 * wake a thread.
 */
#define LANE_RUN	(256U << 10)	/* bytes of a run at most */
#define LANE_RUNS	6U		/* at most; who needs more waits */
#define LANE_SHORT	(48U << 10)	/* a run that is hashed at once */

struct lane;

struct lane *lane_new(struct disk *d);
void	 lane_start(struct lane *lane);
/* Is nothing being hashed? */
bool	 lane_idle(struct lane *lane);
/* Memory for a run; waits for the thread when all is in use. */
uint8_t	*lane_take(struct lane *lane);
/* It is not needed after all. */
void	 lane_give(struct lane *lane, uint8_t *run);
/*
 * Hash the n bytes of run (given back by and by), which are those at p's
 * cursor.  disk_data_hashed() is called when they are, perhaps before this
 * returns.  False while p can have no digest: nothing was done then.
 */
bool	 lane_hash(struct lane *lane, struct piece *p, uint8_t *run,
	    uint32_t n);
/* pool_relay() with its thread. */
void	 lane_relay(struct lane *lane, uint32_t n,
	    void (*first)(void *arg, uint32_t i),
	    void (*second)(void *arg, uint32_t i), void *arg);

#endif /* LANE_H */
