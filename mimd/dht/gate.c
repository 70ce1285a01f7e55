/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "gate.h"
#include "mem.h"
#include "subnet.h"

#define WAYS		4U	/* places a source may have */

void
gate_init(struct gate *g, uint64_t key)
{
	g->key = key | 1;
	g->v = xcalloc(GATE_SOURCES, sizeof(*g->v));
}

void
gate_clear(struct gate *g)
{
	free(g->v);
	g->v = NULL;
}

static struct gate_source *
places(const struct gate *g, uint64_t source)
{
	uint64_t	h = (source ^ g->key) * UINT64_C(0x9e3779b97f4a7c15);

	h ^= h >> 32;
	h *= g->key;
	return &g->v[(h >> 40) % (GATE_SOURCES / WAYS) * WAYS];
}

/* Its place, or that of the one unheard of for longest. */
static struct gate_source *
source_get(struct gate *g, uint64_t source, uint64_t now)
{
	struct gate_source	*v = places(g, source), *oldest = v;
	uint32_t		 i;

	for (i = 0; i < WAYS; i++) {
		if (v[i].at != 0 && v[i].source == source)
			return &v[i];
		if (v[i].at < oldest->at)
			oldest = &v[i];
	}
	oldest->source = source;
	oldest->at = now + 1;
	oldest->answers = GATE_BURST;
	oldest->extra = GATE_EXTRA;
	return oldest;
}

static void
refill(struct gate_source *s, uint64_t now)
{
	uint64_t	n, answers, extra;

	if (now <= s->at)
		return;
	/* By whole answers, so that nothing is lost in rounding. */
	n = (now - s->at) / GATE_REFILL_MS;
	answers = s->answers + n;
	extra = s->extra + n * GATE_REFILL_MS * GATE_EXTRA_RATE / 1000;
	s->at += n * GATE_REFILL_MS;
	s->answers = (uint16_t)(answers < GATE_BURST ? answers : GATE_BURST);
	s->extra = (uint16_t)(extra < GATE_EXTRA ? extra : GATE_EXTRA);
}

size_t
gate_ask(struct gate *g, const struct addr *a, size_t query, uint64_t now)
{
	struct gate_source	*s = source_get(g, subnet_source(a), now);

	refill(s, now);
	if (s->answers == 0)
		return 0;
	s->answers--;
	return query * GATE_FACTOR + s->extra;
}

void
gate_on_reply(struct gate *g, const struct addr *a, size_t query,
    size_t reply)
{
	uint64_t		 source = subnet_source(a);
	struct gate_source	*v = places(g, source);
	uint32_t		 i;
	size_t			 extra;

	if (reply <= query * GATE_FACTOR)
		return;
	extra = reply - query * GATE_FACTOR;
	for (i = 0; i < WAYS; i++)
		if (v[i].at != 0 && v[i].source == source)
			v[i].extra = (uint16_t)(extra < v[i].extra ?
			    v[i].extra - extra : 0);
}

static uint64_t
budget_depth(const struct budget *b)
{
	return b->rate * UINT64_C(1000);	/* a second of it */
}

static void
budget_fill(struct budget *b, uint64_t now)
{
	if (now > b->at)
		b->tokens += (now - b->at) * b->rate;
	b->at = now;
	if (b->tokens > budget_depth(b))
		b->tokens = budget_depth(b);
}

void
budget_set(struct budget *b, uint32_t rate, uint64_t now)
{
	budget_fill(b, now);
	b->rate = rate;
	b->tokens = b->tokens < budget_depth(b) ? b->tokens : budget_depth(b);
}

static bool
budget_take(struct budget *b, uint64_t keep, uint64_t now)
{
	if (b->rate == 0)
		return true;
	budget_fill(b, now);
	if (b->tokens < keep + 1000)
		return false;
	b->tokens -= 1000;
	return true;
}

bool
budget_answer(struct budget *b, uint64_t now)
{
	return budget_take(b, 0, now);
}

bool
budget_query(struct budget *b, uint64_t now)
{
	return budget_take(b, budget_depth(b) / 4, now);
}

uint64_t
budget_due(struct budget *b, uint64_t now)
{
	uint64_t	need = budget_depth(b) / 4 + 1000;

	if (b->rate == 0)
		return now;
	budget_fill(b, now);
	if (b->tokens >= need)
		return now;
	return now + (need - b->tokens + b->rate - 1) / b->rate;
}
