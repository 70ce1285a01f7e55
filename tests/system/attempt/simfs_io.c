/* SPDX-License-Identifier: ISC */
/* The calls of mimd/disk/io.h, on the file system of simfs.h. */
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/vfs.h>

#include <linux/magic.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "disk/io.h"
#include "mem.h"
#include "simfs.h"
#include "simfs_state.h"

#define FD_BASE		(1 << 20)	/* descriptors of ours */
#define FDS		1024U
#define NAMES		1024U		/* of a directory */

static uint32_t		 fds[FDS];	/* inodes; 0: free */
static struct stat	 real[SIM_OTHER + 1];
static const char *const real_dirs[SIM_OTHER + 1] = { NULL, "/", "/tmp",
    "/usr" };

/* ---- descriptors ---- */

void
sim_find_dirs(void)
{
	int	i;

	for (i = SIM_ROOT; i <= SIM_OTHER; i++)
		if (stat(real_dirs[i], &real[i]) == -1)
			abort();
}

int
sim_dir_fd(enum sim_dir dir)
{
	return open(real_dirs[dir], O_PATH | O_DIRECTORY | O_CLOEXEC);
}

void
sim_close_all(void)
{
	memset(fds, 0, sizeof(fds));
}

/* The inode behind a descriptor; 0: it is none of ours. */
static uint32_t
inode(int fd)
{
	struct stat	st;
	uint32_t	i;

	if (fd >= FD_BASE)
		return fds[fd - FD_BASE];
	if (fstat(fd, &st) == -1 || !S_ISDIR(st.st_mode))
		return 0;
	for (i = SIM_ROOT; i <= SIM_OTHER; i++)
		if (st.st_dev == real[i].st_dev && st.st_ino == real[i].st_ino)
			return i;
	return 0;
}

static int
fd_new(uint32_t ino)
{
	uint32_t	i;

	for (i = 0; i < FDS; i++)
		if (fds[i] == 0) {
			fds[i] = ino;
			return FD_BASE + (int)i;
		}
	errno = EMFILE;
	return -1;
}

/* ---- the calls ---- */

#define WRAP(type, name, ...)						\
	type	__real_io_##name(__VA_ARGS__);				\
	type	__wrap_io_##name(__VA_ARGS__);				\
	type	__wrap_io_##name(__VA_ARGS__)

static int
open_in(uint32_t dir, const char *path, int flags)
{
	char		name[SIM_NAME];
	uint32_t	parent, ino;

	ino = sim_walk(dir, path, &parent, name);
	if (ino == 0) {
		if (parent == 0 || errno != ENOENT || (flags & O_CREAT) == 0 ||
		    strcmp(strrchr(path, '/') != NULL ? strrchr(path, '/') +
		    1 : path, name) != 0)
			return -1;
		return fd_new(sim_make(SIM_CREATE, parent, name));
	}
	if ((flags & O_CREAT) != 0 && (flags & O_EXCL) != 0) {
		errno = EEXIST;
		return -1;
	}
	if (sim_nodes[ino].dir ? (flags & O_ACCMODE) != O_RDONLY :
	    (flags & O_DIRECTORY) != 0) {
		errno = sim_nodes[ino].dir ? EISDIR : ENOTDIR;
		return -1;
	}
	if ((flags & O_TRUNC) != 0)
		sim_commit(sim_note(SIM_SIZE, ino, NULL, 0));
	return fd_new(ino);
}

WRAP(int, open, int dir, const char *path, int flags, mode_t mode)
{
	uint32_t	ino;
	int		fd = -1;

	(void)mode;
	sim_enter();
	if ((ino = inode(dir)) == 0)
		errno = EBADF;
	else
		fd = open_in(ino, path, flags);
	sim_leave();
	return fd;
}

WRAP(int, close, int fd)
{
	if (fd < FD_BASE)
		return __real_io_close(fd);
	sim_enter();
	fds[fd - FD_BASE] = 0;
	sim_leave();
	return 0;
}

static void
fill_stat(uint32_t ino, struct stat *st)
{
	struct sim_node	*n = &sim_nodes[ino];

	memset(st, 0, sizeof(*st));
	st->st_dev = n->dev;
	st->st_ino = ino;
	st->st_mode = n->dir ? S_IFDIR | 0755 : S_IFREG | 0644;
	st->st_nlink = 1;
	st->st_uid = getuid();
	st->st_gid = getgid();
	st->st_size = (off_t)n->size;
	st->st_blocks = (blkcnt_t)((n->size + 511) / 512);
	st->st_mtim.tv_sec = n->mtime / 1000000000;
	st->st_mtim.tv_nsec = n->mtime % 1000000000;
}

WRAP(int, fstat, int fd, struct stat *st)
{
	uint32_t	ino = inode(fd);

	if (ino == 0)
		return __real_io_fstat(fd, st);
	fill_stat(ino, st);
	return 0;
}

WRAP(int, stat_at, int dir, const char *name, struct stat *st)
{
	char		base[SIM_NAME];
	uint32_t	parent, ino;

	sim_enter();
	if ((ino = sim_walk(inode(dir), name, &parent, base)) != 0)
		fill_stat(ino, st);
	sim_leave();
	return ino != 0 ? 0 : -1;
}

WRAP(int64_t, birth, int fd)
{
	(void)fd;
	return 1;
}

WRAP(int, fstatfs, int fd, struct statfs *st)
{
	(void)fd;
	memset(st, 0, sizeof(*st));
	st->f_type = EXT4_SUPER_MAGIC;
	st->f_bsize = 4096;
	st->f_blocks = st->f_bfree = st->f_bavail = 1 << 20;
	return 0;
}

WRAP(off_t, lseek, int fd, off_t off, int whence)
{
	uint32_t	ino = inode(fd);

	/* A file has no holes, but for the one behind its end. */
	if ((uint64_t)off < sim_nodes[ino].size)
		return whence == SEEK_HOLE ? (off_t)sim_nodes[ino].size : off;
	errno = ENXIO;
	return -1;
}

WRAP(int, fadvise, int fd, off_t off, off_t len, int advice)
{
	(void)fd;
	(void)off;
	(void)len;
	(void)advice;
	return 0;
}

WRAP(ssize_t, preadv, int fd, const struct iovec *iov, int niov, off_t off)
{
	struct sim_op	*op;
	struct sim_node	*n;
	uint32_t	 ino = inode(fd);
	uint64_t	 at = (uint64_t)off, k;
	int		 i;

	if (ino == 0)
		return __real_io_preadv(fd, iov, niov, off);
	sim_enter();
	n = &sim_nodes[ino];
	for (i = 0; i < niov && at < n->size; i++) {
		k = n->size - at < iov[i].iov_len ? n->size - at :
		    iov[i].iov_len;
		memcpy(iov[i].iov_base, n->data + at, k);
		at += k;
	}
	op = sim_note(SIM_READ, ino, NULL, (size_t)(at - (uint64_t)off));
	op->off = (uint64_t)off;
	sim_commit(op);
	sim_leave();
	return (ssize_t)(at - (uint64_t)off);
}

WRAP(ssize_t, pread, int fd, void *buf, size_t len, off_t off)
{
	struct iovec	iov = { buf, len };

	if (inode(fd) == 0)
		return __real_io_pread(fd, buf, len, off);
	return __wrap_io_preadv(fd, &iov, 1, off);
}

WRAP(ssize_t, pwrite, int fd, const void *buf, size_t len, off_t off)
{
	struct sim_op	*op;

	sim_enter();
	op = sim_note(SIM_WRITE, inode(fd), buf, len);
	op->off = (uint64_t)off;
	sim_commit(op);
	sim_leave();
	return (ssize_t)len;
}

WRAP(int, ftruncate, int fd, off_t len)
{
	struct sim_op	*op;

	sim_enter();
	op = sim_note(SIM_SIZE, inode(fd), NULL, 0);
	op->off = (uint64_t)len;
	sim_commit(op);
	sim_leave();
	return 0;
}

WRAP(int, set_mtime, int fd, const struct timespec *mtime)
{
	struct sim_op	*op;

	sim_enter();
	op = sim_note(SIM_TIME, inode(fd), NULL, 0);
	op->mtime = (int64_t)mtime->tv_sec * 1000000000 + mtime->tv_nsec;
	sim_commit(op);
	sim_leave();
	return 0;
}

WRAP(int, fallocate, int fd, int mode, off_t off, off_t len)
{
	uint64_t	 end = (uint64_t)(off + len);
	uint8_t		*zeros;

	if (mode & FALLOC_FL_PUNCH_HOLE) {
		if (end > sim_nodes[inode(fd)].size)
			end = sim_nodes[inode(fd)].size;
		if ((uint64_t)off >= end)
			return 0;
		zeros = xcalloc(1, (size_t)end - (size_t)off);
		__wrap_io_pwrite(fd, zeros, (size_t)end - (size_t)off, off);
		free(zeros);
		return 0;
	}
	if ((mode & FALLOC_FL_KEEP_SIZE) != 0 ||
	    sim_nodes[inode(fd)].size >= end)
		return 0;
	return __wrap_io_ftruncate(fd, (off_t)end);
}

WRAP(int, clone, int from, int to)
{
	(void)from;
	(void)to;
	errno = EOPNOTSUPP;
	return -1;
}

WRAP(int, fsync, int fd)
{
	sim_enter();
	sim_commit(sim_note(SIM_FSYNC, inode(fd), NULL, 0));
	sim_leave();
	return 0;
}

WRAP(int, syncfs, int fd)
{
	sim_enter();
	sim_commit(sim_note(SIM_SYNCFS, inode(fd), NULL, 0));
	sim_leave();
	return 0;
}

WRAP(int, mkdirat, int dir, const char *path, mode_t mode)
{
	char		name[SIM_NAME];
	uint32_t	parent;
	int		rc = -1;

	(void)mode;
	sim_enter();
	if (sim_walk(inode(dir), path, &parent, name) != 0)
		errno = EEXIST;
	else if (parent != 0) {
		sim_make(SIM_MKDIR, parent, name);
		rc = 0;
	}
	sim_leave();
	return rc;
}

static int
do_rename(int from, const char *old, int to, const char *new, bool replace)
{
	struct sim_op	*op;
	char		 name[SIM_NAME], name2[SIM_NAME];
	uint32_t	 ino, other, dir, dir2;
	int		 rc = -1;

	sim_enter();
	other = sim_walk(inode(to), new, &dir2, name2);
	ino = sim_walk(inode(from), old, &dir, name);
	if (other != 0 && !replace)
		errno = EEXIST;
	else if (ino != 0 && dir2 != 0 &&
	    sim_nodes[dir].dev != sim_nodes[dir2].dev)
		errno = EXDEV;
	else if (ino != 0 && dir2 != 0) {
		op = sim_note(SIM_RENAME, ino, NULL, 0);
		op->dir = dir;
		op->dir2 = dir2;
		strlcpy(op->name, name, sizeof(op->name));
		strlcpy(op->name2, name2, sizeof(op->name2));
		sim_commit(op);
		rc = 0;
	}
	sim_leave();
	return rc;
}

WRAP(int, renameat, int from, const char *old, int to, const char *new)
{
	return do_rename(from, old, to, new, true);
}

WRAP(int, rename_new, int from, const char *old, int to, const char *new)
{
	return do_rename(from, old, to, new, false);
}

static bool
dir_empty(uint32_t ino)
{
	char	name[1][SIM_NAME];

	return sim_names(ino, name, 1) == 0;
}

WRAP(int, unlinkat, int dir, const char *path, int flags)
{
	struct sim_op	*op;
	char		 name[SIM_NAME];
	uint32_t	 parent, ino;
	int		 rc = -1;

	sim_enter();
	ino = sim_walk(inode(dir), path, &parent, name);
	if (ino != 0 && sim_nodes[ino].dir != ((flags & AT_REMOVEDIR) != 0))
		errno = sim_nodes[ino].dir ? EISDIR : ENOTDIR;
	else if (ino != 0 && sim_nodes[ino].dir && !dir_empty(ino))
		errno = ENOTEMPTY;
	else if (ino != 0) {
		op = sim_note(SIM_UNLINK, ino, NULL, 0);
		op->dir = parent;
		strlcpy(op->name, name, sizeof(op->name));
		sim_commit(op);
		rc = 0;
	}
	sim_leave();
	return rc;
}

WRAP(int, list, int dir, void (*fn)(const char *name, void *arg), void *arg)
{
	static char	names[NAMES][SIM_NAME];
	uint32_t	i, n;

	sim_enter();
	n = sim_names(inode(dir), names, NAMES);
	sim_leave();
	for (i = 0; i < n; i++)
		fn(names[i], arg);
	return 0;
}
