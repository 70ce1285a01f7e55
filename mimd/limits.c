/* SPDX-License-Identifier: ISC */
#include "parent.h"

/*
 * The limits that stand: of all torrents together, from mimd.conf or from
 * mimctl since, and of each torrent, kept in its record.
 */

void
parent_reset_limits(struct parent *parent)
{
	const struct conf	*conf = parent->conf;

	parent->limits.up = conf->rate.up;
	parent->limits.down = conf->rate.down;
	parent->limits.max_peers = conf->max_peers;
}

void
parent_send_rates(struct parent *parent)
{
	const struct conf	*conf = parent->conf;
	struct msg_peer_rates	 m = {
		.up = parent->limits.up,
		.down = parent->limits.down,
		.each_up = conf->rate_peer.up,
		.each_down = conf->rate_peer.down,
		.exempt = { .v = conf->exempt, .n = conf->nexempt },
	};

	proc_send(parent_child(parent, ROLE_PEER), MSG_PEER_RATES, &m);
}

void
parent_set_limit(struct parent *parent, enum ctl_limit_what what,
    uint64_t value, bool preset)
{
	struct limits	*l = &parent->limits;

	switch (what) {
	case CTL_LIMIT_UP:
		l->up = preset ? parent->conf->rate.up : value;
		break;
	case CTL_LIMIT_DOWN:
		l->down = preset ? parent->conf->rate.down : value;
		break;
	case CTL_LIMIT_PEERS:
		l->max_peers = preset ? parent->conf->max_peers :
		    (uint32_t)value;
		break;
	}
	if (what == CTL_LIMIT_PEERS)
		parent_send_peer_conf(parent);
	else
		parent_send_rates(parent);
}

void
parent_limit_torrent(struct parent *parent, struct torrent *t,
    enum ctl_limit_what what, uint64_t value, bool preset)
{
	if (preset)
		value = 0;
	switch (what) {
	case CTL_LIMIT_UP:
		t->up_limit = value;
		break;
	case CTL_LIMIT_DOWN:
		t->down_limit = value;
		break;
	case CTL_LIMIT_PEERS:
		t->max_peers = (uint32_t)value;
		break;
	}
	registry_limit(&parent->registry, t);
}
