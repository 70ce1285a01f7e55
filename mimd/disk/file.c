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

static void
close_parent(int root, int dir)
{
	int	error = errno;

	if (dir != root && dir != -1)
		io_close(dir);
	errno = error;
}

static int
must_be_regular(int fd, struct stat *st)
{
	if (io_fstat(fd, st) == 0 && S_ISREG(st->st_mode))
		return fd;
	io_close(fd);
	errno = FILE_NOT_REGULAR;
	return -1;
}

/* What io_open() gave, if that is a regular file. */
static int
opened(int fd, struct stat *st)
{
	if (fd != -1)
		return must_be_regular(fd, st);
	if (errno == ENXIO || errno == EISDIR)
		errno = FILE_NOT_REGULAR;
	return -1;
}

static int
open_to_read(struct place place, const char *path)
{
	char	full[PATH_MAX];

	if (place_path(place, path, full) == -1)
		return -1;
	return io_open(place.root, full, FILE_FLAGS | O_RDONLY, 0);
}

/*
 * What is mounted within a torrent's directory is not remembered (subs.h), as
 * those are on which torrents lie: so nothing is written there.
 */
static int
open_to_write(struct place place, const char *path, int flags, mode_t mode)
{
	int	dir = place.root, fd;

	if (place.subdir[0] != '\0')
		dir = io_open(place.root, place.subdir,
		    O_PATH | O_DIRECTORY | O_NOFOLLOW, 0);
	if (dir == -1)
		return -1;
	fd = io_open(dir, path, FILE_FLAGS | IO_ONE_MOUNT | O_RDWR | flags,
	    mode);
	close_parent(place.root, dir);
	return fd;
}

/* excl: O_EXCL, or 0. */
static int
open_or_create(struct place place, const char *path, int excl)
{
	char	full[PATH_MAX];
	int	fd;

	fd = open_to_write(place, path, O_CREAT | excl, 0666);
	if (fd != -1 || errno != ENOENT)
		return fd;
	if (place_path(place, path, full) == -1 ||
	    make_parents(place.root, full) == -1)
		return -1;
	return open_to_write(place, path, O_CREAT | excl, 0666);
}

int
file_open_stat(struct place place, const char *path, enum file_mode mode,
    struct stat *st)
{
	int	fd;

	if (mode == FILE_READ)
		fd = open_to_read(place, path);
	else if (mode == FILE_UPDATE)
		fd = open_to_write(place, path, 0, 0);
	else
		fd = open_or_create(place, path, 0);
	return opened(fd, st);
}

int
file_open(struct place place, const char *path, enum file_mode mode)
{
	struct stat	st;

	/* What was not there before is what it was made: a regular file. */
	if (mode == FILE_CREATE)
		return open_or_create(place, path, O_EXCL);
	return file_open_stat(place, path, mode, &st);
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

int64_t
file_mtime(const struct stat *st)
{
	return (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
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

/*
 * The directory that full, beneath root, lies in; *base is its name there.
 * root itself is not to be closed.
 */
static int
open_parent(int root, char *full, const char **base)
{
	char	*slash = strrchr(full, '/');
	int	 dir;

	if (slash == NULL) {
		*base = full;
		return root;
	}
	*slash = '\0';
	dir = io_open(root, full, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0);
	*slash = '/';
	*base = slash + 1;
	return dir;
}

/* The directory of the last one is that of path, too. */
static bool
row_follows(const struct file_row *row, const char *path)
{
	return row->last != NULL && file_same_dir(row->last, path);
}

/* Open the directory of path, unless it is; the name there, or NULL. */
static const char *
row_enter(struct file_row *row, const char *path)
{
	char		 full[PATH_MAX];
	const char	*base;

	if (row->dir == -1 && (place_path(row->place, path, full) == -1 ||
	    (row->dir = open_parent(row->place.root, full, &base)) == -1))
		return NULL;
	base = strrchr(path, '/');
	return base != NULL ? base + 1 : path;
}

static void
row_begin(struct file_row *row, const char *path)
{
	file_row_end(row);
	row->last = path;
	row->dir = -1;
}

int
file_row_stat(struct file_row *row, const char *path, struct stat *st)
{
	const char	*base;

	if (!row_follows(row, path))
		row_begin(row, path);
	if ((base = row_enter(row, path)) == NULL)
		return -1;
	return io_stat_at(row->dir, base, st);
}

int
file_row_open(struct file_row *row, const char *path, struct stat *st)
{
	const char	*base;

	if (!row_follows(row, path)) {
		row_begin(row, path);
		return file_open_stat(row->place, path, FILE_READ, st);
	}
	if ((base = row_enter(row, path)) == NULL)
		return -1;
	return opened(io_open(row->dir, base, FILE_FLAGS | O_RDONLY, 0), st);
}

void
file_row_end(struct file_row *row)
{
	if (row->last != NULL)
		close_parent(row->place.root, row->dir);
	row->last = NULL;
}

/* unlinkat() of path in its directory, which is opened beneath the place. */
static int
unlink_beneath(struct place place, const char *path, int flags)
{
	char		 full[PATH_MAX];
	const char	*base;
	int		 dir, rc;

	if (place_path(place, path, full) == -1 ||
	    (dir = open_parent(place.root, full, &base)) == -1)
		return -1;
	rc = io_unlinkat(dir, base, flags);
	close_parent(place.root, dir);
	return rc;
}

int
file_rename(struct place from, const char *old, struct place to,
    const char *new)
{
	char		 a[PATH_MAX], b[PATH_MAX];
	const char	*base_a, *base_b;
	int		 dir_a, dir_b, rc = -1;

	if (place_path(from, old, a) == -1 || place_path(to, new, b) == -1 ||
	    (dir_a = open_parent(from.root, a, &base_a)) == -1)
		return -1;
	dir_b = open_parent(to.root, b, &base_b);
	/* A power cut must not undo the directories and keep the rename. */
	if (dir_b == -1 && errno == ENOENT && make_parents(to.root, b) == 0 &&
	    file_sync_dirs(to, new, NULL) == 0)
		dir_b = open_parent(to.root, b, &base_b);
	if (dir_b != -1)
		rc = io_rename_new(dir_a, base_a, dir_b, base_b);
	close_parent(to.root, dir_b);
	close_parent(from.root, dir_a);
	return rc;
}

/* Not where there is no such thing, nor where it may not be read. */
static int
sync_dir(int root, const char *path)
{
	int	fd, rc;

	fd = io_open(root, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	if (fd == -1)
		return errno == ENOENT || errno == ENOTDIR ||
		    errno == EACCES ? 0 : -1;
	rc = io_fsync(fd);
	if (rc == -1 && (errno == EINVAL || errno == EOPNOTSUPP))
		rc = 0;
	close_parent(root, fd);
	return rc;
}

/* Does other lie in the directory that is the first len bytes of path? */
static bool
lies_in(const char *other, const char *path, size_t len)
{
	return strncmp(other, path, len) == 0 && other[len] == '/';
}

int
file_sync_dirs(struct place place, const char *path, const char *last)
{
	char	full[PATH_MAX], before[PATH_MAX], *slash;

	if (place_path(place, path, full) == -1 ||
	    place_path(place, last != NULL ? last : "", before) == -1)
		return -1;
	if (last == NULL && sync_dir(place.root, ".") == -1)
		return -1;
	for (slash = strchr(full, '/'); slash != NULL;
	    slash = strchr(slash + 1, '/')) {
		if (last != NULL && lies_in(before, full,
		    (size_t)(slash - full)))
			continue;
		*slash = '\0';
		if (sync_dir(place.root, full) == -1)
			return -1;
		*slash = '/';
	}
	return 0;
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

void
file_rmdir_above(struct place place, const char *path)
{
	char	dir[PATH_MAX], *slash;

	if (strlcpy(dir, path, sizeof(dir)) >= sizeof(dir))
		return;
	while ((slash = strrchr(dir, '/')) != NULL) {
		*slash = '\0';
		if (file_rmdir(place, dir) == -1 && errno != ENOENT)
			return;
	}
}

bool
file_subdir_ok(const char *s)
{
	size_t	n;

	if (*s == '\0')
		return true;
	for (;;) {
		n = strcspn(s, "/");
		if (n == 0 || (n == 1 && s[0] == '.') ||
		    (n == 2 && s[0] == '.' && s[1] == '.'))
			return false;
		if (s[n] == '\0')
			return true;
		s += n + 1;
	}
}

bool
file_same_dir(const char *a, const char *b)
{
	const char	*sa = strrchr(a, '/'), *sb = strrchr(b, '/');

	return sa != NULL && sb != NULL && sa - a == sb - b &&
	    strncmp(a, b, (size_t)(sa - a)) == 0;
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
		return "lies on another volume than the torrent's directory";
	case ESTALE:
		return "changed or was removed; check the torrent";
	case ENODATA:
		return "is shorter than it was; check the torrent";
	default:
		return strerror(error);
	}
}
