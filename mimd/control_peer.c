/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "addr.h"
#include "control.h"
#include "log.h"
#include "loop.h"
#include "parent.h"

/* Peers that the user names, or wants to hear no more of. */

static const char *
addr_check(const struct parent *parent, const struct msg_ctl_peer *m,
    struct addr *addr)
{
	enum addr_class	class;

	memcpy(addr->ip, m->ip, sizeof(addr->ip));
	addr->port = m->port;
	class = addr_class(addr);
	if (class == ADDR_UNUSABLE)
		return "that is no address of a peer";
	if (m->what != PEER_ADD)
		return NULL;
	if (addr->port == 0)
		return "the address has no port";
	if ((class == ADDR_LOOPBACK || class == ADDR_LINK_LOCAL) &&
	    !parent->conf->allow_local)
		return "no peers are sought on this host or link";
	return NULL;
}

/* False if it may not be told. */
static bool
add_peer(struct control_conn *conn, struct torrent *t,
    const struct addr *addr)
{
	/* BEP 27 */
	if (t->private) {
		control_failed(conn, t->id,
		    "it is private: its trackers alone name peers");
		return false;
	}
	conn->found++;
	registry_on_user_peer(&control_parent(conn)->registry, t, addr);
	return true;
}

static void
not_banned(struct control_conn *conn, const struct addr *addr)
{
	char	host[ADDR_STRLEN], text[ADDR_STRLEN + 16];

	snprintf(text, sizeof(text), "%s is not banned",
	    addr_host(addr, host));
	control_end(conn, CTL_FAILED, text);
}

void
control_on_peer(struct chan *c, const struct msg_ctl_peer *m, void *arg)
{
	struct control_conn	*conn = arg;
	struct parent		*parent = control_parent(conn);
	struct torrent		*t;
	struct addr		 addr;
	const char		*why;
	uint32_t		 i, refused = 0;

	(void)c;
	control_begin(conn);
	conn->found = conn->failed = 0;
	if ((why = addr_check(parent, m, &addr)) != NULL) {
		control_end(conn, CTL_USAGE, why);
		return;
	}
	for (i = 0; i < m->ids.n; i++) {
		if ((t = control_torrent(conn, m->ids.v[i].id)) == NULL)
			continue;
		if (m->what != PEER_ADD)
			conn->found++;
		else if (!add_peer(conn, t, &addr))
			refused++;
	}
	if (m->what == PEER_BAN && conn->found > 0)
		parent_ban(parent, &addr);
	if (m->what == PEER_UNBAN && conn->found > 0 &&
	    !parent_unban(parent, &addr))
		not_banned(conn, &addr);
	else if (refused > 0 && conn->found == 0)
		control_end(conn, CTL_FAILED, "no peer is added");
	else
		control_end_act(conn);
}

void
control_on_bans(struct chan *c, const struct msg_ctl_bans *m, void *arg)
{
	struct control_conn	*conn = arg;
	struct parent		*parent = control_parent(conn);
	struct rec_ban		 list[BANNED_MAX];
	struct msg_ctl_bans_now	 now = { .bans = { list, 0 } };

	(void)m;
	control_begin(conn);
	now.bans.n = banned_list(&parent->banned, loop_now(parent->loop),
	    list);
	chan_send(c, MSG_CTL_BANS_NOW, &now);
	control_end(conn, CTL_OK, "");
}
