/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "calls.h"
#include "mem.h"

/* A number: the slot below, what nobody can guess above. */
#define SLOT_BITS	10
#define SLOT_MASK	(CALLS_MAX - 1U)
#define SLOTS_FIRST	16U

_Static_assert(1 << SLOT_BITS == CALLS_MAX, "a slot for each call");

static int
call_cmp(const struct call *a, const struct call *b)
{
	if (a->due != b->due)
		return a->due < b->due ? -1 : 1;
	return (a->tid > b->tid) - (a->tid < b->tid);
}

RB_GENERATE_INTERNAL(call_tree, call, entry, call_cmp,
    static __attribute__((unused)))

void
calls_init(struct calls *c)
{
	memset(c, 0, sizeof(*c));
	RB_INIT(&c->waiting);
}

void
calls_clear(struct calls *c)
{
	uint32_t	i;

	for (i = 0; i < c->nslots; i++)
		free(c->slots[i]);
	free(c->slots);
	calls_init(c);
}

static uint32_t
slow_after(const struct calls *c)
{
	uint32_t	ms = c->srtt + 4 * c->var;

	if (c->srtt == 0)
		return CALLS_SLOW_MS;
	if (ms < CALLS_SLOW_MIN)
		return CALLS_SLOW_MIN;
	return ms < CALLS_SLOW_MAX ? ms : CALLS_SLOW_MAX;
}

static uint32_t
free_slot(struct calls *c, uint32_t hint)
{
	uint32_t	i, k;

	if (c->n == c->nslots) {
		k = c->nslots == 0 ? SLOTS_FIRST : c->nslots * 2;
		c->slots = xreallocarray(c->slots, k, sizeof(*c->slots));
		memset(c->slots + c->nslots, 0,
		    (k - c->nslots) * sizeof(*c->slots));
		c->nslots = k;
	}
	for (i = hint % c->nslots; c->slots[i] != NULL;)
		i = (i + 1) % c->nslots;
	return i;
}

struct call *
calls_open(struct calls *c, const struct addr *to, uint32_t random,
    uint64_t now)
{
	struct call	*call;
	uint32_t	 slot;

	if (c->n == CALLS_MAX)
		return NULL;
	slot = free_slot(c, random);
	call = xcalloc(1, sizeof(*call));
	call->tid = (random & ~SLOT_MASK) | slot;
	call->to = *to;
	call->sent = now;
	call->due = now + slow_after(c);
	c->slots[slot] = call;
	c->n++;
	RB_INSERT(call_tree, &c->waiting, call);
	return call;
}

void
calls_close(struct calls *c, struct call *call)
{
	RB_REMOVE(call_tree, &c->waiting, call);
	c->slots[call->tid & SLOT_MASK] = NULL;
	c->n--;
	free(call);
}

void
calls_put_tid(const struct call *call, uint8_t tid[CALLS_TID_LEN])
{
	memcpy(tid, &call->tid, CALLS_TID_LEN);
}

struct call *
calls_find(const struct calls *c, const struct krpc_bytes *tid,
    const struct addr *from)
{
	struct call	*call;
	uint32_t	 n;

	if (tid->n != CALLS_TID_LEN)
		return NULL;
	memcpy(&n, tid->p, sizeof(n));
	if ((n & SLOT_MASK) >= c->nslots)
		return NULL;
	call = c->slots[n & SLOT_MASK];
	if (call == NULL || call->tid != n || addr_cmp(&call->to, from) != 0)
		return NULL;
	return call;
}

uint32_t
calls_measure(struct calls *c, const struct call *call, uint64_t now)
{
	uint32_t	rtt = (uint32_t)(now - call->sent) + 1, off;

	if (c->srtt == 0) {
		c->srtt = rtt;
		c->var = rtt / 2;
		return rtt;
	}
	off = rtt > c->srtt ? rtt - c->srtt : c->srtt - rtt;
	c->var = (3 * c->var + off) / 4;
	c->srtt = (7 * c->srtt + rtt) / 8;
	return rtt;
}

uint64_t
calls_due(const struct calls *c)
{
	struct call	*first = RB_MIN(call_tree,
	    (struct call_tree *)&c->waiting);

	return first == NULL ? UINT64_MAX : first->due;
}

struct call *
calls_late(struct calls *c, uint64_t now, bool *lost)
{
	struct call	*call = RB_MIN(call_tree, &c->waiting);

	if (call == NULL || call->due > now)
		return NULL;
	*lost = call->slow;
	if (!call->slow) {
		RB_REMOVE(call_tree, &c->waiting, call);
		call->slow = true;
		call->due += (call->due - call->sent) * (CALLS_LOST - 1);
		RB_INSERT(call_tree, &c->waiting, call);
	}
	return call;
}

struct call *
calls_of(const struct calls *c, const struct search *search)
{
	uint32_t	i;

	for (i = 0; i < c->nslots; i++)
		if (c->slots[i] != NULL && c->slots[i]->search == search)
			return c->slots[i];
	return NULL;
}
