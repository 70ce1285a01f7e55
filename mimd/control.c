/* SPDX-License-Identifier: ISC */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control.h"
#include "log.h"
#include "mem.h"
#include "parent.h"
#include "paths.h"

#define CONTROL_BACKLOG		64
#define CONTROL_SOCKETS		2	/* the full and the restricted one */
#define CONTROL_GROUPS_MAX	256	/* of a client that are looked at */
#define CONTROL_ACCEPTS		16	/* in one turn */

struct control_socket {
	struct control	*control;
	char		*path;		/* NULL: not in use */
	int		 fd;
	struct loop_io	*io;
	mode_t		 mode;
	gid_t		 gid;		/* the group of the file */
	bool		 restricted;
};

struct control {
	struct parent		*parent;
	struct control_socket	 sockets[CONTROL_SOCKETS];
	struct control_conn	 conns[CONTROL_CONNS_MAX];
	uint64_t		 next_client;
	struct log_limit	 refusals;
};

static void control_on_refused_add(struct chan *,
    const struct msg_ctl_add *, void *);
static void control_on_refused_magnet(struct chan *,
    const struct msg_ctl_add_magnet *, void *);
static void control_on_refused_act(struct chan *,
    const struct msg_ctl_act *, void *);
static void control_on_refused_limit(struct chan *,
    const struct msg_ctl_limit *, void *);
static void control_on_refused_prio(struct chan *,
    const struct msg_ctl_prio *, void *);
static void control_on_refused_set(struct chan *,
    const struct msg_ctl_set *, void *);
static void control_on_refused_move(struct chan *,
    const struct msg_ctl_move *, void *);
static void control_on_refused_rename(struct chan *,
    const struct msg_ctl_rename *, void *);
static void control_on_refused_peer(struct chan *,
    const struct msg_ctl_peer *, void *);
static void control_on_refused_set_port(struct chan *,
    const struct msg_ctl_set_port *, void *);
static void control_on_refused_tracker(struct chan *,
    const struct msg_ctl_tracker *, void *);
static void control_on_refused_log(struct chan *,
    const struct msg_ctl_log *, void *);
static void control_on_refused_reload(struct chan *,
    const struct msg_ctl_reload *, void *);
static void control_on_refused_shutdown(struct chan *,
    const struct msg_ctl_shutdown *, void *);

static const union msg_fn	full_fns[MSG_COUNT] = {
	[MSG_CTL_LIST] = { .ctl_list = control_on_list },
	[MSG_CTL_PIECES] = { .ctl_pieces = control_on_pieces },
	[MSG_CTL_PROCESSES] = { .ctl_processes = control_on_processes },
	[MSG_CTL_DISK] = { .ctl_disk = control_on_disk },
	[MSG_CTL_ADD] = { .ctl_add = control_on_add },
	[MSG_CTL_ADD_MAGNET] = { .ctl_add_magnet = control_on_add_magnet },
	[MSG_CTL_ACT] = { .ctl_act = control_on_act },
	[MSG_CTL_LIMIT] = { .ctl_limit = control_on_limit },
	[MSG_CTL_LIMITS] = { .ctl_limits = control_on_limits },
	[MSG_CTL_BANS] = { .ctl_bans = control_on_bans },
	[MSG_CTL_PRIO] = { .ctl_prio = control_on_prio },
	[MSG_CTL_SET] = { .ctl_set = control_on_set },
	[MSG_CTL_PORTS] = { .ctl_ports = control_on_ports },
	[MSG_CTL_SET_PORT] = { .ctl_set_port = control_on_set_port },
	[MSG_CTL_MOVE] = { .ctl_move = control_on_move },
	[MSG_CTL_RENAME] = { .ctl_rename = control_on_rename },
	[MSG_CTL_PEER] = { .ctl_peer = control_on_peer },
	[MSG_CTL_TRACKER] = { .ctl_tracker = control_on_tracker },
	[MSG_CTL_LOG] = { .ctl_log = control_on_log },
	[MSG_CTL_RELOAD] = { .ctl_reload = control_on_reload },
	[MSG_CTL_SHUTDOWN] = { .ctl_shutdown = control_on_shutdown },
};

static const union msg_fn	restricted_fns[MSG_COUNT] = {
	[MSG_CTL_LIST] = { .ctl_list = control_on_list },
	[MSG_CTL_PIECES] = { .ctl_pieces = control_on_pieces },
	[MSG_CTL_PROCESSES] = { .ctl_processes = control_on_processes },
	[MSG_CTL_DISK] = { .ctl_disk = control_on_disk },
	[MSG_CTL_ADD] = { .ctl_add = control_on_refused_add },
	[MSG_CTL_ADD_MAGNET] =
	    { .ctl_add_magnet = control_on_refused_magnet },
	[MSG_CTL_ACT] = { .ctl_act = control_on_refused_act },
	[MSG_CTL_LIMIT] = { .ctl_limit = control_on_refused_limit },
	[MSG_CTL_LIMITS] = { .ctl_limits = control_on_limits },
	[MSG_CTL_BANS] = { .ctl_bans = control_on_bans },
	[MSG_CTL_PRIO] = { .ctl_prio = control_on_refused_prio },
	[MSG_CTL_SET] = { .ctl_set = control_on_refused_set },
	[MSG_CTL_PORTS] = { .ctl_ports = control_on_ports },
	[MSG_CTL_SET_PORT] = { .ctl_set_port = control_on_refused_set_port },
	[MSG_CTL_MOVE] = { .ctl_move = control_on_refused_move },
	[MSG_CTL_RENAME] = { .ctl_rename = control_on_refused_rename },
	[MSG_CTL_PEER] = { .ctl_peer = control_on_refused_peer },
	[MSG_CTL_TRACKER] = { .ctl_tracker = control_on_refused_tracker },
	[MSG_CTL_LOG] = { .ctl_log = control_on_refused_log },
	[MSG_CTL_RELOAD] = { .ctl_reload = control_on_refused_reload },
	[MSG_CTL_SHUTDOWN] = { .ctl_shutdown = control_on_refused_shutdown },
};

/* ---- a connection ---- */

static void
control_close(struct control_conn *conn)
{
	chan_free(conn->chan);
	conn->chan = NULL;
	control_list_clear(conn);
	loop_timer_clear(conn->wait);
}

struct parent *
control_parent(const struct control_conn *conn)
{
	return conn->control->parent;
}

void
control_begin(struct control_conn *conn)
{
	conn->busy = true;
	conn->active = loop_now(control_parent(conn)->loop);
	chan_pause(conn->chan, true);
}

void
control_end(struct control_conn *conn, enum ctl_code code, const char *text)
{
	struct msg_ctl_end	m = { .code = (uint8_t)code };
	char			cut[ERROR_MAX + 1];

	strlcpy(cut, text, sizeof(cut));
	m.text = cut;
	loop_timer_clear(conn->wait);
	chan_send(conn->chan, MSG_CTL_END, &m);
	conn->busy = false;
	conn->active = loop_now(control_parent(conn)->loop);
	chan_pause(conn->chan, false);
}

void
control_note(struct control_conn *conn, uint32_t id, enum ctl_code code,
    const char *text)
{
	struct msg_ctl_note	m = {
		.id = id,
		.code = (uint8_t)code,
		.text = text,
	};

	chan_send(conn->chan, MSG_CTL_NOTE, &m);
}

void
control_wait(struct control_conn *conn, uint64_t ms)
{
	loop_timer_set(conn->wait, ms);
}

struct control_conn *
control_find(struct control *control, uint64_t client)
{
	uint32_t	i;

	for (i = 0; client != 0 && i < CONTROL_CONNS_MAX; i++) {
		if (control->conns[i].chan != NULL &&
		    control->conns[i].client == client)
			return &control->conns[i];
	}
	return NULL;
}

static void
control_deny(struct control_conn *conn)
{
	control_end(conn, CTL_REFUSED, "this socket only answers questions");
}

static void
control_on_refused_add(struct chan *c, const struct msg_ctl_add *m, void *arg)
{
	(void)c;
	(void)m;
	control_deny(arg);
}

static void
control_on_refused_magnet(struct chan *c, const struct msg_ctl_add_magnet *m,
    void *arg)
{
	(void)c;
	(void)m;
	control_deny(arg);
}

static void
control_on_refused_act(struct chan *c, const struct msg_ctl_act *m, void *arg)
{
	(void)c;
	(void)m;
	control_deny(arg);
}

static void
control_on_refused_limit(struct chan *c, const struct msg_ctl_limit *m,
    void *arg)
{
	(void)c;
	(void)m;
	control_deny(arg);
}

static void
control_on_refused_prio(struct chan *c, const struct msg_ctl_prio *m,
    void *arg)
{
	(void)c;
	(void)m;
	control_deny(arg);
}

static void
control_on_refused_set(struct chan *c, const struct msg_ctl_set *m, void *arg)
{
	(void)c;
	(void)m;
	control_deny(arg);
}

static void
control_on_refused_move(struct chan *c, const struct msg_ctl_move *m,
    void *arg)
{
	(void)c;
	(void)m;
	control_deny(arg);
}

static void
control_on_refused_rename(struct chan *c, const struct msg_ctl_rename *m,
    void *arg)
{
	(void)c;
	(void)m;
	control_deny(arg);
}

static void
control_on_refused_peer(struct chan *c, const struct msg_ctl_peer *m,
    void *arg)
{
	(void)c;
	(void)m;
	control_deny(arg);
}

static void
control_on_refused_set_port(struct chan *c, const struct msg_ctl_set_port *m,
    void *arg)
{
	(void)c;
	(void)m;
	control_deny(arg);
}

static void
control_on_refused_tracker(struct chan *c, const struct msg_ctl_tracker *m,
    void *arg)
{
	(void)c;
	(void)m;
	control_deny(arg);
}

static void
control_on_refused_log(struct chan *c, const struct msg_ctl_log *m, void *arg)
{
	(void)c;
	(void)m;
	control_deny(arg);
}

static void
control_on_refused_reload(struct chan *c, const struct msg_ctl_reload *m,
    void *arg)
{
	(void)c;
	(void)m;
	control_deny(arg);
}

static void
control_on_refused_shutdown(struct chan *c, const struct msg_ctl_shutdown *m,
    void *arg)
{
	(void)c;
	(void)m;
	control_deny(arg);
}

static void
control_on_closed(struct chan *c, const char *why, void *arg)
{
	struct control_conn	*conn = arg;

	(void)c;
	if (why != NULL)
		log_debug("control connection: %s", why);
	control_close(conn);
}

static void
control_on_drain(struct chan *c, void *arg)
{
	struct control_conn	*conn = arg;

	(void)c;
	conn->active = loop_now(control_parent(conn)->loop);
	if (conn->list.active)
		control_list_pump(conn);
}

static void
control_on_wait(void *arg)
{
	control_on_wait_over(arg);
}

/* ---- accept ---- */

/* A free place, or that of who has been silent for longest. */
static struct control_conn *
control_place(struct control *control)
{
	struct control_conn	*idle = NULL, *conn;

	for (conn = control->conns; conn < control->conns + CONTROL_CONNS_MAX;
	    conn++) {
		if (conn->chan == NULL)
			return conn;
		if (!conn->busy && chan_empty(conn->chan) &&
		    (idle == NULL || conn->active < idle->active))
			idle = conn;
	}
	if (idle != NULL)
		control_close(idle);
	return idle;
}

static bool
in_group(int fd, gid_t own, gid_t gid)
{
	gid_t		groups[CONTROL_GROUPS_MAX];
	socklen_t	len = sizeof(groups);
	size_t		i;

	if (own == gid)
		return true;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) == -1)
		return false;
	for (i = 0; i < len / sizeof(groups[0]); i++) {
		if (groups[i] == gid)
			return true;
	}
	return false;
}

/* The mode of the file stands, also where a directory was copied around. */
static bool
is_allowed(const struct control_socket *s, int fd)
{
	struct ucred	cred;
	socklen_t	len = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == -1)
		return false;
	if (cred.uid == 0 || cred.uid == geteuid() || (s->mode & S_IWOTH))
		return true;
	return (s->mode & S_IWGRP) && in_group(fd, cred.gid, s->gid);
}

static void
control_refuse(struct control *control, int fd, const char *text)
{
	struct msg_ctl_end	 m = { .code = CTL_REFUSED, .text = text };
	struct chan		*c;
	unsigned int		 held;

	c = chan_new(control->parent->loop, fd, ROLE_PARENT, ROLE_CTL, false,
	    full_fns, control_on_closed, NULL);
	chan_send(c, MSG_CTL_END, &m);
	chan_free(c);
	if (log_every(&control->refusals, loop_now(control->parent->loop),
	    &held))
		log_warnx("control connection refused (%u more): %s", held,
		    text);
}

static void
control_take(struct control_socket *s, int fd)
{
	struct control	*control = s->control;
	struct control_conn	*conn;

	if (!is_allowed(s, fd)) {
		control_refuse(control, fd, "permission denied");
		return;
	}
	if ((conn = control_place(control)) == NULL) {
		control_refuse(control, fd, "too many connections");
		return;
	}
	conn->chan = chan_new(control->parent->loop, fd, ROLE_PARENT,
	    ROLE_CTL, false, s->restricted ? restricted_fns : full_fns,
	    control_on_closed, conn);
	chan_on_drain(conn->chan, control_on_drain);
	conn->client = ++control->next_client;
	conn->restricted = s->restricted;
	conn->busy = false;
	conn->answers = 0;
	conn->pieces = 0;
	conn->sockets = false;
	conn->active = loop_now(control->parent->loop);
}

static void
control_on_accept(int fd, int what, void *arg)
{
	struct control_socket	*s = arg;
	int			 i, conn;

	(void)what;
	for (i = 0; i < CONTROL_ACCEPTS; i++) {
		conn = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (conn != -1) {
			control_take(s, conn);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE) {
			log_warn("control socket");
			loop_io_want(s->io, 0);	/* until the next sweep */
		}
		return;
	}
}

void
control_sweep(struct control *control)
{
	uint64_t	 now = loop_now(control->parent->loop), idle;
	struct control_conn	*conn;
	uint32_t	 i;

	for (conn = control->conns; conn < control->conns + CONTROL_CONNS_MAX;
	    conn++) {
		if (conn->chan == NULL)
			continue;
		idle = now - conn->active;
		if (chan_empty(conn->chan) ? !conn->busy &&
		    idle >= CONTROL_IDLE_MS : idle >= CONTROL_STALL_MS)
			control_close(conn);
	}
	for (i = 0; i < CONTROL_SOCKETS; i++) {
		if (control->sockets[i].io != NULL)
			loop_io_want(control->sockets[i].io, LOOP_READ);
	}
}

/* ---- the sockets ---- */

/* Nobody may be at path: clear away what a dead daemon left. */
static int
clear_path(const struct sockaddr_un *sun, char *err, size_t errsize)
{
	struct stat	sb;
	int		fd, r;

	if (lstat(sun->sun_path, &sb) == -1)
		return 0;
	if (!S_ISSOCK(sb.st_mode)) {
		snprintf(err, errsize, "control socket \"%s\": is there and "
		    "is not a socket", sun->sun_path);
		return -1;
	}
	if ((fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC |
	    SOCK_NONBLOCK, 0)) == -1) {
		snprintf(err, errsize, "socket: %s", strerror(errno));
		return -1;
	}
	r = connect(fd, (const struct sockaddr *)sun, sizeof(*sun));
	if (r == 0 || errno != ECONNREFUSED) {
		snprintf(err, errsize, "control socket \"%s\": another daemon "
		    "listens there", sun->sun_path);
		close(fd);
		return -1;
	}
	close(fd);
	unlink(sun->sun_path);
	return 0;
}

static void
make_directory(const char *path)
{
	char	*copy = xstrdup(path);

	/* If it cannot be made, bind() says so. */
	paths_make(dirname(copy), geteuid() == 0 ? 0755 : 0700, (uid_t)-1,
	    (gid_t)-1);
	free(copy);
}

/* Mode and group are right before anyone can connect. */
static int
bind_socket(struct control_socket *s, const struct sockaddr_un *sun,
    const struct conf_socket *conf)
{
	struct stat	sb;
	mode_t		mask;
	int		r;

	if ((s->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC |
	    SOCK_NONBLOCK, 0)) == -1)
		return -1;
	mask = umask(0177);
	r = bind(s->fd, (const struct sockaddr *)sun, sizeof(*sun));
	umask(mask);
	if (r == -1)
		return -1;
	s->path = xstrdup(conf->path);
	if (conf->gid != (gid_t)-1 &&
	    chown(conf->path, (uid_t)-1, conf->gid) == -1)
		return -1;
	if (chmod(conf->path, conf->mode) == -1 ||
	    stat(conf->path, &sb) == -1)
		return -1;
	s->mode = conf->mode;
	s->gid = sb.st_gid;
	return listen(s->fd, CONTROL_BACKLOG);
}

static int
open_socket(struct control *control, struct control_socket *s,
    const struct conf_socket *conf, char *err, size_t errsize)
{
	struct sockaddr_un	sun = { .sun_family = AF_UNIX };

	if (strlcpy(sun.sun_path, conf->path, sizeof(sun.sun_path)) >=
	    sizeof(sun.sun_path)) {
		snprintf(err, errsize, "control socket \"%s\": path too long",
		    conf->path);
		return -1;
	}
	make_directory(conf->path);
	if (clear_path(&sun, err, errsize) == -1)
		return -1;
	if (bind_socket(s, &sun, conf) == -1) {
		snprintf(err, errsize, "control socket \"%s\": %s",
		    conf->path, strerror(errno));
		return -1;
	}
	s->control = control;
	s->io = loop_io_new(control->parent->loop, s->fd, control_on_accept,
	    s);
	loop_io_want(s->io, LOOP_READ);
	return 0;
}

struct control *
control_new(struct parent *parent, const struct conf *conf, char *err,
    size_t errsize)
{
	struct control	*control;
	uint32_t	 i;

	control = xcalloc(1, sizeof(*control));
	control->parent = parent;
	for (i = 0; i < CONTROL_SOCKETS; i++)
		control->sockets[i].fd = -1;
	for (i = 0; i < CONTROL_CONNS_MAX; i++) {
		control->conns[i].control = control;
		control->conns[i].wait = loop_timer_new(parent->loop,
		    control_on_wait, &control->conns[i]);
	}
	control->sockets[1].restricted = true;
	if (open_socket(control, &control->sockets[0], &conf->socket, err,
	    errsize) == -1 || (conf->restricted.path != NULL &&
	    open_socket(control, &control->sockets[1], &conf->restricted, err,
	    errsize) == -1)) {
		control_free(control);
		return NULL;
	}
	return control;
}

void
control_free(struct control *control)
{
	struct control_socket	*s;
	uint32_t		 i;

	if (control == NULL)
		return;
	for (i = 0; i < CONTROL_SOCKETS; i++) {
		s = &control->sockets[i];
		loop_io_free(s->io);
		if (s->fd != -1)
			close(s->fd);
		if (s->path != NULL)
			unlink(s->path);
		free(s->path);
	}
	for (i = 0; i < CONTROL_CONNS_MAX; i++) {
		control_close(&control->conns[i]);
		loop_timer_free(control->conns[i].wait);
	}
	free(control);
}
