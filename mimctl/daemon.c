/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <err.h>
#include <errno.h>
#include <grp.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "daemon.h"
#include "fmt.h"
#include "mem.h"
#include "mimctl.h"

#define PLACES_MAX	3
#define SYSTEM_SOCKET	"/run/mimd/mimd.sock"

struct places {
	char	path[PLACES_MAX][PATH_LEN_MAX + 1];
	int	n;
};

static void
add_place(struct places *pl, const char *dir, const char *name)
{
	snprintf(pl->path[pl->n++], sizeof(pl->path[0]), "%s%s", dir, name);
}

/* Where mimd listens that an ordinary user started without a login. */
static void
add_state_place(struct places *pl)
{
	const char	*s;

	if (geteuid() == 0)
		return;
	if ((s = getenv("XDG_STATE_HOME")) != NULL && *s != '\0')
		add_place(pl, s, "/mim/mimd.sock");
	else if ((s = getenv("HOME")) != NULL && *s != '\0')
		add_place(pl, s, "/.local/state/mim/mimd.sock");
}

/* A socket that was named is the only one: another daemon is not meant. */
static void
find_places(struct places *pl, const struct mimctl *ctx)
{
	const char	*s;

	pl->n = 0;
	if (ctx->socket != NULL)
		add_place(pl, ctx->socket, "");
	else if ((s = getenv("MIMD_SOCKET")) != NULL && *s != '\0')
		add_place(pl, s, "");
	else {
		s = getenv("XDG_RUNTIME_DIR");
		if (s != NULL && *s != '\0')
			add_place(pl, s, "/mimd/mimd.sock");
		add_state_place(pl);
		add_place(pl, SYSTEM_SOCKET, "");
	}
}

static int
no_daemon(const struct places *pl, int error)
{
	char		list[PLACES_MAX * (PATH_LEN_MAX + 4) + 1] = "";
	struct stat	sb;

	for (int i = 0; i < pl->n; i++) {
		if (i > 0)
			strlcat(list, i + 1 < pl->n ? ", " : " or ",
			    sizeof(list));
		strlcat(list, pl->path[i], sizeof(list));
	}
	if (pl->n == 1 && stat(list, &sb) == 0 && !S_ISSOCK(sb.st_mode))
		warnx("%s: not a socket, so no daemon is there", list);
	else if (pl->n == 1 && error != ENOENT && error != ECONNREFUSED)
		warnx("no daemon at %s: %s", list, strerror(error));
	else
		warnx("no daemon at %s: start one with \"mimd\" or "
		    "\"systemctl start mimd\", or name its socket with -s",
		    list);
	return CTL_NO_DAEMON;
}

/* Who may is told by the group of the socket, or of its directory. */
static int
not_allowed(const char *path, int error)
{
	char		*dir = xstrdup(path);
	struct stat	 sb;
	struct group	*gr = NULL;

	if (stat(path, &sb) == 0 || stat(dirname(dir), &sb) == 0)
		gr = getgrgid(sb.st_gid);
	free(dir);
	if (gr != NULL && sb.st_uid != geteuid())
		warnx("may not use %s: %s (it is for root and group %s)",
		    path, strerror(error), gr->gr_name);
	else
		warnx("may not use %s: %s", path, strerror(error));
	return CTL_REFUSED;
}

int
daemon_connect(const struct mimctl *ctx, struct client **client)
{
	struct places	pl;
	int		error = ENOENT;

	find_places(&pl, ctx);
	for (int i = 0; i < pl.n; i++) {
		*client = client_open(pl.path[i]);
		if (*client != NULL)
			return CTL_OK;
		error = errno;
		if (error == EACCES || error == EPERM)
			return not_allowed(pl.path[i], error);
	}
	return no_daemon(&pl, error);
}

static int
broken(struct client *client, enum client_result result)
{
	switch (result) {
	case CLIENT_INVALID:
		warnx("mimd speaks another protocol (%s): mimd and mimctl "
		    "have to be of the same version",
		    client_strerror(client, result));
		break;
	case CLIENT_CLOSED:
		warnx("mimd hung up: it has stopped, or is of another "
		    "version than mimctl; its log says which");
		break;
	default:
		warnx("%s", client_strerror(client, result));
		break;
	}
	return CTL_FAILED;
}

static void
say(const char *about, uint32_t id, const char *text)
{
	char	safe[4 * ERROR_MAX + 1];

	fmt_safe(text, strlen(text), safe, sizeof(safe));
	if (id != 0)
		warnx("torrent %u: %s", id, safe);
	else if (about != NULL)
		warnx("%s: %s", about, safe);
	else
		warnx("%s", safe);
}

static int
ended(const struct msg_ctl_end *end, const char *about, bool noted)
{
	if (*end->text != '\0' && !noted)
		say(about, 0, end->text);
	else if (end->code != CTL_OK && !noted)
		warnx("mimd could not do it; its log may say why");
	return end->code;
}

int
daemon_send(struct client *client, enum msg_type type, const void *body,
    int fd)
{
	/* A daemon that does not want us answers before it is asked. */
	if (client_send(client, type, body, fd) == -1 && errno != EPIPE &&
	    errno != ECONNRESET) {
		warn("cannot ask mimd");
		return CTL_FAILED;
	}
	return CTL_OK;
}

int
daemon_answer(struct client *client, int timeout_ms, const char *about,
    daemon_fn fn, void *arg)
{
	const struct msg_in	*in;
	enum client_result	 result;
	bool			 noted = false;

	for (;;) {
		result = client_recv(client, timeout_ms, &in);
		if (result != CLIENT_OK)
			return broken(client, result);
		switch (in->type) {
		case MSG_CTL_END:
			return ended(&in->body.ctl_end, about, noted);
		case MSG_CTL_NOTE:
			say(about, in->body.ctl_note.id,
			    in->body.ctl_note.text);
			noted = true;
			break;
		default:
			if (fn != NULL)
				fn(in, arg);
			break;
		}
	}
}

int
daemon_ask(struct client *client, enum msg_type type, const void *body,
    int fd, int timeout_ms, const char *about, daemon_fn fn, void *arg)
{
	int	status = daemon_send(client, type, body, fd);

	if (status != CTL_OK)
		return status;
	return daemon_answer(client, timeout_ms, about, fn, arg);
}

int
daemon_query(const struct mimctl *ctx, enum msg_type type, const void *body,
    daemon_fn fn, void *arg)
{
	struct client	*client;
	int		 status;

	status = daemon_connect(ctx, &client);
	if (status != CTL_OK)
		return status;
	status = daemon_ask(client, type, body, -1, DAEMON_MS, NULL, fn, arg);
	client_close(client);
	return status;
}

int
daemon_tell(const struct mimctl *ctx, enum msg_type type, const void *body)
{
	return daemon_query(ctx, type, body, NULL, NULL);
}
