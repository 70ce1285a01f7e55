/* SPDX-License-Identifier: ISC */
#include <stddef.h>

#include "replace.h"

void
replace_look(struct replace *r, const struct replace_peer *p, void *arg)
{
	r->n++;
	r->sum += p->rate;
	if (p->age >= REPLACE_STILL_MS && p->still >= REPLACE_STILL_MS &&
	    p->priority < r->priority &&
	    (r->still == NULL || p->priority < r->still_priority)) {
		r->still = arg;
		r->still_priority = p->priority;
	}
	if (p->age >= REPLACE_SLOW_MS &&
	    (r->slow == NULL || p->rate < r->slow_rate)) {
		r->slow = arg;
		r->slow_rate = p->rate;
	}
}

void *
replace_pick(const struct replace *r, uint64_t *pause)
{
	*pause = REPLACE_STILL_PAUSE_MS;
	if (r->still != NULL)
		return r->still;
	*pause = REPLACE_SLOW_PAUSE_MS;
	if (r->slow == NULL || r->n < REPLACE_SLOW_MIN ||
	    r->slow_rate >= r->sum / r->n / REPLACE_SLOW_FACTOR)
		return NULL;
	return r->slow;
}
