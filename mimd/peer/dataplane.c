/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "bitfield.h"
#include "chan.h"
#include "child.h"
#include "dataplane.h"
#include "loop.h"
#include "meta.h"
#include "net.h"
#include "rx.h"
#include "send.h"
#include "upload.h"
#include "usage.h"
#include "verdict.h"

/* The data channel to disk: blocks to write and to read, and its answers. */

/* Disk broke the rules, or (NULL) closed it: the parent makes a new one. */
static void
data_broken(struct net *net, const char *why)
{
	struct msg_data_broken	m = {
		.link = net->link,
		.closed = why == NULL,
		.why = why == NULL ? "" : why,
	};

	data_stop(net);
	chan_send(net->child->parent, MSG_DATA_BROKEN, &m);
}

bool
data_ready(const struct net *net)
{
	return net->data != NULL && net->slots.nwrite < NET_WRITE_SLOTS &&
	    net->slots.nwrite < net->slots.n - net->slots.n / 4;
}

bool
data_slots(const struct net *net)
{
	return net->slots.nfree > 0 ||
	    net->slots.ncached > net->slots.npinned;
}

bool
data_cache_slots(const struct net *net)
{
	return net->slots.nfree > net->slots.n / 4 ||
	    net->slots.ncached > net->slots.npinned;
}

uint32_t
data_room(const struct net *net)
{
	uint32_t	limit = NET_WRITE_SLOTS - NET_WRITE_SLOTS / 4;

	if (limit > net->slots.n / 2)
		limit = net->slots.n / 2;
	if (!data_ready(net) || net->slots.nwrite >= limit)
		return 0;
	return 1 + (limit - net->slots.nwrite) / CONN_READ_BLOCKS;
}

static struct swarm *
data_swarm(struct net *net, uint32_t id)
{
	struct swarm	*s = swarm_find(net, id);

	return s != NULL && (s->open || s->opening != 0) ? s : NULL;
}

/* Are these bytes of the torrent's set of pieces?  Else disk is wrong. */
static bool
data_page_ok(struct net *net, const struct swarm *s, uint32_t first,
    uint32_t len)
{
	size_t	size = bitfield_size(s->geom.npieces);

	if (first < size && len <= size - first)
		return true;
	data_broken(net, "pieces beyond the torrent");
	return false;
}

static void
data_on_have(struct chan *c, const struct msg_data_have *m, void *arg)
{
	struct swarm	*s = data_swarm(arg, m->torrent);

	(void)c;
	if (s != NULL && data_page_ok(arg, s, m->first, m->bits.len) &&
	    m->serial == s->opening)
		swarm_on_have_page(s, m->first, m->bits.p, m->bits.len);
}

static void
data_on_barred(struct chan *c, const struct msg_data_barred *m, void *arg)
{
	struct swarm	*s = data_swarm(arg, m->torrent);

	(void)c;
	if (s == NULL || !data_page_ok(arg, s, m->first, m->bits.len))
		return;
	if (m->bits.len == 0)
		swarm_unbar(s);
	else
		swarm_set_barred(s, m->first, m->bits.p, m->bits.len);
	if (s->open && s->picker != NULL) {
		swarm_recount(s);
		swarm_wants_changed(s);
	}
}

static void
data_on_open_end(struct chan *c, const struct msg_data_open_end *m, void *arg)
{
	struct swarm	*s = data_swarm(arg, m->torrent);

	(void)c;
	if (s == NULL || m->serial != s->opening)
		return;
	if (!m->barred)
		swarm_unbar(s);
	swarm_on_opened(s);
}

static void
data_on_open_failed(struct chan *c, const struct msg_data_open_failed *m,
    void *arg)
{
	struct net	*net = arg;
	struct swarm	*s = data_swarm(net, m->torrent);

	(void)c;
	if (s == NULL || m->serial != s->opening)
		return;
	swarm_on_data_gone(s);
	s->retry_at = loop_now(net->loop) + 1000;
	swarm_wake(s, 1000);
}

/* The slot that an answer names, SLOT_NONE if it does not make sense. */
static bool
data_slot_ok(const struct net *net, const struct rec_slot_result *r,
    enum slot_use use)
{
	return r->slot < net->slots.n && net->slots.v[r->slot].use == use &&
	    net->slots.v[r->slot].gen == r->gen;
}

static void
data_on_written(struct chan *c, const struct msg_data_written *m, void *arg)
{
	struct net			*net = arg;
	const struct rec_slot_result	*r;
	struct slot			*slot;
	struct swarm			*s;
	uint32_t			 i;

	(void)c;
	for (i = 0; i < m->slots.n; i++) {
		r = &m->slots.v[i];
		if (!data_slot_ok(net, r, SLOT_WRITE)) {
			data_broken(net, "answer for a slot not asked for");
			return;
		}
		slot = &net->slots.v[r->slot];
		if (slot->piece == META_PIECE &&
		    (s = swarm_find(net, slot->torrent)) != NULL)
			fetch_on_stored(s, r->status == SLOT_OK);
		s = data_swarm(net, slot->torrent);
		if (s != NULL && s->open && s->picker != NULL) {
			picker_on_stored(s->picker, slot->piece,
			    slot->begin / BLOCK_SIZE, r->status != SLOT_FAILED);
			/* Disk knows something that we do not. */
			if (r->status == SLOT_UNWANTED && s->resync_at == 0) {
				s->resync_at = loop_now(net->loop) + 5000;
				s->resync_piece = slot->piece;
				swarm_wake(s, 5000);
			}
		}
		slots_give(&net->slots, r->slot, loop_now(net->loop));
	}
	usage_heard(net);
	net_turn_soon(net);
}

static void
data_on_read_done(struct chan *c, const struct msg_data_read_done *m,
    void *arg)
{
	struct net			*net = arg;
	const struct rec_slot_result	*r;
	struct slot			 slot;
	uint64_t			 now = loop_now(net->loop);
	uint32_t			 i;
	bool				 ok;

	(void)c;
	for (i = 0; i < m->slots.n; i++) {
		r = &m->slots.v[i];
		if (!data_slot_ok(net, r, SLOT_READ)) {
			data_broken(net, "answer for a slot not asked for");
			return;
		}
		ok = r->status == SLOT_OK;
		slot = net->slots.v[r->slot];
		upload_on_read(net, r->slot, !ok);
		if (ok)
			slots_filled(&net->slots, r->slot, now);
		else
			slots_give(&net->slots, r->slot, now);
		if (slot.piece == META_PIECE)
			serve_on_read(net, slot.torrent, slot.begin, !ok);
	}
	usage_heard(net);
	net_turn_soon(net);
}

static void
data_on_pieces(struct chan *c, const struct msg_data_pieces *m, void *arg)
{
	struct net			*net = arg;
	const struct rec_piece_result	*r;
	struct swarm			*s;
	uint32_t			 i;

	(void)c;
	for (i = 0; i < m->pieces.n; i++) {
		r = &m->pieces.v[i];
		if ((s = data_swarm(net, r->torrent)) == NULL)
			continue;
		if (r->piece >= s->geom.npieces) {
			data_broken(net, "a piece beyond the torrent");
			return;
		}
		verdict_on_piece(s, r->piece, r->good, r->seeded);
	}
}

/*
 * What is cached of the torrent may be as wrong as the piece.  A torrent that
 * is being opened hears of it by that.
 */
static void
data_on_lost(struct chan *c, const struct msg_data_lost *m, void *arg)
{
	struct net	*net = arg;
	struct swarm	*s = data_swarm(net, m->torrent);

	(void)c;
	if (s == NULL || !s->open)
		return;
	slots_forget(&net->slots, s->id, loop_now(net->loop));
	swarm_on_data_gone(s);
	data_open(s);
}

static void
data_on_meta_opened(struct chan *c, const struct msg_meta_opened *m, void *arg)
{
	struct swarm	*s = swarm_find(arg, m->torrent);

	(void)c;
	if (s != NULL)
		fetch_on_opened(s, m->ok);
}

static void
data_on_meta_result(struct chan *c, const struct msg_meta_result *m, void *arg)
{
	struct swarm	*s = swarm_find(arg, m->torrent);

	(void)c;
	if (s != NULL)
		fetch_on_result(s, m->good);
}

static void
data_on_digests(struct chan *c, const struct msg_data_digests *m, void *arg)
{
	(void)c;
	verdict_on_digests(arg, m);
}

static const union msg_fn data_fns[MSG_COUNT] = {
	[MSG_DATA_HAVE] = { .data_have = data_on_have },
	[MSG_DATA_BARRED] = { .data_barred = data_on_barred },
	[MSG_DATA_OPEN_END] = { .data_open_end = data_on_open_end },
	[MSG_DATA_OPEN_FAILED] = { .data_open_failed = data_on_open_failed },
	[MSG_DATA_WRITTEN] = { .data_written = data_on_written },
	[MSG_DATA_READ_DONE] = { .data_read_done = data_on_read_done },
	[MSG_META_OPENED] = { .meta_opened = data_on_meta_opened },
	[MSG_META_RESULT] = { .meta_result = data_on_meta_result },
	[MSG_DATA_DIGESTS] = { .data_digests = data_on_digests },
	[MSG_DATA_LOST] = { .data_lost = data_on_lost },
	[MSG_DATA_PIECES] = { .data_pieces = data_on_pieces },
};

static void
data_on_closed(struct chan *c, const char *why, void *arg)
{
	(void)c;
	data_broken(arg, why);
}

void
data_arena(struct net *net, int fd, uint32_t nslots)
{
	data_stop(net);
	if (arena_map(&net->arena, fd, nslots) == -1) {
		log_warn("arena");
		return;
	}
	slots_init(&net->slots, nslots);
}

void
data_start(struct net *net, int fd, uint32_t link)
{
	struct swarm	*s;

	net->link = link;
	net->data = chan_new(net->loop, fd, ROLE_PEER, ROLE_DISK, false,
	    data_fns, data_on_closed, net);
	RB_FOREACH(s, swarm_ids, &net->swarms)
		if (!swarm_is_bare(s))
			data_open(s);
	usage_soon(net);
	conn_resume(net);
}

/* Disk is away: all that was in the arena or on its way is lost. */
void
data_stop(struct net *net)
{
	struct swarm	*s;
	struct conn	*c;

	if (net->arena.base == NULL)
		return;
	RB_FOREACH(s, swarm_ids, &net->swarms) {
		TAILQ_FOREACH(c, &s->conns, link) {
			upload_unwait(c);
			send_detach(c);
			rx_detach(c);
		}
		swarm_on_data_gone(s);
		fetch_on_disk_gone(s);
	}
	chan_free(net->data);
	net->data = NULL;
	net->nwrites = net->nreads = 0;
	net->asking = false;
	blame_clear(&net->blame);
	slots_clear(&net->slots);
	arena_unmap(&net->arena);
}

static struct rec_block
data_block(uint32_t torrent, uint32_t piece, uint32_t begin, uint32_t length,
    uint32_t slot, uint32_t gen)
{
	return (struct rec_block){ .torrent = torrent, .piece = piece,
	    .begin = begin, .length = length, .slot = slot, .gen = gen };
}

void
data_write(struct net *net, uint32_t torrent, uint32_t piece, uint32_t begin,
    uint32_t length, uint32_t slot)
{
	uint32_t	gen;

	gen = slots_write(&net->slots, slot, torrent, piece, begin, length);
	net->writes[net->nwrites++] = data_block(torrent, piece, begin,
	    length, slot, gen);
	if (net->nwrites == sizeof(net->writes) / sizeof(net->writes[0]))
		data_flush(net);
	net_turn_soon(net);
}

void
data_read(struct net *net, uint32_t torrent, uint32_t piece, uint32_t begin,
    uint32_t length, uint32_t slot)
{
	uint32_t	gen;

	gen = slots_read(&net->slots, slot, torrent, piece, begin, length);
	net->reads[net->nreads++] = data_block(torrent, piece, begin, length,
	    slot, gen);
	if (net->nreads == sizeof(net->reads) / sizeof(net->reads[0]))
		data_flush(net);
	data_idle_soon(net);
}

void
data_flush(struct net *net)
{
	struct msg_data_write	w;
	struct msg_data_read	r;

	if (net->data == NULL || net->nwrites + net->nreads == 0)
		return;
	if (net->nwrites > 0) {
		w.blocks.v = net->writes;
		w.blocks.n = net->nwrites;
		chan_send(net->data, MSG_DATA_WRITE, &w);
	}
	if (net->nreads > 0) {
		r.blocks.v = net->reads;
		r.blocks.n = net->nreads;
		chan_send(net->data, MSG_DATA_READ, &r);
	}
	net->nread += net->nreads;
	net->nwrites = net->nreads = 0;
	usage_asked(net);
}

void
data_meta_open(struct swarm *s, uint32_t size)
{
	struct msg_meta_open	m = { .torrent = s->id, .size = size };

	chan_send(s->net->data, MSG_META_OPEN, &m);
}

void
data_meta_close(struct swarm *s)
{
	struct msg_meta_close	m = { .torrent = s->id };

	if (s->net->data != NULL)
		chan_send(s->net->data, MSG_META_CLOSE, &m);
}

void
data_meta_write(struct swarm *s, uint32_t begin, uint32_t length,
    uint32_t slot)
{
	struct msg_meta_write	m = { .torrent = s->id, .begin = begin,
		.length = length, .slot = slot };

	m.gen = slots_write(&s->net->slots, slot, s->id, META_PIECE, begin,
	    length);
	chan_send(s->net->data, MSG_META_WRITE, &m);
}

void
data_meta_read(struct swarm *s, uint32_t begin, uint32_t length,
    uint32_t slot)
{
	struct msg_meta_read	m = { .torrent = s->id, .begin = begin,
		.length = length, .slot = slot };

	m.gen = slots_read(&s->net->slots, slot, s->id, META_PIECE, begin,
	    length);
	chan_send(s->net->data, MSG_META_READ, &m);
	data_idle_soon(s->net);
}

void
data_open(struct swarm *s)
{
	struct msg_data_open	m = { .torrent = s->id };

	if (++s->net->opens == 0)
		s->net->opens = 1;
	m.serial = s->opening = s->net->opens;
	chan_send(s->net->data, MSG_DATA_OPEN, &m);
}

void
data_close(struct swarm *s)
{
	struct msg_data_close	m = { .torrent = s->id };

	if (s->net->data == NULL)
		return;
	slots_forget(&s->net->slots, s->id, loop_now(s->net->loop));
	data_flush(s->net);
	chan_send(s->net->data, MSG_DATA_CLOSE, &m);
}

void
data_idle_soon(struct net *net)
{
	if (!loop_timer_pending(net->idle))
		loop_timer_set(net->idle, SLOTS_KEEP_MS / 2);
}
