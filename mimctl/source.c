/* SPDX-License-Identifier: ISC */
#include <sys/mman.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "metainfo.h"
#include "source.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL	0x0008U		/* Linux 6.3 */
#endif

#define SEALS	(F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

static bool	is_link(const char *what);
static int	memfd_new(void);
static int	copy(int from, int to, const char *what);

int
source_open(const char *what)
{
	int	from = STDIN_FILENO, fd;

	if (strcmp(what, "-") != 0) {
		if (access(what, F_OK) == -1 && is_link(what))
			return -1;
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

/* Other ways to name a torrent are known, to be refused by name. */
static bool
is_link(const char *what)
{
	size_t	len = strlen(what);

	if (strncasecmp(what, "magnet:", 7) == 0)
		warnx("magnet links are not supported yet: %.60s", what);
	else if (strncasecmp(what, "http://", 7) == 0 ||
	    strncasecmp(what, "https://", 8) == 0)
		warnx("%s: URLs are not supported yet; fetch the file and "
		    "add that", what);
	else if ((len == 2 * SHA1_LEN || len == 2 * SHA256_LEN) &&
	    strspn(what, "0123456789abcdefABCDEF") == len)
		warnx("%s: info-hashes are not supported yet", what);
	else
		return false;
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
