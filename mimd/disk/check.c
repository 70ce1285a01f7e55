/* SPDX-License-Identifier: ISC */
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bitfield.h"
#include "content.h"
#include "disk.h"
#include "fdcache.h"
#include "io.h"
#include "loop.h"
#include "mem.h"
#include "metainfo.h"
#include "report.h"
#include "save.h"
#include "span.h"
#include "worker.h"

#define CHECK_BUF	(512U << 10)	/* read at once */
#define CHECK_BATCH	64U		/* pieces of a job at most */
#define CHECK_JOB	(4U << 20)	/* bytes of a job, about */
#define CHECK_DEPTH	2U		/* jobs for each worker */

/* What a worker has to itself. */
struct checker {
	uint8_t		*buf;
	struct hash	*hash;
};

/* The check that runs; workers read all of it but the counters. */
struct check {
	struct content		*t;
	const struct metainfo	*mi;
	struct place		 place;
	struct checker		 checkers[WORKERS_MAX];
	atomic_bool		 cancel;
	uint32_t		 next;		/* piece to hand out */
	uint32_t		 running;	/* jobs */
	int			 error;
	uint32_t		 error_file;
	bool			 restart;
};

struct check_job {
	struct job	 job;
	struct check	*check;
	uint32_t	 n, looked;		/* pieces, those done */
	uint32_t	 pieces[CHECK_BATCH];
	bool		 good[CHECK_BATCH];
	int		 error;
	uint32_t	 error_file;
	/* The file at hand. */
	int		 fd;
	uint32_t	 file;			/* UINT32_MAX: none */
};

static const uint8_t	zeros[65536];

static void	check_next(struct disk *);
static void	check_done(struct job *, void *);

/* ---- in a worker ---- */

/* Have file open; -1: there is nothing to read. */
static int
check_open(struct check_job *j, uint32_t file)
{
	if (j->file == file)
		return j->fd;
	if (j->fd != -1)
		io_close(j->fd);
	j->file = file;
	j->fd = file_open(j->check->place, j->check->mi->files[file].path,
	    FILE_READ);
	if (j->fd != -1)
		io_fadvise(j->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	else if (errno != ENOENT && errno != ENOTDIR && j->error == 0) {
		j->error = errno;
		j->error_file = file;
	}
	return j->fd;
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

static bool
check_read(struct check_job *j, struct checker *w, const struct span *s)
{
	uint64_t	done;
	size_t		want;
	ssize_t		n;

	for (done = 0; done < s->len; done += (uint64_t)n) {
		if (atomic_load_explicit(&j->check->cancel,
		    memory_order_relaxed))
			return false;
		want = s->len - done < CHECK_BUF ?
		    (size_t)(s->len - done) : CHECK_BUF;
		n = io_pread(j->fd, w->buf, want, (off_t)(s->off + done));
		if (n == -1 && errno == EINTR) {
			n = 0;
			continue;
		}
		if (n == -1 && j->error == 0) {
			j->error = errno;
			j->error_file = s->file;
		}
		if (n <= 0)
			return false;
		hash_update(w->hash, w->buf, (size_t)n);
	}
	return true;
}

enum presence { ABSENT, HOLE, DATA };

static enum presence
check_presence(struct check_job *j, const struct span *s)
{
	struct stat	st;
	off_t		data;

	if (check_open(j, s->file) == -1 || io_fstat(j->fd, &st) == -1 ||
	    (uint64_t)st.st_size < s->off + s->len)
		return ABSENT;
	data = io_lseek(j->fd, (off_t)s->off, SEEK_DATA);
	if ((data == -1 && errno == ENXIO) ||
	    (data != -1 && (uint64_t)data >= s->off + s->len))
		return HOLE;
	return DATA;
}

static bool
check_piece(struct check_job *j, struct checker *w, uint32_t piece)
{
	const struct metainfo	*mi = j->check->mi;
	struct span_iter	 it;
	struct span		 s;
	uint8_t			 digest[SHA1_LEN];
	enum presence		 there;

	hash_reset(w->hash);
	span_start(&it, mi, (uint64_t)piece * mi->geom.piece_length,
	    geom_piece_size(&mi->geom, piece));
	while (span_next(&it, &s)) {
		there = s.pad ? HOLE : check_presence(j, &s);
		if (there == ABSENT)
			return false;
		if (there == HOLE)
			hash_zeros(w->hash, s.len);
		else if (!check_read(j, w, &s))
			return false;
	}
	hash_final(w->hash, digest);
	return memcmp(digest, mi->pieces + (size_t)piece * SHA1_LEN,
	    SHA1_LEN) == 0;
}

static void
check_run(struct job *job, unsigned int worker)
{
	struct check_job	*j = (struct check_job *)job;
	struct checker		*w = &j->check->checkers[worker];

	j->file = UINT32_MAX;
	j->fd = -1;
	for (j->looked = 0; j->looked < j->n; j->looked++) {
		j->good[j->looked] = check_piece(j, w, j->pieces[j->looked]);
		if (j->error != 0 || atomic_load(&j->check->cancel))
			break;
	}
	if (j->fd != -1)
		io_close(j->fd);
}

/* ---- in the loop ---- */

static bool
check_submit(struct disk *d, struct check *c)
{
	struct content		*t = c->t;
	struct check_job	*j;
	uint32_t		 max = CHECK_JOB / t->geom.piece_length;

	if (atomic_load(&c->cancel))
		return false;
	max = max < 1 ? 1 : max > CHECK_BATCH ? CHECK_BATCH : max;
	j = xcalloc(1, sizeof(*j));
	for (; c->next < t->geom.npieces && j->n < max; c->next++)
		if (bitfield_get(t->todo, c->next))
			j->pieces[j->n++] = c->next;
	if (j->n == 0) {
		free(j);
		return false;
	}
	j->check = c;
	j->job.run = check_run;
	j->job.done = check_done;
	c->running++;
	pool_submit(d->hashers, &j->job);
	return true;
}

static void
check_end(struct disk *d)
{
	struct check	*c = d->check;
	struct content	*t = c->t;
	bool		 restart = c->restart;
	unsigned int	 i;

	d->check = NULL;
	t->files->pins--;
	t->in_checks = false;
	if (c->error != 0)
		content_fail(d, t, c->mi->files[c->error_file].path,
		    c->error, 0);
	else if (!atomic_load(&c->cancel)) {
		free(t->todo);
		t->todo = NULL;
		content_changed(d, t);
		report_progress(d, t);
		content_set_state(d, t, DSTATE_READY, NULL);
		content_dirty(d, t, 0);
	}
	for (i = 0; i < pool_size(d->hashers); i++) {
		free(c->checkers[i].buf);
		hash_free(c->checkers[i].hash);
	}
	free(c);
	if (t->removing)
		remove_try(d, t);
	else if (restart)
		check_want(d, t, NULL);
	disk_settled(d);
	check_next(d);
}

static void
check_verdict(struct disk *d, struct content *t, uint32_t piece, bool good)
{
	struct span_iter	it;
	struct span		s;

	if (bitfield_get(t->todo, piece)) {
		bitfield_clear(t->todo, piece);
		t->ntodo--;
	}
	content_changed(d, t);
	if (!good)
		return;
	span_start(&it, t->files->mi, (uint64_t)piece * t->geom.piece_length,
	    geom_piece_size(&t->geom, piece));
	while (span_next(&it, &s))
		if (!s.pad)
			content_touch(d, t, s.file);
	content_set_have(d, t, piece);
}

static void
check_done(struct job *job, void *arg)
{
	struct check_job	*j = (struct check_job *)job;
	struct disk		*d = arg;
	struct check		*c = j->check;
	uint32_t		 i;

	c->running--;
	if (!atomic_load(&c->cancel))
		for (i = 0; i < j->looked; i++)
			check_verdict(d, c->t, j->pieces[i], j->good[i]);
	if (j->error != 0 && c->error == 0) {
		c->error = j->error;
		c->error_file = j->error_file;
		atomic_store(&c->cancel, true);
	}
	free(j);
	while (c->running < CHECK_DEPTH * pool_size(d->hashers) &&
	    check_submit(d, c))
		continue;
	if (c->running == 0)
		check_end(d);
}

static void
check_start(struct disk *d, struct content *t)
{
	struct check	*c = xcalloc(1, sizeof(*c));
	unsigned int	 i;

	c->t = t;
	c->mi = t->files->mi;
	c->place = content_place(d, t);
	for (i = 0; i < pool_size(d->hashers); i++) {
		c->checkers[i].buf = xmalloc(CHECK_BUF);
		c->checkers[i].hash = hash_new();
	}
	t->files->pins++;
	d->check = c;
	while (c->running < CHECK_DEPTH * pool_size(d->hashers) &&
	    check_submit(d, c))
		continue;
	if (c->running == 0)
		check_end(d);
}

static void
check_next(struct disk *d)
{
	struct content	*t;

	while (d->check == NULL && !d->stopping &&
	    (t = TAILQ_FIRST(&d->checks)) != NULL) {
		TAILQ_REMOVE(&d->checks, t, check_link);
		if (content_load(d, t) == NULL)
			t->in_checks = false;
		else
			check_start(d, t);
	}
}

void
check_want(struct disk *d, struct content *t, uint8_t *todo)
{
	size_t	size = bitfield_size(t->geom.npieces);

	if (d->check != NULL && d->check->t == t) {
		free(todo);
		d->check->restart = true;
		atomic_store(&d->check->cancel, true);
		return;
	}
	if (todo == NULL) {
		if (content_load(d, t) == NULL)
			return;
		todo = xcalloc(1, size);
		content_reset_have(d, t, todo);
		memset(todo, 0xff, size);
		bitfield_trim(todo, t->geom.npieces);
	}
	free(t->todo);
	t->todo = todo;
	t->ntodo = bitfield_count(todo, t->geom.npieces);
	fdcache_drop(d->files, t->id);
	content_set_state(d, t, DSTATE_CHECKING, NULL);
	if (!t->in_checks)
		TAILQ_INSERT_TAIL(&d->checks, t, check_link);
	t->in_checks = true;
	check_next(d);
}

void
check_cancel(struct disk *d, struct content *t)
{
	if (d->check != NULL && d->check->t == t) {
		atomic_store(&d->check->cancel, true);
		return;
	}
	if (t->in_checks)
		TAILQ_REMOVE(&d->checks, t, check_link);
	t->in_checks = false;
}

bool
check_idle(const struct disk *d)
{
	return d->check == NULL;
}
