/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "dataplane.h"
#include "loop.h"
#include "net.h"
#include "newcomers.h"

/*
 * Newcomers that came too early: their torrent's pieces are not known yet,
 * or this process has just begun and was not told of all torrents.  Closing
 * them would keep some clients away for a minute, so their handshake is left
 * unanswered and nothing more is read, until it can be judged.
 */

/* Is s, the torrent it asks for, or NULL, one that may be known soon? */
bool
newcomer_must_wait(const struct conn *c, const struct swarm *s)
{
	const struct net	*net = c->net;

	if (s != NULL)
		return !s->known;
	return loop_now(net->loop) - net->started < NET_GRACE_MS;
}

/* Honest ones send their handshake at once. */
void
newcomers_make_room(struct net *net, const struct addr *addr)
{
	struct conn	*c, *first = NULL;
	uint32_t	 same = 0;

	if (net->nnewcomers < NET_NEWCOMERS_PER_IP)
		return;
	TAILQ_FOREACH(c, &net->newcomers, link)
		if (addr_cmp_ip(&c->addr, addr) == 0 && same++ == 0)
			first = c;
	if (same < NET_NEWCOMERS_PER_IP)
		first = net->nnewcomers < NET_HANDSHAKES_MAX ? NULL :
		    TAILQ_FIRST(&net->newcomers);
	if (first != NULL)
		conn_close(first, "no handshake yet");
}

void
newcomer_hold(struct conn *c)
{
	c->held = true;
	conn_update_io(c);
	data_idle_soon(c->net);
}

void
newcomers_retry(struct swarm *s)
{
	struct conn	*c, *next;

	for (c = TAILQ_FIRST(&s->net->newcomers); c != NULL; c = next) {
		next = TAILQ_NEXT(c, link);
		if (crypt_asks_for(c, s)) {
			crypt_find_torrent(c);
			conn_update_io(c);
			continue;
		}
		if (!c->held || memcmp(c->rx.head + WIRE_OFF_HASH,
		    s->infohash, sizeof(s->infohash)) != 0)
			continue;
		c->held = false;
		conn_on_handshake(c);
		if (c->state != CONN_DEAD)
			conn_update_io(c);
	}
}

void
newcomers_tick(struct net *net, uint64_t now)
{
	struct conn	*c, *next;

	for (c = TAILQ_FIRST(&net->newcomers); c != NULL; c = next) {
		next = TAILQ_NEXT(c, link);
		if (c->held && !newcomer_must_wait(c, swarm_by_hash(net,
		    c->rx.head + WIRE_OFF_HASH)))
			conn_close(c, "unknown torrent");
		else
			conn_tick(c, now);
	}
}
