/* SPDX-License-Identifier: ISC */
#include "verify.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bitfield.h"
#include "io.h"
#include "mem.h"
#include "metainfo.h"
#include "part.h"
#include "span.h"

#define VERIFY_BUF	(512U << 10)	/* read at once */
#define VERIFY_HOLD	(4U << 20)	/* left in the page cache meanwhile */
#define VERIFY_PAGE	(2U << 20)	/* the largest of its pages */

static const uint8_t	zeros[65536];

void
verifier_start(struct verifier *w)
{
	w->buf = xmalloc(VERIFY_BUF);
	w->hash = hash_new();
}

void
verifier_end(struct verifier *w)
{
	free(w->buf);
	hash_free(w->hash);
	w->buf = NULL;
	w->hash = NULL;
}

void
verify_start(struct verify *v, const struct metainfo *mi,
    const struct part *part, struct place place, const atomic_bool *cancel)
{
	memset(v, 0, sizeof(*v));
	v->mi = mi;
	v->part = part;
	v->place = place;
	v->cancel = cancel;
	v->fd = -1;
	v->file = UINT32_MAX;
}

/*
 * It is read once; others have more use for the page cache.  Pages may be
 * large, and go as a whole or not at all: the one in which this begins is done
 * with now, the one in which it ends is left to who reads on.
 */
static void
verify_let_go(struct verify *v)
{
	uint64_t	from = v->from - v->from % VERIFY_PAGE;

	if (v->to > v->from)
		io_fadvise(v->fd, (off_t)from, (off_t)(v->to - from),
		    POSIX_FADV_DONTNEED);
	v->from = v->to;
}

void
verify_end(struct verify *v)
{
	if (v->fd != -1) {
		verify_let_go(v);
		io_close(v->fd);
	}
	v->fd = -1;
}

/* Have file open; -1: there is nothing to read. */
static int
verify_open(struct verify *v, uint32_t file)
{
	struct stat	st;

	if (v->file == file)
		return v->fd;
	verify_end(v);
	v->file = file;
	v->from = v->to = 0;
	v->size = v->hole = v->hole_end = 0;
	v->fd = file_open(v->place, part_path(v->mi, v->part, file),
	    v->rewrite != NULL ? FILE_UPDATE : FILE_READ);
	if (v->fd != -1) {
		if (io_fstat(v->fd, &st) == 0)
			v->size = (uint64_t)st.st_size;
		io_fadvise(v->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	} else if (errno != ENOENT && errno != ENOTDIR && v->error == 0) {
		v->error = errno;
		v->error_file = file;
	}
	return v->fd;
}

static void
hash_zeros(struct hash *h, uint64_t len)
{
	size_t	n;

	for (; len > 0; len -= n) {
		n = len < sizeof(zeros) ? (size_t)len : sizeof(zeros);
		hash_update(h, zeros, n);
	}
}

/*
 * What a piece that is all hole has for a digest: worked out once, so that a
 * check costs what there is in the files, however large they are.
 */
static const uint8_t *
zeros_digest(struct verifier *w, uint32_t len)
{
	if (w->zeros_len != len) {
		hash_reset(w->hash);
		hash_zeros(w->hash, len);
		hash_final(w->hash, w->zeros);
		w->zeros_len = len;
	}
	return w->zeros;
}

static bool
verify_write(const struct verify *v, const uint8_t *buf, size_t len,
    uint64_t off)
{
	ssize_t	n;

	for (; len > 0; len -= (size_t)n, buf += n, off += (uint64_t)n) {
		n = io_pwrite(v->fd, buf, len, (off_t)off);
		if (n == -1 && errno == EINTR)
			n = 0;
		else if (n <= 0)
			return false;
	}
	return true;
}

static bool
verify_read(struct verify *v, struct verifier *w, const struct span *s)
{
	uint64_t	done;
	size_t		want;
	ssize_t		n;

	if (s->off != v->to) {
		verify_let_go(v);
		v->from = v->to = s->off;
	}
	for (done = 0; done < s->len; done += (uint64_t)n) {
		if (atomic_load_explicit(v->cancel, memory_order_relaxed))
			return false;
		want = s->len - done < VERIFY_BUF ?
		    (size_t)(s->len - done) : VERIFY_BUF;
		n = io_pread(v->fd, w->buf, want, (off_t)(s->off + done));
		if (n == -1 && errno == EINTR) {
			n = 0;
			continue;
		}
		if (n > 0 && v->writes && !verify_write(v, w->buf, (size_t)n,
		    s->off + done))
			n = -1;
		if (n == -1 && v->error == 0) {
			v->error = errno;
			v->error_file = s->home;
		}
		if (n <= 0)
			return false;
		v->read += (uint64_t)n;
		v->to = s->off + done + (uint64_t)n;
		hash_update(w->hash, w->buf, (size_t)n);
	}
	if (v->to - v->from >= VERIFY_HOLD)
		verify_let_go(v);
	return true;
}

enum presence { ABSENT, HOLE, DATA };

static enum presence
verify_presence(struct verify *v, const struct span *s)
{
	uint64_t	end = s->off + s->len;
	off_t		data;

	if (verify_open(v, s->home) == -1 || v->size < end) {
		v->absent = v->fd == -1 ? ENOENT : ENODATA;
		v->absent_file = s->home;
		return ABSENT;
	}
	if (s->off < v->hole || end > v->hole_end) {
		data = io_lseek(v->fd, (off_t)s->off, SEEK_DATA);
		if (data == -1 && errno != ENXIO)
			return DATA;
		v->hole = s->off;
		v->hole_end = data == -1 ? v->size : (uint64_t)data;
	}
	return end <= v->hole_end ? HOLE : DATA;
}

bool
verify_piece(struct verify *v, struct verifier *w, uint32_t piece)
{
	const struct metainfo	*mi = v->mi;
	const uint8_t		*want = mi->pieces + (size_t)piece * SHA1_LEN;
	uint32_t		 size = geom_piece_size(&mi->geom, piece);
	uint64_t		 hole = 0;	/* bytes to be hashed yet */
	struct span_iter	 it;
	struct span		 s;
	uint8_t			 digest[SHA1_LEN];
	enum presence		 there;

	hash_reset(w->hash);
	v->writes = v->rewrite != NULL && bitfield_get(v->rewrite, piece);
	span_start_part(&it, mi, v->part,
	    (uint64_t)piece * mi->geom.piece_length, size);
	while (span_next(&it, &s)) {
		there = s.pad ? HOLE : verify_presence(v, &s);
		if (there == ABSENT)
			return false;
		if (there == HOLE) {
			hole += s.len;
			continue;
		}
		hash_zeros(w->hash, hole);
		hole = 0;
		if (!verify_read(v, w, &s))
			return false;
	}
	if (hole == size)
		return memcmp(zeros_digest(w, size), want, SHA1_LEN) == 0;
	hash_zeros(w->hash, hole);
	hash_final(w->hash, digest);
	return memcmp(digest, want, SHA1_LEN) == 0;
}
