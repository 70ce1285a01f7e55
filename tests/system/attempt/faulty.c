/* SPDX-License-Identifier: ISC */
#include "faulty.h"

#include <sys/mman.h>
#include <sys/uio.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "disk/io.h"

#define FDS	4096

/* A call that is under way. */
struct call {
	const char	*name;
	char		 path[PATH_MAX];
	char		 to[PATH_MAX];	/* "": the call has one path */
	off_t		 off;
	size_t		 len;
	enum fault_kind	 kind;		/* 0: no fault */
	uint64_t	 value;
};

static pthread_once_t	 once = PTHREAD_ONCE_INIT;
static pthread_mutex_t	 lock = PTHREAD_MUTEX_INITIALIZER;
static struct fault	*faults;
static char		*paths[FDS];	/* of descriptors */
static int		 calls = -1;	/* the file of them */

#define WRAP(type, name, ...)						\
	type	__real_io_##name(__VA_ARGS__);				\
	type	__wrap_io_##name(__VA_ARGS__);				\
	type	__wrap_io_##name(__VA_ARGS__)

static void
name_fd(int fd, const char *path)
{
	if (fd < 0 || fd >= FDS)
		return;
	free(paths[fd]);
	paths[fd] = path == NULL ? NULL : strdup(path);
}

/* At the first call, when the child is not sealed yet. */
static void
faulty_init(void)
{
	char	link[32], path[PATH_MAX], file[PATH_MAX + 16];
	ssize_t	n;
	int	fd;

	for (fd = 0; fd < 64; fd++) {
		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		if ((n = readlink(link, path, sizeof(path) - 1)) <= 0)
			continue;
		path[n] = '\0';
		name_fd(fd, path);
	}
	n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	path[n < 0 ? 0 : n] = '\0';
	snprintf(file, sizeof(file), "%s.faults", path);
	fd = open(file, O_RDWR | O_CLOEXEC);
	faults = mmap(NULL, FAULTS * sizeof(*faults), PROT_READ | PROT_WRITE,
	    MAP_SHARED, fd, 0);
	if (fd == -1 || faults == MAP_FAILED)
		abort();
	close(fd);
	snprintf(file, sizeof(file), "%s.calls", path);
	calls = open(file, O_WRONLY | O_APPEND | O_CLOEXEC);
}

static bool
fits(const struct fault *f, const struct call *c)
{
	size_t	n = strnlen(f->path, sizeof(f->path)), len = strlen(c->path);

	return strncmp(f->call, c->name, sizeof(f->call)) == 0 && n <= len &&
	    memcmp(c->path + len - n, f->path, n) == 0;
}

static void
pick_fault(struct call *c)
{
	struct fault	*f;

	for (f = faults; f < faults + FAULTS && c->kind == 0; f++) {
		if (__atomic_load_n(&f->armed, __ATOMIC_ACQUIRE) == 0 ||
		    !fits(f, c) || f->seen++ < f->skip ||
		    (f->times != 0 && f->hits >= f->times))
			continue;
		f->hits++;
		c->kind = (enum fault_kind)f->kind;
		c->value = f->value;
	}
}

/* Of name beneath dir, or of dir itself if that is NULL. */
static void
path_of(char *path, int dir, const char *name)
{
	snprintf(path, PATH_MAX, "%s%s%s", dir >= 0 && dir < FDS &&
	    paths[dir] != NULL ? paths[dir] : "?", name != NULL ? "/" : "",
	    name != NULL ? name : "");
}

/* False: the call is to do nothing more than call_end(). */
static bool
call_begin(struct call *c, const char *name, int dir, const char *path,
    int to_dir, const char *to, off_t off, size_t len)
{
	struct timespec	ts;

	pthread_once(&once, faulty_init);
	pthread_mutex_lock(&lock);
	c->name = name;
	c->off = off;
	c->len = len;
	c->kind = 0;
	c->to[0] = '\0';
	path_of(c->path, dir, path);
	if (to != NULL)
		path_of(c->to, to_dir, to);
	pick_fault(c);
	pthread_mutex_unlock(&lock);
	if (c->kind == FAULT_DELAY) {
		ts.tv_sec = (time_t)(c->value / 1000);
		ts.tv_nsec = (long)(c->value % 1000) * 1000000;
		nanosleep(&ts, NULL);
	}
	if (c->kind == FAULT_ERROR)
		errno = (int)c->value;
	return c->kind != FAULT_ERROR && c->kind != FAULT_LIE;
}

static size_t
call_len(const struct call *c)
{
	return c->kind == FAULT_SHORT && c->value < c->len ?
	    (size_t)c->value : c->len;
}

/* Record it; good is what a lie says. */
static ssize_t
call_end(struct call *c, ssize_t result, ssize_t good)
{
	char	line[2 * PATH_MAX + 128];
	int	n, error = errno;

	if (c->kind == FAULT_LIE)
		result = good;
	if (calls != -1) {
		n = snprintf(line, sizeof(line), "%s %zd %d %lld %zu %s%s%s\n",
		    c->name, result, result == -1 ? error : 0,
		    (long long)c->off, c->len, c->path,
		    c->to[0] != '\0' ? " -> " : "", c->to);
		if (write(calls, line, (size_t)n) != n)
			abort();
	}
	errno = error;
	return result;
}

WRAP(int, open, int dir, const char *path, int flags, mode_t mode)
{
	struct call	c;
	int		fd = -1;

	if (call_begin(&c, "open", dir, path, -1, NULL, flags, 0))
		fd = __real_io_open(dir, path, flags, mode);
	pthread_mutex_lock(&lock);
	name_fd(fd, c.path);
	pthread_mutex_unlock(&lock);
	return (int)call_end(&c, fd, -1);
}

WRAP(int, fsync, int fd)
{
	struct call	c;
	int		rc = -1;

	if (call_begin(&c, "fsync", fd, NULL, -1, NULL, 0, 0))
		rc = __real_io_fsync(fd);
	return (int)call_end(&c, rc, 0);
}

WRAP(int, syncfs, int fd)
{
	struct call	c;
	int		rc = -1;

	if (call_begin(&c, "syncfs", fd, NULL, -1, NULL, 0, 0))
		rc = __real_io_syncfs(fd);
	return (int)call_end(&c, rc, 0);
}

WRAP(ssize_t, pread, int fd, void *buf, size_t len, off_t off)
{
	struct call	c;
	ssize_t		n = -1;

	if (call_begin(&c, "pread", fd, NULL, -1, NULL, off, len))
		n = __real_io_pread(fd, buf, call_len(&c), off);
	return call_end(&c, n, (ssize_t)len);
}

WRAP(ssize_t, preadv, int fd, const struct iovec *iov, int niov, off_t off)
{
	struct call	c;
	struct iovec	cut;
	ssize_t		n = -1;
	size_t		len = 0;
	int		i;

	for (i = 0; i < niov; i++)
		len += iov[i].iov_len;
	if (call_begin(&c, "preadv", fd, NULL, -1, NULL, off, len)) {
		if (c.kind == FAULT_SHORT && niov > 0) {
			cut = iov[0];
			if (cut.iov_len > c.value)
				cut.iov_len = (size_t)c.value;
			n = __real_io_preadv(fd, &cut, 1, off);
		} else
			n = __real_io_preadv(fd, iov, niov, off);
	}
	return call_end(&c, n, (ssize_t)len);
}

WRAP(ssize_t, pwrite, int fd, const void *buf, size_t len, off_t off)
{
	struct call	c;
	ssize_t		n = -1;

	if (call_begin(&c, "pwrite", fd, NULL, -1, NULL, off, len))
		n = __real_io_pwrite(fd, buf, call_len(&c), off);
	return call_end(&c, n, (ssize_t)len);
}

WRAP(int, ftruncate, int fd, off_t len)
{
	struct call	c;
	int		rc = -1;

	if (call_begin(&c, "ftruncate", fd, NULL, -1, NULL, len, 0))
		rc = __real_io_ftruncate(fd, len);
	return (int)call_end(&c, rc, 0);
}

WRAP(int, fallocate, int fd, int mode, off_t off, off_t len)
{
	struct call	c;
	int		rc = -1;

	if (call_begin(&c, "fallocate", fd, NULL, -1, NULL, off, (size_t)len))
		rc = __real_io_fallocate(fd, mode, off, len);
	return (int)call_end(&c, rc, 0);
}

WRAP(int, mkdirat, int dir, const char *path, mode_t mode)
{
	struct call	c;
	int		rc = -1;

	if (call_begin(&c, "mkdirat", dir, path, -1, NULL, 0, 0))
		rc = __real_io_mkdirat(dir, path, mode);
	return (int)call_end(&c, rc, 0);
}

WRAP(int, renameat, int from, const char *old, int to, const char *new)
{
	struct call	c;
	int		rc = -1;

	if (call_begin(&c, "renameat", from, old, to, new, 0, 0))
		rc = __real_io_renameat(from, old, to, new);
	return (int)call_end(&c, rc, 0);
}

WRAP(int, rename_new, int from, const char *old, int to, const char *new)
{
	struct call	c;
	int		rc = -1;

	if (call_begin(&c, "rename_new", from, old, to, new, 0, 0))
		rc = __real_io_rename_new(from, old, to, new);
	return (int)call_end(&c, rc, 0);
}

WRAP(int, clone, int from, int to)
{
	struct call	c;
	int		rc = -1;

	if (call_begin(&c, "clone", to, NULL, -1, NULL, 0, 0))
		rc = __real_io_clone(from, to);
	return (int)call_end(&c, rc, 0);
}

WRAP(int, unlinkat, int dir, const char *path, int flags)
{
	struct call	c;
	int		rc = -1;

	if (call_begin(&c, "unlinkat", dir, path, -1, NULL, flags, 0))
		rc = __real_io_unlinkat(dir, path, flags);
	return (int)call_end(&c, rc, 0);
}
