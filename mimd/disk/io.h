/* SPDX-License-Identifier: ISC */
#ifndef IO_H
#define IO_H

#include <sys/stat.h>
#include <sys/types.h>

#include <stdint.h>

struct iovec;
struct statfs;

/*
 * Every system call of the disk child on payload and state files, and what
 * the kernel says of it: nothing is added but where a line says so.  Tests
 * take the place of these functions when they link (--wrap), to inject
 * faults, to record, or to play a file system that loses power; see
 * tests/system/attempt/faulty.h.  Callable from any thread.
 */

/*
 * openat2(2) beneath dir: no symbolic link is followed, nothing is inherited
 * by exec.  Begun again when interrupted.  IO_ONE_MOUNT, a flag of ours:
 * EXDEV if something else is mounted on the way.
 */
#define IO_ONE_MOUNT	(1 << 30)
int	io_open(int dir, const char *path, int flags, mode_t mode);
int	io_close(int fd);
int	io_fstat(int fd, struct stat *st);
/* Of what has this name in dir, be it a link. */
int	io_stat_at(int dir, const char *name, struct stat *st);
int64_t	io_birth(int fd);	/* ns since 1970; 0: not known */
uint64_t io_mount(int fd);	/* the number of its mount; 0: not known */
int	io_fstatfs(int fd, struct statfs *st);
off_t	io_lseek(int fd, off_t off, int whence);
int	io_fadvise(int fd, off_t off, off_t len, int advice);	/* an errno */
ssize_t	io_pread(int fd, void *buf, size_t len, off_t off);
ssize_t	io_preadv(int fd, const struct iovec *iov, int n, off_t off);
ssize_t	io_pwrite(int fd, const void *buf, size_t len, off_t off);
int	io_ftruncate(int fd, off_t len);
int	io_fallocate(int fd, int mode, off_t off, off_t len);
int	io_fsync(int fd);
int	io_syncfs(int fd);	/* fails for any file of it: sync_fs.h */
int	io_mkdirat(int dir, const char *path, mode_t mode);
int	io_renameat(int from, const char *old, int to, const char *new);
/* The same, but never over what is there: EEXIST. */
int	io_rename_new(int from, const char *old, int to, const char *new);
/* Let to share all of from's blocks (FICLONE). */
int	io_clone(int from, int to);
/* Give it this time of modification. */
int	io_set_mtime(int fd, const struct timespec *mtime);
int	io_unlinkat(int dir, const char *path, int flags);
/* Call fn for each name in dir, an open directory; -1 and errno. */
int	io_list(int dir, void (*fn)(const char *name, void *arg), void *arg);

#endif /* IO_H */
