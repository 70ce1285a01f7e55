/* SPDX-License-Identifier: ISC */
#include "simfs.h"

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

#define FD_BASE		(1 << 20)	/* descriptors of ours */
#define FDS		1024U
#define ENTRIES		1024U
#define DEV		77U		/* and the number of the directory */

struct node {
	bool		 dir;
	uint32_t	 dev;
	uint64_t	 size, room;
	int64_t		 mtime;
	uint8_t		*data;
};

struct entry {
	uint32_t	 dir, ino;	/* ino 0: free */
	char		 name[SIM_NAME];
};

static struct sim_log	*sim;
static struct node	 nodes[SIM_NODES];
static struct entry	 entries[ENTRIES];
static uint32_t		 fds[FDS];	/* inodes; 0: free */
static struct stat	 real[SIM_OTHER + 1];
static const char *const real_dirs[SIM_OTHER + 1] = { NULL, "/", "/tmp",
    "/usr" };

/* ---- the state ---- */

static struct entry *
entry_find(uint32_t dir, const char *name)
{
	struct entry	*e;

	for (e = entries; e < entries + ENTRIES; e++)
		if (e->ino != 0 && e->dir == dir && strcmp(e->name, name) == 0)
			return e;
	return NULL;
}

static void
entry_set(uint32_t dir, const char *name, uint32_t ino)
{
	struct entry	*e = entry_find(dir, name);

	if (e == NULL)
		for (e = entries; e->ino != 0; e++)
			if (e == entries + ENTRIES - 1)
				abort();
	e->dir = dir;
	e->ino = ino;
	strlcpy(e->name, name, sizeof(e->name));
}

static void
node_size(struct node *n, uint64_t size)
{
	if (size > n->room) {
		n->room = 2 * size;
		n->data = xreallocarray(n->data, n->room, 1);
	}
	if (size > n->size)
		memset(n->data + n->size, 0, size - n->size);
	n->size = size;
}

static void
apply_write(const struct sim_op *op, enum sim_keep keep)
{
	struct node	*n = &nodes[op->ino];
	uint64_t	 len = keep == SIM_HALF ? op->len / 2 : op->len;

	n->mtime = op->mtime;
	if (op->off + len > n->size)
		node_size(n, op->off + len);
	if (keep != SIM_ZEROS)
		memcpy(n->data + op->off, sim->data + op->data, len);
}

static void
apply(const struct sim_op *op, enum sim_keep keep)
{
	struct entry	*e;

	switch (op->type) {
	case SIM_CREATE:
	case SIM_MKDIR:
		nodes[op->ino].dir = op->type == SIM_MKDIR;
		nodes[op->ino].dev = nodes[op->dir].dev;
		nodes[op->ino].mtime = op->mtime;
		if (keep != SIM_NOT)
			entry_set(op->dir, op->name, op->ino);
		break;
	case SIM_WRITE:
		if (keep != SIM_NOT)
			apply_write(op, keep);
		break;
	case SIM_SIZE:
		if (keep == SIM_NOT)
			break;
		nodes[op->ino].mtime = op->mtime;
		node_size(&nodes[op->ino], op->off);
		break;
	case SIM_TIME:
		if (keep != SIM_NOT)
			nodes[op->ino].mtime = op->mtime;
		break;
	case SIM_RENAME:
		if (keep == SIM_NOT)
			break;
		e = entry_find(op->dir, op->name);
		if (e != NULL && e->ino == op->ino)
			e->ino = 0;
		entry_set(op->dir2, op->name2, op->ino);
		break;
	case SIM_UNLINK:
		e = entry_find(op->dir, op->name);
		if (keep != SIM_NOT && e != NULL && e->ino == op->ino)
			e->ino = 0;
		break;
	default:
		break;
	}
}

static void
clear(void)
{
	uint32_t	i;

	for (i = 0; i < SIM_NODES; i++) {
		free(nodes[i].data);
		memset(&nodes[i], 0, sizeof(nodes[i]));
	}
	memset(entries, 0, sizeof(entries));
	memset(fds, 0, sizeof(fds));
	for (i = SIM_ROOT; i <= SIM_OTHER; i++) {
		nodes[i].dir = true;
		nodes[i].dev = DEV + i;
	}
}

/* The test, too, writes to the log while a disk child does. */
static void
make_lock(void)
{
	pthread_mutexattr_t	attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&sim->lock, &attr);
	pthread_mutexattr_destroy(&attr);
}

/* A process may have ended in the middle of a call, which was not made then. */
static void
enter(void)
{
	if (pthread_mutex_lock(&sim->lock) == EOWNERDEAD)
		pthread_mutex_consistent(&sim->lock);
}

static void
leave(void)
{
	pthread_mutex_unlock(&sim->lock);
}

void
sim_init(struct sim_log *log)
{
	int	i;

	sim = log;
	make_lock();
	sim->n = sim->ndata = 0;
	sim->ninodes = SIM_OTHER + 1;
	sim->clock = 1000000000000000000;
	for (i = SIM_ROOT; i <= SIM_OTHER; i++)
		if (stat(real_dirs[i], &real[i]) == -1)
			abort();
	clear();
}

void
sim_use(struct sim_log *log)
{
	sim = log;
	make_lock();
}

int
sim_dir_fd(enum sim_dir dir)
{
	return open(real_dirs[dir], O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* Note a change and make it. */
static struct sim_op *
note(enum sim_type type, uint32_t ino, const void *p, size_t len)
{
	struct sim_op	*op = &sim->ops[sim->n];

	if (sim->n + 1 == SIM_OPS || sim->ndata + len > SIM_DATA)
		abort();
	memset(op, 0, sizeof(*op));
	op->type = type;
	op->ino = ino;
	op->mtime = sim->clock += 1000000;
	op->data = sim->ndata;
	op->len = (uint32_t)len;
	if (p != NULL)
		memcpy(sim->data + op->data, p, len);
	sim->ndata += p != NULL ? (uint32_t)len : 0;
	return op;
}

static void
commit(struct sim_op *op)
{
	apply(op, SIM_WHOLE);
	sim->n++;
}

void
sim_mark(uint32_t what, uint32_t torrent, const void *p, uint32_t len)
{
	struct sim_op	*op;

	enter();
	op = note(SIM_MARK, what, p, len);
	op->off = torrent;
	sim->n++;
	leave();
}

/* ---- the cut ---- */

bool
sim_changes(const struct sim_op *op)
{
	return op->type <= SIM_UNLINK;
}

/* Of the directory that it was made beneath. */
static uint32_t
file_system(uint32_t ino)
{
	const struct sim_op	*op;

	for (op = sim->ops; ino > SIM_OTHER; op++)
		if (op->type <= SIM_MKDIR && op->ino == ino) {
			ino = op->dir;
			op = sim->ops - 1;
		}
	return ino;
}

bool
sim_synced(uint32_t i, uint32_t cut, bool (*lie)(const struct sim_op *))
{
	const struct sim_op	*op = &sim->ops[i], *s;
	bool			 bytes, named = false, gone;

	bytes = op->type == SIM_WRITE || op->type == SIM_SIZE ||
	    op->type == SIM_TIME;
	gone = op->type != SIM_RENAME || op->dir == op->dir2;
	for (s = op; s < sim->ops + cut; s++) {
		if ((s->type != SIM_FSYNC && s->type != SIM_SYNCFS) ||
		    (lie != NULL && lie(s)))
			continue;
		if (s->type == SIM_SYNCFS) {
			if (file_system(s->ino) == file_system(op->ino))
				return true;
			continue;
		}
		if (bytes) {
			if (s->ino == op->ino)
				return true;
			continue;
		}
		named |= s->ino == (op->type == SIM_RENAME ? op->dir2 :
		    op->dir);
		gone |= s->ino == op->dir;
		if (named && gone)
			return true;
	}
	return false;
}

void
sim_build(uint32_t cut, const uint8_t *keep)
{
	uint32_t	i;

	clear();
	for (i = 0; i < cut; i++)
		apply(&sim->ops[i], (enum sim_keep)keep[i]);
}

void
sim_replay(uint32_t first, uint32_t end)
{
	for (; first < end; first++)
		apply(&sim->ops[first], SIM_WHOLE);
}

/* ---- paths ---- */

static uint32_t
walk(uint32_t dir, const char *path, uint32_t *parent, char name[SIM_NAME])
{
	struct entry	*e;
	uint32_t	 ino = dir;
	size_t		 n;

	*parent = dir;
	name[0] = '\0';
	while (*path != '\0') {
		n = strcspn(path, "/");
		if (n >= SIM_NAME)
			abort();
		if (n == 1 && path[0] == '.') {
			path += n + (path[n] == '/');
			continue;
		}
		if (ino == 0 || !nodes[ino].dir) {
			errno = ino == 0 ? ENOENT : ENOTDIR;
			*parent = 0;
			return 0;
		}
		*parent = ino;
		memcpy(name, path, n);
		name[n] = '\0';
		e = entry_find(ino, name);
		ino = e != NULL ? e->ino : 0;
		path += n + (path[n] == '/');
	}
	if (ino == 0)
		errno = ENOENT;
	return ino;
}

uint32_t
sim_lookup(enum sim_dir dir, const char *path)
{
	char		name[SIM_NAME];
	uint32_t	parent;

	return walk(dir, path, &parent, name);
}

const uint8_t *
sim_read(enum sim_dir dir, const char *path, size_t *len)
{
	uint32_t	ino = sim_lookup(dir, path);

	if (ino == 0 || nodes[ino].dir)
		return NULL;
	*len = nodes[ino].size;
	return nodes[ino].data != NULL ? nodes[ino].data : (uint8_t *)"";
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

/* ---- the calls ---- */

#define WRAP(type, name, ...)						\
	type	__real_io_##name(__VA_ARGS__);				\
	type	__wrap_io_##name(__VA_ARGS__);				\
	type	__wrap_io_##name(__VA_ARGS__)

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

static int
open_in(uint32_t dir, const char *path, int flags)
{
	struct sim_op	*op;
	char		 name[SIM_NAME];
	uint32_t	 parent, ino;

	ino = walk(dir, path, &parent, name);
	if (ino == 0) {
		if (parent == 0 || errno != ENOENT || (flags & O_CREAT) == 0 ||
		    strcmp(strrchr(path, '/') != NULL ? strrchr(path, '/') +
		    1 : path, name) != 0)
			return -1;
		op = note(SIM_CREATE, sim->ninodes++, NULL, 0);
		if (op->ino >= SIM_NODES)
			abort();
		op->dir = parent;
		strlcpy(op->name, name, sizeof(op->name));
		commit(op);
		return fd_new(op->ino);
	}
	if ((flags & O_CREAT) != 0 && (flags & O_EXCL) != 0) {
		errno = EEXIST;
		return -1;
	}
	if (nodes[ino].dir ? (flags & O_ACCMODE) != O_RDONLY :
	    (flags & O_DIRECTORY) != 0) {
		errno = nodes[ino].dir ? EISDIR : ENOTDIR;
		return -1;
	}
	if ((flags & O_TRUNC) != 0) {
		op = note(SIM_SIZE, ino, NULL, 0);
		commit(op);
	}
	return fd_new(ino);
}

WRAP(int, open, int dir, const char *path, int flags, mode_t mode)
{
	uint32_t	ino;
	int		fd = -1;

	(void)mode;
	enter();
	if ((ino = inode(dir)) == 0)
		errno = EBADF;
	else
		fd = open_in(ino, path, flags);
	leave();
	return fd;
}

WRAP(int, close, int fd)
{
	if (fd < FD_BASE)
		return __real_io_close(fd);
	enter();
	fds[fd - FD_BASE] = 0;
	leave();
	return 0;
}

static void
fill_stat(uint32_t ino, struct stat *st)
{
	struct node	*n = &nodes[ino];

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

	enter();
	if ((ino = walk(inode(dir), name, &parent, base)) != 0)
		fill_stat(ino, st);
	leave();
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
	if ((uint64_t)off < nodes[ino].size)
		return whence == SEEK_HOLE ? (off_t)nodes[ino].size : off;
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
	struct node	*n;
	uint32_t	 ino = inode(fd);
	uint64_t	 at = (uint64_t)off, k;
	int		 i;

	if (ino == 0)
		return __real_io_preadv(fd, iov, niov, off);
	enter();
	n = &nodes[ino];
	for (i = 0; i < niov && at < n->size; i++) {
		k = n->size - at < iov[i].iov_len ? n->size - at :
		    iov[i].iov_len;
		memcpy(iov[i].iov_base, n->data + at, k);
		at += k;
	}
	op = note(SIM_READ, ino, NULL, (size_t)(at - (uint64_t)off));
	op->off = (uint64_t)off;
	commit(op);
	leave();
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

	enter();
	op = note(SIM_WRITE, inode(fd), buf, len);
	op->off = (uint64_t)off;
	commit(op);
	leave();
	return (ssize_t)len;
}

WRAP(int, ftruncate, int fd, off_t len)
{
	struct sim_op	*op;

	enter();
	op = note(SIM_SIZE, inode(fd), NULL, 0);
	op->off = (uint64_t)len;
	commit(op);
	leave();
	return 0;
}

WRAP(int, set_mtime, int fd, const struct timespec *mtime)
{
	struct sim_op	*op;

	enter();
	op = note(SIM_TIME, inode(fd), NULL, 0);
	op->mtime = (int64_t)mtime->tv_sec * 1000000000 + mtime->tv_nsec;
	commit(op);
	leave();
	return 0;
}

WRAP(int, fallocate, int fd, int mode, off_t off, off_t len)
{
	uint64_t	 end = (uint64_t)(off + len);
	uint8_t		*zeros;

	if (mode & FALLOC_FL_PUNCH_HOLE) {
		if (end > nodes[inode(fd)].size)
			end = nodes[inode(fd)].size;
		if ((uint64_t)off >= end)
			return 0;
		zeros = xcalloc(1, (size_t)end - (size_t)off);
		__wrap_io_pwrite(fd, zeros, (size_t)end - (size_t)off, off);
		free(zeros);
		return 0;
	}
	if ((mode & FALLOC_FL_KEEP_SIZE) != 0 || nodes[inode(fd)].size >= end)
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
	enter();
	commit(note(SIM_FSYNC, inode(fd), NULL, 0));
	leave();
	return 0;
}

WRAP(int, syncfs, int fd)
{
	enter();
	commit(note(SIM_SYNCFS, inode(fd), NULL, 0));
	leave();
	return 0;
}

WRAP(int, mkdirat, int dir, const char *path, mode_t mode)
{
	struct sim_op	*op;
	char		 name[SIM_NAME];
	uint32_t	 parent;
	int		 rc = -1;

	(void)mode;
	enter();
	if (walk(inode(dir), path, &parent, name) != 0)
		errno = EEXIST;
	else if (parent != 0) {
		op = note(SIM_MKDIR, sim->ninodes++, NULL, 0);
		op->dir = parent;
		strlcpy(op->name, name, sizeof(op->name));
		commit(op);
		rc = 0;
	}
	leave();
	return rc;
}

static int
do_rename(int from, const char *old, int to, const char *new, bool replace)
{
	struct sim_op	*op;
	char		 name[SIM_NAME], name2[SIM_NAME];
	uint32_t	 ino, other, dir, dir2;
	int		 rc = -1;

	enter();
	other = walk(inode(to), new, &dir2, name2);
	ino = walk(inode(from), old, &dir, name);
	if (other != 0 && !replace)
		errno = EEXIST;
	else if (ino != 0 && dir2 != 0 && nodes[dir].dev != nodes[dir2].dev)
		errno = EXDEV;
	else if (ino != 0 && dir2 != 0) {
		op = note(SIM_RENAME, ino, NULL, 0);
		op->dir = dir;
		op->dir2 = dir2;
		strlcpy(op->name, name, sizeof(op->name));
		strlcpy(op->name2, name2, sizeof(op->name2));
		commit(op);
		rc = 0;
	}
	leave();
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
	struct entry	*e;

	for (e = entries; e < entries + ENTRIES; e++)
		if (e->ino != 0 && e->dir == ino)
			return false;
	return true;
}

WRAP(int, unlinkat, int dir, const char *path, int flags)
{
	struct sim_op	*op;
	char		 name[SIM_NAME];
	uint32_t	 parent, ino;
	int		 rc = -1;

	enter();
	ino = walk(inode(dir), path, &parent, name);
	if (ino != 0 && nodes[ino].dir != ((flags & AT_REMOVEDIR) != 0))
		errno = nodes[ino].dir ? EISDIR : ENOTDIR;
	else if (ino != 0 && nodes[ino].dir && !dir_empty(ino))
		errno = ENOTEMPTY;
	else if (ino != 0) {
		op = note(SIM_UNLINK, ino, NULL, 0);
		op->dir = parent;
		strlcpy(op->name, name, sizeof(op->name));
		commit(op);
		rc = 0;
	}
	leave();
	return rc;
}

WRAP(int, list, int dir, void (*fn)(const char *name, void *arg), void *arg)
{
	static char	names[ENTRIES][SIM_NAME];
	uint32_t	i, n = 0, ino = inode(dir);

	enter();
	for (i = 0; i < ENTRIES; i++)
		if (entries[i].ino != 0 && entries[i].dir == ino)
			strlcpy(names[n++], entries[i].name, SIM_NAME);
	leave();
	for (i = 0; i < n; i++)
		fn(names[i], arg);
	return 0;
}
