/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "dataplane.h"
#include "loop.h"
#include "mem.h"
#include "meta.h"
#include "net.h"
#include "proto.h"

/*
 * Metadata for peers: blocks are read by disk into slots of the cache, and
 * sent from there in the order in which they were asked for.
 */

struct conn_meta *
meta_of(struct conn *c)
{
	if (c->meta == NULL)
		c->meta = xcalloc(1, sizeof(*c->meta));
	return c->meta;
}

/* As Transmission: what is private is nobody's business. */
bool
serve_has(const struct conn *c)
{
	return c->swarm->metadata_size > 0 && !c->swarm->private;
}

static void
serve_reject(struct conn *c, uint32_t block)
{
	uint8_t	buf[UTMETA_HEAD_MAX];

	ext_send(c, EXT_METADATA, buf, (uint32_t)utmeta_build(buf,
	    UTMETA_REJECT, block, 0));
}

static uint32_t
nblocks(const struct conn *c)
{
	return (c->swarm->metadata_size + UTMETA_BLOCK - 1) / UTMETA_BLOCK;
}

/* Nobody needs all of it often. */
static bool
serve_allows(struct conn *c)
{
	struct conn_meta	*m = c->meta;
	uint64_t		 now = loop_now(c->net->loop);
	uint64_t		 more = (now - m->budget_at) / META_REFILL_MS;
	uint32_t		 max = META_TIMES * nblocks(c);

	if (m->budget_at == 0 || more >= max - m->budget) {
		m->budget = max;
		m->budget_at = now;
	} else {
		m->budget += (uint32_t)more;
		m->budget_at += more * META_REFILL_MS;
	}
	if (m->budget == 0)
		return false;
	m->budget--;
	return true;
}

static void
serve_on_request(struct conn *c, uint32_t block)
{
	struct conn_meta	*m;

	if (!serve_has(c) || block >= nblocks(c)) {
		proto_useless(c);
		serve_reject(c, block);
		return;
	}
	m = meta_of(c);
	if (m->nqueue == META_QUEUE_MAX || !serve_allows(c)) {
		proto_useless(c);
		serve_reject(c, block);
		return;
	}
	m->queue[m->nqueue++] = block;
	serve_pump(c);
}

void
serve_on_message(struct conn *c, const uint8_t *p, uint32_t n)
{
	struct utmeta	m;

	if (utmeta_parse(&m, p, n) == -1) {
		proto_useless(c);
		return;
	}
	switch (m.type) {
	case UTMETA_REQUEST:
		serve_on_request(c, m.piece);
		break;
	case UTMETA_DATA:
		fetch_on_data(c, &m);
		break;
	case UTMETA_REJECT:
		fetch_on_reject(c, &m);
		break;
	case UTMETA_OTHER:
		proto_useless(c);
		break;
	}
}

static void
serve_pop(struct conn_meta *m)
{
	m->nqueue--;
	memmove(m->queue, m->queue + 1, m->nqueue * sizeof(*m->queue));
}

static void
serve_send(struct conn *c, uint32_t block, uint32_t length, uint32_t slot)
{
	static uint8_t	buf[UTMETA_HEAD_MAX + UTMETA_BLOCK];
	size_t		n;

	n = utmeta_build(buf, UTMETA_DATA, block, c->swarm->metadata_size);
	memcpy(buf + n, arena_slot(&c->net->arena, slot), length);
	ext_send(c, EXT_METADATA, buf, (uint32_t)n + length);
}

/* False if no slot is to be had now. */
static bool
serve_read(struct conn *c, uint32_t begin, uint32_t length)
{
	struct net	*net = c->net;
	uint32_t	 slot = slots_take_cache(&net->slots);

	if (slot == SLOT_NONE)
		return false;
	data_meta_read(c->swarm, begin, length, slot);
	return true;
}

void
serve_pump(struct conn *c)
{
	struct conn_meta	*m = c->meta;
	struct net		*net = c->net;
	uint32_t		 begin, length, size, slot;

	if (!serve_has(c))
		m->nqueue = 0;
	size = c->swarm->metadata_size;
	while (m->nqueue > 0 && net->data != NULL && c->state == CONN_UP &&
	    c->tx.len - c->tx.off < META_UNSENT_MAX) {
		begin = m->queue[0] * UTMETA_BLOCK;
		length = size - begin < UTMETA_BLOCK ? size - begin :
		    UTMETA_BLOCK;
		slot = slots_find(&net->slots, c->swarm->id, META_PIECE, begin,
		    length);
		if (slot == SLOT_NONE) {
			serve_read(c, begin, length);
			break;
		}
		if (net->slots.v[slot].use != SLOT_CACHED)
			break;
		serve_send(c, m->queue[0], length, slot);
		serve_pop(m);
	}
	if (m->nqueue > 0)
		swarm_wake(c->swarm, 1000);
}

void
serve_on_read(struct net *net, uint32_t torrent, uint32_t begin, bool failed)
{
	struct swarm	*s = swarm_find(net, torrent);
	struct conn	*c;

	if (s == NULL)
		return;
	TAILQ_FOREACH(c, &s->conns, link) {
		if (c->meta == NULL || c->meta->nqueue == 0)
			continue;
		if (failed && c->meta->queue[0] == begin / UTMETA_BLOCK) {
			serve_reject(c, c->meta->queue[0]);
			serve_pop(c->meta);
		}
		serve_pump(c);
	}
}
