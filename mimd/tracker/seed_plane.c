/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chan.h"
#include "child.h"
#include "log.h"
#include "loop.h"
#include "mem.h"
#include "seed.h"

/* Slots of the arena, and disk at the other end of the data channel. */

static void
plane_stop(struct seeds *s)
{
	struct seed_span	*sp;

	chan_free(s->chan);
	s->chan = NULL;
	s->nwrites = 0;
	while ((sp = TAILQ_FIRST(&s->spans)) != NULL)
		span_over(sp);
	free(s->slots);
	s->slots = NULL;
	s->nfree = 0;
	s->free = SEED_SLOT_NONE;
	if (s->arena.base != NULL)
		arena_unmap(&s->arena);
}

/* Disk broke the rules, or (NULL) closed it: the parent makes a new one. */
static void
plane_broken(struct seeds *s, const char *why)
{
	struct msg_data_broken	m = {
		.link = s->link,
		.closed = why == NULL,
		.why = why == NULL ? "" : why,
	};

	plane_stop(s);
	chan_send(s->child->parent, MSG_DATA_BROKEN, &m);
}

static void
plane_on_closed(struct chan *c, const char *why, void *arg)
{
	(void)c;
	plane_broken(arg, why);
}

/* ---- slots ---- */

uint32_t
seed_slot_take(struct seeds *s)
{
	uint32_t	slot = s->free;

	if (slot == SEED_SLOT_NONE)
		return slot;
	s->free = s->slots[slot].next;
	s->nfree--;
	s->dirty = true;
	return slot;
}

void
seed_slot_give(struct seeds *s, uint32_t slot)
{
	s->slots[slot].busy = false;
	s->slots[slot].span = NULL;
	s->slots[slot].next = s->free;
	s->free = slot;
	s->nfree++;
	s->used = loop_now(s->child->loop);
}

static void
plane_flush(void *arg)
{
	struct seeds		*s = arg;
	struct msg_data_write	 m = { .blocks = { s->writes, s->nwrites } };

	if (s->chan != NULL && s->nwrites > 0)
		chan_send(s->chan, MSG_DATA_WRITE, &m);
	s->nwrites = 0;
}

void
seed_slot_write(struct seed_span *sp, uint32_t slot, uint32_t piece,
    uint32_t begin, uint32_t length)
{
	struct seeds		*s = sp->seed->torrent->seeds;
	struct seed_slot	*v = &s->slots[slot];

	v->busy = true;
	v->span = sp;
	v->piece = piece;
	sp->pending++;
	s->writes[s->nwrites++] = (struct rec_block){
		.torrent = sp->seed->torrent->id, .piece = piece,
		.begin = begin, .length = length, .slot = slot,
		.gen = ++v->gen };
	if (s->nwrites == sizeof(s->writes) / sizeof(s->writes[0]))
		plane_flush(s);
	else if (!loop_timer_pending(s->flush))
		loop_timer_set(s->flush, 0);
}

void
seed_slots_forget(struct seeds *s, const struct seed_span *sp)
{
	uint32_t	i;

	for (i = 0; i < s->arena.nslots && s->slots != NULL; i++)
		if (s->slots[i].span == sp)
			s->slots[i].span = NULL;
}

void
seed_plane_tick(struct seeds *s, uint64_t now)
{
	if (!s->dirty || s->slots == NULL || s->nfree < s->arena.nslots ||
	    now < s->used + SEED_IDLE_MS)
		return;
	arena_release(&s->arena, 0, s->arena.nslots);
	s->dirty = false;
}

/* ---- what disk says ---- */

/*
 * Not wanted: peer gave the piece, and those after it, to others.  Not
 * written: the next try comes when disk may have got over it.
 */
static void
on_slot(struct seeds *s, const struct rec_slot_result *r)
{
	struct seed_slot	*v = &s->slots[r->slot];
	struct seed_span	*sp = v->span;
	uint32_t		 piece = v->piece;

	seed_slot_give(s, r->slot);
	if (sp == NULL)
		return;
	sp->pending--;
	if (r->status == SLOT_FAILED) {
		sp->seed->torrent->wait_until = loop_now(s->child->loop) +
		    SEED_WANT_MS;
		span_over(sp);
		return;
	}
	if (r->status == SLOT_UNWANTED && piece < sp->first + sp->n)
		span_cut(sp, piece);
	span_check_end(sp);
}

static void
plane_on_written(struct chan *c, const struct msg_data_written *m, void *arg)
{
	struct seeds			*s = arg;
	const struct rec_slot_result	*r;
	struct seed_span		*sp, *next;
	uint32_t			 i;

	(void)c;
	for (i = 0; i < m->slots.n; i++) {
		r = &m->slots.v[i];
		if (r->slot >= s->arena.nslots || !s->slots[r->slot].busy ||
		    s->slots[r->slot].gen != r->gen) {
			plane_broken(s, "answer for a slot not asked for");
			return;
		}
		on_slot(s, r);
	}
	TAILQ_FOREACH_SAFE(sp, &s->spans, all_link, next)
		if (sp->held && seed_room(sp->seed) > 0)
			span_resume(sp);
}

static void
on_piece(struct seed_torrent *t, const struct rec_piece_result *r)
{
	struct seed_span	*sp;

	TAILQ_FOREACH(sp, &t->seeds->spans, all_link) {
		if (sp->seed->torrent != t || sp->state == SPAN_WANT ||
		    r->piece < sp->first || r->piece - sp->first >= sp->n)
			continue;
		if (!r->good)
			seed_ban(sp->seed);
		else {
			sp->judged++;
			span_check_end(sp);
		}
		return;
	}
}

static void
plane_on_pieces(struct chan *c, const struct msg_data_pieces *m, void *arg)
{
	struct seeds		*s = arg;
	struct seed_torrent	*t;
	uint32_t		 i;

	(void)c;
	for (i = 0; i < m->pieces.n; i++)
		if ((t = seeds_find(s, m->pieces.v[i].torrent)) != NULL)
			on_piece(t, &m->pieces.v[i]);
}

static void
plane_on_parts(struct chan *c, const struct msg_data_parts *m, void *arg)
{
	struct seed_span	*sp = seeds_span(arg, m->tag);

	(void)c;
	if (sp != NULL && sp->state == SPAN_MAP)
		span_on_parts(sp, m);
}

static const union msg_fn plane_fns[MSG_COUNT] = {
	[MSG_DATA_WRITTEN] = { .data_written = plane_on_written },
	[MSG_DATA_PIECES] = { .data_pieces = plane_on_pieces },
	[MSG_DATA_PARTS] = { .data_parts = plane_on_parts },
};

/* ---- the channel ---- */

void
seed_plane_arena(struct seeds *s, int fd, uint32_t nslots)
{
	uint32_t	i;

	plane_stop(s);
	if (arena_map(&s->arena, fd, nslots) == -1) {
		log_warn("arena");
		return;
	}
	s->slots = xcalloc(nslots, sizeof(*s->slots));
	for (i = nslots; i-- > 0; )
		seed_slot_give(s, i);
	s->dirty = false;
	if (s->flush == NULL)
		s->flush = loop_timer_new(s->child->loop, plane_flush, s);
}

void
seed_plane_start(struct seeds *s, int fd, uint32_t link)
{
	if (s->arena.base == NULL) {
		log_warnx("data channel without an arena");
		close(fd);
		return;
	}
	s->link = link;
	s->chan = chan_new(s->child->loop, fd, ROLE_TRACKER, ROLE_DISK,
	    false, plane_fns, plane_on_closed, s);
	seeds_pump_soon(s);
}

void
seed_plane_map(struct seed_span *sp, bool begin)
{
	struct msg_data_map	m = {
		.torrent = sp->seed->torrent->id,
		.tag = sp->tag,
		.offset = sp->pos,
		.length = sp->end - sp->pos,
		.begin = begin,
	};

	chan_send(sp->seed->torrent->seeds->chan, MSG_DATA_MAP, &m);
}
