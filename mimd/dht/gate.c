/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "gate.h"
#include "mem.h"
#include "subnet.h"

#define WAYS		4U	/* places a source may have */
#define PACKET		1000U	/* tokens of one */
#define FEW		4U	/* packets worth waking up for */

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

/* Of either kind at once. */
static uint64_t
budget_depth(const struct budget *b)
{
	return b->rate * UINT64_C(500);
}

static void
budget_fill(struct budget *b, uint64_t now)
{
	uint64_t	depth = budget_depth(b), more, over;
	int		i;

	more = now > b->at ? (now - b->at) * b->rate / 2 : 0;
	b->at = now;
	for (i = 0; i < 2; i++)
		b->tokens[i] += more;
	for (i = 0; i < 2; i++) {
		over = b->tokens[i] > depth ? b->tokens[i] - depth : 0;
		b->tokens[i] -= over;
		b->tokens[!i] += over;
	}
	if (b->tokens[0] > depth)
		b->tokens[0] = depth;
}

void
budget_set(struct budget *b, uint32_t rate, uint64_t now)
{
	budget_fill(b, now);
	b->rate = rate;
	budget_fill(b, now);
}

bool
budget_take(struct budget *b, enum budget_kind kind, uint64_t now)
{
	if (b->rate == 0)
		return true;
	budget_fill(b, now);
	if (b->tokens[kind] < PACKET)
		return false;
	b->tokens[kind] -= PACKET;
	return true;
}

uint64_t
budget_due(struct budget *b, uint64_t now)
{
	uint64_t	need = FEW * PACKET, each = b->rate / 2 + 1;

	if (b->rate == 0)
		return now;
	budget_fill(b, now);
	if (need > budget_depth(b))
		need = PACKET;
	if (b->tokens[BUDGET_QUERY] >= need)
		return now;
	return now + (need - b->tokens[BUDGET_QUERY] + each - 1) / each;
}
