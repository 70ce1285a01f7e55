/* SPDX-License-Identifier: ISC */
#include <stdio.h>

#include "control.h"
#include "parent.h"
#include "paths.h"

/* Data that are moved, found where they were moved to, or renamed. */

static void
move_begin(struct control_conn *conn)
{
	control_begin(conn);
	conn->found = conn->failed = conn->answers = conn->moved = 0;
	conn->later = "the move goes on in the background";
}

/* The answer may have come while it was being asked for. */
static void
move_end(struct control_conn *conn)
{
	if (conn->answers > 0)
		control_wait(conn, CONTROL_REMOVE_MS);
	else if (conn->found > 0 && conn->moved == 0)
		control_end(conn, CTL_FAILED, "");
	else
		control_end_act(conn);
}

static struct torrent *
move_find(struct control_conn *conn, uint32_t id)
{
	struct torrent	*t;

	t = registry_find(&control_parent(conn)->registry, id);
	if (t != NULL && !t->removing && t->loaded) {
		conn->found++;
		conn->answers++;
		return t;
	}
	conn->failed++;
	control_note(conn, id, CTL_NO_TORRENT, "no such torrent");
	return NULL;
}

void
control_on_move(struct chan *c, const struct msg_ctl_move *m, void *arg)
{
	struct control_conn	*conn = arg;
	struct parent		*parent = control_parent(conn);
	struct torrent		*t;
	char			 subdir[PATH_LEN_MAX + 1], text[ERROR_MAX];
	uint32_t		 i, root;

	(void)c;
	move_begin(conn);
	if (*m->dir == '\0' || paths_split(parent->conf->roots,
	    parent->conf->nroots, m->dir, &root, subdir,
	    sizeof(subdir)) == -1) {
		snprintf(text, sizeof(text), "%s: not inside a \"download "
		    "directory\" of mimd.conf", m->dir);
		control_end(conn, CTL_FAILED, text);
		return;
	}
	/* One more, so that an answer at once does not end it. */
	conn->answers = 1;
	for (i = 0; i < m->ids.n; i++)
		if ((t = move_find(conn, m->ids.v[i].id)) != NULL)
			registry_move(&parent->registry, t,
			    (enum move_what)m->what, 0, m->dir, conn->client);
	conn->answers--;
	move_end(conn);
}

void
control_on_rename(struct chan *c, const struct msg_ctl_rename *m, void *arg)
{
	struct control_conn	*conn = arg;
	struct torrent		*t;

	(void)c;
	move_begin(conn);
	conn->answers = 1;
	if ((t = move_find(conn, m->id)) != NULL)
		registry_move(&control_parent(conn)->registry, t,
		    MOVE_RENAME, m->file, m->name, conn->client);
	conn->answers--;
	move_end(conn);
}

void
control_moved(struct control *control, uint64_t client, uint32_t id,
    const char *error)
{
	struct control_conn	*conn = control_find(control, client);

	if (conn == NULL || conn->answers == 0)
		return;
	if (*error != '\0')
		control_failed(conn, id, error);
	else
		conn->moved++;
	if (--conn->answers == 0)
		move_end(conn);
}
