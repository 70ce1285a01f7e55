/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "registry.h"

/* What the DHT is told of torrents, and what it found.  Never private ones. */

static void
forget(struct registry *reg, struct torrent *t)
{
	struct msg_dht_forget	m = { .id = t->id };

	t->dht = DHT_NONE;
	reg->ops->send(ROLE_DHT, MSG_DHT_FORGET, &m, -1, reg->arg);
}

static void
tell(struct registry *reg, struct torrent *t, enum dht_state state)
{
	struct msg_dht_torrent	m = {
		.id = t->id,
		.seed = state == DHT_SEED,
	};

	memcpy(m.infohash, t->infohash, sizeof(m.infohash));
	t->dht = (uint8_t)state;
	reg->ops->send(ROLE_DHT, MSG_DHT_TORRENT, &m, -1, reg->arg);
}

bool
registry_dht(struct registry *reg, struct torrent *t, bool wanted)
{
	enum dht_state	state = DHT_NONE;

	if (wanted && !t->private)
		state = torrent_complete(t) ? DHT_SEED : DHT_LEECH;
	/* While there is no child nothing is behind: it will be told. */
	if (state == t->dht || reg->stopping ||
	    !reg->ops->up(ROLE_DHT, reg->arg))
		return true;
	if (!reg->ops->ready(ROLE_DHT, reg->arg))
		return false;
	if (state == DHT_NONE)
		forget(reg, t);
	else
		tell(reg, t, state);
	return true;
}

void
registry_dht_forget(struct registry *reg, struct torrent *t)
{
	if (t->dht != DHT_NONE && reg->ops->up(ROLE_DHT, reg->arg))
		forget(reg, t);
}

void
registry_dht_hungry(struct registry *reg, struct torrent *t)
{
	struct msg_dht_hungry	m = { .id = t->id };

	if (t->dht != DHT_NONE && reg->ops->ready(ROLE_DHT, reg->arg))
		reg->ops->send(ROLE_DHT, MSG_DHT_HUNGRY, &m, -1, reg->arg);
}

void
registry_on_dht_peers(struct registry *reg, const struct msg_dht_peers *m)
{
	struct torrent	*t = registry_find(reg, m->id);

	/* It may have turned out to be private since it was asked for. */
	if (t != NULL && t->dht != DHT_NONE && !t->private)
		registry_take_peers(reg, t, PEER_SOURCE_DHT, m->peers.v,
		    m->peers.n);
}
