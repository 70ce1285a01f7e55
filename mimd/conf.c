/* SPDX-License-Identifier: ISC */
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf.h"
#include "log.h"
#include "mem.h"
#include "paths.h"

#define PORT_DEFAULT		6881
#define CACHE_DEFAULT		(32U << 20)
#define PEERS_DEFAULT		500
#define PEERS_TORRENT_DEFAULT	60
#define MODE_SERVICE		0660	/* root and its group */
#define MODE_USER		0600
#define MODE_RESTRICTED		0666

/* ---- defaults ---- */

/* XDG asks that a relative path be taken as unset. */
static const char *
env_dir(const char *name)
{
	const char	*dir = getenv(name);

	return dir != NULL && conf_check_path(dir) == NULL ? dir : NULL;
}

static const char *
home_dir(void)
{
	const char	*home = env_dir("HOME");
	struct passwd	*pw;

	if (home == NULL && (pw = getpwuid(geteuid())) != NULL)
		home = pw->pw_dir;
	return home == NULL || *home != '/' ? "/" : home;
}

/* A path beneath the directory in the environment, or beneath home. */
static char *
xdg_path(const char *name, const char *in_home, const char *tail)
{
	const char	*dir;

	if ((dir = env_dir(name)) != NULL)
		return xasprintf("%s%s", dir, tail);
	return xasprintf("%s/%s%s", home_dir(), in_home, tail);
}

static char *
default_state(bool service)
{
	const char	*dir;

	if (service)
		return xstrdup("/var/lib/mimd");
	if ((dir = env_dir("STATE_DIRECTORY")) != NULL)
		return xstrdup(dir);
	return xdg_path("XDG_STATE_HOME", ".local/state", "/mim");
}

static char *
default_root(bool service)
{
	const char	*dir;

	if (service)
		return xstrdup("/var/lib/mimd/downloads");
	if ((dir = env_dir("STATE_DIRECTORY")) != NULL)
		return xasprintf("%s/downloads", dir);
	return xdg_path("XDG_DOWNLOAD_DIR", "Downloads", "");
}

static char *
default_socket(bool service, const char *state)
{
	const char	*dir;

	if (service)
		return xstrdup("/run/mimd/mimd.sock");
	if ((dir = env_dir("RUNTIME_DIRECTORY")) != NULL)
		return xasprintf("%s/mimd.sock", dir);
	if ((dir = env_dir("XDG_RUNTIME_DIR")) != NULL)
		return xasprintf("%s/mimd/mimd.sock", dir);
	return xasprintf("%s/mimd.sock", state);
}

/*
 * The directories of an ordinary user are those of systemd.exec(5) under a
 * service manager, else those of the XDG base directory specification.
 */
static void
conf_defaults(struct conf *conf)
{
	bool	service = geteuid() == 0;

	if (conf->state_dir == NULL)
		conf->state_dir = default_state(service);
	if (conf->nroots == 0)
		conf->roots[conf->nroots++] = default_root(service);
	conf->nnamed = conf->nroots;
	/* Neighbours would be met directly, and who calls answered so. */
	if (conf->proxies[PROXY_PEERS].kind != PROXY_NONE)
		conf->lsd = false;
	else if (conf->nlistens == 0)
		conf->listens[conf->nlistens++].port = PORT_DEFAULT;
	if (conf->socket.path == NULL)
		conf->socket.path = default_socket(service, conf->state_dir);
	if (conf->socket.mode == 0)
		conf->socket.mode = service || env_dir("RUNTIME_DIRECTORY") ?
		    MODE_SERVICE : MODE_USER;
	conf->restricted.mode = MODE_RESTRICTED;
	if (conf->cache == 0)
		conf->cache = CACHE_DEFAULT;
	if (conf->max_peers == 0)
		conf->max_peers = PEERS_DEFAULT;
	if (conf->max_peers_torrent == 0)
		conf->max_peers_torrent = PEERS_TORRENT_DEFAULT;
	conf_dht_defaults(conf);
}

/* A directory that mimd is to use is a root, or lies beneath one. */
static int
conf_reach(struct conf *conf, const char *setting, const char *dir)
{
	char		 rest[PATH_LEN_MAX + 1], err[ERROR_MAX];
	const char	*why;
	uint32_t	 root;

	if (dir == NULL || paths_split(conf->roots, conf->nroots, dir, &root,
	    rest, sizeof(rest)) == 0)
		return 0;
	if ((why = conf_add_root(conf, dir, DEVICE_UNKNOWN)) == NULL)
		return 0;
	conf_path_error(conf, setting, dir, why, err, sizeof(err));
	log_warnx("%s", err);
	return -1;
}

/* What the environment gave is checked like what a file says. */
static int
conf_check(const struct conf *conf)
{
	const char	*why, *setting = "control socket";
	char		 err[ERROR_MAX];

	why = conf_check_socket(conf->socket.path);
	if (why == NULL && conf->restricted.path != NULL &&
	    strcmp(conf->restricted.path, conf->socket.path) == 0) {
		why = "is that of the other socket, too";
		setting = "control socket restricted";
	}
	if (why == NULL)
		return 0;
	conf_path_error(conf, setting, conf->socket.path, why, err,
	    sizeof(err));
	log_warnx("%s", err);
	return -1;
}

/* ---- the whole ---- */

static struct conf *
conf_make(const char *name, const char *data, size_t len, char *const *macros,
    int nmacros)
{
	struct conf	*conf = xcalloc(1, sizeof(*conf));

	STAILQ_INIT(&conf->given);
	conf->socket.gid = conf->restricted.gid = (gid_t)-1;
	conf->pex = conf->lsd = true;
	conf_dht_begin(conf);
	conf->keep_free = CONF_KEEP_AUTO;
	conf->encryption = ENCRYPTION_PREFER;
	conf->announce_rate = ANNOUNCE_RATE_DEFAULT;
	if (conf_parse(conf, name, data, len, macros, nmacros) == 0) {
		conf_defaults(conf);
		if (conf_check(conf) == 0 &&
		    conf_reach(conf, "incomplete directory",
		    conf->incomplete) == 0 &&
		    conf_reach(conf, "on complete move to",
		    conf->complete) == 0)
			return conf;
	}
	conf_free(conf);
	return NULL;
}

struct conf *
conf_read(const char *path, char *const *macros, int nmacros)
{
	if (path == NULL)
		return conf_make("defaults", "", 0, macros, nmacros);
	return conf_make(path, NULL, 0, macros, nmacros);
}

struct conf *
conf_read_buffer(const char *name, const char *data, size_t len,
    char *const *macros, int nmacros)
{
	return conf_make(name, data, len, macros, nmacros);
}

void
conf_free(struct conf *conf)
{
	uint32_t	i;

	if (conf == NULL)
		return;
	conf_given_clear(conf);
	for (i = 0; i < conf->nlistens; i++)
		free(conf->listens[i].host);
	for (i = 0; i < PROXY_USES; i++)
		conf_proxy_clear(&conf->proxies[i]);
	conf_dht_no_hosts(conf);
	for (i = 0; i < conf->nroots; i++)
		free(conf->roots[i]);
	for (i = 0; i < conf->nfilters; i++)
		free(conf->filters[i].path);
	free(conf->incomplete);
	free(conf->complete);
	free(conf->state_dir);
	free(conf->socket.path);
	free(conf->restricted.path);
	free(conf->ca_file);
	free(conf);
}
