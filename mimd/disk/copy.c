/* SPDX-License-Identifier: ISC */
#include "copy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "hash.h"
#include "io.h"

#define REST_SHARE	3	/* of the time a chunk took, rest one part */
#define REST_MAX_MS	100U

struct pass {
	struct copy	*c;
	int		 fd;		/* read from here, */
	int		 to;		/* ... write there, or -1 */
	off_t		 there;		/* what lies before it is there */
	uint64_t	 dirty;
};

static uint64_t
now_ns(void)
{
	struct timespec	ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* Transfers are to have the disk in between. */
static void
rest(uint64_t since)
{
	struct timespec	ts = { 0, 0 };
	uint64_t	ns = (now_ns() - since) / REST_SHARE;

	if (ns > REST_MAX_MS * 1000000ULL)
		ns = REST_MAX_MS * 1000000ULL;
	ts.tv_nsec = (long)ns;
	nanosleep(&ts, NULL);
}

static int
write_all(int fd, const uint8_t *buf, size_t len, off_t off)
{
	ssize_t	n;

	while (len > 0) {
		n = io_pwrite(fd, buf, len, off);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0) {
			if (n == 0)
				errno = ENOSPC;
			return -1;
		}
		buf += n;
		off += n;
		len -= (size_t)n;
	}
	return 0;
}

static int
read_all(int fd, uint8_t *buf, size_t len, off_t off)
{
	ssize_t	n;

	while (len > 0) {
		n = io_pread(fd, buf, len, off);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0) {
			if (n == 0)
				errno = ESTALE;	/* shorter than it was */
			return -1;
		}
		buf += n;
		off += n;
		len -= (size_t)n;
	}
	return 0;
}

static int
pass_chunk(struct pass *p, off_t off, size_t len)
{
	struct copy	*c = p->c;
	uint64_t	 begun = now_ns();

	if (atomic_load_explicit(c->stop, memory_order_relaxed)) {
		errno = ECANCELED;
		return -1;
	}
	if (read_all(p->fd, c->buf, len, off) == -1)
		return -1;
	hash_update(c->hash, c->buf, len);
	if (p->to != -1 && off + (off_t)len > p->there) {
		if (write_all(p->to, c->buf, len, off) == -1)
			return -1;
		p->dirty += len;
		if (p->dirty >= COPY_DIRTY) {
			p->dirty = 0;
			if (io_fsync(p->to) == -1)
				return -1;
		}
	}
	atomic_fetch_add_explicit(c->done, len, memory_order_relaxed);
	rest(begun);
	return 0;
}

/* Go over what is no hole of map, which is as large as size. */
static int
pass_run(struct pass *p, int map, off_t size, uint8_t digest[SHA1_LEN])
{
	off_t	off, end = 0;
	size_t	n;

	hash_reset(p->c->hash);
	while (end < size) {
		off = io_lseek(map, end, SEEK_DATA);
		if (off == -1 && errno == ENXIO)
			break;
		if (off == -1)
			return -1;
		if ((end = io_lseek(map, off, SEEK_HOLE)) == -1)
			return -1;
		if (end > size)
			end = size;
		for (; off < end; off += (off_t)n) {
			n = end - off < (off_t)COPY_CHUNK ?
			    (size_t)(end - off) : COPY_CHUNK;
			if (pass_chunk(p, off, n) == -1)
				return -1;
		}
	}
	hash_final(p->c->hash, digest);
	return 0;
}

static int
finish(int to, const struct stat *st)
{
	if (io_ftruncate(to, st->st_size) == -1 ||
	    io_set_mtime(to, &st->st_mtim) == -1 || io_fsync(to) == -1)
		return -1;
	/* What is read back comes from the disk. */
	io_fadvise(to, 0, 0, POSIX_FADV_DONTNEED);
	return 0;
}

static int
copy_once(struct copy *c, int from, int to, const struct stat *st,
    off_t there, bool *differs)
{
	struct pass	out = { .c = c, .fd = from, .to = to, .there = there };
	struct pass	back = { .c = c, .fd = to, .to = -1 };
	uint8_t		written[SHA1_LEN], found[SHA1_LEN];

	if (pass_run(&out, from, st->st_size, written) == -1 ||
	    finish(to, st) == -1 ||
	    pass_run(&back, from, st->st_size, found) == -1)
		return -1;
	*differs = memcmp(written, found, SHA1_LEN) != 0;
	return 0;
}

int
copy_file(struct copy *c, int from, int to)
{
	struct stat	st, sto;
	bool		differs = false;

	if (io_fstat(from, &st) == -1 || io_fstat(to, &sto) == -1)
		return -1;
	if (sto.st_size == 0 && io_clone(from, to) == 0)
		return finish(to, &st);
	if (sto.st_size > st.st_size) {
		if (io_ftruncate(to, 0) == -1)
			return -1;
		sto.st_size = 0;
	}
	if (copy_once(c, from, to, &st, sto.st_size, &differs) == -1)
		return -1;
	/* What a crash left may not be what was written before it. */
	if (differs && sto.st_size > 0 && (io_ftruncate(to, 0) == -1 ||
	    copy_once(c, from, to, &st, 0, &differs) == -1))
		return -1;
	if (differs) {
		errno = EIO;
		return -1;
	}
	return 0;
}
