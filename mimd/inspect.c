/* SPDX-License-Identifier: ISC */
#include <sys/socket.h>
#include <sys/stat.h>

#include <net/if.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "addr.h"
#include "filters.h"
#include "inspect.h"
#include "log.h"
#include "mem.h"
#include "paths.h"
#include "privs.h"
#include "tracker/castore.h"

#define ALL_ACCESS	(R_OK | W_OK | X_OK)

/* A directory that is there: children hold it, and never walk the path. */
struct dir {
	const char	*setting, *path;
	int		 fd;		/* -1: it is not there */
};

struct inspection {
	const struct conf	*conf;
	struct dir		 dirs[ROOTS_MAX + 1];
	uint32_t		 ndirs;
	bool			 good;
};

static void
say(const struct inspection *in, const char *setting, const char *value,
    const char *why)
{
	char	err[ERROR_MAX];

	conf_path_error(in->conf, setting, value, why, err, sizeof(err));
	log_warnx("%s", err);
}

static void
refuse(struct inspection *in, const char *setting, const char *value,
    const char *why)
{
	say(in, setting, value, why);
	in->good = false;
}

/* ---- what the parent opens ---- */

static void
look_filters(struct inspection *in)
{
	const struct conf_filter	*f = in->conf->filters;
	char				 err[ERROR_MAX];
	uint32_t			 i;
	int				 fd;

	for (i = 0; i < in->conf->nfilters; i++) {
		if ((fd = filter_open(in->conf, &f[i], err,
		    sizeof(err))) != -1) {
			close(fd);
			continue;
		}
		log_warnx("%s", err);
		in->good = false;
	}
}

/* Can a path be made, with the directories above it?  NULL, or why not. */
static const char *
why_unmade(const char *path, bool above)
{
	char		*copy = xstrdup(path), *dir = dirname(copy);
	struct stat	 sb;
	const char	*why = NULL;

	while (above && stat(dir, &sb) == -1 && errno == ENOENT)
		dir = dirname(dir);
	if (stat(dir, &sb) == -1)
		why = strerror(errno);
	else if (!S_ISDIR(sb.st_mode))
		why = strerror(ENOTDIR);
	else if (eaccess(dir, W_OK | X_OK) == -1)
		why = strerror(errno);
	free(copy);
	return why;
}

static void
look_socket(struct inspection *in, const char *setting, const char *path)
{
	struct stat	 sb;
	const char	*why;

	if (path == NULL)
		return;
	if (lstat(path, &sb) == 0) {
		if (!S_ISSOCK(sb.st_mode))
			refuse(in, setting, path, "is there and is not a "
			    "socket");
	} else if ((why = why_unmade(path, true)) != NULL)
		refuse(in, setting, path, why);
}

static void
add_dir(struct inspection *in, const char *setting, const char *path, int fd)
{
	in->dirs[in->ndirs++] = (struct dir){ setting, path, fd };
}

static void
look_state(struct inspection *in)
{
	const char	*path = in->conf->state_dir, *why;
	int		 fd = paths_open_dir(path);

	if (fd != -1)
		add_dir(in, "state directory", path, fd);
	else if (errno != ENOENT)
		refuse(in, "state directory", path, strerror(errno));
	else if ((why = why_unmade(path, true)) != NULL)
		refuse(in, "state directory", path, why);
}

/* The setting that names it: another's directory may be a root as well. */
static const char *
root_setting(const struct conf *conf, const char *path)
{
	if (conf->incomplete != NULL && strcmp(conf->incomplete, path) == 0)
		return "incomplete directory";
	if (conf->complete != NULL && strcmp(conf->complete, path) == 0)
		return "on complete move to";
	return "download directory";
}

/* One that is not there may be on a volume that will be. */
static void
look_root(struct inspection *in, uint32_t i)
{
	const char	*path = in->conf->roots[i], *setting, *why;
	char		 text[ERROR_MAX];
	int		 fd = paths_open_dir(path);
	bool		 usual;

	setting = i < in->conf->nnamed ? "download directory" :
	    root_setting(in->conf, path);
	usual = conf_given(in->conf, setting, NULL) == NULL;
	if (fd != -1)
		add_dir(in, setting, path, fd);
	else if (errno != ENOENT)
		refuse(in, setting, path, strerror(errno));
	else if ((why = why_unmade(path, usual)) != NULL) {
		snprintf(text, sizeof(text), "is not there and cannot be made "
		    "(%s): torrents wait until it is", why);
		say(in, setting, path, text);
	}
}

/* ---- the network, of which much may come yet ---- */

static bool
is_here(const struct addr *a)
{
	struct sockaddr_storage	ss;
	socklen_t		len = addr_to_sockaddr(a, &ss);
	bool			here;
	int			fd;

	fd = socket(ss.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return errno != EAFNOSUPPORT;
	here = bind(fd, (struct sockaddr *)&ss, len) == 0 ||
	    errno != EADDRNOTAVAIL;
	close(fd);
	return here;
}

static void
look_network(struct inspection *in)
{
	static const char	 why[] = "is no address of this machine now";
	const struct conf_bind	*b = &in->conf->bind;
	const char		*device = b->device;
	const struct conf_given	*g;
	struct addr		 a;

	if (*device != '\0' && if_nametoindex(device) == 0)
		say(in, "bind device", device, "is not there: nothing is "
		    "sent or received until it is");
	STAILQ_FOREACH(g, &in->conf->given, entry) {
		if (g->value == NULL || addr_parse(&a, g->value, 0) == -1 ||
		    is_here(&a))
			continue;
		if (strcmp(g->setting, "bind address") == 0)
			say(in, g->setting, g->value, why);
		else if (strcmp(g->setting, "listen on") == 0 &&
		    !b->has_addr[0] && !b->has_addr[1])
			refuse(in, g->setting, g->value, why);
	}
}

/* ---- what children use ---- */

static void
become_user(uid_t uid, gid_t gid)
{
	if (setgroups(0, NULL) == -1 || setresgid(gid, gid, gid) == -1 ||
	    setresuid(uid, uid, uid) == -1)
		fatal("cannot become " PRIVS_USER);
}

static void
look_as_user(struct inspection *in, bool switched)
{
	const char	*ca_file = in->conf->ca_file, *why;
	uint32_t	 i;

	if (ca_file != NULL && (why = castore_check(ca_file)) != NULL)
		refuse(in, "ca file", ca_file, why);
	for (i = 0; i < in->ndirs; i++) {
		struct dir	*d = &in->dirs[i];

		if (faccessat(d->fd, ".", ALL_ACCESS, 0) == -1)
			refuse(in, d->setting, d->path, !switched ||
			    errno != EACCES ? strerror(errno) :
			    "user " PRIVS_USER " may not write there");
		close(d->fd);
	}
}

int
inspect(const struct conf *conf)
{
	struct inspection	in = { .conf = conf, .good = true };
	bool			switched = geteuid() == 0;
	uid_t			uid;
	gid_t			gid;
	uint32_t		i;

	if (switched)
		privs_user(&uid, &gid);
	look_filters(&in);
	look_state(&in);
	look_socket(&in, "control socket", conf->socket.path);
	look_socket(&in, "control socket restricted", conf->restricted.path);
	for (i = 0; i < conf->nroots; i++)
		look_root(&in, i);
	look_network(&in);
	if (switched)
		become_user(uid, gid);
	look_as_user(&in, switched);
	return in.good ? 0 : -1;
}
