/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "bound.h"
#include "log.h"
#include "msg.h"
#include "pairs.h"

/* ---- what there is to be ---- */

static bool
is_planned(const struct pairs *ps, const struct addr *a)
{
	uint32_t	i;

	for (i = 0; i < ps->n; i++)
		if (addr_cmp_ip(&ps->v[i].addr, a) == 0)
			return true;
	return false;
}

void
pairs_plan(struct pairs *ps, const struct listens *ls)
{
	const struct listen	*l;
	struct pair		*p;
	uint8_t			 nodes[2] = { 0, 0 }, *node;

	ps->n = 0;
	for (l = ls->v; l < ls->v + ls->n; l++) {
		node = &nodes[addr_is_v4(&l->addr)];
		if (is_planned(ps, &l->addr) || *node == DHT_NODES_MAX)
			continue;
		p = &ps->v[ps->n++];
		memset(p, 0, sizeof(*p));
		p->addr = l->addr;
		p->index = bound_get()->index;
		p->node = (*node)++;
		p->up = l->fd != -1;
		p->fds[STEER_DHT] = p->fds[STEER_PEER] = -1;
	}
}

/* ---- sockets ---- */

static bool
has_fds(const struct pair *p)
{
	return p->fds[STEER_DHT] != -1;
}

bool
pair_is_open(const struct pair *p)
{
	return p->up && has_fds(p);
}

static void
close_pair(struct pair *p)
{
	if (!has_fds(p))
		return;
	close(p->fds[STEER_DHT]);
	close(p->fds[STEER_PEER]);
}

/*
 * What is in plan goes over to it, the rest is closed.  Also what may not be
 * used now is kept: a second pair at its place would not be served.
 */
static bool
keep(struct pairs *plan, struct pairs *old)
{
	struct pair	*p, *o;
	bool		 was, changed = false;

	for (o = old->v; o < old->v + old->n; o++) {
		was = pair_is_open(o);
		for (p = plan->v; p < plan->v + plan->n; p++)
			if (addr_cmp(&p->addr, &o->addr) == 0 &&
			    p->index == o->index)
				break;
		if (p == plan->v + plan->n) {
			close_pair(o);
			changed |= was;
			continue;
		}
		memcpy(p->fds, o->fds, sizeof(p->fds));
		p->error = o->error;
		p->tries = o->tries;
		changed |= was != pair_is_open(p) ||
		    (was && p->node != o->node);
	}
	return changed;
}

/* Said once, and not of what is about to pass. */
static void
say(struct pair *p)
{
	char	text[ADDR_STRLEN];

	if (p->tries == PAIR_TRIES)
		return;
	if (++p->tries == PAIR_TRIES)
		log_warnx("UDP %s: %s: no DHT there",
		    addr_str(&p->addr, text), strerror(p->error));
}

static bool
open_pair(struct pair *p)
{
	if (steer_open(&p->addr, bound_get()->device, p->fds) == 0) {
		p->error = 0;
		p->tries = 0;
		return true;
	}
	p->error = errno;
	say(p);
	return false;
}

bool
pairs_update(struct pairs *ps, const struct listens *ls)
{
	struct pairs	 plan = { .n = 0 };
	struct pair	*p;
	bool		 changed;

	if (ls != NULL)
		pairs_plan(&plan, ls);
	changed = keep(&plan, ps);
	for (p = plan.v; p < plan.v + plan.n; p++)
		if (p->up && !has_fds(p))
			changed |= open_pair(p);
	*ps = plan;
	return changed;
}

bool
pairs_lack(const struct pairs *ps, uint8_t *tries)
{
	const struct pair	*p;
	bool			 lack = false;

	*tries = PAIR_TRIES;
	for (p = ps->v; p < ps->v + ps->n; p++) {
		if (!p->up || has_fds(p))
			continue;
		lack = true;
		if (p->tries < *tries)
			*tries = p->tries;
	}
	return lack;
}
