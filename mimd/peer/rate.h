/* SPDX-License-Identifier: ISC */
#ifndef RATE_H
#define RATE_H

#include <stdint.h>

/* Bytes per second over the last few seconds; all zero is a fresh one. */
#define RATE_SLOTS	8
#define RATE_SHIFT	9		/* a slot is 512 ms */

struct rate {
	uint64_t	first;		/* tick of the first after a pause */
	uint64_t	last;		/* tick of the newest slot */
	uint32_t	slot[RATE_SLOTS];
};

void		rate_add(struct rate *rate, uint64_t now_ms, uint64_t bytes);
uint64_t	rate_get(const struct rate *rate, uint64_t now_ms);

#endif /* RATE_H */
