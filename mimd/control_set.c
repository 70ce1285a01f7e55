/* SPDX-License-Identifier: ISC */
#include "control.h"
#include "parent.h"

/* Modes of torrents, set by mimctl. */

void
control_on_set(struct chan *c, const struct msg_ctl_set *m, void *arg)
{
	struct control_conn	*conn = arg;
	struct parent		*parent = control_parent(conn);
	struct torrent		*t;
	uint32_t		 i;

	(void)c;
	control_begin(conn);
	conn->found = conn->failed = 0;
	for (i = 0; i < m->ids.n; i++) {
		t = registry_find(&parent->registry, m->ids.v[i].id);
		if (t == NULL || t->removing) {
			conn->failed++;
			control_note(conn, m->ids.v[i].id, CTL_NO_TORRENT,
			    "no such torrent");
			continue;
		}
		conn->found++;
		registry_set_modes(&parent->registry, t, m->modes, m->on);
	}
	control_end_act(conn);
}
