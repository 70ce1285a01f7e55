/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "ban.h"
#include "chan.h"
#include "child.h"
#include "loop.h"
#include "net.h"

/*
 * Addresses that sent bad data, or that the user bans: not to be heard of
 * again, in no torrent.
 */

void
ban_address(struct net *net, const uint8_t ip[16], const char *why)
{
	struct msg_peer_banned	 m;
	uint64_t		 now = loop_now(net->loop);
	struct swarm		*s, *snext;
	struct conn		*c, *next;
	struct addr		 addr = { .port = 0 };
	char			 host[ADDR_STRLEN];

	if (bans_has(&net->bans, ip, now))
		return;
	memcpy(addr.ip, ip, sizeof(addr.ip));
	log_info("%s: banned: %s", addr_host(&addr, host), why);
	bans_add(&net->bans, ip, now, BAN_MS);
	memcpy(m.ip, ip, sizeof(m.ip));
	chan_send(net->child->parent, MSG_PEER_BANNED, &m);
	for (s = TAILQ_FIRST(&net->busy); s != NULL; s = snext) {
		snext = TAILQ_NEXT(s, busy_link);
		candidates_drop_ip(&s->cands, &addr);
		for (c = TAILQ_FIRST(&s->conns); c != NULL; c = next) {
			next = TAILQ_NEXT(c, link);
			if (addr_cmp_ip(&c->addr, &addr) == 0)
				conn_close(c, why);
		}
	}
	for (c = TAILQ_FIRST(&net->newcomers); c != NULL; c = next) {
		next = TAILQ_NEXT(c, link);
		if (addr_cmp_ip(&c->addr, &addr) == 0)
			conn_close(c, why);
	}
}

void
ban_lift(struct net *net, const uint8_t ip[16])
{
	bans_del(&net->bans, ip);
	bans_del(&net->paroles, ip);
}

/* The last peer child had them banned. */
void
ban_replay(struct net *net, const struct msg_peer_bans *m)
{
	uint64_t	now = loop_now(net->loop);
	uint32_t	i;

	for (i = 0; i < m->bans.n; i++)
		bans_add(&net->bans, m->bans.v[i].ip, now,
		    m->bans.v[i].seconds * 1000ULL);
}
