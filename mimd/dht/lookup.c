/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "lookup.h"
#include "mem.h"
#include "subnet.h"

void
lookup_init(struct lookup *l, const uint8_t *target, bool v6)
{
	memset(l, 0, sizeof(*l));
	memcpy(l->target, target, ID_LEN);
	l->v6 = v6;
	l->v = xreallocarray(NULL, LOOKUP_MAX, sizeof(*l->v));
}

void
lookup_clear(struct lookup *l)
{
	free(l->v);
	l->v = NULL;
	l->n = 0;
}

static struct lookup_node *
find(struct lookup *l, const struct addr *a)
{
	uint32_t	i;

	for (i = 0; i < l->n; i++)
		if (addr_cmp(&l->v[i].addr, a) == 0)
			return &l->v[i];
	return NULL;
}

/* One node of an address, few of a network; any in a local one. */
static bool
crowded(const struct lookup *l, const struct addr *a)
{
	uint32_t	i, near = 0;
	bool		local = subnet_is_local(a);

	for (i = 0; i < l->n; i++) {
		if (addr_cmp(&l->v[i].addr, a) == 0)
			return true;
		if (local)
			continue;
		if (addr_cmp_ip(&l->v[i].addr, a) == 0)
			return true;
		near += subnet_same(&l->v[i].addr, a);
	}
	return near >= LOOKUP_SUBNET;
}

/* Nearer first; those without a name last. */
static bool
is_before(const struct lookup *l, const struct lookup_node *a,
    const struct lookup_node *b)
{
	if (a->nameless != b->nameless)
		return b->nameless;
	return !a->nameless && id_cmp(l->target, a->id, b->id) < 0;
}

static void
take_out(struct lookup *l, uint32_t i)
{
	memmove(&l->v[i], &l->v[i + 1], (l->n - i - 1U) * sizeof(*l->v));
	l->n--;
}

/*
 * All places are taken: the last that was not asked yet, or failed, makes
 * way; a misfit before one that fits.
 */
static bool
make_room(struct lookup *l, const struct lookup_node *node)
{
	uint32_t	i, last = LOOKUP_MAX;
	uint8_t		state;

	if (l->n < LOOKUP_MAX)
		return true;
	for (i = l->n; i > 0; i--) {
		state = l->v[i - 1].state;
		if (state != LOOKUP_NEW && state != LOOKUP_FAILED)
			continue;
		if (last == LOOKUP_MAX)
			last = i - 1;
		if (!l->v[i - 1].fits) {
			last = i - 1;
			break;
		}
	}
	if (last == LOOKUP_MAX || (l->v[last].fits == node->fits &&
	    !is_before(l, node, &l->v[last])) ||
	    (l->v[last].fits && !node->fits))
		return false;
	take_out(l, last);
	return true;
}

static struct lookup_node *
insert(struct lookup *l, const struct lookup_node *node)
{
	uint32_t	i;

	for (i = l->n; i > 0 && is_before(l, node, &l->v[i - 1]); i--)
		;
	memmove(&l->v[i + 1], &l->v[i], (l->n - i) * sizeof(*l->v));
	l->v[i] = *node;
	l->n++;
	return &l->v[i];
}

/* False if it is not taken, or known already. */
static bool
add(struct lookup *l, const uint8_t *id, const struct addr *a, unsigned hops,
    uint16_t paths)
{
	struct lookup_node	node, *known;

	if (a->port == 0 || addr_is_v4(a) == l->v6 ||
	    addr_class(a) == ADDR_UNUSABLE)
		return false;
	if ((known = find(l, a)) != NULL) {
		known->paths |= paths;
		return false;
	}
	if (crowded(l, a))
		return false;
	memset(&node, 0, offsetof(struct lookup_node, token));
	node.addr = *a;
	node.hops = (uint8_t)(hops < UINT8_MAX ? hops : UINT8_MAX);
	node.paths = paths;
	if (id == NULL) {
		node.nameless = true;
	} else {
		memcpy(node.id, id, ID_LEN);
		node.fits = id_fits(id, a);
	}
	if (!make_room(l, &node))
		return false;
	insert(l, &node);
	return true;
}

bool
lookup_start(struct lookup *l, const uint8_t *id, const struct addr *a)
{
	uint16_t	path = (uint16_t)(1 << l->starts++ % LOOKUP_PATHS);

	return add(l, id, a, 0, path);
}

/*
 * Walk over those whose answers decide, of all that did not fail: the
 * LOOKUP_K nearest of all, the LOOKUP_K nearest that fit, and of these the
 * nearest of each path.  Nameless ones only while there are few others.
 */
struct walk {
	uint32_t	i, all, fits;
	uint16_t	paths;
};

static struct lookup_node *
walk_next(const struct lookup *l, struct walk *w)
{
	struct lookup_node	*node;
	bool			 counts;

	while (w->i < l->n) {
		node = &l->v[w->i++];
		if (node->state == LOOKUP_FAILED)
			continue;
		counts = w->all < LOOKUP_K || (node->fits &&
		    (w->fits < LOOKUP_K || (node->paths & ~w->paths) != 0));
		w->all++;
		if (node->fits) {
			w->fits++;
			w->paths |= node->paths;
		}
		if (counts)
			return node;
	}
	return NULL;
}

static bool
may_ask(const struct lookup *l, const struct lookup_node *node)
{
	return node->state == LOOKUP_NEW && l->asks < LOOKUP_ASKS &&
	    (node->fits || node->nameless || l->misfits < LOOKUP_MISFITS);
}

static struct lookup_node *
first_to_ask(const struct lookup *l)
{
	struct walk		 w = { 0 };
	struct lookup_node	*node;

	if (l->asked >= LOOKUP_ALPHA)
		return NULL;
	while ((node = walk_next(l, &w)) != NULL)
		if (may_ask(l, node))
			return node;
	return NULL;
}

bool
lookup_can_ask(const struct lookup *l)
{
	return first_to_ask(l) != NULL;
}

struct lookup_node *
lookup_next(struct lookup *l)
{
	struct lookup_node	*node = first_to_ask(l);

	if (node == NULL)
		return NULL;
	node->state = LOOKUP_ASKED;
	node->tries++;
	l->asked++;
	l->asks++;
	l->misfits += !node->fits && !node->nameless;
	return node;
}

bool
lookup_done(const struct lookup *l)
{
	struct walk			 w = { 0 };
	const struct lookup_node	*node;

	while ((node = walk_next(l, &w)) != NULL)
		if (node->state == LOOKUP_ASKED ||
		    node->state == LOOKUP_SLOW || may_ask(l, node))
			return false;
	return true;
}

static void
leave_asked(struct lookup *l, struct lookup_node *node)
{
	if (node->state == LOOKUP_ASKED)
		l->asked--;
}

void
lookup_on_slow(struct lookup *l, const struct addr *a)
{
	struct lookup_node	*node = find(l, a);

	if (node == NULL || node->state != LOOKUP_ASKED)
		return;
	leave_asked(l, node);
	node->state = LOOKUP_SLOW;
}

void
lookup_on_timeout(struct lookup *l, const struct addr *a, bool final)
{
	struct lookup_node	*node = find(l, a);
	int			 tries;

	if (node == NULL || (node->state != LOOKUP_ASKED &&
	    node->state != LOOKUP_SLOW))
		return;
	leave_asked(l, node);
	tries = node->fits ? LOOKUP_TRIES : LOOKUP_TRIES_MISFIT;
	node->state = !final && node->tries < tries ? LOOKUP_NEW :
	    LOOKUP_FAILED;
}

/* Where the node is known under another id, it moves to its place. */
static struct lookup_node *
rename_node(struct lookup *l, struct lookup_node *node, const uint8_t *id)
{
	struct lookup_node	moved = *node;

	memcpy(moved.id, id, ID_LEN);
	moved.nameless = false;
	moved.fits = id_fits(id, &moved.addr);
	take_out(l, (uint32_t)(node - l->v));
	return insert(l, &moved);
}

static void
take_nodes(struct lookup *l, const struct krpc *m,
    const struct lookup_node *teller)
{
	const struct krpc_bytes	*rows = l->v6 ? &m->nodes6 : &m->nodes;
	const uint8_t		*id;
	struct addr		 a;
	size_t			 i;
	unsigned		 hops = teller->hops + 1U;
	bool			 local = subnet_is_local(&teller->addr);
	uint16_t		 paths = teller->paths;

	/* The teller itself moves when others are put before it. */
	for (i = 0; i < LOOKUP_PER_REPLY &&
	    krpc_node(rows, l->v6, i, &id, &a); i++)
		if (local || !subnet_is_local(&a))
			add(l, id, &a, hops, paths);
}

struct lookup_node *
lookup_on_reply(struct lookup *l, const struct addr *a, const struct krpc *m)
{
	struct lookup_node	*node = find(l, a);

	if (node == NULL || (node->state != LOOKUP_ASKED &&
	    node->state != LOOKUP_SLOW))
		return NULL;
	leave_asked(l, node);
	node->state = LOOKUP_ANSWERED;
	if (m->token.p != NULL) {
		node->ntoken = (uint8_t)m->token.n;
		memcpy(node->token, m->token.p, m->token.n);
	}
	if (node->nameless || memcmp(node->id, m->id, ID_LEN) != 0)
		node = rename_node(l, node, m->id);
	take_nodes(l, m, node);
	return find(l, a);
}

static bool
may_hold(const struct lookup_node *node)
{
	return node->state == LOOKUP_ANSWERED && node->ntoken > 0;
}

uint32_t
lookup_holders(const struct lookup *l,
    const struct lookup_node *out[2 * LOOKUP_K])
{
	uint32_t	i, n = 0, fits = 0, misfits = LOOKUP_K / 2;

	for (i = 0; i < l->n; i++)
		fits += may_hold(&l->v[i]) && l->v[i].fits;
	if (fits < LOOKUP_K - misfits)
		misfits = LOOKUP_K - fits;
	fits = fits < LOOKUP_K ? fits : LOOKUP_K;
	for (i = 0; i < l->n && fits + misfits > 0; i++) {
		if (!may_hold(&l->v[i]) ||
		    (l->v[i].fits ? fits : misfits) == 0)
			continue;
		out[n++] = &l->v[i];
		if (l->v[i].fits)
			fits--;
		else
			misfits--;
		if (fits == 0 && n >= LOOKUP_K)
			break;
	}
	return n;
}
