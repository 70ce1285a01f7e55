/* SPDX-License-Identifier: ISC */
#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "paths.h"
#include "mem.h"
#include "msg.h"

#define LOCK_NAME	"mimd.lock"
#define LOCK_STEP_MS	20U	/* between two tries to get one */

/*
 * Write path without doubled slashes and "." to out.  -1 if it is relative,
 * climbs or does not fit.
 */
static int
normalise(const char *path, char *out, size_t size)
{
	size_t	len, used = 0;

	if (*path != '/')
		return -1;
	for (;;) {
		path += strspn(path, "/");
		if ((len = strcspn(path, "/")) == 0)
			break;
		if (len == 2 && memcmp(path, "..", 2) == 0)
			return -1;
		if (len != 1 || *path != '.') {
			if (used + 1 + len + 1 > size)
				return -1;
			out[used++] = '/';
			memcpy(out + used, path, len);
			used += len;
		}
		path += len;
	}
	out[used] = '\0';	/* "/" itself is empty */
	return 0;
}

int
paths_split(char *const *roots, uint32_t nroots, const char *dir,
    uint32_t *root, char *subdir, size_t size)
{
	char		path[PATH_LEN_MAX + 1], base[PATH_LEN_MAX + 1];
	const char	*rest = NULL;
	size_t		len, best = 0;
	uint32_t	i;

	if (*dir == '\0' && nroots > 0) {
		*root = 0;
		return strlcpy(subdir, "", size) < size ? 0 : -1;
	}
	if (normalise(dir, path, sizeof(path)) == -1)
		return -1;
	for (i = 0; i < nroots; i++) {
		if (normalise(roots[i], base, sizeof(base)) == -1)
			continue;
		len = strlen(base);
		if (strncmp(path, base, len) != 0 ||
		    (path[len] != '/' && path[len] != '\0') ||
		    (rest != NULL && len <= best))
			continue;
		best = len;
		*root = i;
		rest = path + len;
	}
	if (rest == NULL)
		return -1;
	rest += strspn(rest, "/");
	return strlcpy(subdir, rest, size) < size ? 0 : -1;
}

static int
make_one(const char *path, mode_t mode, uid_t uid, gid_t gid)
{
	if (mkdir(path, mode) == -1)
		return errno == EEXIST ? 0 : -1;
	if (uid != (uid_t)-1 && chown(path, uid, gid) == -1)
		return -1;
	return chmod(path, mode);	/* whatever the umask */
}

int
paths_make(const char *path, mode_t mode, uid_t uid, gid_t gid)
{
	char	*copy = xstrdup(path), *p;
	int	 r = 0;

	/* Parents are the administrator's; only the last is for the owner. */
	for (p = copy + 1; r == 0 && *copy != '\0' &&
	    (p = strchr(p, '/')) != NULL; p++) {
		*p = '\0';
		r = make_one(copy, uid == (uid_t)-1 ? mode : 0755,
		    (uid_t)-1, (gid_t)-1);
		*p = '/';
	}
	if (r == 0)
		r = make_one(path, mode, uid, gid);
	free(copy);
	return r;
}

int
paths_open_dir(const char *path)
{
	return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

int
paths_open_root(const char *path, uid_t uid, gid_t gid)
{
	int	fd;

	if ((fd = paths_open_dir(path)) != -1 || errno != ENOENT)
		return fd;
	if (make_one(path, 0755, uid, gid) == -1)
		return -1;
	return paths_open_dir(path);
}

/* A file that was there is not given away: whose it is, is not known. */
static int
open_lock(const char *path, uid_t uid, gid_t gid)
{
	int	fd;

	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd == -1 && errno == EEXIST)
		return open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (fd != -1 && uid != (uid_t)-1 && fchown(fd, uid, gid) == -1) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Lock it within that time, or close it: -1 and errno. */
static int
lock_fd(int fd, uint32_t wait_ms)
{
	const struct timespec	step = { .tv_nsec = LOCK_STEP_MS * 1000000L };
	uint32_t		waited;
	int			saved;

	for (waited = 0; flock(fd, LOCK_EX | LOCK_NB) == -1;
	    waited += LOCK_STEP_MS) {
		if (errno != EWOULDBLOCK || waited >= wait_ms) {
			saved = errno;
			close(fd);
			errno = saved;
			return -1;
		}
		nanosleep(&step, NULL);
	}
	return fd;
}

int
paths_lock(const char *dir, uid_t uid, gid_t gid)
{
	char	*path = xasprintf("%s/" LOCK_NAME, dir);
	int	 fd;

	fd = open_lock(path, uid, gid);
	free(path);
	return fd == -1 ? -1 : lock_fd(fd, 0);
}

int
paths_hold(const char *dir, uint32_t wait_ms)
{
	int	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd == -1 ? -1 : lock_fd(fd, wait_ms);
}
