/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "control.h"
#include "log.h"
#include "parent.h"

/* Requests that change something. */

/* ---- actions ---- */

/* NULL, or why it cannot be. */
static const char *
act_on(struct control_conn *conn, enum ctl_action action, struct torrent *t)
{
	struct registry	*reg = &control_parent(conn)->registry;
	static char	 text[ERROR_MAX];

	switch (action) {
	case CTL_START:
		registry_start(reg, t);
		break;
	case CTL_STOP:
		registry_pause(reg, t);
		break;
	case CTL_CHECK:
		registry_check(reg, t);
		break;
	case CTL_REMOVE:
	case CTL_REMOVE_DATA:
		conn->answers++;
		registry_remove(reg, t, action == CTL_REMOVE_DATA,
		    conn->client);
		break;
	case CTL_ANNOUNCE:
		return registry_announce(reg, t, text, sizeof(text));
	}
	return NULL;
}

struct torrent *
control_torrent(struct control_conn *conn, uint32_t id)
{
	struct torrent	*t;

	t = registry_find(&control_parent(conn)->registry, id);
	if (t != NULL && !t->removing)
		return t;
	conn->failed++;
	control_note(conn, id, CTL_NO_TORRENT, "no such torrent");
	return NULL;
}

void
control_failed(struct control_conn *conn, uint32_t id, const char *why)
{
	conn->failed++;
	control_note(conn, id, CTL_FAILED, why);
}

void
control_end_act(struct control_conn *conn)
{
	if (conn->failed == 0)
		control_end(conn, CTL_OK, "");
	else if (conn->found == 0)
		control_end(conn, CTL_NO_TORRENT, "no such torrent");
	else
		control_end(conn, CTL_PARTIAL, "");
}

void
control_on_act(struct chan *c, const struct msg_ctl_act *m, void *arg)
{
	struct control_conn	*conn = arg;
	struct torrent	*t;
	const char	*why;
	uint32_t	 i, refused = 0;

	(void)c;
	control_begin(conn);
	conn->found = conn->failed = conn->answers = 0;
	conn->later = "the removal goes on in the background";
	if (m->ids.n == 0) {
		control_end(conn, CTL_USAGE, "no torrent is named");
		return;
	}
	for (i = 0; i < m->ids.n; i++) {
		if ((t = control_torrent(conn, m->ids.v[i].id)) == NULL)
			continue;
		why = act_on(conn, (enum ctl_action)m->action, t);
		if (why == NULL) {
			conn->found++;
			continue;
		}
		refused++;
		control_failed(conn, t->id, why);
	}
	if (refused > 0 && conn->found == 0)
		control_end(conn, CTL_FAILED, "nothing is announced now");
	else if (conn->answers == 0)
		control_end_act(conn);
	else
		control_wait(conn, CONTROL_REMOVE_MS);
}

void
control_removed(struct control *control, uint64_t client, uint32_t id,
    const char *error)
{
	struct control_conn	*conn = control_find(control, client);

	if (conn == NULL || conn->answers == 0)
		return;
	if (*error != '\0')
		control_failed(conn, id, error);
	if (--conn->answers == 0)
		control_end_act(conn);
}

void
control_on_wait_over(struct control_conn *conn)
{
	if (control_dht_wait_over(conn))
		return;
	if (conn->pieces != 0) {
		conn->pieces = 0;
		control_end(conn, CTL_TIMEOUT,
		    "the peer process does not answer: try again");
	} else if (conn->sockets) {
		conn->sockets = false;
		conn->answers = 0;
		control_end(conn, CTL_PARTIAL,
		    "not all processes told of their sockets: try again");
	} else if (conn->answers > 0) {
		conn->answers = 0;
		control_end(conn, CTL_OK, conn->later);
	} else
		control_end(conn, CTL_TIMEOUT, "the disk process does not "
		    "answer; the torrent may still be added");
}

/* ---- the daemon itself ---- */

void
control_on_log(struct chan *c, const struct msg_ctl_log *m, void *arg)
{
	struct control_conn	*conn = arg;

	(void)c;
	control_begin(conn);
	parent_set_log_level(control_parent(conn), m->level);
	control_end(conn, CTL_OK, "");
}

void
control_on_reload(struct chan *c, const struct msg_ctl_reload *m, void *arg)
{
	struct control_conn	*conn = arg;
	char		 text[ERROR_MAX];
	int		 r;

	(void)c;
	(void)m;
	control_begin(conn);
	r = parent_reload(control_parent(conn), text, sizeof(text));
	control_end(conn, r == 0 ? CTL_OK : CTL_FAILED, text);
}

/* The connection stays until the end, which the client sees by that. */
void
control_on_shutdown(struct chan *c, const struct msg_ctl_shutdown *m, void *arg)
{
	struct control_conn	*conn = arg;

	(void)c;
	(void)m;
	control_begin(conn);
	control_end(conn, CTL_OK, "");
	parent_stop(control_parent(conn));
}
