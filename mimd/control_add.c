/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "choice.h"
#include "control.h"
#include "fetches.h"
#include "magnet_msg.h"
#include "memfile.h"
#include "metainfo.h"
#include "parent.h"
#include "paths.h"

/* Requests that add a torrent, and their answers. */

/* Only memory that nobody can change any more goes on to disk. */
static const char *
check_memfd(int fd)
{
	struct stat	sb;
	int		seals;

	if ((seals = fcntl(fd, F_GET_SEALS)) == -1 ||
	    (seals & MEMFILE_FROZEN) != MEMFILE_FROZEN)
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

static const char *
outside(const char *dir, char *text, size_t size)
{
	snprintf(text, size, "%s: not inside a \"download directory\" of "
	    "mimd.conf", dir);
	return text;
}

void
control_add(struct parent *parent, uint64_t client, int fd,
    struct magnet *magnet, struct choice *choice, const char *dir,
    bool paused, bool check)
{
	char		 subdir[PATH_LEN_MAX + 1], away[PATH_LEN_MAX + 1];
	char		 text[ERROR_MAX];
	const char	*why;
	struct add_place at = { 0 };

	why = magnet != NULL ? NULL : check_memfd(fd);
	if (why == NULL &&
	    add_place(parent->conf, dir, &at, subdir, away) == -1)
		why = outside(dir, text, sizeof(text));
	if (why == NULL && registry_add(&parent->registry, fd, magnet, &at,
	    choice, paused, check, client) == -1)
		why = registry_full(&parent->registry) ?
		    "there are as many torrents as mimd takes" :
		    "too many torrents are being added: try again";
	if (why == NULL)
		return;
	control_refused(parent->control, client, why);
	if (fd != -1)
		close(fd);
	magnet_free(magnet);
	choice_free(choice);
}

void
control_on_add(struct chan *c, const struct msg_ctl_add *m, void *arg)
{
	struct control_conn	*conn = arg;
	int			 fd = chan_take_fd(c);

	control_begin(conn);
	control_wait(conn, CONTROL_ADD_MS);
	control_add(control_parent(conn), conn->client, fd, NULL,
	    choice_unpack(m->only.v, m->only.n, m->except.v, m->except.n),
	    m->dir, m->paused, m->check);
}

void
control_on_add_magnet(struct chan *c, const struct msg_ctl_add_magnet *m,
    void *arg)
{
	struct control_conn	*conn = arg;

	(void)c;
	control_begin(conn);
	control_wait(conn, CONTROL_ADD_MS);
	control_add(control_parent(conn), conn->client, -1,
	    magnet_unpack(m->infohash, m->name, m->trackers.v, m->trackers.n,
	    m->webseeds.v, m->webseeds.n, m->peers.v, m->peers.n),
	    choice_unpack(m->only.v, m->only.n, m->except.v, m->except.n),
	    m->dir, m->paused, true);
}

/* A place that will not do is told before anything is fetched for it. */
void
control_on_add_url(struct chan *c, const struct msg_ctl_add_url *m, void *arg)
{
	struct control_conn	*conn = arg;
	struct parent		*parent = control_parent(conn);
	char			 subdir[PATH_LEN_MAX + 1];
	char			 away[PATH_LEN_MAX + 1], text[ERROR_MAX];
	const char		*why;
	struct add_place	 at = { 0 };

	(void)c;
	control_begin(conn);
	control_wait(conn, CONTROL_ADD_MS);
	if (add_place(parent->conf, m->dir, &at, subdir, away) == -1)
		why = outside(m->dir, text, sizeof(text));
	else
		why = fetches_add(parent, m, conn->client);
	if (why != NULL)
		control_end(conn, CTL_FAILED, why);
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
