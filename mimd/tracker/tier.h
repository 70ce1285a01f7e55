/* SPDX-License-Identifier: ISC */
#ifndef TIER_H
#define TIER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Which of a torrent's trackers to use (BEP 12).  Trackers are known by
 * their index; a lane is a list of which one is used at a time.  Each tier
 * is a lane of its own; strict has one lane over all tiers, as private
 * torrents want it.  Pure.
 */
struct tier_lane {
	uint8_t		first, count;	/* in order[] */
	int16_t		current;	/* index that works, or -1 */
	bool		busy;		/* the caller's: an announce is out */
};

struct tier_set {
	struct tier_lane *lanes;	/* NULL: not made yet */
	uint8_t		 *order;	/* indices, tier by tier */
	uint8_t		 *tier;		/* of each index */
	uint8_t		  n, nlanes;
};

#define TIER_NOT_USED	-1	/* in tiers[]: a tracker left out */

/*
 * n < 256 trackers; tiers[i] is the tier of index i.  Shuffles each tier by
 * rnd(bound), which returns a number below bound.
 */
void	tier_init(struct tier_set *set, const int16_t *tiers, unsigned int n,
	    bool strict, uint32_t (*rnd)(uint32_t bound));
void	tier_clear(struct tier_set *set);
/* The lane that index is in, or -1. */
int	tier_lane_of(const struct tier_set *set, unsigned int index);
/*
 * The tracker of a lane to use at now, -1 if none is due; next[i] is when
 * index i may be announced to.
 */
int	tier_pick(const struct tier_set *set, unsigned int lane,
	    const uint64_t *next, uint64_t now);
/* When tier_pick() will find one: UINT64_MAX never. */
uint64_t tier_due(const struct tier_set *set, unsigned int lane,
	    const uint64_t *next);
/* It answered: it moves to the front of its tier. */
void	tier_worked(struct tier_set *set, unsigned int index);
/* Is it the one of its lane that works, or may it be found to be? */
bool	tier_is_used(const struct tier_set *set, unsigned int index);
void	tier_failed(struct tier_set *set, unsigned int index);

#endif /* TIER_H */
