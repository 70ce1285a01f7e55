/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "tier.h"

static void	 sort(struct tier_set *);
static void	 shuffle(struct tier_set *, uint32_t (*)(uint32_t));
static void	 make_lanes(struct tier_set *, bool);

void
tier_init(struct tier_set *set, const int16_t *tiers, unsigned int n,
    bool strict, uint32_t (*rnd)(uint32_t bound))
{
	unsigned int	i;

	memset(set, 0, sizeof(*set));
	/* No more lanes than trackers; one allocation holds all three. */
	set->lanes = xcalloc(n + 1, sizeof(*set->lanes) + 2);
	set->order = (uint8_t *)(set->lanes + n + 1);
	set->tier = set->order + n + 1;
	for (i = 0; i < n; i++) {
		if (tiers[i] == TIER_NOT_USED)
			continue;
		set->tier[i] = (uint8_t)tiers[i];
		set->order[set->n++] = (uint8_t)i;
	}
	sort(set);
	shuffle(set, rnd);
	make_lanes(set, strict);
}

void
tier_clear(struct tier_set *set)
{
	free(set->lanes);
	memset(set, 0, sizeof(*set));
}

int
tier_lane_of(const struct tier_set *set, unsigned int index)
{
	unsigned int	i, l;

	for (l = 0; l < set->nlanes; l++)
		for (i = 0; i < set->lanes[l].count; i++)
			if (set->order[set->lanes[l].first + i] == index)
				return (int)l;
	return -1;
}

int
tier_pick(const struct tier_set *set, unsigned int lane, const uint64_t *next,
    uint64_t now)
{
	const struct tier_lane	*l = &set->lanes[lane];
	unsigned int		 i, index;

	if (tier_due(set, lane, next) > now)
		return -1;
	for (i = 0; i < l->count; i++) {
		index = set->order[l->first + i];
		if (next[index] <= now)
			return (int)index;
	}
	return -1;
}

/* While one tracker works, the others of its lane rest until it is due. */
uint64_t
tier_due(const struct tier_set *set, unsigned int lane, const uint64_t *next)
{
	const struct tier_lane	*l = &set->lanes[lane];
	uint64_t		 due = UINT64_MAX;
	unsigned int		 i;

	if (l->current != -1)
		return next[l->current];
	for (i = 0; i < l->count; i++)
		if (next[set->order[l->first + i]] < due)
			due = next[set->order[l->first + i]];
	return due;
}

void
tier_worked(struct tier_set *set, unsigned int index)
{
	unsigned int	i, front;
	int		lane;

	if ((lane = tier_lane_of(set, index)) == -1)
		return;
	set->lanes[lane].current = (int16_t)index;
	for (i = set->lanes[lane].first; set->order[i] != index; i++)
		;
	for (front = i; front > set->lanes[lane].first &&
	    set->tier[set->order[front - 1]] == set->tier[index]; front--)
		set->order[front] = set->order[front - 1];
	set->order[front] = (uint8_t)index;
}

void
tier_failed(struct tier_set *set, unsigned int index)
{
	int	lane;

	if ((lane = tier_lane_of(set, index)) != -1 &&
	    set->lanes[lane].current == (int)index)
		set->lanes[lane].current = -1;
}

bool
tier_is_used(const struct tier_set *set, unsigned int index)
{
	int	lane = tier_lane_of(set, index);

	return lane != -1 && (set->lanes[lane].current == -1 ||
	    set->lanes[lane].current == (int)index);
}

/* By tier; within one as they were given. */
static void
sort(struct tier_set *set)
{
	unsigned int	i, j;
	uint8_t		index;

	for (i = 1; i < set->n; i++) {
		index = set->order[i];
		for (j = i; j > 0 && set->tier[set->order[j - 1]] >
		    set->tier[index]; j--)
			set->order[j] = set->order[j - 1];
		set->order[j] = index;
	}
}

static void
shuffle(struct tier_set *set, uint32_t (*rnd)(uint32_t bound))
{
	unsigned int	i, j, first = 0;
	uint8_t		tmp;

	for (i = 1; i < set->n; i++) {
		if (set->tier[set->order[i]] != set->tier[set->order[first]])
			first = i;
		j = first + rnd(i - first + 1);
		tmp = set->order[i];
		set->order[i] = set->order[j];
		set->order[j] = tmp;
	}
}

static void
make_lanes(struct tier_set *set, bool strict)
{
	struct tier_lane	*l = NULL;
	unsigned int		 i;

	for (i = 0; i < set->n; i++) {
		if (l == NULL || (!strict && set->tier[set->order[i]] !=
		    set->tier[set->order[i - 1]])) {
			l = &set->lanes[set->nlanes++];
			l->first = (uint8_t)i;
			l->current = -1;
		}
		l->count++;
	}
}
