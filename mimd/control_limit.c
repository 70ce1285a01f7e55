/* SPDX-License-Identifier: ISC */
#include "control.h"
#include "parent.h"

/* Limits, set and asked for by mimctl. */

static const char *
limit_check(const struct msg_ctl_limit *m)
{
	if (*m->class != '\0' && m->what == CTL_LIMIT_PEERS)
		return "a class of peers has rates only";
	if (*m->class != '\0' && m->ids.n > 0)
		return "a class of peers is not of torrents";
	if (m->preset)
		return NULL;
	if (m->what == CTL_LIMIT_PEERS)
		return m->value >= 1 && m->value <= PEERS_MAX ? NULL :
		    "the number of peers is not between 1 and 65535";
	return m->value == 0 || m->value >= RATE_MIN ? NULL :
	    "the rate is lower than 1K";
}

/* Those that are there; how many, and how many are not. */
static void
limit_torrents(struct control_conn *conn, const struct msg_ctl_limit *m)
{
	struct parent	*parent = control_parent(conn);
	struct torrent	*t;
	uint32_t	 i;

	conn->found = conn->failed = 0;
	for (i = 0; i < m->ids.n; i++) {
		if ((t = control_torrent(conn, m->ids.v[i].id)) == NULL)
			continue;
		conn->found++;
		parent_limit_torrent(parent, t, (enum ctl_limit_what)m->what,
		    m->value, m->preset);
	}
}

void
control_on_limit(struct chan *c, const struct msg_ctl_limit *m, void *arg)
{
	struct control_conn	*conn = arg;
	const char		*why;

	(void)c;
	control_begin(conn);
	if ((why = limit_check(m)) != NULL) {
		control_end(conn, CTL_USAGE, why);
		return;
	}
	if (*m->class != '\0') {
		if (parent_limit_class(control_parent(conn), m->class,
		    (enum ctl_limit_what)m->what, m->value, m->preset) == -1)
			control_end(conn, CTL_FAILED, "mimd.conf has no \"rate "
			    "class\" of that name");
		else
			control_end(conn, CTL_OK, "");
		return;
	}
	if (m->ids.n == 0) {
		parent_set_limit(control_parent(conn),
		    (enum ctl_limit_what)m->what, m->value, m->preset);
		control_end(conn, CTL_OK, "");
		return;
	}
	limit_torrents(conn, m);
	control_end_act(conn);
}

void
control_on_limits(struct chan *c, const struct msg_ctl_limits *m, void *arg)
{
	struct control_conn		*conn = arg;
	const struct parent		*parent = control_parent(conn);
	const struct conf		*conf = parent->conf;
	struct rec_rate_class		 classes[RATE_CLASSES_MAX];
	struct msg_ctl_limits_now	 now = {
		.up = parent->limits.up,
		.down = parent->limits.down,
		.each_up = conf->rate_peer.up,
		.each_down = conf->rate_peer.down,
		.max_peers = parent->limits.max_peers,
		.max_peers_torrent = conf->max_peers_torrent,
		.classes = { classes, parent_rate_classes(parent, classes) },
		.prefixes = { conf->prefixes, conf->nprefixes },
	};

	(void)m;
	control_begin(conn);
	chan_send(c, MSG_CTL_LIMITS_NOW, &now);
	control_end(conn, CTL_OK, "");
}
