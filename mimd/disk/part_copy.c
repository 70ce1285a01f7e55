/* SPDX-License-Identifier: ISC */
#include "part_copy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io.h"
#include "mem.h"
#include "metainfo.h"

#define COPY_MAX	(256U << 10)	/* bytes at once */

/* ---- what was written meanwhile ---- */

void
part_log_add(struct part_log *log, uint32_t file, uint64_t pos, uint64_t len)
{
	struct part_range	*r = &log->v[log->n];

	if (log->all)
		return;
	if (log->n > 0 && r[-1].file == file && r[-1].pos + r[-1].len == pos)
		r[-1].len += len;
	else if (log->n == PART_LOG_MAX)
		log->all = true;
	else {
		*r = (struct part_range){ file, pos, len };
		log->n++;
	}
}

void
part_log_clear(struct part_log *log)
{
	log->n = 0;
	log->all = false;
}

uint64_t
part_log_size(const struct part_log *log)
{
	uint64_t	sum = 0;
	uint32_t	i;

	for (i = 0; i < log->n; i++)
		sum += log->v[i].len;
	return log->all ? UINT64_MAX : sum;
}

/* ---- what is to be done ---- */

void
part_copy_start(struct part_copy *w, const struct metainfo *mi,
    struct place place, const char *name)
{
	w->job.run = part_copy_run;
	w->mi = mi;
	w->place = place;
	strlcpy(w->name, name, sizeof(w->name));
	w->n = 0;
	w->sync = true;
	part_log_clear(&w->todo);
	w->todo.all = true;
	atomic_store(&w->cancel, false);
}

void
part_copy_add(struct part_copy *w, uint32_t file, bool had)
{
	w->files[w->n++] = (struct part_file){ .index = file, .had = had };
}

static struct part_file *
find(const struct part_copy *w, uint32_t file)
{
	uint32_t	lo = 0, hi = w->n, mid;

	while (lo < hi) {
		mid = (lo + hi) / 2;
		if (w->files[mid].index < file)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < w->n && w->files[lo].index == file ?
	    (struct part_file *)&w->files[lo] : NULL;
}

bool
part_copy_has(const struct part_copy *w, uint32_t file)
{
	return find(w, file) != NULL;
}

void
part_copy_again(struct part_copy *w, const struct part_log *log)
{
	w->sync = false;
	w->todo.n = log->n;
	w->todo.all = log->all;
	memcpy(w->todo.v, log->v, log->n * sizeof(log->v[0]));
}

/* ---- bytes ---- */

/* Copy len bytes of one file to the other; -1 and errno. */
static int
copy_range(const struct part_copy *w, int from, uint64_t at, int to,
    uint64_t off, uint64_t len)
{
	uint8_t	*buf = xmalloc(COPY_MAX);
	ssize_t	 n = 0;

	for (; len > 0; len -= (uint64_t)n, at += (uint64_t)n,
	    off += (uint64_t)n) {
		errno = ECANCELED;
		if (atomic_load_explicit(&w->cancel, memory_order_relaxed))
			break;
		n = io_pread(from, buf, len < COPY_MAX ? (size_t)len :
		    COPY_MAX, (off_t)at);
		if (n == 0)
			errno = ENODATA;
		if (n > 0 && (n = io_pwrite(to, buf, (size_t)n,
		    (off_t)off)) == 0)
			errno = ENOSPC;
		if (n == -1 && errno == EINTR)
			n = 0;
		else if (n <= 0)
			break;
	}
	free(buf);
	return len == 0 ? 0 : -1;
}

/* All data that there is between at and end of the part file. */
static int
copy_data(const struct part_copy *w, int from, int to, uint64_t at,
    uint64_t end)
{
	uint64_t	base = at;
	off_t		data, hole;

	while (at < end) {
		data = io_lseek(from, (off_t)at, SEEK_DATA);
		if (data == -1)
			return errno == ENXIO ? 0 : -1;
		if ((uint64_t)data >= end)
			return 0;
		if ((hole = io_lseek(from, data, SEEK_HOLE)) == -1)
			return -1;
		if ((uint64_t)hole > end)
			hole = (off_t)end;
		at = (uint64_t)data;
		if (copy_range(w, from, at, to, at - base,
		    (uint64_t)hole - at) == -1)
			return -1;
		at = (uint64_t)hole;
	}
	return 0;
}

/* Zeros may have become a hole at the end of it, and none of its bytes. */
static int
fill_up(int fd, uint64_t length)
{
	struct stat	st;

	if (io_fstat(fd, &st) == -1)
		return -1;
	return (uint64_t)st.st_size >= length ? 0 :
	    io_ftruncate(fd, (off_t)length);
}

/* ---- files ---- */

static int
close_keeping(int fd, int rc)
{
	int	error = errno;

	io_close(fd);
	errno = error;
	return rc;
}

/* Where a file belongs; somebody else's may have come to be there. */
static int
open_file(struct part_copy *w, struct part_file *f)
{
	struct stat	st;
	int		fd;

	fd = file_open(w->place, w->mi->files[f->index].path, FILE_WRITE);
	if (fd == -1)
		return -1;
	if (!w->shared && (io_fstat(fd, &st) == -1 ||
	    file_unshared(&st, w->uid, false) == -1))
		return close_keeping(fd, -1);
	f->made = true;
	return fd;
}

/* Has the part file anything of it?  -1 and errno if that is not known. */
static int
is_there(int from, const struct mi_file *f)
{
	off_t	data = io_lseek(from, (off_t)f->offset, SEEK_DATA);

	if (data == -1)
		return errno == ENXIO ? 0 : -1;
	return (uint64_t)data < f->offset + f->length;
}

/* It is safe on disk before any record says that it is there. */
static int
copy_file(struct part_copy *w, int from, struct part_file *pf,
    const char *last)
{
	const struct mi_file	*f = &w->mi->files[pf->index];
	int			 to, rc;

	if (!pf->had && (rc = is_there(from, f)) <= 0)
		return rc;
	if ((to = open_file(w, pf)) == -1)
		return -1;
	rc = copy_data(w, from, to, f->offset, f->offset + f->length);
	if (rc == 0 && pf->had)
		rc = fill_up(to, f->length);
	if (rc == 0 && w->sync)
		rc = io_fsync(to);
	if (close_keeping(to, rc) == -1)
		return -1;
	return w->sync ? file_sync_dirs(w->place, f->path, last) : 0;
}

static void
copy_files(struct part_copy *w, int from)
{
	const char	*last = NULL;
	uint32_t	 i;

	for (i = 0; i < w->n; i++) {
		if (copy_file(w, from, &w->files[i], last) == -1) {
			w->error = errno;
			w->failed = w->files[i].index;
			return;
		}
		if (w->files[i].made)
			last = w->mi->files[w->files[i].index].path;
	}
}

static void
copy_log(struct part_copy *w, int from)
{
	const struct part_range	*r = w->todo.v, *end = r + w->todo.n;
	int			 to = -1;

	for (; r < end && w->error == 0; r++) {
		w->failed = r->file;
		if (to == -1 && (to = open_file(w, find(w, r->file))) == -1) {
			w->error = errno;
			return;
		}
		if (copy_range(w, from, r->pos, to,
		    r->pos - w->mi->files[r->file].offset, r->len) == -1)
			w->error = errno;
		if (r + 1 == end || r[1].file != r->file) {
			io_close(to);
			to = -1;
		}
	}
	if (to != -1)
		io_close(to);
}

static bool
had_any(const struct part_copy *w)
{
	uint32_t	i;

	for (i = 0; i < w->n && !w->files[i].had; i++)
		continue;
	return i < w->n;
}

void
part_copy_run(struct job *job, unsigned int worker)
{
	struct part_copy	*w = (struct part_copy *)job;
	int			 from;

	(void)worker;
	w->error = 0;
	w->failed = w->files[0].index;
	if (!w->todo.all && w->todo.n == 0)
		return;
	from = file_open(w->place, w->name, FILE_READ);
	if (from == -1) {
		/* Perhaps nothing was ever written there. */
		if (errno != ENOENT || had_any(w))
			w->error = errno;
		return;
	}
	if (w->todo.all)
		copy_files(w, from);
	else
		copy_log(w, from);
	io_close(from);
}
