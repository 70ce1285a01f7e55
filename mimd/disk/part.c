/* SPDX-License-Identifier: ISC */
#include "part.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bitfield.h"
#include "block_io.h"
#include "content.h"
#include "disk.h"
#include "fdcache.h"
#include "io.h"
#include "log.h"
#include "mem.h"
#include "metainfo.h"
#include "resume.h"
#include "roots.h"
#include "scrub.h"

#define COPY_MAX	(256U << 10)	/* bytes at once */

static void
name_of(const uint8_t infohash[SHA1_LEN], char name[PART_NAME_MAX])
{
	char	hex[2 * SHA1_LEN + 1];

	snprintf(name, PART_NAME_MAX, PATH_OURS "%s.part",
	    hash_hex(infohash, SHA1_LEN, hex));
}

void
part_name(const struct content *t, char name[PART_NAME_MAX])
{
	name[0] = '\0';
	if (t->part != NULL || t->files->stamps[t->nfiles].ino != 0)
		name_of(t->infohash, name);
}

struct part *
part_new(const uint8_t infohash[SHA1_LEN], uint32_t nfiles)
{
	struct part	*p = xcalloc(1, sizeof(*p) + bitfield_size(nfiles));

	name_of(infohash, p->name);
	return p;
}

struct part *
part_copy(const struct part *p, uint32_t nfiles)
{
	size_t		 size = sizeof(*p) + bitfield_size(nfiles);
	struct part	*copy;

	if (p == NULL)
		return NULL;
	copy = xmalloc(size);
	memcpy(copy, p, size);
	return copy;
}

bool
part_has(const struct part *p, uint32_t file)
{
	return p != NULL && bitfield_get(p->files, file);
}

const char *
part_path(const struct metainfo *mi, const struct part *p, uint32_t file)
{
	return file == mi->nfiles ? p->name : mi->files[file].path;
}

/* ---- into it ---- */

/* Nothing was written to it, and nothing is there. */
static bool
is_absent(struct disk *d, struct content *t, uint32_t file)
{
	struct stat	st;

	if (t->files->stamps[file].ino != 0 || t->files->have[file] > 0 ||
	    bitfield_get(t->files->touched, file))
		return false;
	return file_stat(content_place(d, t), t->files->mi->files[file].path,
	    &st) == -1 && (errno == ENOENT || errno == ENOTDIR);
}

static void
part_enter(struct disk *d, struct content *t, uint32_t file)
{
	if (part_has(t->part, file) || !is_absent(d, t, file))
		return;
	if (t->part == NULL)
		t->part = part_new(t->infohash, t->nfiles);
	bitfield_set(t->part->files, file);
	content_dirty(d, t, 1000);
}

/* ---- out of it ---- */

/* Copy len bytes of one file to the other; -1 and errno. */
static int
copy_range(int from, off_t at, int to, off_t off, uint64_t len)
{
	uint8_t	*buf = xmalloc(COPY_MAX);
	ssize_t	 n = 0, w;
	size_t	 want;

	for (; len > 0; len -= (uint64_t)w, at += w, off += w) {
		want = len < COPY_MAX ? (size_t)len : COPY_MAX;
		n = io_pread(from, buf, want, at);
		if (n == 0)
			errno = ENODATA;
		if (n <= 0)
			break;
		if ((w = io_pwrite(to, buf, (size_t)n, off)) <= 0) {
			n = -1;
			break;
		}
	}
	free(buf);
	return len == 0 ? 0 : -1;
}

/* All data that there is between at and end of the part file. */
static int
copy_data(int from, int to, uint64_t at, uint64_t end)
{
	off_t		base = (off_t)at, data, hole;

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
		if (copy_range(from, data, to, data - base,
		    (uint64_t)(hole - data)) == -1)
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

/* It is safe on disk before any record says that it is there. */
static int
copy_safely(struct disk *d, struct content *t, int from, uint32_t file)
{
	const struct mi_file	*f = &t->files->mi->files[file];
	struct place		 place = content_place(d, t);
	int			 to, rc, error;

	if ((to = file_open(place, f->path, FILE_WRITE)) == -1)
		return -1;
	rc = copy_data(from, to, f->offset, f->offset + f->length);
	if (rc == 0 && t->files->have[file] > 0)
		rc = fill_up(to, f->length);
	if (rc == 0)
		rc = io_fsync(to);
	error = errno;
	io_close(to);
	errno = error;
	return rc == -1 ? -1 : file_sync_dirs(place, f->path, NULL);
}

/*
 * All that was written, verified or not: blocks of a piece that is not whole
 * yet count as stored, too.
 */
static int
part_copy_out(struct disk *d, struct content *t, uint32_t file)
{
	const struct mi_file	*f = &t->files->mi->files[file];
	off_t			 data;
	int			 from, rc = 0, error;

	from = file_open(content_place(d, t), t->part->name, FILE_READ);
	if (from == -1)		/* nothing was ever written there */
		return errno == ENOENT && t->files->have[file] == 0 ? 0 : -1;
	data = io_lseek(from, (off_t)f->offset, SEEK_DATA);
	if (data == -1 && errno != ENXIO)
		rc = -1;
	else if (t->files->have[file] > 0 || (data != -1 &&
	    (uint64_t)data < f->offset + f->length))
		rc = copy_safely(d, t, from, file);
	error = errno;
	io_close(from);
	errno = error;
	return rc;
}

/* A failure leaves it where it is, until it is tried again. */
static int
part_leave(struct disk *d, struct content *t, uint32_t file)
{
	if (!part_has(t->part, file))
		return 0;
	if (part_copy_out(d, t, file) == -1) {
		content_fail(d, t, t->files->mi->files[file].path, errno);
		return -1;
	}
	bitfield_clear(t->part->files, file);
	content_touch(d, t, file);
	content_dirty(d, t, 0);
	return 0;
}

/* It has nothing of use any more: the record shall say that it is to go. */
static void
part_forget(struct content *t)
{
	struct content_files	*f = t->files;

	if (bitfield_get(f->touched, t->nfiles)) {
		bitfield_clear(f->touched, t->nfiles);
		f->ntouched--;
		if (f->stamps[t->nfiles].ino == 0)
			f->stamps[t->nfiles].ino = 1;
	}
	free(t->part);
	t->part = NULL;
}

/* Workers read it, and shall find it as it was when they began. */
static bool
part_in_use(const struct disk *d, const struct content *t)
{
	return t->in_checks || scrub_holds(d, t);
}

int
part_follow(struct disk *d, struct content *t)
{
	const struct mi_file	*f;
	uint32_t		 i;

	/* Files that move stay what they are until they are there. */
	if ((t->prios == NULL && t->part == NULL) || roots_away(d, t) ||
	    t->move != NULL || content_load(d, t) == NULL)
		return 0;
	for (i = 0; i < t->nfiles; i++) {
		f = &t->files->mi->files[i];
		if (f->length == 0 || (f->attr & (MI_PAD | MI_SYMLINK)) != 0)
			continue;
		if (content_skips(t, i))
			part_enter(d, t, i);
		else if (!part_in_use(d, t) && part_leave(d, t, i) == -1)
			return -1;
	}
	if (t->part != NULL && bitfield_count(t->part->files, t->nfiles) == 0)
		part_forget(t);
	return 0;
}

void
part_drop(struct disk *d, struct content *t)
{
	struct resume_file	*stamp = &t->files->stamps[t->nfiles];
	struct part		*p;

	if (t->part != NULL || stamp->ino == 0 || t->move != NULL ||
	    part_in_use(d, t) ||
	    bitfield_get(t->files->touched, t->nfiles))
		return;
	p = part_new(t->infohash, t->nfiles);
	fdcache_drop_file(d->files, t->id, t->nfiles);
	if (file_unlink(content_place(d, t), p->name) == -1)
		log_warn("torrent %u: %s", t->id, p->name);
	free(p);
	memset(stamp, 0, sizeof(*stamp));
	content_dirty(d, t, CONTENT_SAVE_MS);
}
