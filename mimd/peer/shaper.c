/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "shaper.h"

void
shaper_init(struct shaper *s)
{
	memset(s, 0, sizeof(*s));
	TAILQ_INIT(&s->groups);
}

void
shaper_group_init(struct shaper_group *g)
{
	memset(g, 0, sizeof(*g));
	TAILQ_INIT(&g->peers);
}

static uint64_t
least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t
peer_room(struct shaper_peer *p, uint64_t now_us)
{
	return p->own == NULL ? BUCKET_ALL : bucket_room(p->own, now_us);
}

uint64_t
shaper_room(struct shaper *s, struct shaper_group *g, struct shaper_peer *p,
    uint64_t now_us)
{
	uint64_t	room;

	if (p->exempt)
		return BUCKET_ALL;
	room = peer_room(p, now_us);
	if (room == BUCKET_ALL && s->all.rate == 0 && g->bucket.rate == 0)
		return BUCKET_ALL;
	/* Those in line come first. */
	if (p->waiting || (g->bucket.rate != 0 && g->nwaiting > 0) ||
	    (s->all.rate != 0 && s->nwaiting > 0))
		return 0;
	room = least(room, bucket_room(&g->bucket, now_us));
	return least(room, bucket_room(&s->all, now_us));
}

void
shaper_take(struct shaper *s, struct shaper_group *g, struct shaper_peer *p,
    uint64_t bytes, uint64_t now_us)
{
	if (p->exempt)
		return;
	bucket_take(&s->all, bytes, now_us);
	if (g != NULL)
		bucket_take(&g->bucket, bytes, now_us);
	if (p->own != NULL)
		bucket_take(p->own, bytes, now_us);
}

void
shaper_wait(struct shaper *s, struct shaper_group *g, struct shaper_peer *p)
{
	if (p->waiting)
		return;
	p->waiting = true;
	TAILQ_INSERT_TAIL(&g->peers, p, link);
	if (g->nwaiting++ == 0)
		TAILQ_INSERT_TAIL(&s->groups, g, link);
	s->nwaiting++;
}

void
shaper_leave(struct shaper *s, struct shaper_group *g, struct shaper_peer *p)
{
	if (!p->waiting)
		return;
	p->waiting = false;
	TAILQ_REMOVE(&g->peers, p, link);
	if (--g->nwaiting == 0)
		TAILQ_REMOVE(&s->groups, g, link);
	s->nwaiting--;
}

/* What one of n may have of a bucket with this much room. */
static uint64_t
share(const struct bucket *b, uint64_t room, uint32_t n)
{
	uint64_t	need, mine = room / n;

	if (room == BUCKET_ALL)
		return SHAPER_QUANTUM_MAX;
	need = bucket_need(b);
	if (mine < need)
		mine = need;
	/* A rest too small to be served would lie there and spill over. */
	return room - mine < need ? room : mine;
}

/* The first of a torrent's line that its own limit does not hold back. */
static struct shaper_peer *
group_next(struct shaper_group *g, uint64_t now_us, uint64_t *room,
    uint64_t *wait_us)
{
	struct shaper_peer	*p;

	TAILQ_FOREACH(p, &g->peers, link) {
		if ((*room = peer_room(p, now_us)) > 0)
			return p;
		*wait_us = least(*wait_us, bucket_wait(p->own, now_us));
	}
	return NULL;
}

struct shaper_peer *
shaper_next(struct shaper *s, uint64_t now_us, uint64_t *room,
    uint64_t *wait_us)
{
	struct shaper_group	*g;
	struct shaper_peer	*p;
	uint64_t		 all, mine, own;

	*wait_us = UINT64_MAX;
	if (s->nwaiting == 0)
		return NULL;
	if ((all = bucket_room(&s->all, now_us)) == 0) {
		*wait_us = bucket_wait(&s->all, now_us);
		return NULL;
	}
	TAILQ_FOREACH(g, &s->groups, link) {
		if ((mine = bucket_room(&g->bucket, now_us)) == 0) {
			*wait_us = least(*wait_us,
			    bucket_wait(&g->bucket, now_us));
			continue;
		}
		if ((p = group_next(g, now_us, &own, wait_us)) == NULL)
			continue;
		*room = least(least(share(&s->all, all, s->nwaiting),
		    share(&g->bucket, mine, g->nwaiting)),
		    least(own, SHAPER_QUANTUM_MAX));
		/* To the end of the line, if it stays in it. */
		TAILQ_REMOVE(&s->groups, g, link);
		TAILQ_INSERT_TAIL(&s->groups, g, link);
		shaper_leave(s, g, p);
		return p;
	}
	return NULL;
}
