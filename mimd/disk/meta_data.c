/* SPDX-License-Identifier: ISC */
/* Metadata on the data channel: blocks from and to peer, through the arena. */
#include "chan.h"
#include "content.h"
#include "disk.h"
#include "disk_data.h"
#include "meta.h"

void
meta_on_open(struct chan *c, const struct msg_meta_open *m, void *arg)
{
	struct msg_meta_opened	 r = { .torrent = m->torrent };
	struct plane		*plane = arg;
	struct disk		*d = plane->disk;
	struct content		*t = content_find(d, m->torrent);

	if (t != NULL)
		meta_forget(d, t);
	r.ok = t != NULL && !d->stopping && meta_start(d, t, m->size);
	chan_send(c, MSG_META_OPENED, &r);
	chan_pause(c, chan_full(c));
}

void
meta_on_close(struct chan *c, const struct msg_meta_close *m, void *arg)
{
	struct disk	*d = ((struct plane *)arg)->disk;
	struct content	*t = content_find(d, m->torrent);

	(void)c;
	if (t != NULL)
		meta_forget(d, t);
}

void
meta_on_write(struct chan *c, const struct msg_meta_write *m, void *arg)
{
	struct rec_slot_result	 r = { .slot = m->slot, .gen = m->gen };
	struct msg_data_written	 written = { .slots = { &r, 1 } };
	struct msg_meta_result	 result = { .torrent = m->torrent };
	struct plane		*plane = arg;
	struct disk		*d = plane->disk;
	struct content		*t = content_find(d, m->torrent);
	const char		*why = NULL;

	if (m->slot >= plane->arena.nslots)
		why = "a slot that is not in the arena";
	else if (t != NULL && !meta_fits(t, m->begin, m->length))
		why = "a block outside the metadata";
	if (why != NULL) {
		plane_on_closed(c, why, plane);
		return;
	}
	r.status = SLOT_UNWANTED;
	if (t != NULL && meta_store(t, m->begin, arena_slot(&plane->arena,
	    m->slot), m->length))
		r.status = SLOT_OK;
	chan_send(c, MSG_DATA_WRITTEN, &written);
	if (t != NULL && meta_full(t)) {
		result.good = meta_finish(d, t);
		chan_send(c, MSG_META_RESULT, &result);
	}
	chan_pause(c, chan_full(c));
}

void
meta_on_read(struct chan *c, const struct msg_meta_read *m, void *arg)
{
	struct rec_slot_result	 r = { .slot = m->slot, .gen = m->gen };
	struct msg_data_read_done done = { .slots = { &r, 1 } };
	struct plane		*plane = arg;
	struct disk		*d = plane->disk;
	struct content		*t = content_find(d, m->torrent);

	if (m->slot >= plane->arena.nslots) {
		plane_on_closed(c, "a slot that is not in the arena",
		    plane);
		return;
	}
	r.status = SLOT_FAILED;
	if (t != NULL && !t->removing && meta_read(d, t, m->begin,
	    arena_slot(&plane->arena, m->slot), m->length))
		r.status = SLOT_OK;
	chan_send(c, MSG_DATA_READ_DONE, &done);
	chan_pause(c, chan_full(c));
}
