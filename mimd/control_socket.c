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

#include "control_socket.h"
#include "log.h"
#include "mem.h"
#include "paths.h"

#define SOCKET_BACKLOG		64
#define SOCKET_GROUPS_MAX	256	/* of a client that are looked at */
#define SOCKET_ACCEPTS		16	/* in one turn */

struct control_socket {
	char			*path;		/* NULL: nothing there yet */
	int			 fd;
	struct loop_io		*io;
	mode_t			 mode;
	gid_t			 gid;		/* the group of the file */
	control_socket_fn	 fn;
	void			*arg;
};

/* ---- accept ---- */

static bool
in_group(int fd, gid_t own, gid_t gid)
{
	gid_t		groups[SOCKET_GROUPS_MAX];
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
socket_on_accept(int fd, int what, void *arg)
{
	struct control_socket	*s = arg;
	int			 i, conn;

	(void)what;
	for (i = 0; i < SOCKET_ACCEPTS; i++) {
		conn = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (conn != -1) {
			s->fn(conn, is_allowed(s, conn), s->arg);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE) {
			log_warn("control socket");
			loop_io_want(s->io, 0);	/* until resumed */
		}
		return;
	}
}

/* ---- begin and end ---- */

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
	return listen(s->fd, SOCKET_BACKLOG);
}

static int
open_socket(struct control_socket *s, const struct conf_socket *conf,
    char *err, size_t errsize)
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
	return 0;
}

struct control_socket *
control_socket_new(struct loop *loop, const struct conf_socket *conf,
    control_socket_fn fn, void *arg, char *err, size_t errsize)
{
	struct control_socket	*s;

	s = xcalloc(1, sizeof(*s));
	s->fd = -1;
	s->fn = fn;
	s->arg = arg;
	if (open_socket(s, conf, err, errsize) == -1) {
		control_socket_free(s);
		return NULL;
	}
	s->io = loop_io_new(loop, s->fd, socket_on_accept, s);
	loop_io_want(s->io, LOOP_READ);
	return s;
}

void
control_socket_free(struct control_socket *s)
{
	if (s == NULL)
		return;
	loop_io_free(s->io);
	if (s->fd != -1)
		close(s->fd);
	if (s->path != NULL)
		unlink(s->path);
	free(s->path);
	free(s);
}

void
control_socket_resume(struct control_socket *s)
{
	loop_io_want(s->io, LOOP_READ);
}
