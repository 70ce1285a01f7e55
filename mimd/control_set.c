/* SPDX-License-Identifier: ISC */
#include "control.h"
#include "parent.h"

/* Modes of torrents and priorities of their files, set by mimctl. */

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
		if ((t = control_torrent(conn, m->ids.v[i].id)) == NULL)
			continue;
		conn->found++;
		registry_set_modes(&parent->registry, t, m->modes, m->on);
	}
	control_end_act(conn);
}

void
control_on_prio(struct chan *c, const struct msg_ctl_prio *m, void *arg)
{
	struct control_conn	*conn = arg;
	struct parent		*parent = control_parent(conn);
	struct torrent		*t = registry_find(&parent->registry, m->id);
	uint32_t		 i;

	(void)c;
	control_begin(conn);
	if (t == NULL || t->removing) {
		control_end(conn, CTL_NO_TORRENT, "no such torrent");
		return;
	}
	for (i = 0; i < m->files.n; i++)
		if (m->files.v[i].first > m->files.v[i].last ||
		    m->files.v[i].last >= t->nfiles) {
			control_end(conn, CTL_FAILED,
			    "it has no file of that number");
			return;
		}
	for (i = 0; i < m->files.n; i++)
		torrent_set_prio(t, m->files.v[i].first, m->files.v[i].last,
		    m->prio, m->skipped);
	registry_prios_changed(&parent->registry, t);
	control_end(conn, CTL_OK, "");
}
