/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "choice.h"
#include "control.h"
#include "log.h"
#include "magnet_msg.h"
#include "metainfo.h"
#include "parent.h"
#include "paths.h"

/* Requests that change something. */

#define ADD_SEALS	(F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | \
			    F_SEAL_SEAL)

/* Only memory that nobody can change any more goes on to disk. */
static const char *
check_memfd(int fd)
{
	struct stat	sb;
	int		seals;

	if ((seals = fcntl(fd, F_GET_SEALS)) == -1 ||
	    (seals & ADD_SEALS) != ADD_SEALS)
		return "the torrent must come in a sealed memfd";
	if (fstat(fd, &sb) == -1 || sb.st_size <= 0)
		return "the torrent is empty";
	if (sb.st_size > (off_t)METAINFO_SIZE_MAX)
		return "the torrent is larger than 32 MiB";
	return NULL;
}

/*
 * Where a torrent is to be that was added with this directory ("": none);
 * subdir and away are where the strings are kept.
 */
static int
add_place(const struct conf *conf, const char *dir, struct add_place *at,
    char subdir[PATH_LEN_MAX + 1], char away[PATH_LEN_MAX + 1])
{
	const char	*until = NULL;

	if (conf->incomplete != NULL)
		until = conf->incomplete;
	else if (*dir == '\0' && conf->complete != NULL)
		until = "";
	if (*dir == '\0' && conf->complete != NULL)
		dir = conf->complete;
	at->subdir = subdir;
	at->away_subdir = away;
	away[0] = '\0';
	if (paths_split(conf->roots, conf->nroots, dir, &at->root, subdir,
	    PATH_LEN_MAX + 1) == -1)
		return -1;
	if (until != NULL && paths_split(conf->roots, conf->nroots, until,
	    &at->away_root, away, PATH_LEN_MAX + 1) == -1)
		return -1;
	at->away = until != NULL && (at->away_root != at->root ||
	    strcmp(subdir, away) != 0);
	return 0;
}

/* Takes fd or, if that is -1, magnet; and choice. */
static void
add(struct control_conn *conn, int fd, struct magnet *magnet,
    struct choice *choice, const char *dir, bool paused, bool check)
{
	struct parent	*parent = control_parent(conn);
	char		 subdir[PATH_LEN_MAX + 1], away[PATH_LEN_MAX + 1];
	char		 text[ERROR_MAX];
	struct add_place at = { 0 };

	if (add_place(parent->conf, dir, &at, subdir, away) == -1) {
		snprintf(text, sizeof(text), "%s: not inside a \"download "
		    "directory\" of mimd.conf", dir);
		control_end(conn, CTL_FAILED, text);
	} else {
		control_wait(conn, CONTROL_ADD_MS);
		if (registry_add(&parent->registry, fd, magnet, &at, choice,
		    paused, check, conn->client) == 0)
			return;
		control_end(conn, CTL_FAILED,
		    registry_full(&parent->registry) ?
		    "there are as many torrents as mimd takes" :
		    "too many torrents are being added: try again");
	}
	if (fd != -1)
		close(fd);
	magnet_free(magnet);
	choice_free(choice);
}

void
control_on_add(struct chan *c, const struct msg_ctl_add *m, void *arg)
{
	struct control_conn	*conn = arg;
	const char		*why;
	int			 fd = chan_take_fd(c);

	control_begin(conn);
	if ((why = check_memfd(fd)) != NULL) {
		close(fd);
		control_end(conn, CTL_FAILED, why);
		return;
	}
	add(conn, fd, NULL, choice_unpack(m->only.v, m->only.n,
	    m->except.v, m->except.n), m->dir, m->paused, m->check);
}

void
control_on_add_magnet(struct chan *c, const struct msg_ctl_add_magnet *m,
    void *arg)
{
	(void)c;
	control_begin(arg);
	add(arg, -1, magnet_unpack(m->infohash, m->name, m->trackers.v,
	    m->trackers.n, m->peers.v, m->peers.n), choice_unpack(m->only.v,
	    m->only.n, m->except.v, m->except.n), m->dir, m->paused, true);
}

void
control_added(struct control *control, uint64_t client,
    const struct torrent *t)
{
	struct control_conn	*conn = control_find(control, client);
	struct msg_ctl_added	 m = { .id = t->id, .name = t->name };

	if (conn == NULL || !conn->busy)
		return;
	memcpy(m.infohash, t->infohash, sizeof(m.infohash));
	chan_send(conn->chan, MSG_CTL_ADDED, &m);
	control_end(conn, CTL_OK, "");
}

void
control_refused(struct control *control, uint64_t client, const char *error)
{
	struct control_conn	*conn = control_find(control, client);

	if (conn != NULL && conn->busy)
		control_end(conn, CTL_FAILED, error);
}

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
		t = registry_find(&control_parent(conn)->registry,
		    m->ids.v[i].id);
		if (t == NULL || t->removing) {
			conn->failed++;
			control_note(conn, m->ids.v[i].id, CTL_NO_TORRENT,
			    "no such torrent");
			continue;
		}
		why = act_on(conn, (enum ctl_action)m->action, t);
		if (why == NULL) {
			conn->found++;
			continue;
		}
		conn->failed++;
		refused++;
		control_note(conn, t->id, CTL_FAILED, why);
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
	if (*error != '\0') {
		conn->failed++;
		control_note(conn, id, CTL_FAILED, error);
	}
	if (--conn->answers == 0)
		control_end_act(conn);
}

void
control_on_wait_over(struct control_conn *conn)
{
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
