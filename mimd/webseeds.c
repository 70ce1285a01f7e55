/* SPDX-License-Identifier: ISC */
#include "webseeds.h"

#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "registry.h"

void
torrent_webseeds_clear(struct torrent *t)
{
	uint32_t	i;

	if (t->webseeds == NULL)
		return;
	for (i = 0; i < t->webseeds->n; i++) {
		free(t->webseeds->v[i].url);
		free(t->webseeds->v[i].error);
	}
	free(t->webseeds);
	t->webseeds = NULL;
}

uint64_t
torrent_down_rate(const struct torrent *t)
{
	uint64_t	sum = torrent_now(t)->down_rate;
	uint32_t	i;

	for (i = 0; t->webseeds != NULL && i < t->webseeds->n; i++)
		sum = add_total(sum, t->webseeds->v[i].rate);
	return sum;
}

/*
 * Peers and web seeds are in different processes: of a limit of receiving
 * each gets what the other leaves, and half at least.
 */
uint64_t
seed_share(uint64_t limit, uint64_t others)
{
	if (limit == 0)
		return 0;
	limit -= others < limit / 2 ? others : limit / 2;
	return limit > 0 ? limit : 1;
}

static void
run(struct registry *reg, struct torrent *t)
{
	struct rec_seed		seeds[WEBSEEDS_MAX];
	struct msg_seed_run	m = {
		.id = t->id,
		.size = t->size,
		.piece_length = t->piece_length,
		.npieces = t->npieces,
		.seeds = { seeds, t->webseeds->n },
	};
	struct msg_seed_limit	limit = { .id = t->id,
		.rate = seed_share(t->down_limit,
		    torrent_now(t)->down_rate) };
	uint32_t		i;

	for (i = 0; i < t->webseeds->n; i++) {
		seeds[i].url = t->webseeds->v[i].url;
		seeds[i].banned = t->webseeds->v[i].state == SEED_BANNED;
	}
	reg->ops->send(ROLE_TRACKER, MSG_SEED_RUN, &m, -1, reg->arg);
	if (limit.rate != 0)
		reg->ops->send(ROLE_TRACKER, MSG_SEED_LIMIT, &limit, -1,
		    reg->arg);
	t->webseeds->told = true;
	t->webseeds->share = limit.rate;
	t->webseeds->left = t->down_limit;
}

static void
halt(struct registry *reg, struct torrent *t)
{
	struct msg_seed_halt	m = { .id = t->id };
	uint32_t		i;

	reg->ops->send(ROLE_TRACKER, MSG_SEED_HALT, &m, -1, reg->arg);
	t->webseeds->told = false;
	for (i = 0; i < t->webseeds->n; i++)
		t->webseeds->v[i].rate = 0;
	if (t->down_limit != 0 && t->swarm == SWARM_RUNNING &&
	    reg->ops->ready(ROLE_PEER, reg->arg))
		registry_send_limits(reg, t);
}

void
registry_webseeds(struct registry *reg, struct torrent *t, bool wanted)
{
	if (t->webseeds == NULL)
		return;
	wanted = wanted && t->npieces > 0 && !torrent_complete(t);
	if (wanted == t->webseeds->told)
		return;
	if (!reg->ops->ready(ROLE_TRACKER, reg->arg))
		reg->behind = true;
	else if (wanted)
		run(reg, t);
	else
		halt(reg, t);
}

/* ---- what the children say ---- */

static bool
has_url(const struct twebseeds *w, const char *url)
{
	uint32_t	i;

	for (i = 0; i < w->n; i++)
		if (strcmp(w->v[i].url, url) == 0)
			return true;
	return false;
}

/* Told a second time they are the same: what is known of them stays. */
void
registry_on_webseeds(struct registry *reg,
    const struct msg_torrent_webseeds *m)
{
	struct torrent		*t = registry_find(reg, m->id);
	struct twebseeds	*w;
	uint32_t		 i;

	if (t == NULL)
		return;
	if (t->webseeds == NULL)
		t->webseeds = xcalloc(1, sizeof(*t->webseeds));
	w = t->webseeds;
	for (i = 0; i < m->urls.n && w->n < WEBSEEDS_MAX; i++)
		if (!has_url(w, m->urls.v[i].url))
			w->v[w->n++].url = xstrdup(m->urls.v[i].url);
}

void
registry_on_seed_rows(struct registry *reg, const struct msg_seed_rows *m)
{
	struct torrent			*t = registry_find(reg, m->id);
	const struct rec_seed_row	*r;
	struct twebseed			*w;
	uint32_t			 i;

	for (i = 0; t != NULL && t->webseeds != NULL && i < m->rows.n; i++) {
		r = &m->rows.v[i];
		if (r->index >= t->webseeds->n)
			continue;
		w = &t->webseeds->v[r->index];
		w->state = r->state;
		w->rate = t->webseeds->told ? r->rate : 0;
		w->next = r->next;
		w->downloaded = add_total(w->downloaded, r->downloaded);
		free(w->error);
		w->error = *r->error == '\0' ? NULL : xstrdup(r->error);
		if (r->downloaded == 0)
			continue;
		t->downloaded = add_total(t->downloaded, r->downloaded);
		t->totals = t->save = true;
	}
}

/* ---- between tracker and peer ---- */

void
registry_on_seed_want(struct registry *reg, const struct msg_seed_want *m)
{
	struct msg_seed_fetch	 none = { .id = m->id, .tag = m->tag };
	struct msg_seed_ask	 ask = { .id = m->id, .seed = m->seed,
		.tag = m->tag, .bytes = m->bytes };
	struct torrent		*t = registry_find(reg, m->id);

	if (t != NULL && t->webseeds != NULL && t->webseeds->told &&
	    t->swarm == SWARM_RUNNING && reg->ops->ready(ROLE_PEER, reg->arg))
		reg->ops->send(ROLE_PEER, MSG_SEED_ASK, &ask, -1, reg->arg);
	else
		reg->ops->send(ROLE_TRACKER, MSG_SEED_FETCH, &none, -1,
		    reg->arg);
}

void
registry_on_seed_span(struct registry *reg, const struct msg_seed_span *m)
{
	struct msg_seed_fetch	 fetch = { .id = m->id, .tag = m->tag,
		.first = m->first, .n = m->n };
	struct torrent		*t = registry_find(reg, m->id);

	if (t != NULL && t->webseeds != NULL &&
	    reg->ops->up(ROLE_TRACKER, reg->arg))
		reg->ops->send(ROLE_TRACKER, MSG_SEED_FETCH, &fetch, -1,
		    reg->arg);
}

void
registry_on_seed_over(struct registry *reg, const struct msg_seed_over *m)
{
	struct msg_seed_drop	drop = { .id = m->id, .tag = m->tag,
		.avoid = m->avoid, .navoid = m->navoid };

	if (registry_find(reg, m->id) != NULL &&
	    reg->ops->up(ROLE_PEER, reg->arg))
		reg->ops->send(ROLE_PEER, MSG_SEED_DROP, &drop, -1, reg->arg);
}

void
registry_lost_seeds(struct registry *reg)
{
	struct msg_seed_reset	 m = { .none = 0 };
	struct twebseeds	*w;
	uint32_t		 i, k;
	bool			 any = false;

	for (i = 0; i < reg->n; i++) {
		if ((w = reg->torrents[i]->webseeds) == NULL)
			continue;
		any |= w->told;
		w->told = false;
		for (k = 0; k < w->n; k++)
			w->v[k].rate = 0;
	}
	if (any && reg->ops->up(ROLE_PEER, reg->arg))
		reg->ops->send(ROLE_PEER, MSG_SEED_RESET, &m, -1, reg->arg);
}
