/* SPDX-License-Identifier: ISC */
#include "store.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "io.h"
#include "mem.h"

#define ASIDE_MAX	10U	/* of one name, then it must be looked at */

char *
store_name(const uint8_t infohash[SHA1_LEN], const char *suffix,
    char name[STORE_NAME_MAX])
{
	hash_hex(infohash, SHA1_LEN, name);
	strlcat(name, suffix, STORE_NAME_MAX);
	return name;
}

int
store_dir(int state, const char *name)
{
	int	fd;

	if (io_mkdirat(state, name, 0700) == -1) {
		if (errno != EEXIST)
			return -1;
	} else if ((fd = io_open(state, ".", O_RDONLY | O_DIRECTORY, 0)) !=
	    -1) {
		io_fsync(fd);
		io_close(fd);
	}
	return io_open(state, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
}

static uint8_t *
read_whole(int fd, size_t max, size_t *len)
{
	struct stat	 st;
	uint8_t		*buf;
	size_t		 have = 0, size;
	ssize_t		 n;

	if (io_fstat(fd, &st) == -1)
		return NULL;
	if (!S_ISREG(st.st_mode)) {
		errno = FILE_NOT_REGULAR;
		return NULL;
	}
	if (st.st_size < 0 || (uint64_t)st.st_size > max) {
		errno = EFBIG;
		return NULL;
	}
	size = (size_t)st.st_size;
	if ((buf = malloc(size + 1)) == NULL)
		return NULL;
	while (have < size) {
		n = io_pread(fd, buf + have, size - have, (off_t)have);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1) {
			free(buf);
			return NULL;
		}
		if (n == 0)
			break;
		have += (size_t)n;
	}
	*len = have;
	return buf;
}

uint8_t *
store_read(int dir, const char *name, size_t max, size_t *len)
{
	uint8_t	*buf;
	int	 fd, error;

	fd = io_open(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
	if (fd == -1)
		return NULL;
	buf = read_whole(fd, max, len);
	error = errno;
	io_close(fd);
	errno = error;
	return buf;
}

static int
write_whole(int fd, const uint8_t *buf, size_t len)
{
	size_t	done = 0;
	ssize_t	n;

	while (done < len) {
		n = io_pwrite(fd, buf + done, len - done, (off_t)done);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0) {
			if (n == 0)
				errno = ENOSPC;
			return -1;
		}
		done += (size_t)n;
	}
	return 0;
}

/* Where a step stands that has failed, now or before. */
static int
store_fail(struct store_file *f, int error)
{
	if (f->error == 0) {
		f->error = error;
		if (f->fd != -1)
			io_close(f->fd);
		f->fd = -1;
		io_unlinkat(f->dir, f->temp, 0);
	}
	errno = f->error;
	return -1;
}

int
store_begin(struct store_file *f, int dir, const char *name, const void *buf,
    size_t len)
{
	f->dir = dir;
	f->fd = -1;
	f->error = 0;
	if (strlcpy(f->name, name, sizeof(f->name)) >= sizeof(f->name) ||
	    (size_t)snprintf(f->temp, sizeof(f->temp), "%s.tmp", name) >=
	    sizeof(f->temp)) {
		errno = f->error = ENAMETOOLONG;
		return -1;
	}
	f->fd = io_open(dir, f->temp, O_WRONLY | O_CREAT | O_TRUNC |
	    O_NOFOLLOW | O_NONBLOCK, 0600);
	if (f->fd == -1) {
		f->error = errno;
		return -1;
	}
	if (write_whole(f->fd, buf, len) == -1)
		return store_fail(f, errno);
	/* Starts the writing, for nothing of it is needed here again. */
	io_fadvise(f->fd, 0, 0, POSIX_FADV_DONTNEED);
	return 0;
}

int
store_close(struct store_file *f)
{
	int	fd = f->fd;

	f->fd = -1;
	if (f->error != 0 || io_close(fd) == -1)
		return store_fail(f, errno);
	return 0;
}

int
store_sync(struct store_file *f)
{
	if (f->error != 0 || io_fsync(f->fd) == -1)
		return store_fail(f, errno);
	return store_close(f);
}

int
store_finish(struct store_file *f)
{
	if (f->error != 0 ||
	    io_renameat(f->dir, f->temp, f->dir, f->name) == -1)
		return store_fail(f, errno);
	return 0;
}

void
store_drop(struct store_file *f)
{
	if (f->error == 0)
		store_fail(f, ECANCELED);
}

int
store_write(int dir, const char *name, const void *buf, size_t len)
{
	struct store_file	f;

	if (store_begin(&f, dir, name, buf, len) == -1 ||
	    store_sync(&f) == -1)
		return -1;
	return store_finish(&f);
}

struct clean {
	char		(*names)[STORE_NAME_MAX];
	uint32_t	  n;
};

static void
clean_take(const char *name, void *arg)
{
	struct clean	*c = arg;
	size_t		 len = strlen(name);

	if (len < 5 || len >= STORE_NAME_MAX ||
	    strcmp(name + len - 4, ".tmp") != 0)
		return;
	c->names = xreallocarray(c->names, c->n + 1, sizeof(*c->names));
	strlcpy(c->names[c->n++], name, sizeof(*c->names));
}

void
store_clean(int dir)
{
	struct clean	c = { NULL, 0 };
	uint32_t	i;

	io_list(dir, clean_take, &c);
	for (i = 0; i < c.n; i++)
		io_unlinkat(dir, c.names[i], 0);
	free(c.names);
}

int
store_remove(int dir, const char *name)
{
	if (io_unlinkat(dir, name, 0) == -1 && errno != ENOENT)
		return -1;
	return 0;
}

/* Neither a file nor a directory? */
static bool
is_special(int dir, const char *name)
{
	struct stat	st;
	int		fd = io_open(dir, name, O_PATH | O_NOFOLLOW, 0), rc;

	if (fd == -1)
		return false;
	rc = io_fstat(fd, &st);
	io_close(fd);
	return rc == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

int
store_set_aside(int dir, const char *name, char bad[STORE_NAME_MAX])
{
	unsigned int	i;

	/* The sandbox lets us make no such thing, not even by another name. */
	if (is_special(dir, name)) {
		bad[0] = '\0';
		return store_remove(dir, name);
	}

	for (i = 0; i < ASIDE_MAX; i++) {
		if (snprintf(bad, STORE_NAME_MAX, i == 0 ? "%s.bad" :
		    "%s.bad%u", name, i) >= (int)STORE_NAME_MAX) {
			errno = ENAMETOOLONG;
			return -1;
		}
		if (io_rename_new(dir, name, dir, bad) == 0)
			return 0;
		if (errno != EEXIST)
			return -1;
	}
	return -1;
}
