/* SPDX-License-Identifier: ISC */
#include "child.h"
#include "loop.h"
#include "net.h"
#include "usage.h"

/* What the parent is told of the arena, and of a disk that is silent. */
#define USAGE_MS	1000

static void
usage_tell(void *arg)
{
	struct net		*net = arg;
	const struct slots	*s = &net->slots;
	uint64_t		 now = loop_now(net->loop);
	struct msg_arena_tally	 m = {
		.slots = s->n,
		.used = s->n - s->nfree,
		.cached = s->ncached,
		.reading = s->nread,
		.writing = s->nwrite,
		.sent = net->nsent,
		.read = net->nread,
		.silent = net->asking ? (uint32_t)(now - net->heard) : 0,
	};

	if (!chan_full(net->child->parent)) {
		chan_send(net->child->parent, MSG_ARENA_TALLY, &m);
		net->nsent = net->nread = 0;
	}
	if (net->asking || net->nsent > 0)
		loop_timer_set(net->usage, USAGE_MS);
}

void
usage_init(struct net *net)
{
	net->usage = loop_timer_new(net->loop, usage_tell, net);
}

void
usage_soon(struct net *net)
{
	if (!loop_timer_pending(net->usage))
		loop_timer_set(net->usage, USAGE_MS);
}

void
usage_sent(struct net *net)
{
	net->nsent++;
	usage_soon(net);
}

void
usage_asked(struct net *net)
{
	if (!net->asking)
		net->heard = loop_now(net->loop);
	net->asking = true;
	usage_soon(net);
}

void
usage_heard(struct net *net)
{
	net->heard = loop_now(net->loop);
	net->asking = net->slots.nread + net->slots.nwrite > 0;
}
