/* SPDX-License-Identifier: ISC */
#include "trouble.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "admit.h"
#include "check.h"
#include "content.h"
#include "disk.h"
#include "fdcache.h"
#include "io.h"
#include "log.h"
#include "loop.h"
#include "mem.h"
#include "metainfo.h"
#include "part.h"
#include "report.h"
#include "resume.h"

/* May this error of a file pass by itself? */
static bool
trouble_passes(int error)
{
	switch (error) {
	case EACCES:
	case EDQUOT:
	case EHOSTDOWN:
	case EHOSTUNREACH:
	case EIO:
	case EMFILE:
	case ENFILE:
	case ENODEV:
	case ENOMEM:
	case ENOSPC:
	case ENOTCONN:
	case ENXIO:
	case EPERM:
	case EROFS:
	case ESHUTDOWN:
	case ETIMEDOUT:
	case ETXTBSY:
		return true;
	default:
		return false;
	}
}

uint64_t
trouble_wait(uint16_t tries)
{
	uint64_t	wait = TROUBLE_WAIT_MIN;

	while (tries-- > 0 && wait < TROUBLE_WAIT_MAX)
		wait *= 2;
	return wait < TROUBLE_WAIT_MAX ? wait : TROUBLE_WAIT_MAX;
}

/* ---- the list ---- */

static void
arm(struct disk *d)
{
	struct trouble	*tr;
	uint64_t	 now = loop_now(d->loop), due = UINT64_MAX;

	TAILQ_FOREACH(tr, &d->troubles.list, link)
		if (tr->due < due)
			due = tr->due;
	if (due == UINT64_MAX)
		loop_timer_clear(d->troubles.timer);
	else
		loop_timer_set(d->troubles.timer, due > now ? due - now : 0);
}

void
trouble_end(struct disk *d, struct content *t)
{
	struct trouble	*tr = t->trouble;

	if (tr == NULL)
		return;
	t->trouble = NULL;
	TAILQ_REMOVE(&d->troubles.list, tr, link);
	free(tr->path);
	free(tr);
}

void
trouble_again(struct disk *d, struct content *t)
{
	struct trouble	*tr = t->trouble;

	if (tr == NULL) {
		tr = t->trouble = xcalloc(1, sizeof(*tr));
		tr->t = t;
		TAILQ_INSERT_TAIL(&d->troubles.list, tr, link);
	} else
		tr->tries++;
	tr->due = loop_now(d->loop) + trouble_wait(tr->tries);
	arm(d);
}

void
trouble_begin(struct disk *d, struct content *t, const char *path, int error)
{
	if (!trouble_passes(error) || d->stopping) {
		trouble_end(d, t);
		return;
	}
	trouble_again(d, t);
	free(t->trouble->path);
	t->trouble->path = path != NULL ? xstrdup(path) : NULL;
}

/* ---- to try again ---- */

/* Can the file be used as it must be?  A medium is asked by its use. */
static int
probe(struct disk *d, struct content *t, const char *path)
{
	struct place	place = content_place(d, t);
	bool		write = !content_done(t);
	int		fd;

	if (path == NULL)
		return write ? file_mkdir(place, t->name) : 0;
	fd = file_open(place, path, write ? FILE_WRITE : FILE_READ);
	if (fd == -1)
		return -1;
	io_close(fd);
	return 0;
}

void
trouble_retry(struct disk *d, struct content *t)
{
	uint8_t	*todo = t->todo;

	content_set_state(d, t, DSTATE_CHECKING, NULL);
	fdcache_drop(d->files, t->id);
	if (t->magnet == NULL) {
		if (content_load(d, t) == NULL)
			return;
		t->todo = NULL;		/* a check that was cut short */
		if (todo == NULL)
			todo = check_doubts(d, t);
		if (todo != NULL) {
			check_want(d, t, todo);
			return;
		}
	}
	if (t->state == DSTATE_CHECKING)
		admit(d, t);
}

static void
again(struct disk *d, struct trouble *tr)
{
	struct content	*t = tr->t;

	if (t->bars != NULL && (t->state == DSTATE_READY ||
	    t->state == DSTATE_WAITING)) {
		/* If it still is, this is put right. */
		tr->due = loop_now(d->loop) + TROUBLE_CALM;
		admit(d, t);
		return;
	}
	if (t->state != DSTATE_ERROR) {
		trouble_end(d, t);	/* it has been fine for long enough */
		return;
	}
	/* A single file lies in no directory of its own. */
	if (content_load(d, t) == NULL || (probe(d, t, tr->path == NULL &&
	    t->files->mi->single ? t->files->mi->files[0].path : tr->path) ==
	    -1 && trouble_passes(errno))) {
		tr->tries++;
		tr->due = loop_now(d->loop) + trouble_wait(tr->tries);
		return;
	}
	tr->due = loop_now(d->loop) + TROUBLE_CALM;
	log_info("torrent %u: %s: tried again after an error", t->id, t->name);
	trouble_retry(d, t);
}

static void
on_timer(void *arg)
{
	struct disk	*d = arg;
	struct trouble	*tr, *next;
	uint64_t	 now = loop_now(d->loop);

	TAILQ_FOREACH_SAFE(tr, &d->troubles.list, link, next)
		if (tr->due <= now && !tr->t->removing && !d->stopping)
			again(d, tr);
	if (!d->stopping)
		arm(d);
}

void
troubles_init(struct disk *d)
{
	TAILQ_INIT(&d->troubles.list);
	d->troubles.timer = loop_timer_new(d->loop, on_timer, d);
}

/* ---- lost ---- */

static void
lose_pieces(struct disk *d, struct content *t, uint32_t file)
{
	const struct mi_file	*f = &t->files->mi->files[file];
	uint64_t		 k, last;

	if (f->length == 0)
		return;
	last = (f->offset + f->length - 1) / t->geom.piece_length;
	for (k = f->offset / t->geom.piece_length; k <= last; k++)
		content_clear_have(d, t, (uint32_t)k);
}

void
trouble_lost(struct disk *d, struct content *t, uint32_t home)
{
	uint32_t	i;

	memset(&t->files->stamps[home], 0, sizeof(*t->files->stamps));
	for (i = 0; i < t->nfiles; i++)
		if (i == home || (home == t->nfiles && part_has(t->part, i)))
			lose_pieces(d, t, i);
	report_progress(d, t);
}
