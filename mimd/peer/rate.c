/* SPDX-License-Identifier: ISC */
#include <stdbool.h>
#include <string.h>

#include "rate.h"

/* Ticks count from one, so that zero can say "never". */
static uint64_t
rate_tick(uint64_t now_ms)
{
	return (now_ms >> RATE_SHIFT) + 1;
}

void
rate_add(struct rate *rate, uint64_t now_ms, uint64_t bytes)
{
	uint64_t	tick = rate_tick(now_ms), t;
	uint32_t	*slot;

	if (rate->last == 0 || tick >= rate->last + RATE_SLOTS) {
		memset(rate->slot, 0, sizeof(rate->slot));
		rate->first = tick;
	} else {
		for (t = rate->last + 1; t <= tick; t++)
			rate->slot[t % RATE_SLOTS] = 0;
	}
	if (tick > rate->last)
		rate->last = tick;
	slot = &rate->slot[rate->last % RATE_SLOTS];
	*slot = bytes > UINT32_MAX - *slot ? UINT32_MAX :
	    *slot + (uint32_t)bytes;
}

uint64_t
rate_get(const struct rate *rate, uint64_t now_ms)
{
	uint64_t	tick = rate_tick(now_ms), t, low, sum = 0, ms;

	if (rate->last == 0 || tick >= rate->last + RATE_SLOTS)
		return 0;
	low = tick >= RATE_SLOTS ? tick - RATE_SLOTS + 1 : 1;
	for (t = low; t <= rate->last; t++)
		sum += rate->slot[t % RATE_SLOTS];
	if (rate->first > low)
		low = rate->first;
	/* The newest slot counts for the part of it that has gone by. */
	ms = ((tick - low) << RATE_SHIFT) +
	    (now_ms & ((1U << RATE_SHIFT) - 1));
	if (ms < 250)
		ms = 250;
	return sum * 1000 / ms;
}
