/* SPDX-License-Identifier: ISC */
#include "io.h"

#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/vfs.h>

#include <linux/fs.h>
#include <linux/openat2.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#define IO_RESOLVE \
	(RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS)

/* openat2(2) has no wrapper in the C library. */
int
io_open(int dir, const char *path, int flags, mode_t mode)
{
	struct open_how	how = {
		.flags = (unsigned int)(flags & ~IO_ONE_MOUNT) | O_CLOEXEC,
		.mode = mode,
		.resolve = IO_RESOLVE
	};
	long		fd;

	if (flags & IO_ONE_MOUNT)
		how.resolve |= RESOLVE_NO_XDEV;
	/* EAGAIN: a rename elsewhere raced with ".." checks of the kernel. */
	do {
		fd = syscall(SYS_openat2, dir, path, &how, sizeof(how));
	} while (fd == -1 && (errno == EINTR || errno == EAGAIN));
	return (int)fd;
}

int
io_close(int fd)
{
	return close(fd);
}

int
io_fstat(int fd, struct stat *st)
{
	return fstat(fd, st);
}

int
io_stat_at(int dir, const char *name, struct stat *st)
{
	return fstatat(dir, name, st, AT_SYMLINK_NOFOLLOW);
}

int64_t
io_birth(int fd)
{
	struct statx	sx;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_BTIME, &sx) == -1 ||
	    (sx.stx_mask & STATX_BTIME) == 0)
		return 0;
	return sx.stx_btime.tv_sec * 1000000000 + sx.stx_btime.tv_nsec;
}

uint64_t
io_mount(int fd)
{
	struct statx	sx;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &sx) == -1 ||
	    (sx.stx_mask & STATX_MNT_ID) == 0)
		return 0;
	return sx.stx_mnt_id;
}

int
io_fstatfs(int fd, struct statfs *st)
{
	return fstatfs(fd, st);
}

off_t
io_lseek(int fd, off_t off, int whence)
{
	return lseek(fd, off, whence);
}

int
io_fadvise(int fd, off_t off, off_t len, int advice)
{
	return posix_fadvise(fd, off, len, advice);
}

ssize_t
io_pread(int fd, void *buf, size_t len, off_t off)
{
	return pread(fd, buf, len, off);
}

ssize_t
io_preadv(int fd, const struct iovec *iov, int n, off_t off)
{
	return preadv(fd, iov, n, off);
}

ssize_t
io_pwrite(int fd, const void *buf, size_t len, off_t off)
{
	return pwrite(fd, buf, len, off);
}

int
io_ftruncate(int fd, off_t len)
{
	return ftruncate(fd, len);
}

int
io_fallocate(int fd, int mode, off_t off, off_t len)
{
	return fallocate(fd, mode, off, len);
}

int
io_fsync(int fd)
{
	return fsync(fd);
}

int
io_syncfs(int fd)
{
	return syncfs(fd);
}

int
io_mkdirat(int dir, const char *path, mode_t mode)
{
	return mkdirat(dir, path, mode);
}

int
io_renameat(int from, const char *old, int to, const char *new)
{
	return renameat(from, old, to, new);
}

/* Some network file systems know no flags; what comes between is lost. */
int
io_rename_new(int from, const char *old, int to, const char *new)
{
	struct stat	st;

	if (renameat2(from, old, to, new, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL)
		return -1;
	if (fstatat(to, new, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		errno = EEXIST;
		return -1;
	}
	return errno == ENOENT ? renameat(from, old, to, new) : -1;
}

int
io_clone(int from, int to)
{
	return ioctl(to, FICLONE, from);
}

int
io_set_mtime(int fd, const struct timespec *mtime)
{
	const struct timespec	times[2] = { { 0, UTIME_OMIT }, *mtime };

	return futimens(fd, times);
}

int
io_unlinkat(int dir, const char *path, int flags)
{
	return unlinkat(dir, path, flags);
}

int
io_list(int dir, void (*fn)(const char *name, void *arg), void *arg)
{
	struct dirent	*de;
	DIR		*dp;
	int		 fd, error;

	fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		return -1;
	if ((dp = fdopendir(fd)) == NULL) {
		error = errno;
		close(fd);
		errno = error;
		return -1;
	}
	for (errno = 0; (de = readdir(dp)) != NULL; errno = 0)
		fn(de->d_name, arg);
	error = errno;
	closedir(dp);
	errno = error;
	return error == 0 ? 0 : -1;
}
