/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "child.h"
#include "clientid.h"
#include "loop.h"
#include "net.h"
#include "stats.h"

/* What the parent is told, at most once a second and only what changed. */
#define ROWS	64

static uint16_t
row_flags(const struct conn *c)
{
	return (uint16_t)((c->incoming ? PEER_INCOMING : 0) |
	    (c->am_choking ? PEER_AM_CHOKING : 0) |
	    (c->am_interested ? PEER_AM_INTERESTED : 0) |
	    (c->peer_choking ? PEER_CHOKING : 0) |
	    (c->peer_interested ? PEER_INTERESTED : 0) |
	    (conn_is_seed(c) ? PEER_IS_SEED : 0) |
	    (c->pipeline.snubbed ? PEER_SNUBBED : 0) |
	    (crypt_is_on(c) ? PEER_ENCRYPTED : 0) |
	    (c->optimistic && !c->am_choking ? PEER_OPTIMISTIC : 0));
}

static void
row_fill(struct rec_peer *row, const struct conn *c, char *client,
    uint64_t now)
{
	if (c->ext != NULL && c->ext->client[0] != '\0')
		strlcpy(client, c->ext->client, CLIENT_MAX);
	else
		clientid_name(c->peer_id, client, CLIENT_MAX);
	row->conn = c->id;
	memcpy(row->ip, c->addr.ip, sizeof(row->ip));
	row->port = c->addr.port;
	row->client = client;
	row->source = c->source;
	row->flags = row_flags(c);
	row->pieces = c->has.count;
	row->down_rate = rate_get(&c->down, now);
	row->up_rate = rate_get(&c->up, now);
	row->downloaded = c->downloaded;
	row->uploaded = c->uploaded;
	row->requests_out = c->asked.n;
	row->requests_in = c->in.n;
}

static void
stats_rows(struct swarm *s, uint64_t now)
{
	struct msg_peer_rows	 m = { .id = s->id };
	struct rec_peer		 rows[ROWS];
	char			 clients[ROWS][CLIENT_MAX];
	struct conn		*c;

	m.peers.v = rows;
	TAILQ_FOREACH(c, &s->conns, link) {
		if (c->state != CONN_UP || !c->changed)
			continue;
		row_fill(&rows[m.peers.n], c, clients[m.peers.n], now);
		/* Once more when the rate has come to rest. */
		c->changed = rows[m.peers.n].down_rate > 0 ||
		    rows[m.peers.n].up_rate > 0;
		c->reported = true;
		if (++m.peers.n == ROWS) {
			chan_send(s->net->child->parent, MSG_PEER_ROWS, &m);
			m.peers.n = 0;
		}
	}
	if (m.peers.n > 0)
		chan_send(s->net->child->parent, MSG_PEER_ROWS, &m);
}

void
stats_look(struct swarm *s)
{
	struct swarm_facts	 f = { .candidates = s->cands.n };
	const struct net	*net = s->net;
	const struct conn	*c;

	if (s->known && (!s->open || net->data == NULL))
		f.held |= SWARM_HELD_DISK;
	if (s->nconns >= net->max_peers_torrent ||
	    net->nconns >= net->max_peers)
		f.held |= SWARM_HELD_FULL;
	TAILQ_FOREACH(c, &s->conns, link) {
		if (f.candidates > 0 && !c->incoming)
			f.candidates--;
		if (c->state != CONN_UP)
			continue;
		f.useful += c->am_interested;
		f.choking += c->am_interested && c->peer_choking;
		f.interested += c->peer_interested;
		f.served += c->peer_interested && !c->am_choking;
		if (c->waiting)
			f.held |= SWARM_HELD_DISK;
		if (c->rx_line.waiting)
			f.held |= SWARM_HELD_DOWN;
		if (c->tx_line.waiting)
			f.held |= SWARM_HELD_UP;
	}
	if (memcmp(&f, &s->facts, sizeof(f)) == 0)
		return;
	s->facts = f;
	s->changed = true;
}

void
stats_swarm(struct swarm *s, uint64_t now)
{
	struct msg_swarm_stats	m;
	struct rec_swarm	row;

	/* A parent that falls behind gets sums later, not a queue now. */
	if (!s->changed || chan_full(s->net->child->parent))
		return;
	memset(&row, 0, sizeof(row));
	row.id = s->id;
	if (s->traffic != NULL) {
		row.down_rate = rate_get(&s->traffic->down, now);
		row.up_rate = rate_get(&s->traffic->up, now);
	}
	row.downloaded = s->downloaded;
	row.uploaded = s->uploaded;
	row.wasted = s->wasted;
	row.peers = s->nup;
	row.seeds = s->nseeds;
	row.useful = s->facts.useful;
	row.choking = s->facts.choking;
	row.interested = s->facts.interested;
	row.served = s->facts.served;
	row.candidates = s->facts.candidates;
	row.held = (uint8_t)s->facts.held;
	s->downloaded = s->uploaded = s->wasted = 0;
	s->changed = row.down_rate > 0 || row.up_rate > 0;
	m.swarms.v = &row;
	m.swarms.n = 1;
	chan_send(s->net->child->parent, MSG_SWARM_STATS, &m);
	stats_rows(s, now);
	if (s->changed)
		swarm_wake(s, 1000);
}

void
stats_gone(struct conn *c)
{
	struct msg_peer_gone	m;
	struct rec_id		id = { .id = c->id };

	if (!c->reported)
		return;
	m.id = c->swarm->id;
	m.conns.v = &id;
	m.conns.n = 1;
	chan_send(c->net->child->parent, MSG_PEER_GONE, &m);
}
