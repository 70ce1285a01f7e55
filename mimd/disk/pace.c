/* SPDX-License-Identifier: ISC */
#include "pace.h"

/* Bytes to be read in one go. */
static uint64_t
pace_batch(uint64_t total)
{
	return total / 8 < PACE_BATCH ? total / 8 + 1 : PACE_BATCH;
}

void
pace_init(struct pace *p, uint64_t period, uint64_t total, uint64_t now)
{
	p->period = period;
	p->at = now;
	/* Who is started anew each day gets on as well. */
	p->credit = pace_batch(total);
}

uint64_t
pace_rate(const struct pace *p, uint64_t total)
{
	uint64_t	rate;

	if (p->period == 0)
		return 0;
	rate = total / p->period;
	rate += rate / 4 + 1;
	return rate < PACE_RATE_MAX ? rate : PACE_RATE_MAX;
}

void
pace_earn(struct pace *p, uint64_t total, uint64_t now)
{
	uint64_t	rate = pace_rate(p, total), max = pace_batch(total);
	uint64_t	ms = now - p->at, more;

	if (ms > UINT64_MAX / PACE_RATE_MAX)
		ms = UINT64_MAX / PACE_RATE_MAX;
	if ((more = ms * rate / 1000) == 0)
		return;		/* later */
	p->at = now;
	/* Time without anything due is no reason to hurry then. */
	p->credit = more < max && p->credit < max - more ?
	    p->credit + more : max;
}

void
pace_spend(struct pace *p, uint64_t bytes)
{
	p->credit -= bytes < p->credit ? bytes : p->credit;
}

uint64_t
pace_wait(const struct pace *p, uint64_t total)
{
	uint64_t	rate = pace_rate(p, total), max = pace_batch(total);

	if (p->credit >= max || rate == 0)
		return 0;
	return (max - p->credit) * 1000 / rate + 1;
}
