/* SPDX-License-Identifier: ISC */
#include "control.h"
#include "parent.h"

/* mimctl show disk: what the parent was told last. */

static void
tell_volume(struct control_conn *conn, struct chan *c, uint32_t i,
    uint32_t torrents)
{
	struct parent			*parent = control_parent(conn);
	const struct storage_volume	*v = &parent->storage.volumes[i];
	struct msg_ctl_volume		 m = {
		.dir = parent->conf->roots[i],
		.device = (uint8_t)parent->devices[i],
		.there = parent->roots[i].fd != -1,
		.size = v->size,
		.free = v->free,
		.torrents = torrents,
		.read = v->read,
		.written = v->written,
		.read_rate = storage_rate(parent, v->read_rate),
		.write_rate = storage_rate(parent, v->write_rate),
		.checking = v->checking,
		.queued = v->queued,
		.error = v->error == NULL ? "" : v->error,
		.error_at = v->error_at,
	};

	chan_send(c, MSG_CTL_VOLUME, &m);
}

void
control_on_disk(struct chan *c, const struct msg_ctl_disk *m, void *arg)
{
	struct control_conn		*conn = arg;
	struct parent			*parent = control_parent(conn);
	const struct registry		*reg = &parent->registry;
	const struct msg_arena_tally	*a = &parent->storage.arena;
	struct msg_ctl_storage		 now = {
		/* Until peer has told what it is in fact. */
		.slots = a->slots > 0 ? a->slots :
		    (uint32_t)(parent->conf->cache / SLOT_SIZE),
		.used = a->used,
		.cached = a->cached,
		.reading = a->reading,
		.writing = a->writing,
		.sent = parent->storage.sent,
		.read = parent->storage.blocks_read,
		.saving = parent->storage.saving,
		.stalled = storage_stalled(parent),
	};
	uint32_t			 counts[ROOTS_MAX] = { 0 }, i;

	(void)m;
	control_begin(conn);
	for (i = 0; i < reg->n; i++)
		if (reg->torrents[i]->dir != NULL)
			counts[storage_root(parent, reg->torrents[i]->dir)]++;
	for (i = 0; i < parent->conf->nroots; i++)
		tell_volume(conn, c, i, counts[i]);
	chan_send(c, MSG_CTL_STORAGE, &now);
	control_end(conn, CTL_OK, "");
}
