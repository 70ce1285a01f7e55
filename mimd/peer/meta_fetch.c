/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "ban.h"
#include "dataplane.h"
#include "loop.h"
#include "mem.h"
#include "meta.h"
#include "net.h"
#include "proto.h"

/*
 * The metadata of a swarm that lacks it: metadata.c says what to ask of whom,
 * the blocks go to disk, and disk says whether the hash is right.
 */
#define AGAIN_MS	2000		/* disk had no room */

enum fetch_phase {
	FETCH_IDLE,			/* until fetch.retry */
	FETCH_OPENING,			/* disk was told the size */
	FETCH_OPEN,
	FETCH_DONE			/* the parent goes on with it */
};

struct fetch {
	struct metadata	 md;
	enum fetch_phase phase;
	uint64_t	 retry;
};

void
fetch_end(struct swarm *s)
{
	struct conn	*c;

	if (s->fetch == NULL)
		return;
	TAILQ_FOREACH(c, &s->conns, link)
		fetch_gone(c);
	metadata_clear(&s->fetch->md);
	free(s->fetch);
	s->fetch = NULL;
}

static void
fetch_idle(struct swarm *s, uint64_t ms)
{
	struct fetch	*f = s->fetch;

	metadata_reset(&f->md);
	f->phase = FETCH_IDLE;
	f->retry = loop_now(s->net->loop) + ms;
	swarm_wake(s, ms);
}

static void
fetch_begin(struct swarm *s, uint64_t now)
{
	uint32_t	size;

	if (s->net->data == NULL || (size = metadata_begin(&s->fetch->md,
	    now)) == 0)
		return;
	s->fetch->phase = FETCH_OPENING;
	data_meta_open(s, size);
}

static void
fetch_ask(struct conn *c)
{
	struct fetch	*f = c->swarm->fetch;
	uint8_t		 buf[UTMETA_HEAD_MAX];
	uint32_t	 block;

	if (f->phase != FETCH_OPEN || c->meta == NULL || !c->meta->joined)
		return;
	while (metadata_next(&f->md, &c->meta->peer,
	    loop_now(c->net->loop), &block))
		ext_send(c, EXT_METADATA, buf, (uint32_t)utmeta_build(buf,
		    UTMETA_REQUEST, block, 0));
}

static void
fetch_ask_all(struct swarm *s)
{
	struct conn	*c;

	TAILQ_FOREACH(c, &s->conns, link)
		fetch_ask(c);
}

void
fetch_tick(struct swarm *s, uint64_t now)
{
	struct fetch	*f = s->fetch;

	if (f->phase == FETCH_OPEN && metadata_stuck(&f->md, now)) {
		data_meta_close(s);
		fetch_idle(s, 0);
	}
	if (f->phase == FETCH_IDLE && now >= f->retry)
		fetch_begin(s, now);
	fetch_ask_all(s);
}

void
fetch_on_size(struct conn *c)
{
	struct swarm		*s = c->swarm;
	struct conn_meta	*m;

	if (!swarm_is_bare(s) || !ext_speaks(c, EXT_METADATA) ||
	    c->ext->metadata_size == 0)
		return;
	if (s->fetch == NULL) {
		s->fetch = xcalloc(1, sizeof(*s->fetch));
		metadata_init(&s->fetch->md);
	}
	m = meta_of(c);
	if (m->joined && m->peer.size == c->ext->metadata_size)
		return;
	fetch_gone(c);
	m->joined = metadata_join(&s->fetch->md, &m->peer, c->addr.ip,
	    c->ext->metadata_size);
	if (!m->joined)
		return;
	if (s->fetch->phase == FETCH_IDLE)
		swarm_wake(s, 0);
	fetch_ask(c);
}

void
fetch_gone(struct conn *c)
{
	if (c->meta == NULL || !c->meta->joined)
		return;
	metadata_leave(&c->swarm->fetch->md, &c->meta->peer);
	c->meta->joined = false;
}

/* ---- what a peer sends ---- */

static void
fetch_take(struct conn *c, const struct utmeta *m)
{
	struct net	*net = c->net;
	uint32_t	 slot = SLOT_NONE;

	if (data_ready(net))
		slot = slots_take(&net->slots);
	if (slot == SLOT_NONE) {
		metadata_on_lost(&c->swarm->fetch->md, m->piece);
		return;
	}
	memcpy(arena_slot(&net->arena, slot), m->data, m->len);
	data_meta_write(c->swarm, m->piece * UTMETA_BLOCK, m->len, slot);
}

void
fetch_on_data(struct conn *c, const struct utmeta *m)
{
	struct swarm	*s = c->swarm;

	if (s->fetch == NULL || c->meta == NULL || !c->meta->joined) {
		proto_useless(c);
		return;
	}
	switch (metadata_on_data(&s->fetch->md, &c->meta->peer, m->piece,
	    m->len, m->total, loop_now(c->net->loop))) {
	case METADATA_TAKE:
		fetch_take(c, m);
		break;
	case METADATA_LATE:
		break;
	case METADATA_UNASKED:
		proto_useless(c);
		if (++c->meta->unasked > META_UNASKED_MAX)
			conn_close(c, "sends metadata that nobody asked for");
		break;
	case METADATA_WRONG:
		conn_close(c, "sends metadata of a wrong size");
		break;
	}
	if (c->state != CONN_DEAD)
		fetch_ask(c);
}

void
fetch_on_reject(struct conn *c, const struct utmeta *m)
{
	struct swarm	*s = c->swarm;

	if (s->fetch == NULL || c->meta == NULL || !c->meta->joined) {
		proto_useless(c);
		return;
	}
	metadata_on_reject(&s->fetch->md, &c->meta->peer, m->piece,
	    loop_now(c->net->loop));
	proto_useless(c);
}

/* ---- what disk says ---- */

void
fetch_on_opened(struct swarm *s, bool ok)
{
	struct fetch	*f = s->fetch;

	if (f == NULL || f->phase != FETCH_OPENING)
		return;
	if (!ok) {
		fetch_idle(s, AGAIN_MS);
		return;
	}
	f->phase = FETCH_OPEN;
	f->md.moved = loop_now(s->net->loop);
	fetch_ask_all(s);
	swarm_wake(s, 1000);
}

void
fetch_on_stored(struct swarm *s, bool stored)
{
	if (s->fetch != NULL && s->fetch->phase == FETCH_OPEN && !stored)
		fetch_idle(s, AGAIN_MS);
}

void
fetch_on_result(struct swarm *s, bool good)
{
	struct fetch	*f = s->fetch;
	uint8_t		 ip[16];

	if (f == NULL)
		return;
	if (good) {
		metadata_reset(&f->md);
		f->phase = FETCH_DONE;
	} else if (f->phase == FETCH_OPEN) {
		/* Of an attempt that was given up it would say nothing. */
		s->wasted += f->md.size;
		s->changed = true;
		if (metadata_on_bad(&f->md, ip))
			ban_address(s->net, ip,
			    "sent false metadata");
		fetch_idle(s, 0);
	}
}

void
fetch_on_disk_gone(struct swarm *s)
{
	if (s->fetch != NULL)
		fetch_idle(s, 0);
}
