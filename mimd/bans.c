/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "bans.h"
#include "parent.h"

/* What the user banned; peer, started anew, is told again. */

static void
tell(struct parent *parent, const uint8_t ip[16])
{
	struct msg_peer_ban	m;

	memcpy(m.ip, ip, sizeof(m.ip));
	proc_send(parent_child(parent, ROLE_PEER), MSG_PEER_BAN, &m);
}

void
parent_ban(struct parent *parent, const struct addr *addr)
{
	struct user_bans	*bans = &parent->bans;
	uint32_t	 i;

	for (i = 0; i < bans->n; i++)
		if (memcmp(bans->v[i].ip, addr->ip, 16) == 0)
			break;
	if (i == bans->n) {
		i = bans->next;
		bans->next = (bans->next + 1) % USER_BANS_MAX;
		if (bans->n < USER_BANS_MAX)
			bans->n++;
	}
	memcpy(bans->v[i].ip, addr->ip, sizeof(bans->v[i].ip));
	bans->v[i].until = loop_now(parent->loop) + USER_BAN_MS;
	tell(parent, addr->ip);
}

void
parent_send_bans(struct parent *parent)
{
	const struct user_bans	*bans = &parent->bans;
	uint64_t		 now = loop_now(parent->loop);
	uint32_t		 i;

	for (i = 0; i < bans->n; i++)
		if (bans->v[i].until > now)
			tell(parent, bans->v[i].ip);
}
