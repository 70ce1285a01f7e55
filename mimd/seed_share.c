/* SPDX-License-Identifier: ISC */
#include "seed_share.h"

#include "parent.h"

/* What all torrents get from peers, and from web seeds. */
static void
sum_rates(const struct registry *reg, uint64_t *peers, uint64_t *seeds)
{
	const struct torrent	*t;
	uint32_t		 i;

	*peers = *seeds = 0;
	for (i = 0; i < reg->n; i++) {
		t = reg->torrents[i];
		*peers = add_total(*peers, torrent_now(t)->down_rate);
		*seeds = add_total(*seeds, torrent_down_rate(t) -
		    torrent_now(t)->down_rate);
	}
}

static void
share_torrent(struct registry *reg, struct torrent *t)
{
	uint64_t		peers = torrent_now(t)->down_rate;
	uint64_t		seeds = torrent_down_rate(t) - peers;
	struct msg_seed_limit	m = { .id = t->id,
		.rate = seed_share(t->down_limit, peers) };

	if (t->webseeds->share != m.rate &&
	    reg->ops->ready(ROLE_TRACKER, reg->arg)) {
		t->webseeds->share = m.rate;
		reg->ops->send(ROLE_TRACKER, MSG_SEED_LIMIT, &m, -1, reg->arg);
	}
	m.rate = seed_share(t->down_limit, seeds);
	if (t->webseeds->left != m.rate && t->swarm == SWARM_RUNNING &&
	    reg->ops->ready(ROLE_PEER, reg->arg)) {
		t->webseeds->left = m.rate;
		registry_send_limits(reg, t);
	}
}

void
seed_share_update(struct parent *parent)
{
	struct registry		*reg = &parent->registry;
	struct seed_share	*share = &parent->share;
	struct msg_seed_limit	 m = { .id = 0 };
	uint64_t		 peers, seeds, left;
	uint32_t		 i;

	for (i = 0; i < reg->n; i++)
		if (reg->torrents[i]->webseeds != NULL &&
		    reg->torrents[i]->webseeds->told)
			share_torrent(reg, reg->torrents[i]);
	sum_rates(reg, &peers, &seeds);
	m.rate = seed_share(parent->limits.down, peers);
	if (share->seeds != m.rate &&
	    proc_up(parent_child(parent, ROLE_TRACKER))) {
		share->seeds = m.rate;
		proc_send(parent_child(parent, ROLE_TRACKER), MSG_SEED_LIMIT,
		    &m);
	}
	left = seed_share(parent->limits.down, seeds);
	if (share->peers != left && proc_up(parent_child(parent, ROLE_PEER))) {
		share->peers = left;
		parent_send_rates(parent);
	}
}

void
seed_share_look(struct parent *parent)
{
	uint64_t	now = loop_now(parent->loop);

	if (now < parent->share.at + SEED_SHARE_MS)
		return;
	parent->share.at = now;
	seed_share_update(parent);
}
