/* SPDX-License-Identifier: ISC */
#include "allot.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>

#include "barred.h"
#include "bitfield.h"
#include "content.h"
#include "disk.h"
#include "io.h"
#include "mem.h"
#include "metainfo.h"
#include "resume.h"
#include "save.h"
#include "worker.h"

#define ALLOT_STEP	(1U << 30)	/* bytes between looks at cancel */

struct allot {
	struct pool		*pool;		/* one thread */
	struct content		*t;		/* at work on this, or NULL */
	struct job		 job;
	const struct metainfo	*mi;
	struct place		 place;
	uint8_t			*wanted;	/* files */
	uint8_t			*ours;		/* those written before */
	bool			 shared;	/* may be written, too */
	uid_t			 uid;
	bool			 allocate;
	atomic_bool		 cancel;
	uint64_t		 lack;
	int			 error;
	uint32_t		 file;
};

/* ---- in the thread ---- */

static int
may_fill(const struct allot *a, int fd, uint32_t i)
{
	struct stat	st;

	if (a->shared)
		return 0;
	if (io_fstat(fd, &st) == -1)
		return -1;
	return file_unshared(&st, a->uid, bitfield_get(a->ours, i));
}

static int
fill(struct allot *a, int fd, uint64_t length)
{
	uint64_t	done, n;

	for (done = 0; done < length; done += n) {
		if (atomic_load(&a->cancel)) {
			errno = ECANCELED;
			return -1;
		}
		n = length - done < ALLOT_STEP ? length - done : ALLOT_STEP;
		while (io_fallocate(fd, 0, (off_t)done, (off_t)n) == -1)
			if (errno != EINTR)
				return -1;
	}
	return 0;
}

static int
allot_file(struct allot *a, uint32_t i)
{
	const struct mi_file *f = &a->mi->files[i];
	struct stat	st;
	uint64_t	blocks;
	int		fd, rc;

	if (a->allocate) {
		fd = file_open(a->place, f->path, FILE_WRITE);
		if (fd == -1)
			return -1;
		rc = may_fill(a, fd, i);
		if (rc == 0)
			rc = fill(a, fd, f->length);
		if (rc == 0)
			rc = io_fstat(fd, &st);
		a->error = errno;
		io_close(fd);
		errno = a->error;
	} else {
		rc = file_stat(a->place, f->path, &st);
		if (rc == -1 && (errno == ENOENT || errno == ENOTDIR))
			return 0;
	}
	if (rc == -1)
		return -1;
	blocks = (uint64_t)st.st_blocks * 512;
	a->lack -= blocks < f->length ? blocks : f->length;
	return 0;
}

static void
allot_run(struct job *job, unsigned int worker)
{
	struct allot	*a = (struct allot *)((char *)job -
	    offsetof(struct allot, job));
	uint32_t	 i;

	(void)worker;
	a->lack = 0;
	for (i = 0; i < a->mi->nfiles; i++) {
		if (!bitfield_get(a->wanted, i))
			continue;
		a->lack += a->mi->files[i].length;
		if (!atomic_load(&a->cancel) &&
		    allot_file(a, i) == 0)
			continue;
		a->error = atomic_load(&a->cancel) ? ECANCELED : errno;
		a->file = i;
		return;
	}
	a->error = 0;
}

/* ---- in the loop ---- */

static void
allot_done(struct job *job, void *arg)
{
	struct disk	*d = arg;
	struct allot	*a = d->allot;
	struct content	*t = a->t;

	(void)job;
	a->t = NULL;
	free(a->ours);
	free(a->wanted);
	t->files->pins--;
	d->njobs--;
	if (t->removing)
		remove_try(d, t);
	else if (!d->stopping)
		admit_allotted(d, t, a->allocate, a->lack, a->error,
		    a->file);
	disk_settled(d);
}

void
allot_init(struct disk *d)
{
	d->allot = xcalloc(1, sizeof(*d->allot));
	d->allot->pool = pool_new(d->loop, 1, d);
}

void
allot_start(struct disk *d)
{
	pool_start(d->allot->pool);
}

bool
allot_begin(struct disk *d, struct content *t, bool allocate)
{
	struct allot	*a = d->allot;
	uint32_t	 i;

	if (a->t != NULL || d->stopping || content_load(d, t) == NULL)
		return false;
	t->files->pins++;
	a->t = t;
	a->mi = t->files->mi;
	a->place = content_place(d, t);
	a->allocate = allocate;
	a->shared = d->write_shared;
	a->uid = d->uid;
	a->ours = xcalloc(1, bitfield_size(t->nfiles));
	a->wanted = xcalloc(1, bitfield_size(t->nfiles));
	for (i = 0; i < t->nfiles; i++) {
		if ((a->mi->files[i].attr & (MI_PAD | MI_SYMLINK)) == 0 &&
		    !content_skips(t, i) && !barred_file(t, i))
			bitfield_set(a->wanted, i);
		if (t->files->stamps[i].ino != 0 ||
		    bitfield_get(t->files->touched, i))
			bitfield_set(a->ours, i);
	}
	atomic_store(&a->cancel, false);
	a->job.run = allot_run;
	a->job.done = allot_done;
	d->njobs++;
	pool_submit(a->pool, &a->job);
	return true;
}

bool
allot_busy(const struct disk *d, const struct content *t)
{
	return d->allot->t != NULL && (t == NULL || d->allot->t == t);
}

void
allot_cancel(struct disk *d, const struct content *t)
{
	if (allot_busy(d, t))
		atomic_store(&d->allot->cancel, true);
}
