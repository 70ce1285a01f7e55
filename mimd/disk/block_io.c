/* SPDX-License-Identifier: ISC */
#include "block_io.h"

#include <sys/uio.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "barred.h"
#include "bitfield.h"
#include "content.h"
#include "disk.h"
#include "fdcache.h"
#include "fresh.h"
#include "io.h"
#include "metainfo.h"
#include "move.h"
#include "part.h"
#include "part_leave.h"
#include "resume.h"
#include "span.h"
#include "trail.h"
#include "trouble.h"

static int
block_fd(struct disk *d, struct content *t, uint32_t file,
    enum file_mode mode)
{
	int	fd;

	fd = fdcache_get(d->files, t->id, file, content_place(d, t),
	    part_path(t->files->mi, t->part, file), mode);
	if (fd == -1 && errno == ENOENT && t->move != NULL)
		fd = move_open(d, t, file, mode);
	return fd;
}

/* The status of a file that block_fd() has just given; NULL and errno. */
static const struct stat *
block_stat(struct disk *d, int fd, struct stat *buf)
{
	const struct stat	*st = fdcache_fresh(d->files);

	if (st != NULL)
		return st;
	return io_fstat(fd, buf) == 0 ? buf : NULL;
}

/*
 * Has it lost what was verified in it?  Files may have other numbers after
 * their volume was away, but not other times, too.
 */
static bool
is_cut(const struct content *t, uint32_t file, const struct stat *st)
{
	const struct resume_file	*r = &t->files->stamps[file];

	if (st->st_nlink == 0)
		return true;
	if (file == t->nfiles || t->files->have[file] == 0 || r->ino == 0)
		return false;
	return (uint64_t)st->st_size < r->size || (!t->saving &&
	    st->st_ino != r->ino && file_mtime(st) != r->mtime);
}

/* The first time since its record, look which file it is, and whose. */
static bool
may_write(struct disk *d, struct content *t, uint32_t file, int fd)
{
	const struct stat	*st;
	struct stat		 buf;

	if (bitfield_get(t->files->touched, file))
		return true;
	if ((st = block_stat(d, fd, &buf)) == NULL)
		return false;
	if (is_cut(t, file, st)) {
		trouble_lost(d, t, file);
		errno = ESTALE;
		return false;
	}
	return d->write_shared || file_unshared(st, d->uid,
	    t->files->stamps[file].ino == st->st_ino) == 0;
}

static void
let_go_at(struct disk *d, struct content *t, uint32_t file, off_t off)
{
	int	fd = block_fd(d, t, file, FILE_READ);

	if (fd != -1)
		io_fadvise(fd, off, TRAIL_CHUNK, POSIX_FADV_DONTNEED);
}

/* It was touched longer ago than what else of us the kernel keeps. */
static void
let_go(struct disk *d, const struct trail_chunk *c)
{
	struct content	*t = content_find(d, c->torrent);
	uint32_t	 i;

	if (t == NULL || t->removing || t->state != DSTATE_READY ||
	    content_load(d, t) == NULL || c->file >= t->nfiles)
		return;
	if (c->number != TRAIL_SMALLS) {
		let_go_at(d, t, c->file, (off_t)c->number * TRAIL_CHUNK);
		return;
	}
	for (i = c->file; i < c->file + TRAIL_GROUP && i < t->nfiles; i++)
		if (t->files->mi->files[i].length <= TRAIL_SMALL)
			let_go_at(d, t, i, 0);
}

/* Closes descriptors, perhaps. */
static void
touched(struct disk *d, struct content *t, const struct span *s)
{
	struct trail_chunk	c, gone;
	uint64_t		size = t->files->mi->files[s->file].length;
	uint64_t		at = s->off - s->off % TRAIL_CHUNK;

	for (; at < s->off + s->len; at += TRAIL_CHUNK) {
		c = trail_chunk(t->id, s->file, size, at);
		if (trail_touch(d->trail, c, &gone))
			let_go(d, &gone);
	}
}

void
block_find_home(struct disk *d, struct content *t, struct span *s,
    uint64_t pos)
{
	if (s->home == t->nfiles || !part_enter(d, t, s->file))
		return;
	s->home = t->nfiles;
	s->off = pos;
}

/* What holds verified bytes is not made anew: its volume may be gone. */
static enum file_mode
write_mode(const struct content *t, uint32_t file)
{
	return file < t->nfiles && t->files->have[file] > 0 ? FILE_UPDATE :
	    FILE_WRITE;
}

/* What has just been made is ours alone, which need not be looked at. */
static int
open_to_write(struct disk *d, struct content *t, uint32_t file)
{
	int	fd;

	if (fresh_is_new(t, file)) {
		fd = block_fd(d, t, file, FILE_CREATE);
		if (fd != -1 || errno != EEXIST)
			return fd;
	}
	fd = block_fd(d, t, file, write_mode(t, file));
	return fd != -1 && may_write(d, t, file, fd) ? fd : -1;
}

static ssize_t
write_span(struct disk *d, struct content *t, const struct span *s,
    const uint8_t *buf)
{
	uint64_t	done = 0;
	ssize_t		n;
	int		fd, error;

	if ((fd = open_to_write(d, t, s->home)) == -1)
		return -1;
	content_touch(d, t, s->home);
	while (done < s->len) {
		n = io_pwrite(fd, buf + done, (size_t)(s->len - done),
		    (off_t)(s->off + done));
		if (n == -1 && errno == EINTR)
			continue;
		if (n == 0)
			errno = ENOSPC;
		if (n <= 0)
			break;
		done += (uint64_t)n;
	}
	error = errno;
	if (done == 0 || (s->home == t->nfiles &&
	    part_leave_write(d, t, s, buf, (size_t)done) == -1))
		return -1;
	touched(d, t, s);
	errno = error;
	return (ssize_t)done;
}

size_t
block_write(struct disk *d, struct content *t, uint64_t pos,
    const uint8_t *buf, size_t len, bool keep)
{
	struct span_iter	it;
	struct span		s;
	struct fresh		fresh;
	size_t			done = 0;
	ssize_t			n;

	fresh.next = fresh.n = 0;
	span_start_part(&it, t->files->mi, t->part, pos, len);
	while (span_next(&it, &s)) {
		if (!s.pad)
			block_find_home(d, t, &s, pos + done);
		n = (ssize_t)s.len;
		if (!keep && fresh_wrote(&fresh, d, t, &s, &it, buf + done))
			touched(d, t, &s);
		else if (!s.pad)
			n = write_span(d, t, &s, buf + done);
		if (n > 0)
			done += (size_t)n;
		if (n == -1 || (uint64_t)n < s.len) {
			if (!barred_by(d, t, s.home, errno))
				content_fail(d, t, part_path(t->files->mi,
				    t->part, s.home), errno);
			break;
		}
	}
	return done;
}

/*
 * A finished file must be as it was when it was found good: what others
 * write into it is not served.
 */
static bool
file_is_ours(struct disk *d, struct content *t, uint32_t file, int fd)
{
	const struct resume_file	*r = &t->files->stamps[file];
	const struct stat		*st;
	struct stat			 buf;

	if (file == t->nfiles || r->ino == 0 ||
	    bitfield_get(t->files->touched, file) ||
	    t->files->have[file] < t->files->mi->files[file].length ||
	    t->saving)
		return true;
	if ((st = block_stat(d, fd, &buf)) == NULL)
		return false;
	errno = ESTALE;
	return st->st_nlink > 0 && st->st_ino == r->ino &&
	    (uint64_t)st->st_size == r->size && file_mtime(st) == r->mtime;
}

/* Move the start of an iov forward by n bytes. */
static void
iov_skip(struct iovec **iov, int *niov, size_t n)
{
	while (n > 0) {
		if (n < (*iov)->iov_len) {
			(*iov)->iov_base = (uint8_t *)(*iov)->iov_base + n;
			(*iov)->iov_len -= n;
			return;
		}
		n -= (*iov)->iov_len;
		(*iov)++;
		(*niov)--;
	}
}

static void
iov_zero(struct iovec **iov, int *niov, uint64_t len)
{
	size_t	n;

	while (len > 0) {
		n = (*iov)->iov_len < len ? (*iov)->iov_len : (size_t)len;
		memset((*iov)->iov_base, 0, n);
		iov_skip(iov, niov, n);
		len -= n;
	}
}

/* preadv() into the first max bytes of iov. */
static ssize_t
iov_read(int fd, struct iovec *iov, int niov, uint64_t max, uint64_t off)
{
	size_t	sum = 0, cut = 0;
	ssize_t	n;
	int	i;

	for (i = 0; i < niov && sum < max; i++)
		sum += iov[i].iov_len;
	if (sum > max) {
		cut = sum - (size_t)max;
		iov[i - 1].iov_len -= cut;
	}
	do {
		n = io_preadv(fd, iov, i, (off_t)off);
	} while (n == -1 && errno == EINTR);
	if (cut > 0)
		iov[i - 1].iov_len += cut;
	return n;
}

static ssize_t
read_span(struct disk *d, struct content *t, const struct span *s,
    struct iovec **iov, int *niov)
{
	uint64_t	done = 0;
	ssize_t		n;
	int		fd;

	fd = block_fd(d, t, s->home, FILE_READ);
	if (fd == -1 || !file_is_ours(d, t, s->home, fd))
		return -1;
	while (done < s->len) {
		n = iov_read(fd, *iov, *niov, s->len - done, s->off + done);
		if (n == 0)
			errno = ENODATA;
		if (n <= 0)
			return done > 0 ? (ssize_t)done : -1;
		iov_skip(iov, niov, (size_t)n);
		done += (uint64_t)n;
	}
	/* Nothing of it is left to read: it is in the arena now. */
	if (span_is_whole(s, t->files->mi))
		fdcache_drop_file(d->files, t->id, s->home);
	touched(d, t, s);
	return (ssize_t)done;
}

/* What is at its path is not what was verified, or nothing is. */
static bool
is_lost(int error)
{
	return error == ESTALE || error == ENODATA || error == ENOENT ||
	    error == ENOTDIR || error == ELOOP || error == FILE_NOT_REGULAR;
}

size_t
block_read(struct disk *d, struct content *t, uint64_t pos,
    struct iovec *iov, int niov)
{
	struct span_iter	it;
	struct span		s;
	uint64_t		len = 0;
	size_t			done = 0;
	ssize_t			n;
	int			error, i;

	for (i = 0; i < niov; i++)
		len += iov[i].iov_len;
	span_start_part(&it, t->files->mi, t->part, pos, len);
	fdcache_row_begin(d->files, content_place(d, t));
	while (span_next(&it, &s)) {
		if (s.pad) {
			iov_zero(&iov, &niov, s.len);
			n = (ssize_t)s.len;
		} else
			n = read_span(d, t, &s, &iov, &niov);
		if (n > 0)
			done += (size_t)n;
		if (n == -1 || (uint64_t)n < s.len) {
			error = errno;
			fdcache_drop_file(d->files, t->id, s.home);
			if (is_lost(error))
				trouble_lost(d, t, s.home);
			content_fail(d, t, part_path(t->files->mi, t->part,
			    s.home), error);
			break;
		}
	}
	fdcache_row_end(d->files);
	return done;
}

/* One that is there need not be ours to write to. */
static int
make_empty(struct disk *d, struct content *t, uint32_t file)
{
	const char	*path = t->files->mi->files[file].path;
	struct stat	 st;
	int		 fd, error;

	fd = file_open(content_place(d, t), path, FILE_WRITE);
	if (fd != -1) {
		io_close(fd);
		content_touch(d, t, file);
		return 0;
	}
	error = errno;
	if (file_stat(content_place(d, t), path, &st) == 0 ||
	    barred_by(d, t, file, error))
		return 0;
	content_fail(d, t, path, error);
	return -1;
}

int
block_make_empty(struct disk *d, struct content *t)
{
	const struct metainfo	*mi = t->files->mi;
	uint32_t		 i;

	if (t->made)
		return 0;
	if (!mi->single && file_mkdir(content_place(d, t), t->name) == -1) {
		content_fail(d, t, t->name, errno);
		return -1;
	}
	for (i = 0; i < mi->nfiles; i++)
		if (mi->files[i].length == 0 &&
		    (mi->files[i].attr & (MI_PAD | MI_SYMLINK)) == 0 &&
		    !content_skips(t, i) && make_empty(d, t, i) == -1)
			return -1;
	t->made = true;
	return 0;
}
