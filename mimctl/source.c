/* SPDX-License-Identifier: ISC */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "link.h"
#include "magnet.h"
#include "memfile.h"
#include "metainfo.h"
#include "source.h"
#include "url.h"

static int	check_url(const char *what);
static int	open_file(const char *what);
static int	copy(int from, int to, const char *what);

int
source_open(struct source *src, const char *what)
{
	*src = (struct source){ .what = what, .fd = -1 };
	if (strcmp(what, "-") != 0 && access(what, F_OK) == -1) {
		if (url_is_http(what)) {
			src->url = true;
			return check_url(what);
		}
		if (magnet_looks_like(what)) {
			src->link = link_read(what);
			return src->link == NULL ? -1 : 0;
		}
	}
	src->fd = open_file(what);
	return src->fd == -1 ? -1 : 0;
}

int
source_send(const struct source *src, struct client *client,
    const struct msg_ctl_add *req, bool all)
{
	struct msg_ctl_add_magnet	magnet;
	struct msg_ctl_add_url		url;

	if (src->url) {
		url = (struct msg_ctl_add_url){
			.url = src->what, .dir = req->dir,
			.paused = req->paused, .check = req->check,
			.only = { req->only.v, req->only.n },
			.except = { req->except.v, req->except.n },
		};
		return daemon_send(client, MSG_CTL_ADD_URL, &url, -1);
	}
	if (src->link == NULL)
		return daemon_send(client, MSG_CTL_ADD, req, src->fd);
	magnet = *link_request(src->link);
	magnet.dir = req->dir;
	magnet.paused = req->paused;
	if (req->only.n > 0 || all) {
		magnet.only.v = req->only.v;
		magnet.only.n = req->only.n;
	}
	if (req->except.n > 0) {
		magnet.except.v = req->except.v;
		magnet.except.n = req->except.n;
	}
	return daemon_send(client, MSG_CTL_ADD_MAGNET, &magnet, -1);
}

void
source_close(struct source *src)
{
	if (src->fd != -1)
		close(src->fd);
	link_free(src->link);
	src->fd = -1;
	src->link = NULL;
}

/* The rest is said by who fetches it. */
static int
check_url(const char *what)
{
	if (strlen(what) <= URL_MAX)
		return 0;
	warnx("%.60s...: longer than %u characters", what, URL_MAX);
	return -1;
}

static int
open_file(const char *what)
{
	int	from = STDIN_FILENO, fd;

	if (strcmp(what, "-") != 0) {
		from = open(what, O_RDONLY | O_CLOEXEC);
		if (from == -1) {
			if (errno == ENOENT && strstr(what, "://") != NULL)
				warnx("%s: a URL begins with http: or https:",
				    what);
			else
				warn("%s", what);
			return -1;
		}
	}
	fd = memfile_new("torrent");
	if (fd == -1)
		warn("memfd_create");
	else if (copy(from, fd, what) == -1) {
		close(fd);
		fd = -1;
	} else if (fcntl(fd, F_ADD_SEALS, MEMFILE_FROZEN) == -1) {
		warn("cannot seal a memory file");
		close(fd);
		fd = -1;
	}
	if (from != STDIN_FILENO)
		close(from);
	return fd;
}

static int
write_all(int fd, const char *buf, size_t len)
{
	ssize_t	n;

	while (len > 0) {
		n = write(fd, buf, len);
		if (n == -1)
			return -1;
		buf += n;
		len -= (size_t)n;
	}
	return 0;
}

static int
copy(int from, int to, const char *what)
{
	char	buf[65536];
	size_t	total = 0;
	ssize_t	n;

	while ((n = read(from, buf, sizeof(buf))) != 0) {
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1) {
			warn("%s", what);
			return -1;
		}
		total += (size_t)n;
		if (total > METAINFO_SIZE_MAX) {
			warnx("%s: over %u MiB: not a .torrent file", what,
			    METAINFO_SIZE_MAX >> 20);
			return -1;
		}
		if (write_all(to, buf, (size_t)n) == -1) {
			warn("cannot copy %s to memory", what);
			return -1;
		}
	}
	if (total == 0) {
		warnx("%s: empty: not a .torrent file", what);
		return -1;
	}
	return 0;
}
