/* SPDX-License-Identifier: ISC */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "io.h"

/* Non-blocking, or a FIFO in the way would hang us. */
#define FILE_FLAGS	(O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)

static int
place_path(struct place place, const char *path, char buf[PATH_MAX])
{
	int	n;

	if (place.subdir[0] == '\0')
		n = snprintf(buf, PATH_MAX, "%s", path[0] ? path : ".");
	else if (path[0] == '\0')
		n = snprintf(buf, PATH_MAX, "%s", place.subdir);
	else
		n = snprintf(buf, PATH_MAX, "%s/%s", place.subdir, path);
	if (n < 0 || n >= PATH_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return 0;
}

/* Create the directories of path beneath root, one step at a time. */
static int
make_dirs(int root, char *path)
{
	char	*p = path, *slash;
	int	 dir = root, next, error;

	for (; p != NULL; p = slash) {
		if ((slash = strchr(p, '/')) != NULL)
			*slash = '\0';
		if (io_mkdirat(dir, p, 0777) == -1 && errno != EEXIST)
			next = -1;
		else
			next = io_open(dir, p,
			    O_PATH | O_DIRECTORY | O_NOFOLLOW, 0);
		error = errno;
		if (dir != root)
			io_close(dir);
		if (slash != NULL)
			*slash++ = '/';
		if (next == -1) {
			errno = error;
			return -1;
		}
		dir = next;
	}
	io_close(dir);
	return 0;
}

static int
make_parents(int root, char *path)
{
	char	*slash = strrchr(path, '/');
	int	 rc;

	if (slash == NULL) {
		errno = ENOENT;
		return -1;
	}
	*slash = '\0';
	rc = make_dirs(root, path);
	*slash = '/';
	return rc;
}

static int
must_be_regular(int fd)
{
	struct stat	st;

	if (io_fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		return fd;
	io_close(fd);
	errno = FILE_NOT_REGULAR;
	return -1;
}

int
file_open(struct place place, const char *path, enum file_mode mode)
{
	char	full[PATH_MAX];
	int	fd, flags = FILE_FLAGS;

	flags |= mode == FILE_WRITE ? O_RDWR | O_CREAT : O_RDONLY;
	if (place_path(place, path, full) == -1)
		return -1;
	fd = io_open(place.root, full, flags,
	    mode == FILE_WRITE ? 0666 : 0);
	if (fd == -1 && errno == ENOENT && mode == FILE_WRITE) {
		if (make_parents(place.root, full) == -1)
			return -1;
		fd = io_open(place.root, full, flags, 0666);
	}
	if (fd == -1) {
		if (errno == ENXIO || errno == EISDIR)
			errno = FILE_NOT_REGULAR;
		return -1;
	}
	return must_be_regular(fd);
}

int
file_unshared(const struct stat *st, uid_t uid, bool ours)
{
	if (st->st_nlink > 1)
		errno = FILE_LINKED;
	else if (st->st_uid != uid && !ours)
		errno = FILE_FOREIGN;
	else
		return 0;
	return -1;
}

int
file_stat(struct place place, const char *path, struct stat *st)
{
	char	full[PATH_MAX];
	int	fd, rc;

	if (place_path(place, path, full) == -1)
		return -1;
	fd = io_open(place.root, full, O_PATH | O_NOFOLLOW,
	    0);
	if (fd == -1)
		return -1;
	rc = io_fstat(fd, st);
	io_close(fd);
	if (rc == 0 && !S_ISREG(st->st_mode)) {
		errno = S_ISLNK(st->st_mode) ? ELOOP : FILE_NOT_REGULAR;
		rc = -1;
	}
	return rc;
}

int
file_open_dir(struct place place, const char *path)
{
	char	full[PATH_MAX];

	if (place_path(place, path, full) == -1)
		return -1;
	return io_open(place.root, full,
	    O_PATH | O_DIRECTORY | O_NOFOLLOW, 0);
}

int
file_mkdir(struct place place, const char *path)
{
	char	full[PATH_MAX];

	if (place_path(place, path, full) == -1)
		return -1;
	return make_dirs(place.root, full);
}

/* unlinkat() of path in its directory, which is opened beneath the place. */
static int
unlink_beneath(struct place place, const char *path, int flags)
{
	char	 full[PATH_MAX], *slash;
	int	 dir = place.root, rc, error;

	if (place_path(place, path, full) == -1)
		return -1;
	if ((slash = strrchr(full, '/')) != NULL) {
		*slash = '\0';
		dir = io_open(place.root, full,
		    O_PATH | O_DIRECTORY | O_NOFOLLOW, 0);
		if (dir == -1)
			return -1;
	}
	rc = io_unlinkat(dir, slash != NULL ? slash + 1 : full, flags);
	error = errno;
	if (dir != place.root)
		io_close(dir);
	errno = error;
	return rc;
}

int
file_unlink(struct place place, const char *path)
{
	int	rc = unlink_beneath(place, path, 0);

	if (rc == -1 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	return rc;
}

int
file_rmdir(struct place place, const char *path)
{
	return unlink_beneath(place, path, AT_REMOVEDIR);
}

const char *
file_strerror(int error)
{
	switch (error) {
	case ELOOP:
		return "a symbolic link is in the way";
	case FILE_NOT_REGULAR:
		return "something that is not a regular file is in the way";
	case FILE_LINKED:
		return "has other hard links; see \"write shared files\" in "
		    "mimd.conf(5)";
	case FILE_FOREIGN:
		return "belongs to another user; see \"write shared files\" "
		    "in mimd.conf(5)";
	case EXDEV:
		return "leads out of the download directory";
	case ESTALE:
		return "changed or was removed; check the torrent";
	case ENODATA:
		return "is shorter than it was; check the torrent";
	default:
		return strerror(error);
	}
}
