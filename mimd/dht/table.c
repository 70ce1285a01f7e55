/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "subnet.h"
#include "table.h"

/* Nodes that bucket i may have. */
static uint32_t
width(uint32_t i)
{
	uint32_t	n = i < 8 ? TABLE_WIDE >> i : 0;

	return n > TABLE_K ? n : TABLE_K;
}

static uint32_t
index_of(const struct table *t, const uint8_t *id)
{
	uint32_t	i = id_common(t->id, id);

	return i < t->nbuckets ? i : t->nbuckets - 1;
}

static struct table_bucket *
bucket_of(const struct table *t, const uint8_t *id)
{
	return &t->buckets[index_of(t, id)];
}

static struct table_bucket *
new_bucket(struct table *t)
{
	struct table_bucket	*b;

	t->buckets = xreallocarray(t->buckets, t->nbuckets + 1,
	    sizeof(*t->buckets));
	b = &t->buckets[t->nbuckets++];
	memset(b, 0, sizeof(*b));
	return b;
}

void
table_init(struct table *t, const uint8_t *id)
{
	memset(t, 0, sizeof(*t));
	memcpy(t->id, id, ID_LEN);
	new_bucket(t);
}

void
table_clear(struct table *t)
{
	uint32_t	i;

	for (i = 0; i < t->nbuckets; i++) {
		free(t->buckets[i].v);
		free(t->buckets[i].spare);
	}
	free(t->buckets);
	memset(t, 0, sizeof(*t));
}

static void
bucket_append(struct table_bucket *b, const struct table_node *node)
{
	if (b->n == b->size) {
		b->size = (uint8_t)(b->size + TABLE_K);
		b->v = xreallocarray(b->v, b->size, sizeof(*b->v));
	}
	b->v[b->n++] = *node;
}

/* The newest of the reserve, which is the likeliest to be alive. */
static bool
spare_take(struct table_bucket *b, struct table_node *node)
{
	if (b->nspare == 0)
		return false;
	b->nspare--;
	b->next = (uint8_t)((b->next + TABLE_SPARE - 1) % TABLE_SPARE);
	*node = b->spare[b->next];
	return true;
}

static void
spare_put(struct table_bucket *b, const struct table_node *node)
{
	uint32_t	i, k;

	if (b->spare == NULL)
		b->spare = xcalloc(TABLE_SPARE, sizeof(*b->spare));
	for (i = 1; i <= b->nspare; i++) {
		k = (b->next + TABLE_SPARE - i) % TABLE_SPARE;
		if (addr_cmp_ip(&b->spare[k].addr, &node->addr) == 0) {
			b->spare[k] = *node;
			return;
		}
	}
	b->spare[b->next] = *node;
	b->next = (uint8_t)((b->next + 1) % TABLE_SPARE);
	if (b->nspare < TABLE_SPARE)
		b->nspare++;
}

static void
bucket_remove(struct table *t, struct table_bucket *b, uint32_t i)
{
	b->v[i] = b->v[--b->n];
	t->n--;
}

/* The last bucket is full: those that share more of our id move on. */
static void
split(struct table *t)
{
	struct table_bucket	*to = new_bucket(t), *from = to - 1;
	uint32_t		 i, last = t->nbuckets - 1;

	to->touched = from->touched;
	for (i = 0; i < from->n;) {
		if (id_common(t->id, from->v[i].id) < last) {
			i++;
			continue;
		}
		bucket_append(to, &from->v[i]);
		from->v[i] = from->v[--from->n];
	}
	/* What is in reserve there is mostly not for here. */
	from->nspare = 0;
	from->next = 0;
	while (from->n > width(last - 1)) {
		spare_put(from, &from->v[--from->n]);
		t->n--;
	}
}

struct table_node *
table_find(const struct table *t, const uint8_t *id, const struct addr *a)
{
	struct table_bucket	*b = bucket_of(t, id);
	uint32_t		 i;

	for (i = 0; i < b->n; i++)
		if (memcmp(b->v[i].id, id, ID_LEN) == 0 &&
		    (a == NULL || addr_cmp(&b->v[i].addr, a) == 0))
			return &b->v[i];
	return NULL;
}

/* One node of an address, and few of a network. */
static bool
crowded(const struct table *t, const struct table_bucket *mine,
    const struct addr *a)
{
	const struct table_bucket	*b;
	uint32_t			 i, k, near = 0;
	bool				 local = subnet_is_local(a);

	for (i = 0; i < t->nbuckets; i++) {
		b = &t->buckets[i];
		for (k = 0; k < b->n; k++) {
			if (addr_cmp(&b->v[k].addr, a) == 0)
				return true;
			if (local)
				continue;
			if (addr_cmp_ip(&b->v[k].addr, a) == 0)
				return true;
			near += b == mine && subnet_same(&b->v[k].addr, a);
		}
	}
	return near >= TABLE_SUBNET;
}

/* Who makes way for a node that fits, or not: a bad one, or a misfit. */
static struct table_node *
replaceable(const struct table_bucket *b, bool fits)
{
	struct table_node	*worst = NULL;
	uint32_t		 i;

	for (i = 0; i < b->n; i++) {
		if (b->v[i].fails >= TABLE_BAD)
			return &b->v[i];
		if (fits && !b->v[i].fits)
			worst = &b->v[i];
	}
	return worst;
}

static bool
has_room(const struct table *t, const uint8_t *id)
{
	uint32_t	i = index_of(t, id);

	return t->buckets[i].n < width(i) ||
	    (i == t->nbuckets - 1 && t->nbuckets < ID_BITS);
}

static void
enter(struct table *t, const struct table_node *node)
{
	struct table_bucket	*b = bucket_of(t, node->id);
	struct table_node	*out;

	if (crowded(t, b, &node->addr))
		return;
	while (b->n >= width((uint32_t)(b - t->buckets)) &&
	    b == &t->buckets[t->nbuckets - 1] && t->nbuckets < ID_BITS) {
		split(t);
		b = bucket_of(t, node->id);
	}
	if (b->n < width((uint32_t)(b - t->buckets))) {
		bucket_append(b, node);
		t->n++;
	} else if ((out = replaceable(b, node->fits)) != NULL) {
		if (out->fails < TABLE_BAD)
			spare_put(b, out);
		*out = *node;
	} else {
		spare_put(b, node);
		return;
	}
	b->touched = node->replied;
}

void
table_rekey(struct table *t, const uint8_t *id, uint32_t now)
{
	struct table	old = *t;
	uint32_t	i, k;

	table_init(t, id);
	for (i = 0; i < old.nbuckets; i++)
		for (k = 0; k < old.buckets[i].n; k++)
			enter(t, &old.buckets[i].v[k]);
	for (i = 0; i < t->nbuckets; i++)
		t->buckets[i].touched = now;
	table_clear(&old);
}

/* It had another id here before: what we knew of it is void. */
static void
forget_address(struct table *t, const struct addr *a)
{
	struct table_bucket	*b;
	uint32_t		 i, k;

	for (i = 0; i < t->nbuckets; i++) {
		b = &t->buckets[i];
		for (k = 0; k < b->n; k++)
			if (addr_cmp(&b->v[k].addr, a) == 0) {
				bucket_remove(t, b, k);
				return;
			}
	}
}

void
table_on_reply(struct table *t, const uint8_t *id, const struct addr *a,
    uint32_t rtt, uint32_t now)
{
	struct table_node	*known, node = { .replied = now };

	if (memcmp(id, t->id, ID_LEN) == 0)
		return;
	rtt = rtt < UINT16_MAX ? rtt : UINT16_MAX;
	if ((known = table_find(t, id, a)) != NULL) {
		known->rtt = (uint16_t)((known->rtt * 7U + rtt) / 8);
		known->replied = now;
		known->fails = 0;
		bucket_of(t, id)->touched = now;
		return;
	}
	/* An id that is in use elsewhere is not taken over. */
	if ((known = table_find(t, id, NULL)) != NULL &&
	    known->fails < TABLE_BAD)
		return;
	forget_address(t, a);
	memcpy(node.id, id, ID_LEN);
	node.addr = *a;
	node.rtt = (uint16_t)rtt;
	node.fits = id_fits(id, a);
	node.tried = now;
	enter(t, &node);
}

void
table_on_query(struct table *t, const uint8_t *id, const struct addr *a,
    uint32_t now)
{
	struct table_node	*node = table_find(t, id, a);

	if (node != NULL)
		node->queried = now;
}

void
table_on_timeout(struct table *t, const uint8_t *id, const struct addr *a)
{
	struct table_node	*node = table_find(t, id, a), other;
	struct table_bucket	*b = bucket_of(t, id);

	if (node == NULL)
		return;
	if (node->fails < UINT8_MAX)
		node->fails++;
	if (node->fails < TABLE_BAD)
		return;
	while (spare_take(b, &other)) {
		if (crowded(t, b, &other.addr))
			continue;
		*node = other;
		return;
	}
}

bool
table_wants(const struct table *t, const uint8_t *id, const struct addr *a)
{
	struct table_bucket	*b = bucket_of(t, id);

	return memcmp(id, t->id, ID_LEN) != 0 &&
	    (has_room(t, id) || replaceable(b, id_fits(id, a)) != NULL) &&
	    !crowded(t, b, a);
}

/* Nodes gathered so far, nearest first. */
struct nearest {
	const uint8_t			*target;
	const struct table_node		**v;
	uint32_t			 n, max;
};

static void
gather(struct nearest *g, const struct table_bucket *b)
{
	const struct table_node	*node;
	uint32_t		 i, k;

	for (i = 0; i < b->n; i++) {
		node = &b->v[i];
		if (node->fails >= TABLE_BAD)
			continue;
		if (g->n == g->max && id_cmp(g->target, node->id,
		    g->v[g->n - 1]->id) >= 0)
			continue;
		k = g->n < g->max ? g->n++ : g->n - 1;
		for (; k > 0 && id_cmp(g->target, node->id,
		    g->v[k - 1]->id) < 0; k--)
			g->v[k] = g->v[k - 1];
		g->v[k] = node;
	}
}

/*
 * A node that parts from us at the bit where the target does is nearer to it
 * than all that part later; these are nearer than those that part earlier,
 * the later the nearer.
 */
uint32_t
table_closest(const struct table *t, const uint8_t *target,
    const struct table_node **out, uint32_t max)
{
	struct nearest	g = { target, out, 0, max };
	uint32_t	at = index_of(t, target), i;

	gather(&g, &t->buckets[at]);
	if (g.n == max)
		return g.n;
	for (i = at + 1; i < t->nbuckets; i++)
		gather(&g, &t->buckets[i]);
	for (i = at; i > 0 && g.n < max; i--)
		gather(&g, &t->buckets[i - 1]);
	return g.n;
}

static uint32_t
heard(const struct table_node *node)
{
	return node->queried > node->replied ? node->queried : node->replied;
}

struct table_node *
table_to_ping(const struct table *t, uint32_t now)
{
	struct table_node	*node, *best = NULL;
	uint32_t		 i, k;

	for (i = 0; i < t->nbuckets; i++)
		for (k = 0; k < t->buckets[i].n; k++) {
			node = &t->buckets[i].v[k];
			if (node->tried + TABLE_AGAIN_S * (1U + node->fails) >
			    now || (node->fails == 0 &&
			    heard(node) + TABLE_GOOD_S > now))
				continue;
			if (best == NULL || node->tried < best->tried)
				best = node;
		}
	return best;
}

int
table_stale(const struct table *t, uint32_t now)
{
	uint32_t	i;

	for (i = 0; i < t->nbuckets; i++)
		if (t->buckets[i].touched + TABLE_GOOD_S <= now)
			return (int)i;
	return -1;
}

static bool
is_good(const struct table_node *node, uint32_t now)
{
	return node->fails == 0 && heard(node) + TABLE_GOOD_S > now;
}

void
table_count(const struct table *t, uint32_t now, struct table_counts *c)
{
	const struct table_bucket	*b;
	uint32_t			 i, k;

	memset(c, 0, sizeof(*c));
	c->buckets = t->nbuckets;
	for (i = 0; i < t->nbuckets; i++) {
		b = &t->buckets[i];
		c->spare += b->nspare;
		for (k = 0; k < b->n; k++) {
			if (b->v[k].fails >= TABLE_BAD)
				c->bad++;
			else if (is_good(&b->v[k], now))
				c->good++;
			else
				c->dubious++;
		}
	}
}

uint32_t
table_best(const struct table *t, uint32_t now, const struct table_node **out,
    uint32_t max)
{
	const struct table_bucket	*b;
	uint32_t			 i, k, n = 0;

	/* From the near end: those that nobody else would lead us to. */
	for (i = t->nbuckets; i > 0; i--) {
		b = &t->buckets[i - 1];
		for (k = 0; k < b->n && n < max; k++)
			if (is_good(&b->v[k], now))
				out[n++] = &b->v[k];
	}
	return n;
}
