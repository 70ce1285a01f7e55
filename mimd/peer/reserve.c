/* SPDX-License-Identifier: ISC */
#include "reserve.h"

#include <stdlib.h>

#include "mem.h"
#include "picker_piece.h"

_Static_assert(WEBSEEDS_MAX <= 32, "bits of reserves::refused");

struct reserves *
reserves_new(void)
{
	struct reserves	*r = xcalloc(1, sizeof(*r));

	TAILQ_INIT(&r->list);
	return r;
}

void
reserves_free(struct reserves *r)
{
	if (r == NULL)
		return;
	reserves_drop(r, NULL);
	free(r);
}

/* The run is no more; what is left of it is for all. */
static void
end(struct reserves *r, struct picker *p, struct reserve *v)
{
	for (; v->n > 0 && p != NULL; v->n--)
		picker_release(p, v->first + v->n - 1);
	TAILQ_REMOVE(&r->list, v, link);
	r->n--;
	free(v);
}

static struct reserve *
find(struct reserves *r, uint32_t tag)
{
	struct reserve	*v;

	TAILQ_FOREACH(v, &r->list, link)
		if (v->tag == tag)
			break;
	return v;
}

uint32_t
reserves_take(struct reserves *r, struct picker *p, uint32_t seed,
    uint32_t tag, uint32_t max, uint64_t now, uint32_t *first)
{
	struct picker_run	 avoid[RESERVE_AVOIDS];
	struct reserve		*v;
	uint32_t		 i, n = 0;

	if (r->n == RESERVES_MAX || find(r, tag) != NULL ||
	    (r->refused & 1U << seed) != 0)
		return 0;
	for (i = 0; i < r->navoid; i++)
		if (r->avoid[i].seed == seed)
			avoid[n++] = r->avoid[i].run;
	if ((n = picker_reserve(p, max, avoid, n, first)) == 0)
		return 0;
	v = xcalloc(1, sizeof(*v));
	v->tag = tag;
	v->seed = seed;
	v->first = *first;
	v->n = n;
	v->since = v->at = now;
	TAILQ_INSERT_TAIL(&r->list, v, link);
	r->n++;
	return n;
}

void
reserves_over(struct reserves *r, struct picker *p, uint32_t tag,
    const struct picker_run *avoid)
{
	struct reserve	*v = find(r, tag);

	if (v == NULL)
		return;
	if (avoid->n > 0 && r->navoid < RESERVE_AVOIDS)
		r->avoid[r->navoid++] = (struct reserve_avoid){
			.seed = v->seed, .run = *avoid };
	else if (avoid->n > 0)
		r->refused |= 1U << v->seed;
	end(r, p, v);
}

void
reserves_drop(struct reserves *r, struct picker *p)
{
	struct reserve	*v;

	while ((v = TAILQ_FIRST(&r->list)) != NULL)
		end(r, p, v);
}

/* What came is at the start of the run, but for one that came too early. */
static void
trim(const struct picker *p, struct reserve *v)
{
	while (v->n > 0 && picker_has(p, v->first + v->n - 1))
		v->n--;
}

void
reserves_came(struct reserves *r, const struct picker *p, uint32_t piece,
    uint64_t now)
{
	struct reserve	*v;

	TAILQ_FOREACH(v, &r->list, link)
		if (piece - v->first < v->n)
			break;
	if (v == NULL)
		return;
	v->came++;
	v->at = now;
	trim(p, v);
	if (v->n == 0)
		end(r, NULL, v);
}

/* When would the last piece of the run come? */
static uint64_t
time_left(const struct reserve *v, uint64_t now)
{
	uint64_t	left = v->n > v->came ? v->n - v->came : 1;

	return left * (now - v->since + 1) / (v->came + 1);
}

bool
reserves_steal(struct reserves *r, struct picker *p,
    const struct pieceset *has, uint64_t ms, uint64_t now)
{
	struct reserve	*v, *next;
	uint32_t	 piece;

	TAILQ_FOREACH_SAFE(v, &r->list, link, next) {
		trim(p, v);
		if (v->n == 0) {
			end(r, NULL, v);
			continue;
		}
		piece = v->first + v->n - 1;
		if (time_left(v, now) <= ms || picker_skips(p, piece) ||
		    !pick_set_has(p, has, piece))
			continue;
		picker_release(p, piece);
		if (--v->n == 0)
			end(r, NULL, v);
		return true;
	}
	return false;
}

void
reserves_expire(struct reserves *r, struct picker *p, uint64_t now)
{
	struct reserve	*v, *next;

	TAILQ_FOREACH_SAFE(v, &r->list, link, next)
		if (now >= v->at + RESERVE_MS)
			end(r, p, v);
}
