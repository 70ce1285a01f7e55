/* SPDX-License-Identifier: ISC */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <ctype.h>
#include <errno.h>
#include <grp.h>
#include <netdb.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "addr.h"
#include "bound.h"
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

/* ---- values ---- */

static bool
climbs(const char *path)
{
	size_t	len;

	for (; *path != '\0'; path += len) {
		path += strspn(path, "/");
		len = strcspn(path, "/");
		if (len == 2 && memcmp(path, "..", 2) == 0)
			return true;
	}
	return false;
}

const char *
conf_check_path(const char *path)
{
	if (*path != '/')
		return "path is not absolute";
	if (strlen(path) > PATH_LEN_MAX)
		return "path is too long";
	if (climbs(path))
		return "path has \"..\"";
	return NULL;
}

const char *
conf_check_socket(const char *path)
{
	struct sockaddr_un	sun;

	if (strlen(path) >= sizeof(sun.sun_path))
		return "socket path is too long";
	return conf_check_path(path);
}

static bool
is_numeric(const char *host)
{
	struct addrinfo	 hints = {
		.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST
	};
	struct addrinfo	*res;

	if (getaddrinfo(host, NULL, &hints, &res) != 0)
		return false;
	freeaddrinfo(res);
	return true;
}

static bool
same_host(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return strcmp(a, b) == 0;
}

const char *
conf_check_port(int64_t port)
{
	if (port < 1 || port > UINT16_MAX)
		return "port is not between 1 and 65535";
	return NULL;
}

const char *
conf_add_listen(struct conf *conf, const char *host, uint16_t port)
{
	struct conf_listen	*l;
	uint32_t		 i;

	if (strcmp(host, "*") == 0)
		host = NULL;
	if (host != NULL && !is_numeric(host))
		return "not a numeric address";
	for (i = 0; i < conf->nlistens; i++) {
		l = &conf->listens[i];
		if (l->port == port && same_host(l->host, host))
			return "address and port are given twice";
	}
	if (conf->nlistens == CONF_LISTENS_MAX)
		return "too many addresses to listen on";
	l = &conf->listens[conf->nlistens++];
	l->host = host == NULL ? NULL : xstrdup(host);
	l->port = port;
	return NULL;
}

const char *
conf_set_device(struct conf *conf, const char *name)
{
	const char	*p;

	if (*name == '\0' || strlen(name) >= sizeof(conf->bind.device))
		return "not a name of a device";
	for (p = name; *p != '\0'; p++) {
		if (isspace((unsigned char)*p) || *p == '/' || *p == ':')
			return "not a name of a device";
	}
	if (conf->bind.device[0] != '\0' &&
	    strcmp(conf->bind.device, name) != 0)
		return "another device is bound to already";
	strlcpy(conf->bind.device, name, sizeof(conf->bind.device));
	return NULL;
}

const char *
conf_add_bind(struct conf *conf, const char *host)
{
	struct addr	a;
	int		i;

	if (addr_parse(&a, host, 0) == -1)
		return "not a numeric address";
	if (addr_class(&a) == ADDR_UNUSABLE ||
	    addr_class(&a) == ADDR_LINK_LOCAL)
		return "not an address to send from";
	i = addr_is_v4(&a) ? BOUND_V4 : BOUND_V6;
	if (conf->bind.has_addr[i] &&
	    addr_cmp_ip(&conf->bind.addrs[i], &a) != 0)
		return "another address of its family is bound to already";
	conf->bind.addrs[i] = a;
	conf->bind.has_addr[i] = true;
	return NULL;
}

const char *
conf_set_router(struct conf *conf, const char *host)
{
	struct addr	a;

	if (addr_parse(&a, host, 1) == -1 || !addr_is_v4(&a) ||
	    addr_class(&a) == ADDR_UNUSABLE)
		return "not an IPv4 address of a router";
	conf->router = a;
	return NULL;
}

const char *
conf_add_root(struct conf *conf, const char *path, uint8_t device)
{
	const char	*why;
	uint32_t	 i;

	if ((why = conf_check_path(path)) != NULL)
		return why;
	for (i = 0; i < conf->nroots; i++) {
		if (strcmp(conf->roots[i], path) == 0)
			return "download directory is given twice";
	}
	if (conf->nroots == ROOTS_MAX)
		return "too many download directories";
	conf->root_devices[conf->nroots] = device;
	conf->roots[conf->nroots++] = xstrdup(path);
	return NULL;
}

const char *
conf_set_period(uint32_t *where, const char *text)
{
	static const struct {
		char		unit;
		unsigned int	seconds;
	} units[] = {
		{ 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 },
		{ 'w', 7 * 86400 }
	};
	unsigned long	 n;
	size_t		 i;
	char		*end;

	errno = 0;
	n = strtoul(text, &end, 10);
	if (errno != 0 || !isdigit((unsigned char)*text) || *end == '\0' ||
	    end[1] != '\0')
		return "not a time such as 30d, 2w or 12h";
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (units[i].unit == *end)
			break;
	if (i == sizeof(units) / sizeof(units[0]))
		return "not a time such as 30d, 2w or 12h";
	if (n == 0 || n > SCRUB_PERIOD_MAX / units[i].seconds)
		return "time is not between a second and ten years";
	*where = (uint32_t)n * units[i].seconds;
	return NULL;
}

const char *
conf_add_filter(struct conf *conf, const char *path, bool allow)
{
	const char	*why;
	uint32_t	 i;

	if ((why = conf_check_path(path)) != NULL)
		return why;
	for (i = 0; i < conf->nfilters; i++) {
		if (strcmp(conf->filters[i].path, path) == 0)
			return "list is given twice";
	}
	if (conf->nfilters == FILTERS_MAX)
		return "too many lists";
	conf->filters[conf->nfilters].path = xstrdup(path);
	conf->filters[conf->nfilters++].allow = allow;
	return NULL;
}

const char *
conf_find_group(const char *name, gid_t *gid)
{
	struct group	*gr;
	char		*end;
	unsigned long	 n;

	if ((gr = getgrnam(name)) != NULL) {
		*gid = gr->gr_gid;
		endgrent();
		return NULL;
	}
	n = strtoul(name, &end, 10);
	if (*name < '0' || *name > '9' || *end != '\0' || n >= UINT32_MAX)
		return "no such group";
	*gid = (gid_t)n;
	return NULL;
}

/* A number is read as decimal; its digits are meant as octal ones. */
const char *
conf_find_mode(int64_t digits, mode_t *mode)
{
	int	shift;

	*mode = 0;
	for (shift = 0; shift <= 6; shift += 3, digits /= 10) {
		if (digits % 10 > 7)
			return "not a mode in octal";
		*mode |= (mode_t)(digits % 10) << shift;
	}
	if (digits != 0)
		return "mode is not between 0 and 0777";
	return NULL;
}

const char *
conf_set_cache(struct conf *conf, int64_t bytes)
{
	if (bytes < (int64_t)SLOTS_MIN * SLOT_SIZE)
		return "cache is smaller than 1M";
	if (bytes > (int64_t)SLOTS_MAX * SLOT_SIZE)
		return "cache is larger than 4G";
	conf->cache = (uint64_t)bytes / SLOT_SIZE * SLOT_SIZE;
	return NULL;
}

const char *
conf_set_keep_free(struct conf *conf, int64_t bytes)
{
	if (bytes < 0 || (uint64_t)bytes >= CONF_KEEP_AUTO)
		return "size is out of range";
	conf->keep_free = (uint64_t)bytes;
	return NULL;
}

const char *
conf_set_page_cache(struct conf *conf, int64_t bytes)
{
	if (bytes < 1 << 20 || bytes > (int64_t)PAGE_CACHE_MAX)
		return "page cache is not between 1M and 4G";
	conf->page_cache = (uint64_t)bytes;
	return NULL;
}

const char *
conf_set_peers(uint32_t *where, int64_t n)
{
	if (n < 1 || n > (int64_t)PEERS_MAX)
		return "number of peers is not between 1 and 65535";
	*where = (uint32_t)n;
	return NULL;
}

const char *
conf_set_announce_rate(struct conf *conf, int64_t n)
{
	if (n < 1 || n > (int64_t)ANNOUNCE_RATE_MAX)
		return "announces a second are not between 1 and 10000";
	conf->announce_rate = (uint32_t)n;
	return NULL;
}

const char *
conf_set_rate(uint64_t *where, int64_t n)
{
	if (n < RATE_MIN)
		return "rate is lower than 1K";
	if (n > (int64_t)RATE_MAX)
		return "rate is higher than 1024G";
	*where = (uint64_t)n;
	return NULL;
}

static const char	not_prefix[] = "not an address or a prefix";

/* An IPv4 prefix lies in the mapped addresses. */
static int
parse_prefix(struct rec_prefix *p, const char *text)
{
	char		 host[64], *slash;
	const char	*why = NULL;
	struct addr	 addr;
	uint32_t	 width;

	if (strlcpy(host, text, sizeof(host)) >= sizeof(host))
		return -1;
	if ((slash = strchr(host, '/')) != NULL)
		*slash++ = '\0';
	if (addr_parse(&addr, host, 0) == -1)
		return -1;
	width = addr_is_v4(&addr) ? 32 : 128;
	p->bits = (uint8_t)width;
	if (slash != NULL)
		p->bits = (uint8_t)strtonum(slash, 0, width, &why);
	if (why != NULL)
		return -1;
	if (width == 32)
		p->bits += 96;
	memcpy(p->ip, addr.ip, sizeof(p->ip));
	return 0;
}

const char *
conf_add_local(struct conf *conf, const char *text)
{
	struct rec_prefix	p;

	if (parse_prefix(&p, text) == -1)
		return not_prefix;
	if (conf->nlocal == LOCAL_PREFIXES_MAX)
		return "too many prefixes are allowed";
	conf->local[conf->nlocal++] = p;
	return NULL;
}

static bool
same_prefix(const struct rec_rate_prefix *a, const struct rec_rate_prefix *b)
{
	struct addr	addr = { 0 };

	memcpy(addr.ip, a->ip, sizeof(addr.ip));
	return a->bits == b->bits && addr_in_prefix(&addr, b->ip, b->bits);
}

const char *
conf_add_prefix(struct conf *conf, uint32_t class, const char *text)
{
	struct rec_rate_prefix	 new = { .class = (uint8_t)class };
	struct rec_prefix	 p;
	uint32_t		 i;

	if (parse_prefix(&p, text) == -1)
		return not_prefix;
	memcpy(new.ip, p.ip, sizeof(new.ip));
	new.bits = p.bits;
	for (i = 0; i < conf->nprefixes; i++)
		if (same_prefix(&conf->prefixes[i], &new))
			return conf->prefixes[i].class == class ? NULL :
			    "prefix has another rate already";
	if (conf->nprefixes == PREFIXES_MAX)
		return "too many prefixes have rates";
	conf->prefixes[conf->nprefixes++] = new;
	return NULL;
}

const char *
conf_add_class(struct conf *conf, const char *name)
{
	struct conf_class	*c = &conf->classes[conf->nclasses];
	const char		*s;
	uint32_t		 i;

	for (s = name; isalnum((unsigned char)*s) || *s == '-' || *s == '_';
	    s++)
		;
	if (s == name || *s != '\0' || s - name > (ptrdiff_t)CLASS_NAME_MAX)
		return "not a name for a class";
	for (i = 0; i < conf->nclasses; i++)
		if (strcmp(conf->classes[i].name, name) == 0)
			return "class is given twice";
	if (conf->nclasses == RATE_CLASSES_MAX)
		return "too many classes";
	strlcpy(c->name, name, sizeof(c->name));
	conf->nclasses++;
	return NULL;
}

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
}

/* A directory that mimd is to use is a root, or lies beneath one. */
static int
conf_reach(struct conf *conf, const char *dir)
{
	char		 rest[PATH_LEN_MAX + 1];
	const char	*why;
	uint32_t	 root;

	if (dir == NULL || paths_split(conf->roots, conf->nroots, dir, &root,
	    rest, sizeof(rest)) == 0)
		return 0;
	why = conf_add_root(conf, dir, DEVICE_UNKNOWN);
	if (why != NULL)
		log_warnx("%s near \"%s\"", why, dir);
	return why == NULL ? 0 : -1;
}

/* What the environment gave is checked like what a file says. */
static int
conf_check(const struct conf *conf)
{
	const char	*why;

	if ((why = conf_check_socket(conf->socket.path)) != NULL) {
		log_warnx("control socket: %s near \"%s\"", why,
		    conf->socket.path);
		return -1;
	}
	if (conf->restricted.path != NULL &&
	    strcmp(conf->restricted.path, conf->socket.path) == 0) {
		log_warnx("control socket: path is given twice near \"%s\"",
		    conf->socket.path);
		return -1;
	}
	return 0;
}

/* ---- the whole ---- */

static struct conf *
conf_make(const char *name, const char *data, size_t len, char *const *macros,
    int nmacros)
{
	struct conf	*conf = xcalloc(1, sizeof(*conf));

	conf->socket.gid = conf->restricted.gid = (gid_t)-1;
	conf->pex = conf->lsd = true;
	conf->keep_free = CONF_KEEP_AUTO;
	conf->encryption = ENCRYPTION_PREFER;
	conf->announce_rate = ANNOUNCE_RATE_DEFAULT;
	if (conf_parse(conf, name, data, len, macros, nmacros) == 0) {
		conf_defaults(conf);
		if (conf_check(conf) == 0 &&
		    conf_reach(conf, conf->incomplete) == 0 &&
		    conf_reach(conf, conf->complete) == 0)
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
	for (i = 0; i < conf->nlistens; i++)
		free(conf->listens[i].host);
	for (i = 0; i < PROXY_USES; i++)
		conf_proxy_clear(&conf->proxies[i]);
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
