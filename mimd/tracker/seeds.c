/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "chan.h"
#include "child.h"
#include "log.h"
#include "loop.h"
#include "mem.h"
#include "seed.h"

static void	seeds_pump(void *);
static void	seeds_tick(void *);
static void	torrent_tell(struct seed_torrent *);

static uint64_t
now_of(const struct seeds *s)
{
	return loop_now(s->child->loop);
}

void
seeds_init(struct seeds *s, struct child *child)
{
	s->child = child;
	s->free = SEED_SLOT_NONE;
	TAILQ_INIT(&s->torrents);
	TAILQ_INIT(&s->spans);
	s->tick = loop_timer_new(child->loop, seeds_tick, s);
	s->pump = loop_timer_new(child->loop, seeds_pump, s);
}

struct seed_torrent *
seeds_find(struct seeds *s, uint32_t id)
{
	struct seed_torrent	*t;

	TAILQ_FOREACH(t, &s->torrents, link)
		if (t->id == id)
			break;
	return t;
}

struct seed_span *
seeds_span(struct seeds *s, uint32_t tag)
{
	struct seed_span	*sp;

	TAILQ_FOREACH(sp, &s->spans, all_link)
		if (sp->tag == tag)
			break;
	return sp;
}

/* ---- spans ---- */

static struct seed_span *
span_new(struct seed *sd)
{
	struct seeds		*s = sd->torrent->seeds;
	struct seed_span	*sp = xcalloc(1, sizeof(*sp));

	if (++s->last_tag == 0)
		s->last_tag = 1;
	sp->seed = sd;
	sp->tag = s->last_tag;
	sp->state = SPAN_WANT;
	sp->slot = SEED_SLOT_NONE;
	sp->since = now_of(s);
	TAILQ_INSERT_TAIL(&sd->spans, sp, link);
	TAILQ_INSERT_TAIL(&s->spans, sp, all_link);
	sd->nspans++;
	sd->nfetching++;
	s->nfetching++;
	sd->wants = true;
	sd->dirty = true;
	return sp;
}

/* What it took from the others' share. */
static void
span_leave(struct seed_span *sp)
{
	struct seed	*sd = sp->seed;

	if (sp->state == SPAN_WANT)
		sd->wants = false;
	sd->nfetching--;
	sd->torrent->seeds->nfetching--;
	sd->dirty = true;
	seeds_pump_soon(sd->torrent->seeds);
}

void
span_fetched(struct seed_span *sp)
{
	span_leave(sp);
}

void
span_free(struct seed_span *sp)
{
	struct seed	*sd = sp->seed;
	struct seeds	*s = sd->torrent->seeds;

	if (sp->state != SPAN_JUDGE)
		span_leave(sp);
	span_stop(sp);
	if (sp->pending > 0)
		seed_slots_forget(s, sp);
	TAILQ_REMOVE(&sd->spans, sp, link);
	TAILQ_REMOVE(&s->spans, sp, all_link);
	sd->nspans--;
	free(sp);
}

void
span_over_avoid(struct seed_span *sp, uint32_t first, uint32_t n)
{
	struct msg_seed_over	 m = {
		.id = sp->seed->torrent->id,
		.tag = sp->tag,
		.avoid = first,
		.navoid = n,
	};

	if (sp->state != SPAN_WANT)
		chan_send(sp->seed->torrent->seeds->child->parent,
		    MSG_SEED_OVER, &m);
	span_free(sp);
}

void
span_over(struct seed_span *sp)
{
	span_over_avoid(sp, 0, 0);
}

/* ---- seeds ---- */

static void
seed_set_error(struct seed *sd, const char *why)
{
	free(sd->error);
	sd->error = why == NULL ? NULL : xstrdup(why);
	sd->dirty = true;
}

void
seed_fail(struct seed *sd, const char *why, uint32_t retry)
{
	uint64_t	now = now_of(sd->torrent->seeds);

	log_debug("torrent %u: web seed %u: %s", sd->torrent->id, sd->index,
	    why);
	seed_set_error(sd, why);
	if (sd->pace.fails == 0 || now >= sd->pace.retry_at)
		seed_pace_failed(&sd->pace, now, retry, arc4random());
}

void
seed_ban(struct seed *sd)
{
	struct seed_span	*sp;

	log_warnx("torrent %u: web seed %u sent bad data: it is not used any "
	    "more", sd->torrent->id, sd->index);
	sd->banned = true;
	seed_set_error(sd, "sent bad data");
	while ((sp = TAILQ_FIRST(&sd->spans)) != NULL)
		span_over(sp);
	torrent_tell(sd->torrent);	/* we may be gone in a second */
}

void
seed_got(struct seed *sd, size_t n)
{
	struct seed_torrent	*t = sd->torrent;

	if (n == 0)
		return;
	sd->bytes += n;
	sd->second += n;
	sd->dirty = true;
	if (sd->pace.fails > 0) {
		seed_pace_worked(&sd->pace);
		seed_set_error(sd, NULL);
	}
	seed_bucket_take(&t->bucket, n);
	seed_bucket_take(&t->seeds->bucket, n);
}

uint64_t
seed_room(const struct seed *sd)
{
	struct seed_torrent	*t = sd->torrent;
	uint64_t		 now = now_of(t->seeds), a, b;

	a = seed_bucket_room(&t->bucket, now);
	b = seed_bucket_room(&t->seeds->bucket, now);
	return a < b ? a : b;
}

/* May it be asked for another span? */
static bool
seed_is_free(const struct seed *sd, uint64_t now)
{
	uint32_t	conns = sd->pace.rate == 0 ? 1 : SEED_CONNS;

	return sd->base != NULL && !sd->banned && !sd->wants &&
	    now >= sd->pace.retry_at && sd->nfetching < conns &&
	    sd->nspans < SEED_SPANS;
}

static void
seed_ask(struct seed *sd)
{
	struct seeds		*s = sd->torrent->seeds;
	struct seed_span	*sp = span_new(sd);
	struct msg_seed_want	 m = {
		.id = sd->torrent->id,
		.seed = sd->index,
		.tag = sp->tag,
		.bytes = seed_pace_span(&sd->pace, sd->nfetching),
	};

	chan_send(s->child->parent, MSG_SEED_WANT, &m);
}

/* ---- time ---- */

void
seeds_pump_soon(struct seeds *s)
{
	if (!loop_timer_pending(s->pump))
		loop_timer_set(s->pump, 0);
}

/* Ask for spans; torrents have their turns. */
static void
seeds_pump(void *arg)
{
	struct seeds		*s = arg;
	struct seed_torrent	*t, *next, *last;
	uint64_t		 now = now_of(s);
	uint32_t		 i;
	bool			 asked;

	if (TAILQ_EMPTY(&s->torrents))
		return;
	if (!loop_timer_pending(s->tick))
		loop_timer_set(s->tick, SEED_TICK_MS);
	last = TAILQ_LAST(&s->torrents, seed_torrent_list);
	for (t = TAILQ_FIRST(&s->torrents); t != NULL && s->chan != NULL &&
	    !s->leaving; t = t == last ? NULL : next) {
		next = TAILQ_NEXT(t, link);
		for (i = 0, asked = false; i < t->n &&
		    now >= t->wait_until; i++)
			if (s->nfetching < SEEDS_CONNS &&
			    seed_is_free(&t->v[i], now)) {
				seed_ask(&t->v[i]);
				asked = true;
			}
		if (asked && t != last) {
			TAILQ_REMOVE(&s->torrents, t, link);
			TAILQ_INSERT_TAIL(&s->torrents, t, link);
		}
	}
}

static uint8_t
seed_state(const struct seed *sd)
{
	if (sd->banned)
		return SEED_BANNED;
	if (sd->base == NULL || sd->pace.fails > 0)
		return SEED_FAILED;
	return sd->nfetching > 0 && !(sd->wants && sd->nfetching == 1) ?
	    SEED_FETCHING : SEED_IDLE;
}

static void
seed_fill_row(struct seed *sd, struct rec_seed_row *row)
{
	uint64_t	now = now_of(sd->torrent->seeds);

	*row = (struct rec_seed_row){ .index = sd->index,
		.state = seed_state(sd), .downloaded = sd->bytes,
		.error = sd->error != NULL ? sd->error : "" };
	if (row->state == SEED_FETCHING)
		row->rate = sd->pace.rate;
	if (row->state == SEED_FAILED && sd->pace.retry_at > now)
		row->next = (uint64_t)time(NULL) +
		    (sd->pace.retry_at - now) / 1000;
	sd->bytes = 0;
	sd->dirty = false;
}

static void
torrent_tell(struct seed_torrent *t)
{
	struct rec_seed_row	 rows[WEBSEEDS_MAX];
	struct msg_seed_rows	 m = { .id = t->id, .rows = { rows, 0 } };
	uint32_t		 i;

	for (i = 0; i < t->n; i++)
		if (t->v[i].dirty)
			seed_fill_row(&t->v[i], &rows[m.rows.n++]);
	if (m.rows.n > 0)
		chan_send(t->seeds->child->parent, MSG_SEED_ROWS, &m);
}

static void
seeds_second(struct seeds *s)
{
	struct seed_torrent	*t;
	struct seed		*sd;
	uint32_t		 i;

	TAILQ_FOREACH(t, &s->torrents, link) {
		for (i = 0; i < t->n; i++) {
			sd = &t->v[i];
			if (sd->second > 0 || (sd->nfetching > 0 &&
			    sd->pace.rate > 0))
				seed_pace_second(&sd->pace, sd->second);
			sd->second = 0;
		}
		torrent_tell(t);
	}
}

static void
span_look(struct seed_span *sp, uint64_t now)
{
	struct seed	*sd = sp->seed;

	if (sp->state != SPAN_WANT)
		span_tick(sp, now);
	else if (now - sp->since >= SEED_WANT_MS) {
		/* Peer is another, or there is none. */
		seed_pace_denied(&sd->pace, now, arc4random());
		span_free(sp);
	}
}

static void
seeds_tick(void *arg)
{
	struct seeds		*s = arg;
	struct seed_span	*sp, *next;
	struct seed_torrent	*t;
	uint64_t		 now = now_of(s);
	bool			 limited = s->bucket.rate != 0;

	TAILQ_FOREACH_SAFE(sp, &s->spans, all_link, next)
		span_look(sp, now);
	if (now >= s->second_at + SEED_TICK_MS) {
		s->second_at = now;
		seeds_second(s);
		seed_plane_tick(s, now);
	}
	TAILQ_FOREACH(t, &s->torrents, link)
		limited |= t->bucket.rate != 0;
	if (!TAILQ_EMPTY(&s->torrents) || s->dirty)
		loop_timer_set(s->tick, limited && s->nfetching > 0 ?
		    SEED_TICK_LIMITED_MS : SEED_TICK_MS);
	seeds_pump(s);
}

/* ---- what the parent says ---- */

static void
torrent_free(struct seed_torrent *t)
{
	struct seed_span	*sp;
	struct seed		*sd;
	uint32_t		 i;

	for (i = 0; i < t->n; i++) {
		sd = &t->v[i];
		while ((sp = TAILQ_FIRST(&sd->spans)) != NULL)
			span_over(sp);
	}
	torrent_tell(t);
	for (i = 0; i < t->n; i++) {
		free(t->v[i].base);
		free(t->v[i].error);
	}
	TAILQ_REMOVE(&t->seeds->torrents, t, link);
	free(t);
}

static void
seed_init(struct seed *sd, struct seed_torrent *t, uint32_t index,
    const struct rec_seed *r)
{
	struct url	 url;
	const char	*why;

	sd->torrent = t;
	sd->index = index;
	sd->banned = r->banned;
	TAILQ_INIT(&sd->spans);
	if (url_parse(&url, r->url, &why) == -1) {
		seed_set_error(sd, why);
		return;
	}
	if (url_default_port(url.scheme) == 0) {
		seed_set_error(sd, "not http or https");
		return;
	}
	sd->base = xmalloc(sizeof(*sd->base));
	*sd->base = url;
}

void
seeds_on_run(struct seeds *s, const struct msg_seed_run *m)
{
	struct seed_torrent	*t = seeds_find(s, m->id);
	uint32_t		 i;

	if (t != NULL)
		torrent_free(t);
	if (geom_npieces(m->size, m->piece_length) != m->npieces)
		fatalx("torrent %u: %u pieces do not fit its size", m->id,
		    m->npieces);
	t = xcalloc(1, sizeof(*t) + m->seeds.n * sizeof(t->v[0]));
	t->seeds = s;
	t->id = m->id;
	t->n = m->seeds.n;
	t->geom = (struct geom){ .size = m->size,
	    .piece_length = m->piece_length, .npieces = m->npieces };
	for (i = 0; i < t->n; i++)
		seed_init(&t->v[i], t, i, &m->seeds.v[i]);
	TAILQ_INSERT_TAIL(&s->torrents, t, link);
	seeds_pump_soon(s);
}

void
seeds_on_halt(struct seeds *s, uint32_t id)
{
	struct seed_torrent	*t = seeds_find(s, id);

	if (t != NULL)
		torrent_free(t);
}

void
seeds_on_limit(struct seeds *s, const struct msg_seed_limit *m)
{
	struct seed_torrent	*t;
	struct seed_bucket	*b = &s->bucket;

	if (m->id != 0) {
		if ((t = seeds_find(s, m->id)) == NULL)
			return;
		b = &t->bucket;
	}
	seed_bucket_set(b, now_of(s), m->rate);
	loop_timer_set(s->tick, 0);
}

void
seeds_on_fetch(struct seeds *s, const struct msg_seed_fetch *m)
{
	struct seed_span	*sp = seeds_span(s, m->tag);
	struct msg_seed_over	 over = { .id = m->id, .tag = m->tag };
	struct seed		*sd;

	if (sp == NULL || sp->state != SPAN_WANT) {
		if (m->n > 0)	/* it came too late */
			chan_send(s->child->parent, MSG_SEED_OVER, &over);
		return;
	}
	sd = sp->seed;
	if (m->n == 0 || m->first >= sd->torrent->geom.npieces ||
	    m->n > sd->torrent->geom.npieces - m->first) {
		seed_pace_denied(&sd->pace, now_of(s), arc4random());
		span_free(sp);
		return;
	}
	sd->wants = false;
	seed_pace_granted(&sd->pace);
	span_begin(sp, m->first, m->n);
	seeds_pump_soon(s);
}

void
seeds_leave(struct seeds *s)
{
	struct seed_torrent	*t;

	s->leaving = true;
	while ((t = TAILQ_FIRST(&s->torrents)) != NULL)
		torrent_free(t);
}
