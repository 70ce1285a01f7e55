/* SPDX-License-Identifier: ISC */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <ctype.h>
#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "mem.h"

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
conf_set_path(char **where, const char *path)
{
	const char	*why;

	if ((why = conf_check_path(path)) != NULL)
		return why;
	free(*where);
	*where = xstrdup(path);
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

const char *
conf_set_socket(struct conf_socket *s, const char *path)
{
	const char	*why;

	if ((why = conf_check_socket(path)) != NULL)
		return why;
	return conf_set_path(&s->path, path);
}

const char *
conf_find_group(const char *name, gid_t *gid)
{
	struct group	*gr;
	char		*end;
	unsigned long	 n;

	if (*gid != (gid_t)-1)
		return "group is given twice";
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

	if (*mode != 0)
		return "mode is given twice";
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
conf_set_page_cache(struct conf *conf, int64_t bytes)
{
	if (bytes < 1 << 20 || bytes > (int64_t)PAGE_CACHE_MAX)
		return "page cache is not between 1M and 4G";
	conf->page_cache = (uint64_t)bytes;
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
