/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "control.h"
#include "parent.h"
#include "url.h"

/* Trackers that the user adds, removes or replaces. */

static const char *
url_check(const char *s)
{
	struct url	 u;
	const char	*why;

	if (url_parse(&u, s, &why) == -1)
		return why;
	if (strcmp(u.scheme, "http") != 0 && strcmp(u.scheme, "https") != 0 &&
	    strcmp(u.scheme, "udp") != 0)
		return "a tracker's URL begins with http:, https: or udp:";
	return NULL;
}

static const char *
check(const struct msg_ctl_tracker *m)
{
	const char	*why = NULL;
	uint32_t	 i;

	if (m->ids.n == 0)
		return "no torrent is named";
	if (m->trackers.n == 0)
		return "no tracker is named";
	for (i = 0; i < m->trackers.n && m->what != TRACKER_DEL &&
	    why == NULL; i++)
		why = url_check(m->trackers.v[i].url);
	return why;
}

void
control_on_tracker(struct chan *c, const struct msg_ctl_tracker *m, void *arg)
{
	struct control_conn	*conn = arg;
	struct registry		*reg = &control_parent(conn)->registry;
	struct torrent		*t;
	const char		*why;
	uint32_t		 i, refused = 0;

	(void)c;
	control_begin(conn);
	conn->found = conn->failed = 0;
	if ((why = check(m)) != NULL) {
		control_end(conn, CTL_USAGE, why);
		return;
	}
	for (i = 0; i < m->ids.n; i++) {
		if ((t = control_torrent(conn, m->ids.v[i].id)) == NULL)
			continue;
		why = registry_edit_trackers(reg, t,
		    (enum tracker_what)m->what, m->trackers.v, m->trackers.n);
		if (why == NULL) {
			conn->found++;
			continue;
		}
		refused++;
		control_failed(conn, t->id, why);
	}
	if (refused > 0 && conn->found == 0)
		control_end(conn, CTL_FAILED, "no trackers are changed");
	else
		control_end_act(conn);
}
