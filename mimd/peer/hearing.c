/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "hearing.h"

static bool
bucket_spend(struct hearing_bucket *b, uint32_t burst, uint64_t refill_ms,
    uint64_t now)
{
	uint64_t	back = (now - b->at) / refill_ms;

	if (back >= b->spent) {
		b->spent = 0;
		b->at = now;
	} else {
		b->spent -= (uint32_t)back;
		b->at += back * refill_ms;
	}
	if (b->spent >= burst)
		return false;
	b->spent++;
	return true;
}

bool
hearing_take(struct hearing *h, const struct hearing_limits *l,
    const struct addr *source, uint64_t now)
{
	uint32_t	i, oldest = 0;

	for (i = 0; i < HEARING_SOURCES; i++) {
		if (memcmp(h->v[i].ip, source->ip, 16) == 0)
			break;
		if (h->v[i].b.at < h->v[oldest].b.at)
			oldest = i;
	}
	if (i == HEARING_SOURCES) {
		i = oldest;
		memset(&h->v[i], 0, sizeof(h->v[i]));
		memcpy(h->v[i].ip, source->ip, 16);
	}
	return bucket_spend(&h->v[i].b, l->burst, l->refill_ms, now) &&
	    bucket_spend(&h->all, l->all_burst, l->all_refill_ms, now);
}
