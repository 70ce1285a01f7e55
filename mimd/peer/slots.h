/* SPDX-License-Identifier: ISC */
#ifndef SLOTS_H
#define SLOTS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Who uses which slot of the arena, and the block cache in it.  Pure: the
 * memory itself is never touched.  Slots are taken from the low end; cached
 * blocks that were not used for longest give way.
 *
 * What was sent is kept for others that ask for it.  How much of that is
 * worth its memory is learned: a block that is read again soon after it gave
 * way makes the cache larger, and one that is new makes it a little smaller.
 * A seed whose peers all ask for different pieces does with little.
 */
#define SLOT_NONE	UINT32_MAX
#define SLOTS_CACHE_MIN	128		/* blocks in the cache, at least */
#define SLOTS_CACHE_GROW 4		/* for each that gave way too early */
#define SLOTS_CACHE_NEWS 64		/* so many new ones: one less */
#define SLOTS_KEEP_MS	10000		/* free for so long: give pages back */

enum slot_use {
	SLOT_FREE,
	SLOT_HELD,		/* a connection receives into it */
	SLOT_WRITE,		/* disk has it to write */
	SLOT_READ,		/* disk has it to fill */
	SLOT_CACHED
};

struct slot {
	uint8_t		 use;		/* SLOT_* */
	bool		 dirty;		/* has pages */
	bool		 stale;		/* drop it when unpinned */
	bool		 served;	/* was of use to someone */
	uint32_t	 pins;
	uint32_t	 gen;
	uint32_t	 torrent, piece, begin, length;
	uint32_t	 hash;		/* next in its hash chain */
	uint32_t	 prev, next;	/* in slots::fresh or ::served */
	uint64_t	 used;		/* when */
	void		*waiters;	/* the owner's, for SLOT_READ */
};

/* Cached blocks, linked by when they were used last. */
struct slot_order {
	uint32_t	 oldest, newest;
};

struct slots {
	struct slot	*v;
	uint32_t	 n;
	uint64_t	*map[3];	/* free slots, and summaries of it */
	uint32_t	*buckets;
	uint32_t	 nbuckets;
	struct slot_order fresh, served;
	uint32_t	*ghosts;	/* tags of blocks that gave way */
	uint32_t	 cache;		/* blocks, before one gives way */
	uint32_t	 news;		/* read, no ghosts, since it shrank */
	uint32_t	 nfree, nwrite, nread, ncached;
	uint32_t	 npinned;	/* of the cached */
	uint32_t	 high;		/* no dirty slot from here on */
};

void	 slots_init(struct slots *s, uint32_t n);
void	 slots_clear(struct slots *s);
/* A slot, SLOT_HELD, or SLOT_NONE when all are busy. */
uint32_t slots_take(struct slots *s);
/* One for the cache, of a block that gives way if it is large enough. */
uint32_t slots_take_cache(struct slots *s);
void	 slots_give(struct slots *s, uint32_t slot, uint64_t now);
/* It goes to disk to be written: returns the generation to name. */
uint32_t slots_write(struct slots *s, uint32_t slot, uint32_t torrent,
	    uint32_t piece, uint32_t begin, uint32_t length);
/* It goes to disk to be filled, and can be found from now on. */
uint32_t slots_read(struct slots *s, uint32_t slot, uint32_t torrent,
	    uint32_t piece, uint32_t begin, uint32_t length);
/* Disk filled it. */
void	 slots_filled(struct slots *s, uint32_t slot, uint64_t now);
/* A slot that has these bytes or soon will, or SLOT_NONE. */
uint32_t slots_find(const struct slots *s, uint32_t torrent, uint32_t piece,
	    uint32_t begin, uint32_t length);
/* It is being sent from: it must not change. */
void	 slots_pin(struct slots *s, uint32_t slot, uint64_t now);
void	 slots_unpin(struct slots *s, uint32_t slot, uint64_t now);
/* Forget a torrent's cached blocks. */
void	 slots_forget(struct slots *s, uint32_t torrent, uint64_t now);
/* Drop cached blocks that were not used for a while. */
void	 slots_expire(struct slots *s, uint64_t now, uint64_t age);
/*
 * A run of free slots with pages, unused for SLOTS_KEEP_MS, from *from on;
 * its length, 0 when there is none.  They count as clean then.
 */
uint32_t slots_idle_run(struct slots *s, uint64_t now, uint32_t *from);

#endif /* SLOTS_H */
