/* SPDX-License-Identifier: ISC */
#include "admit.h"

#include <sys/statfs.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "allot.h"
#include "barred.h"
#include "bitfield.h"
#include "block_io.h"
#include "content.h"
#include "disk.h"
#include "fdcache.h"
#include "fmt.h"
#include "log.h"
#include "io.h"
#include "loop.h"
#include "mem.h"
#include "metainfo.h"
#include "part.h"
#include "roots.h"
#include "span.h"

#define PROBE_MS	5000U		/* between looks at the space */
#define TELL_MS		30000U		/* ... and news of what is missing */
#define QUOTA_TRY	(4U << 20)	/* bytes */

void
admit_init(struct disk *d)
{
	space_init(&d->space);
	allot_init(d);
}

/* ---- what the file systems say ---- */

/* A file system. */
struct usage {
	uint64_t	key, avail, total;
};

/* That on which the torrent lies, or would; -1 and errno. */
static int
measure(struct disk *d, const struct content *t, struct usage *v)
{
	struct place	 place = content_place(d, t);
	struct statfs	 sf;
	struct stat	 st;
	int		 fd, rc;

	fd = file_open_dir(place, t->files != NULL && t->files->mi->single ?
	    "" : t->name);
	if (fd == -1)
		fd = file_open_dir(place, "");
	if (fd == -1)
		fd = file_open_dir((struct place){ place.root, "" }, "");
	if (fd == -1)
		return -1;
	rc = io_fstat(fd, &st) == -1 || io_fstatfs(fd, &sf) == -1 ? -1 : 0;
	io_close(fd);
	v->key = (uint64_t)st.st_dev;
	v->avail = (uint64_t)sf.f_bavail * (uint64_t)sf.f_bsize;
	v->total = (uint64_t)sf.f_blocks * (uint64_t)sf.f_bsize;
	if (v->total == 0)
		v->avail = INT64_MAX;	/* it does not say */
	return rc;
}

/* Look again at what a claim is on. */
static void
measure_again(struct disk *d, struct space_claim *c)
{
	struct usage	v;

	if (measure(d, c->owner, &v) == 0 && v.key == c->dev->key)
		space_measured(c->dev, v.avail, v.total);
}

/*
 * Free space says nothing of quotas: try to get the blocks that the next
 * missing piece is to have.
 */
static bool
within_quota(struct disk *d, struct content *t)
{
	struct span_iter	it;
	struct span		s;
	uint64_t		pos, n;
	uint32_t		i;
	int			fd, rc;

	if (content_load(d, t) == NULL)
		return false;
	for (i = 0; i < t->geom.npieces && (bitfield_get(t->have, i) ||
	    barred_piece(t, i) || (t->unwanted != NULL &&
	    bitfield_get(t->unwanted, i))); i++)
		continue;
	if (i == t->geom.npieces)
		return true;
	pos = (uint64_t)i * t->geom.piece_length;
	span_start_part(&it, t->files->mi, t->part, pos,
	    geom_piece_size(&t->geom, i));
	for (; span_next(&it, &s); pos += s.len) {
		if (s.pad)
			continue;
		block_find_home(d, t, &s, pos);
		fd = fdcache_get(d->files, t->id, s.home, content_place(d, t),
		    part_path(t->files->mi, t->part, s.home), FILE_WRITE);
		if (fd == -1)
			return errno != EDQUOT;
		n = s.home == t->nfiles ? s.len :
		    t->files->mi->files[s.file].length - s.off;
		if (n > QUOTA_TRY)
			n = QUOTA_TRY;
		rc = io_fallocate(fd, FALLOC_FL_KEEP_SIZE, (off_t)s.off,
		    (off_t)n);
		if (rc == -1 && errno == EDQUOT)
			return false;
	}
	return true;
}

/* ---- what is said of it ---- */

static void
tell_waiting(struct disk *d, struct content *t)
{
	const struct space_claim *c = t->room;
	char		 text[ERROR_MAX + 1], size[FMT_LEN], kept[FMT_LEN];
	const char	*root = d->roots[t->root].path;
	uint64_t	 missing = space_missing(&d->space, c);
	uint64_t	 floor = space_floor(&d->space, c->dev);

	if (c->held)
		snprintf(text, sizeof(text), "space for its files is being "
		    "allocated on %.400s", root);
	else if (missing == 0 && c->failures == 0)
		snprintf(text, sizeof(text), "others get their space on "
		    "%.400s first", root);
	else if (missing == 0 && c->quota)
		snprintf(text, sizeof(text), "the disk quota on %.400s is "
		    "used up", root);
	else if (missing == 0)
		snprintf(text, sizeof(text), "no space could be had on "
		    "%.400s, though %s is free", root,
		    fmt_bytes(c->dev->avail, size));
	else if (floor == 0)
		snprintf(text, sizeof(text), "needs %s more space on %.400s",
		    fmt_bytes(missing, size), root);
	else
		snprintf(text, sizeof(text), "needs %s more space on %.400s, "
		    "where %s is kept free", fmt_bytes(missing, size), root,
		    fmt_bytes(floor, kept));
	content_set_state(d, t, DSTATE_WAITING, text);
}

/* ---- who may ---- */

/* It has its space; in full, if that is wanted. */
static void
enter(struct disk *d, struct content *t)
{
	bool	waited = t->state == DSTATE_WAITING;

	if (d->allocate && !t->room->filled) {
		tell_waiting(d, t);
		return;		/* the next of work() */
	}
	content_set_state(d, t, DSTATE_READY, NULL);
	if (waited)
		log_info("torrent %u: %s: there is space for it now", t->id,
		    t->name);
}

/* Give what there is to those who wait; false if dev may be gone by then. */
static bool
grant(struct disk *d, struct space_dev *dev)
{
	uint64_t		 now = loop_now(d->loop);
	struct space_claim	*c;
	struct content		*t;

	if (d->scan != NULL)
		return true;	/* some may have been promised more */
	while ((c = space_next(&d->space, dev, now)) != NULL) {
		t = c->owner;
		if (!c->quota || within_quota(d, t)) {
			c->quota = false;
			/* Else when it has been looked at, or moved. */
			if (t->state == DSTATE_WAITING)
				enter(d, t);
		} else if (t->room == c)
			space_stop(c, now, true);
		else
			return false;	/* in error, without a claim */
	}
	return true;
}

/* A torrent whose files are worth a look by the thread, or NULL. */
static struct content *
work_of(struct disk *d, struct space_dev *dev, bool *allocate)
{
	struct space_claim	*c;

	*allocate = true;
	TAILQ_FOREACH(c, &dev->held, link)
		if (d->allocate && !c->filled)
			return c->owner;
	*allocate = false;
	if (TAILQ_EMPTY(&dev->waiting))
		return NULL;
	TAILQ_FOREACH(c, &dev->held, link)
		if (!c->exact)
			return c->owner;
	TAILQ_FOREACH(c, &dev->waiting, link)
		if (!c->exact)
			return c->owner;
	return NULL;
}

/* Set the thread to work, if there is any. */
static void
work(struct disk *d)
{
	struct space_dev	*dev;
	struct content		*t;
	bool			 allocate;

	if (allot_busy(d, NULL))
		return;
	TAILQ_FOREACH(dev, &d->space.devs, link)
		if ((t = work_of(d, dev, &allocate)) != NULL &&
		    allot_begin(d, t, allocate))
			return;
}

static void
look(struct disk *d, struct space_dev *dev)
{
	grant(d, dev);
	work(d);
	disk_tick_soon(d);
}

static void
ask(struct disk *d, struct content *t)
{
	struct space_dev	*dev;
	struct usage		 v;

	if (measure(d, t, &v) == -1) {
		content_fail(d, t, NULL, errno);
		return;
	}
	t->dev = (dev_t)v.key;
	dev = space_device(&d->space, v.key);
	space_measured(dev, v.avail, v.total);
	if (t->room == NULL) {
		t->room = xcalloc(1, sizeof(*t->room));
		t->room->owner = t;
	}
	if (!t->room->held || t->room->dev != dev) {
		t->room->exact = t->room->filled = false;
		space_ask(&d->space, dev, t->room, barred_rest(t));
		look(d, dev);
	}
	if (t->room != NULL && t->room->held)
		enter(d, t);
	else if (t->room != NULL)
		tell_waiting(d, t);
}

void
admit_promised(struct disk *d, struct content *t)
{
	struct space_dev	*dev;
	struct usage		 v;

	if (t->paused || content_done(t) || measure(d, t, &v) == -1)
		return;
	t->dev = (dev_t)v.key;
	dev = space_device(&d->space, v.key);
	space_measured(dev, v.avail, v.total);
	t->room = xcalloc(1, sizeof(*t->room));
	t->room->owner = t;
	space_ask(&d->space, dev, t->room, content_left(t));
	space_hold(t->room, loop_now(d->loop));
}

void
admit_scanned(struct disk *d)
{
	d->probe_due = 0;
	admit_tick(d, loop_now(d->loop));
}

void
admit(struct disk *d, struct content *t)
{
	if (t->magnet == NULL && roots_away(d, t)) {
		roots_wait(d, t);
		return;
	}
	part_follow(d, t);
	if (barred_look(d, t))
		return;
	if (t->magnet == NULL && !content_done(t) && !t->paused) {
		ask(d, t);
		return;
	}
	admit_release(d, t);
	content_set_state(d, t, DSTATE_READY, NULL);
}

void
admit_anew(struct disk *d, struct content *t)
{
	if (t->state != DSTATE_READY && t->state != DSTATE_WAITING)
		return;
	admit_release(d, t);
	admit(d, t);
}

void
admit_open(struct disk *d, struct content *t)
{
	if (t->state == DSTATE_READY && t->magnet == NULL &&
	    barred_rest(t) > 0 && (t->room == NULL || !t->room->held))
		ask(d, t);
}

void
admit_release(struct disk *d, struct content *t)
{
	struct space_claim	*c = t->room;

	if (c == NULL)
		return;
	t->room = NULL;
	allot_cancel(d, t);
	space_drop(&d->space, c);
	free(c);
	/* Others may have their turn. */
	d->probe_due = 0;
	if (d->nwaiting > 0)
		disk_tick_soon(d);
}

void
admit_progress(struct disk *d, struct content *t)
{
	if (t->room == NULL)
		return;
	space_left(t->room, barred_rest(t));
	if (barred_rest(t) == 0)
		admit_release(d, t);
}

static void
stop(struct disk *d, struct content *t, int error)
{
	space_stop(t->room, loop_now(d->loop), error != 0);
	t->room->quota = error == EDQUOT;
	t->room->exact = false;
	allot_cancel(d, t);
	tell_waiting(d, t);
}

/* Nobody who writes there will get further. */
static void
stop_all(struct disk *d, struct space_dev *dev, int error)
{
	struct space_claim	*c, *next;

	TAILQ_FOREACH_SAFE(c, &dev->held, link, next)
		if (c->need > 0)
			stop(d, c->owner, error);
}

bool
admit_full(struct disk *d, struct content *t, int error)
{
	if (t->room == NULL)
		return false;
	if (!t->room->held)
		return true;
	measure_again(d, t->room);
	stop(d, t, error);
	stop_all(d, t->room->dev, error);
	disk_tick_soon(d);
	return true;
}

void
admit_retry(struct disk *d, struct content *t)
{
	if (t->room == NULL || t->room->held)
		return;
	t->room->failures = 0;
	measure_again(d, t->room);
	look(d, t->room->dev);
}

void
admit_allotted(struct disk *d, struct content *t, bool allocate,
    uint64_t lack, int error, uint32_t file)
{
	struct space_claim	*c = t->room;

	if (c == NULL || error == ECANCELED) {
		work(d);
		return;
	}
	c->exact = true;
	if (error == 0)
		space_left(c, lack);
	else if (allocate && (error == ENOSPC || error == EDQUOT))
		admit_full(d, t, error);
	else if (allocate && error != EOPNOTSUPP) {
		if (barred_by(d, t, file, error))
			work(d);
		else
			content_fail(d, t, t->files->mi->files[file].path,
			    error);
		return;
	} else if (allocate)
		log_warnx("torrent %u: %s: %s cannot allocate: files stay "
		    "sparse", t->id, t->name, d->roots[t->root].path);
	if (allocate && c->held) {
		c->filled = true;
		enter(d, t);
	}
	look(d, c->dev);
}

/* ---- time ---- */

void
admit_conf(struct disk *d, uint64_t keep_free, bool allocate)
{
	space_set_keep(&d->space, keep_free);
	d->allocate = allocate;
	d->probe_due = d->tell_due = 0;
	disk_tick_soon(d);
}

static void
probe(struct disk *d, struct space_dev *dev, bool tell)
{
	struct space_claim	*c;

	c = TAILQ_FIRST(&dev->waiting);
	if (c == NULL)
		c = TAILQ_FIRST(&dev->held);
	measure_again(d, c);
	if (space_short(&d->space, dev))
		stop_all(d, dev, 0);
	if (grant(d, dev) && tell)
		TAILQ_FOREACH(c, &dev->waiting, link)
			tell_waiting(d, c->owner);
}

void
admit_tick(struct disk *d, uint64_t now)
{
	struct space_dev	*dev, *next;
	bool			 tell = now >= d->tell_due;

	if (now < d->probe_due)
		return;
	d->probe_due = now + PROBE_MS;
	if (tell)
		d->tell_due = now + TELL_MS;
	TAILQ_FOREACH_SAFE(dev, &d->space.devs, link, next)
		probe(d, dev, tell);
	work(d);
}
