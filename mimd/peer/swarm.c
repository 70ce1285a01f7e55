/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "bare.h"
#include "bitfield.h"
#include "chan.h"
#include "child.h"
#include "dataplane.h"
#include "discovery.h"
#include "loop.h"
#include "loss.h"
#include "mem.h"
#include "meta.h"
#include "mse.h"
#include "net.h"
#include "newcomers.h"
#include "proto.h"
#include "request.h"
#include "reveal.h"
#include "room.h"
#include "send.h"
#include "slim.h"
#include "stats.h"
#include "throttle.h"
#include "unchoke.h"
#include "webseed.h"

/*
 * A torrent that runs: its connections, the pieces we have, whom to connect
 * to.  An idle one costs its struct and no timer: net::due holds those that
 * have something to do, by time.
 */
#define TICK_MS		1000	/* while payload moves */
#define TICK_IDLE_MS	10000	/* with connections only */
#define RESYNC_MS	30000	/* ask disk anew what it has */

static int
cmp64(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

int
swarm_cmp_id(const struct swarm *a, const struct swarm *b)
{
	return cmp64(a->id, b->id);
}

int
swarm_cmp_hash(const struct swarm *a, const struct swarm *b)
{
	return memcmp(a->infohash, b->infohash, sizeof(a->infohash));
}

int
swarm_cmp_req2(const struct swarm *a, const struct swarm *b)
{
	return memcmp(a->req2, b->req2, sizeof(a->req2));
}

int
swarm_cmp_due(const struct swarm *a, const struct swarm *b)
{
	int	cmp = cmp64(a->due, b->due);

	return cmp != 0 ? cmp : cmp64(a->id, b->id);
}

RB_GENERATE(swarm_ids, swarm, by_id, swarm_cmp_id)
RB_GENERATE(swarm_hashes, swarm, by_hash, swarm_cmp_hash)
RB_GENERATE(swarm_req2s, swarm, by_req2, swarm_cmp_req2)
RB_GENERATE(swarm_dues, swarm, by_due, swarm_cmp_due)

struct swarm *
swarm_find(struct net *net, uint32_t id)
{
	struct swarm	key = { .id = id };

	return RB_FIND(swarm_ids, &net->swarms, &key);
}

struct swarm *
swarm_by_hash(struct net *net, const uint8_t infohash[20])
{
	struct swarm	key;

	memcpy(key.infohash, infohash, sizeof(key.infohash));
	return RB_FIND(swarm_hashes, &net->hashes, &key);
}

struct swarm *
swarm_by_req2(struct net *net, const uint8_t req2[20])
{
	struct swarm	key;

	memcpy(key.req2, req2, sizeof(key.req2));
	return RB_FIND(swarm_req2s, &net->req2s, &key);
}

struct conn *
swarm_conn(struct swarm *s, uint32_t id)
{
	struct conn	*c;

	TAILQ_FOREACH(c, &s->conns, link)
		if (c->id == id)
			return c;
	return NULL;
}

struct swarm *
swarm_new(struct net *net, const struct msg_swarm_run *m)
{
	struct swarm	*s = xcalloc(1, sizeof(*s));

	s->net = net;
	s->id = m->id;
	memcpy(s->infohash, m->infohash, sizeof(s->infohash));
	s->private = m->private;
	s->geom = (struct geom){ .size = m->size,
	    .piece_length = m->piece_length, .npieces = m->npieces };
	TAILQ_INIT(&s->conns);
	RB_INSERT(swarm_ids, &net->swarms, s);
	RB_INSERT(swarm_hashes, &net->hashes, s);
	s->metadata_size = m->metadata_size;
	mse_req2(s->infohash, s->req2);
	RB_INSERT(swarm_req2s, &net->req2s, s);
	discovery_enter(s);
	if (swarm_is_bare(s)) {
		s->known = true;	/* that we have none */
		newcomers_retry(s);
	} else if (net->data != NULL)
		data_open(s);
	return s;
}

/*
 * Connections go on with the pieces that peers have spoken of.  If it turns
 * out to be private, whoever does not come from its tracker must leave.
 */
void
swarm_learn(struct swarm *s, const struct msg_swarm_run *m)
{
	struct conn	*c, *next;

	fetch_end(s);
	s->private = m->private;
	if (s->private)
		discovery_leave(s);
	s->metadata_size = m->metadata_size;
	s->geom = (struct geom){ .size = m->size,
	    .piece_length = m->piece_length, .npieces = m->npieces };
	s->known = false;
	for (c = TAILQ_FIRST(&s->conns); c != NULL; c = next) {
		next = TAILQ_NEXT(c, link);
		if (s->private && c->source != PEER_SOURCE_TRACKER)
			conn_close(c, "the torrent is private");
		else if (c->state == CONN_UP)
			bare_resolve(c);
		if (c->state == CONN_UP)
			ext_start(c);	/* now we have it, too */
	}
	if (s->private)
		candidates_keep_only(&s->cands, PEER_SOURCE_TRACKER);
	if (s->net->data != NULL)
		data_open(s);
}

void
swarm_free(struct swarm *s)
{
	struct net	*net = s->net;
	struct conn	*c;

	while ((c = TAILQ_FIRST(&s->conns)) != NULL)
		conn_close(c, "torrent stopped");
	if (s->fetch != NULL)
		data_meta_close(s);
	fetch_end(s);
	throttle_drop(s);
	discovery_leave(s);
	data_close(s);
	if (s->due != 0)
		RB_REMOVE(swarm_dues, &net->due, s);
	RB_REMOVE(swarm_hashes, &net->hashes, s);
	RB_REMOVE(swarm_req2s, &net->req2s, s);
	RB_REMOVE(swarm_ids, &net->swarms, s);
	candidates_clear(&s->cands);
	blame_forget(&net->blame, s->id);
	webseed_drop(s);
	picker_free(s->picker);
	free(s->traffic);
	free(s->pages);
	free(s->wishes);
	free(s);
	slim_freed(&net->freed);
}

void
swarm_need_traffic(struct swarm *s)
{
	if (s->traffic != NULL)
		return;
	s->traffic = xcalloc(1, sizeof(*s->traffic));
	shaper_group_init(&s->traffic->rx_line);
	shaper_group_init(&s->traffic->tx_line);
	pex_book_init(&s->traffic->pex);
}

/* Not before the last rates are told. */
static void
swarm_end_traffic(struct swarm *s)
{
	if (s->nconns > 0 || s->changed || s->traffic == NULL ||
	    throttle_limits(s))
		return;
	free(s->traffic);
	s->traffic = NULL;
}

bool
swarm_has(const struct swarm *s, uint32_t piece)
{
	if (piece >= s->geom.npieces)
		return false;
	return s->complete ||
	    (s->picker != NULL && picker_has(s->picker, piece));
}

bool
swarm_done(const struct swarm *s)
{
	return s->complete ||
	    (s->picker != NULL && picker_left_wanted(s->picker) == 0);
}

static void
tick_arm(struct net *net)
{
	struct swarm	*first = RB_MIN(swarm_dues, &net->due);
	uint64_t	 now = loop_now(net->loop);

	if (first == NULL)
		loop_timer_clear(net->tick);
	else
		loop_timer_set(net->tick,
		    first->due > now ? first->due - now : 0);
}

void
swarm_wake(struct swarm *s, uint64_t ms)
{
	uint64_t	due = loop_now(s->net->loop) + ms;
	bool		first;

	if (s->due != 0 && s->due <= due)
		return;
	if (s->due != 0)
		RB_REMOVE(swarm_dues, &s->net->due, s);
	s->due = due;
	RB_INSERT(swarm_dues, &s->net->due, s);
	first = RB_MIN(swarm_dues, &s->net->due) == s;
	if (first)
		tick_arm(s->net);
}

static void
swarm_feel_hunger(struct swarm *s, uint64_t now)
{
	struct msg_swarm_hungry	m = { .id = s->id };

	if (swarm_done(s) || s->nup >= 2)
		return;
	swarm_wake(s, SWARM_HUNGRY_MS);
	if (candidates_due(&s->cands, false) <= now + TICK_IDLE_MS ||
	    (s->hungry_at != 0 && now - s->hungry_at < SWARM_HUNGRY_MS))
		return;
	s->hungry_at = now;
	chan_send(s->net->child->parent, MSG_SWARM_HUNGRY, &m);
}

static void
swarm_tick(struct swarm *s, uint64_t now)
{
	struct conn	*c, *next;
	bool		 busy = s->changed;

	stats_look(s);
	stats_swarm(s, now);
	for (c = TAILQ_FIRST(&s->conns); c != NULL; c = next) {
		next = TAILQ_NEXT(c, link);
		busy |= c->asked.n > 0 || c->in.n > 0 || c->state != CONN_UP;
		if (c->meta != NULL && c->meta->nqueue > 0)
			serve_pump(c);
		conn_tick(c, now);
	}
	if (s->fetch != NULL && s->nup > 0) {
		fetch_tick(s, now);
		busy = true;
	}
	if (!swarm_is_bare(s) && !s->open && s->opening == 0 &&
	    s->net->data != NULL && now >= s->retry_at)
		data_open(s);
	if (!s->open && s->retry_at != 0)
		swarm_wake(s, TICK_MS);
	if (s->resync_at != 0 && now >= s->resync_at) {
		s->resync_at = 0;
		swarm_on_data_gone(s);
		if (s->net->data != NULL)
			data_open(s);
	}
	if (s->nconns > 0)
		swarm_wake(s, busy ? TICK_MS : TICK_IDLE_MS);
	webseed_tick(s, now);
	room_tidy(s, now);
	swarm_connect(s);
	swarm_feel_hunger(s, now);
	swarm_end_traffic(s);
}

void
swarm_run_due(struct net *net)
{
	uint64_t	 now = loop_now(net->loop);
	struct swarm	*s;

	while ((s = RB_MIN(swarm_dues, &net->due)) != NULL && s->due <= now) {
		RB_REMOVE(swarm_dues, &net->due, s);
		s->due = 0;
		swarm_tick(s, now);
	}
	if (net->nconns > 0)
		unchoke_tick(net, now);
	tick_arm(net);
}

void
swarm_on_have_page(struct swarm *s, uint32_t first, const uint8_t *p,
    uint32_t n)
{
	size_t	size = bitfield_size(s->geom.npieces);

	if (first >= size || n > size - first)
		return;
	if (s->pages == NULL)
		s->pages = xcalloc(1, size);
	memcpy(s->pages + first, p, n);
}

static void
swarm_complete(struct swarm *s)
{
	bool		 was = s->complete;
	struct conn	*c, *next;

	webseed_drop(s);
	picker_free(s->picker);
	s->picker = NULL;
	s->complete = true;
	for (c = TAILQ_FIRST(&s->conns); c != NULL; c = next) {
		next = TAILQ_NEXT(c, link);
		if (c->state != CONN_UP)
			continue;
		reqs_clear(&c->asked);
		reqs_clear(&c->limbo);
		c->wanted = 0;
		if (c->has.count == s->geom.npieces)
			conn_part(c, "both are seeds now");
		else
			proto_update_interest(c);
		if (!was)
			upload_only_tell(c);
		upload_only_part(c);
	}
}

/*
 * There is nothing left that we want, or something again: peers are told, and
 * those of no use leave.
 */
void
swarm_wants_changed(struct swarm *s)
{
	struct conn	*c, *next;
	bool		 done = swarm_done(s);

	if (s->picker == NULL || s->sated == done)
		return;
	s->sated = done;
	for (c = TAILQ_FIRST(&s->conns); c != NULL; c = next) {
		next = TAILQ_NEXT(c, link);
		if (c->state != CONN_UP)
			continue;
		upload_only_tell(c);
		if (done && conn_is_seed(c))
			conn_part(c, "it is a seed and we want no more");
		else
			upload_only_part(c);
	}
	if (!done)
		swarm_connect(s);
}

/* We have a piece: peers that lack it are told, interest may end. */
void
swarm_gained(struct swarm *s, uint32_t piece)
{
	uint8_t		 have[9];
	struct conn	*c, *next;

	wire_put_index(have, WIRE_HAVE, piece);
	for (c = TAILQ_FIRST(&s->conns); c != NULL; c = next) {
		next = TAILQ_NEXT(c, link);
		if (c->state != CONN_UP)
			continue;
		if (c->has.count == s->geom.npieces || (c->has.bits != NULL &&
		    bitfield_get(c->has.bits, piece))) {
			c->wanted -= s->picker == NULL ||
			    !picker_skips(s->picker, piece);
			proto_update_interest(c);
			/* A seed has no use for it, but counts who is done. */
		}
		send_bytes(c, have, sizeof(have));
		conn_send_soon(c);
	}
	if (s->picker != NULL && picker_left(s->picker) == 0)
		swarm_complete(s);
	else
		swarm_wants_changed(s);
}

void
swarm_recount(struct swarm *s)
{
	struct conn	*c, *next;

	for (c = TAILQ_FIRST(&s->conns); c != NULL; c = next) {
		next = TAILQ_NEXT(c, link);
		if (c->state != CONN_UP)
			continue;
		c->wanted = picker_count_wanted(s->picker, &c->has);
		proto_update_interest(c);
		request_refill(c);
	}
}

static void
swarm_start_picker(struct swarm *s)
{
	struct conn	*c;

	s->picker = picker_new(&s->geom, s->pages);
	swarm_tell_wishes(s);
	s->complete = s->sated = false;
	TAILQ_FOREACH(c, &s->conns, link)
		if (c->state == CONN_UP)
			picker_add_set(s->picker, &c->has);
}

/* Disk has not all; we may have thought that it has. */
static void
swarm_restart(struct swarm *s)
{
	bool		 was = s->complete;
	uint32_t	 i;
	struct conn	*c;

	swarm_start_picker(s);
	reveal_stop(s);
	for (i = 0; i < s->geom.npieces && was; i++)
		if (!bitfield_get(s->pages, i))
			swarm_lost(s, i);
	TAILQ_FOREACH(c, &s->conns, link)
		if (was)
			upload_only_tell(c);
}

/* Disk came back: it may have more or less than we knew. */
static void
swarm_merge(struct swarm *s)
{
	uint32_t	i, n = s->geom.npieces;
	bool		has;

	for (i = 0; i < n && s->picker != NULL; i++) {
		has = bitfield_get(s->pages, i);
		if (has && !picker_has(s->picker, i)) {
			picker_on_good(s->picker, i);
			swarm_gained(s, i);
		} else if (!has && picker_has(s->picker, i)) {
			picker_on_lost(s->picker, i);
			swarm_lost(s, i);
		}
	}
}

/* Connections that are older than our pieces are told of them one by one. */
static void
swarm_tell(struct swarm *s)
{
	uint8_t		 have[9];
	uint32_t	 i;
	struct conn	*c;

	for (i = 0; i < s->geom.npieces; i++) {
		if (!swarm_has(s, i))
			continue;
		wire_put_index(have, WIRE_HAVE, i);
		TAILQ_FOREACH(c, &s->conns, link) {
			if (c->state != CONN_UP)
				continue;
			send_bytes(c, have, sizeof(have));
			conn_send_soon(c);
		}
	}
}

void
swarm_on_opened(struct swarm *s)
{
	uint32_t	n = s->geom.npieces;
	bool		all, first = !s->known;

	s->opening = 0;
	s->open = true;
	s->retry_at = 0;
	if (s->pages == NULL)
		s->pages = xcalloc(1, bitfield_size(n));
	all = bitfield_count(s->pages, n) == n;
	if (s->picker != NULL)
		swarm_merge(s);
	else if (!all)
		swarm_restart(s);
	else
		swarm_complete(s);
	if (first && s->nup > 0)
		swarm_tell(s);
	free(s->pages);
	s->pages = NULL;
	s->known = true;
	newcomers_retry(s);
	if (s->picker != NULL)
		swarm_recount(s);
	swarm_wants_changed(s);
	/* Uploads that disk's end interrupted; the peers may just wait. */
	s->net->starved = true;
	net_turn_soon(s->net);
	conn_resume(s->net);
	swarm_connect(s);
	swarm_feel_hunger(s, loop_now(s->net->loop));
}

void
swarm_on_data_gone(struct swarm *s)
{
	s->open = false;
	s->opening = 0;
	free(s->pages);
	s->pages = NULL;
	webseed_drop(s);
	if (s->picker != NULL)
		picker_on_disk_gone(s->picker);
}
