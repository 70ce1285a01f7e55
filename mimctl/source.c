/* SPDX-License-Identifier: ISC */
#include <sys/mman.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "link.h"
#include "magnet.h"
#include "metainfo.h"
#include "source.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL	0x0008U		/* Linux 6.3 */
#endif

#define SEALS	(F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

static int	open_file(const char *what);
static bool	is_url(const char *what);
static int	memfd_new(void);
static int	copy(int from, int to, const char *what);

int
source_open(struct source *src, const char *what)
{
	*src = (struct source){ .what = what, .fd = -1 };
	if (strcmp(what, "-") != 0 && access(what, F_OK) == -1) {
		if (is_url(what))
			return -1;
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

static int
open_file(const char *what)
{
	int	from = STDIN_FILENO, fd;

	if (strcmp(what, "-") != 0) {
		from = open(what, O_RDONLY | O_CLOEXEC);
		if (from == -1) {
			warn("%s", what);
			return -1;
		}
	}
	fd = memfd_new();
	if (fd == -1)
		warn("memfd_create");
	else if (copy(from, fd, what) == -1) {
		close(fd);
		fd = -1;
	} else if (fcntl(fd, F_ADD_SEALS, SEALS) == -1) {
		warn("cannot seal a memory file");
		close(fd);
		fd = -1;
	}
	if (from != STDIN_FILENO)
		close(from);
	return fd;
}

/* Known, to be refused by name. */
static bool
is_url(const char *what)
{
	if (strncasecmp(what, "http://", 7) != 0 &&
	    strncasecmp(what, "https://", 8) != 0)
		return false;
	warnx("%s: URLs are not supported yet; fetch the file and add that",
	    what);
	return true;
}

/* Kernels before 6.3 refuse the flag they do not know. */
static int
memfd_new(void)
{
	unsigned	flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	int		fd;

	fd = memfd_create("torrent", flags | MFD_NOEXEC_SEAL);
	if (fd == -1 && errno == EINVAL)
		fd = memfd_create("torrent", flags);
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
