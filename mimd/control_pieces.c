/* SPDX-License-Identifier: ISC */
#include <stdio.h>

#include "bitfield.h"
#include "control.h"
#include "parent.h"

/*
 * How a torrent's pieces stand: only peer knows.  A client asks page by page,
 * and waits for peer no longer than CONTROL_PIECES_MS.
 */

static const char *
why_not(const struct parent *parent, const struct torrent *t)
{
	if (t->npieces == 0)
		return "its metadata is not there yet";
	if (t->swarm != SWARM_RUNNING)
		return "its pieces are told only while it runs";
	if (!parent->registry.ops->ready(ROLE_PEER, parent->registry.arg))
		return "the peer process is busy: try again";
	return NULL;
}

void
control_on_pieces(struct chan *c, const struct msg_ctl_pieces *m, void *arg)
{
	struct control_conn	*conn = arg;
	struct parent		*parent = control_parent(conn);
	struct msg_pieces_ask	 ask = { .id = m->id, .first = m->first };
	const struct torrent	*t = registry_find(&parent->registry, m->id);
	const char		*why;

	(void)c;
	control_begin(conn);
	if (t == NULL) {
		control_end(conn, CTL_NO_TORRENT, "no such torrent");
	} else if ((why = why_not(parent, t)) != NULL) {
		control_end(conn, CTL_FAILED, why);
	} else {
		ask.client = conn->client;
		conn->pieces = m->id;
		control_wait(conn, CONTROL_PIECES_MS);
		parent->registry.ops->send(ROLE_PEER, MSG_PIECES_ASK, &ask,
		    -1, parent->registry.arg);
	}
}

int
control_pieces_told(struct control *control, const struct msg_pieces_told *m)
{
	struct control_conn		*conn;
	struct msg_ctl_pieces_told	 told = {
		.id = m->id,
		.first = m->first,
		.have = m->have,
		.begun = m->begun,
		.peers = m->peers,
	};

	conn = control_find(control, m->client);
	if (m->have.len != bitfield_size(m->peers.len) ||
	    m->begun.len != m->have.len)
		return -1;
	/* It may have given up, or ask for something else by now. */
	if (conn == NULL || conn->pieces != m->id)
		return 0;
	conn->pieces = 0;
	if (m->peers.len == 0) {
		control_end(conn, CTL_FAILED,
		    "the disk process has not told its pieces yet: try again");
		return 0;
	}
	chan_send(conn->chan, MSG_CTL_PIECES_TOLD, &told);
	control_end(conn, CTL_OK, "");
	return 0;
}
