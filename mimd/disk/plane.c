/* SPDX-License-Identifier: ISC */
#include "plane.h"

#include <stdlib.h>
#include <string.h>

#include "chan.h"
#include "content.h"
#include "disk.h"
#include "disk_data.h"
#include "log.h"
#include "loop.h"
#include "mem.h"
#include "meta.h"

void
plane_init(struct disk *d)
{
	uint8_t	i;

	for (i = 0; i < PLANES; i++) {
		d->planes[i].disk = d;
		d->planes[i].of = i;
	}
}

/* Peer's word is what opens a torrent: without it, nobody writes. */
static void
plane_drop(struct plane *p)
{
	struct disk	*d = p->disk;
	struct content	*t;

	chan_free(p->chan);
	p->chan = NULL;
	if (p->of != PLANE_PEER) {
		piece_close_owned(&d->pieces, p->of);
		return;
	}
	d->nverdicts = 0;
	piece_set_clear(&d->pieces);
	for (t = content_first(d); t != NULL; t = content_next(t)) {
		t->open = false;
		meta_forget(d, t);
	}
}

/* The parent replaces the sibling that broke it, and makes a new one. */
void
plane_on_closed(struct chan *c, const char *why, void *arg)
{
	struct plane		*p = arg;
	struct msg_data_broken	 m = {
		.link = p->link,
		.closed = why == NULL,
		.why = why == NULL ? "" : why,
	};

	(void)c;
	plane_drop(p);
	chan_send(p->disk->parent, MSG_DATA_BROKEN, &m);
}

static void
plane_on_drain(struct chan *c, void *arg)
{
	(void)arg;
	chan_pause(c, false);
}

void
plane_arena(struct plane *p, int fd, uint32_t nslots)
{
	plane_drop(p);
	arena_unmap(&p->arena);
	free(p->marks);
	p->marks = NULL;
	if (arena_map(&p->arena, fd, nslots) == -1)
		fatal("arena");
	p->marks = xcalloc(nslots, sizeof(*p->marks));
	p->serial = 0;
}

void
plane_channel(struct plane *p, int fd, uint32_t link)
{
	plane_drop(p);
	p->link = link;
	if (p->arena.base == NULL)
		fatalx("data channel without an arena");
	p->chan = chan_new(p->disk->loop, fd, ROLE_DISK,
	    p->of == PLANE_PEER ? ROLE_PEER : ROLE_TRACKER, false,
	    disk_data_fns, plane_on_closed, p);
	chan_on_drain(p->chan, plane_on_drain);
}

void
plane_mark_begin(struct plane *p)
{
	if (++p->serial != 0)
		return;
	memset(p->marks, 0, p->arena.nslots * sizeof(*p->marks));
	p->serial = 1;
}

const char *
plane_mark(struct plane *p, uint32_t slot)
{
	if (slot >= p->arena.nslots)
		return "a slot that is not in the arena";
	if (p->marks[slot] == p->serial)
		return "a slot that is in use";
	p->marks[slot] = p->serial;
	return NULL;
}
