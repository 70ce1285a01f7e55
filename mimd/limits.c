/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "parent.h"

/*
 * The limits that stand: of all torrents together and of classes of peers,
 * from mimd.conf or from mimctl since, and of each torrent, kept in its
 * record.
 */

void
parent_reset_limits(struct parent *parent)
{
	const struct conf	*conf = parent->conf;
	uint32_t		 i;

	parent->limits.up = conf->rate.up;
	parent->limits.down = parent->share.peers = conf->rate.down;
	parent->limits.max_peers = conf->max_peers;
	for (i = 0; i < conf->nclasses; i++)
		parent->limits.classes[i] = conf->classes[i].rate;
}

uint32_t
parent_rate_classes(const struct parent *parent,
    struct rec_rate_class v[RATE_CLASSES_MAX])
{
	uint32_t	i;

	for (i = 0; i < parent->conf->nclasses; i++)
		v[i] = (struct rec_rate_class){
			.name = parent->conf->classes[i].name,
			.up = parent->limits.classes[i].up,
			.down = parent->limits.classes[i].down,
		};
	return i;
}

void
parent_send_rates(struct parent *parent)
{
	const struct conf	*conf = parent->conf;
	struct rec_rate_class	 classes[RATE_CLASSES_MAX];
	struct msg_peer_rates	 m = {
		.up = parent->limits.up,
		.down = parent->share.peers,
		.each_up = conf->rate_peer.up,
		.each_down = conf->rate_peer.down,
		.classes = { classes, parent_rate_classes(parent, classes) },
		.prefixes = { conf->prefixes, conf->nprefixes },
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
	else if (what == CTL_LIMIT_UP)
		parent_send_rates(parent);
	else
		seed_share_update(parent);
}

int
parent_limit_class(struct parent *parent, const char *name,
    enum ctl_limit_what what, uint64_t value, bool preset)
{
	const struct conf	*conf = parent->conf;
	const struct conf_rate	*rate;
	uint32_t		 i;

	for (i = 0; i < conf->nclasses; i++)
		if (strcmp(conf->classes[i].name, name) == 0)
			break;
	if (i == conf->nclasses)
		return -1;
	rate = &conf->classes[i].rate;
	if (what == CTL_LIMIT_UP)
		parent->limits.classes[i].up = preset ? rate->up : value;
	else
		parent->limits.classes[i].down = preset ? rate->down : value;
	parent_send_rates(parent);
	return 0;
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
		if (t->webseeds != NULL)
			t->webseeds->left = value;
		break;
	case CTL_LIMIT_PEERS:
		t->max_peers = (uint32_t)value;
		break;
	}
	registry_limit(&parent->registry, t);
	seed_share_update(parent);
}
