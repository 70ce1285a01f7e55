/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "shaper.h"

void
shaper_init(struct shaper *s)
{
	uint32_t	i;

	memset(s, 0, sizeof(*s));
	TAILQ_INIT(&s->groups);
	for (i = 0; i <= SHAPER_CLASSES; i++)
		TAILQ_INIT(&s->classes[i].held);
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

static struct shaper_class *
peer_class(struct shaper *s, const struct shaper_peer *p)
{
	return &s->classes[p->class];
}

uint64_t
shaper_room(struct shaper *s, struct shaper_group *g, struct shaper_peer *p,
    uint64_t now_us)
{
	struct shaper_class	*c = peer_class(s, p);
	uint64_t		 room;

	if (p->exempt)
		return BUCKET_ALL;
	room = peer_room(p, now_us);
	if (room == BUCKET_ALL && s->all.rate == 0 && c->bucket.rate == 0 &&
	    g->bucket.rate == 0)
		return BUCKET_ALL;
	/* Those in line come first. */
	if (p->waiting || (g->bucket.rate != 0 && g->nwaiting > 0) ||
	    (s->all.rate != 0 && s->nwaiting > 0) ||
	    (c->bucket.rate != 0 && c->nwaiting + c->nheld > 0))
		return 0;
	room = least(room, bucket_room(&g->bucket, now_us));
	room = least(room, bucket_room(&c->bucket, now_us));
	return least(room, bucket_room(&s->all, now_us));
}

void
shaper_take(struct shaper *s, struct shaper_group *g, struct shaper_peer *p,
    uint64_t bytes, uint64_t now_us)
{
	if (p->exempt)
		return;
	bucket_take(&s->all, bytes, now_us);
	bucket_take(&peer_class(s, p)->bucket, bytes, now_us);
	if (g != NULL)
		bucket_take(&g->bucket, bytes, now_us);
	if (p->own != NULL)
		bucket_take(p->own, bytes, now_us);
}

/* ---- lines ---- */

static void
line_count(struct shaper *s, struct shaper_peer *p, int n)
{
	p->group->nwaiting += (uint32_t)n;
	peer_class(s, p)->nwaiting += (uint32_t)n;
	s->nwaiting += (uint32_t)n;
}

static void
line_quit(struct shaper *s, struct shaper_peer *p)
{
	TAILQ_REMOVE(&p->group->peers, p, link);
	line_count(s, p, -1);
	if (p->group->nwaiting == 0)
		TAILQ_REMOVE(&s->groups, p->group, link);
}

void
shaper_wait(struct shaper *s, struct shaper_group *g, struct shaper_peer *p)
{
	if (p->waiting)
		return;
	p->waiting = true;
	p->group = g;
	if (g->nwaiting == 0)
		TAILQ_INSERT_TAIL(&s->groups, g, link);
	TAILQ_INSERT_TAIL(&g->peers, p, link);
	line_count(s, p, 1);
}

/* Its turn has come, but not its class's. */
static void
class_hold(struct shaper *s, struct shaper_peer *p)
{
	struct shaper_class	*c = peer_class(s, p);

	line_quit(s, p);
	TAILQ_INSERT_TAIL(&c->held, p, link);
	c->nheld++;
	p->held = true;
}

static void
class_unhold(struct shaper_class *c, struct shaper_peer *p)
{
	TAILQ_REMOVE(&c->held, p, link);
	c->nheld--;
	p->held = false;
}

void
shaper_leave(struct shaper *s, struct shaper_peer *p)
{
	if (!p->waiting)
		return;
	if (p->held)
		class_unhold(peer_class(s, p), p);
	else
		line_quit(s, p);
	p->waiting = false;
}

/* Back to where they were: before all that came since, in their order. */
static void
class_release(struct shaper *s, struct shaper_class *c)
{
	struct shaper_peer	*p;

	while ((p = TAILQ_LAST(&c->held, shaper_peers)) != NULL) {
		class_unhold(c, p);
		if (p->group->nwaiting == 0)
			TAILQ_INSERT_HEAD(&s->groups, p->group, link);
		TAILQ_INSERT_HEAD(&p->group->peers, p, link);
		line_count(s, p, 1);
	}
}

static void
classes_look(struct shaper *s, uint64_t now_us, uint64_t *wait_us)
{
	struct shaper_class	*c;

	for (c = s->classes; c <= &s->classes[SHAPER_CLASSES]; c++) {
		if (c->nheld == 0)
			continue;
		if (bucket_room(&c->bucket, now_us) > 0)
			class_release(s, c);
		else
			*wait_us = least(*wait_us,
			    bucket_wait(&c->bucket, now_us));
	}
}

/* ---- turns ---- */

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

/*
 * The first of a torrent's line that neither its class nor its own limit
 * holds back.  The torrent is out of its line if it was the last.
 */
static struct shaper_peer *
group_next(struct shaper *s, struct shaper_group *g, uint64_t now_us,
    uint64_t *room, uint64_t *wait_us)
{
	struct shaper_peer	*p, *next;
	struct shaper_class	*c;
	uint64_t		 left;

	for (p = TAILQ_FIRST(&g->peers); p != NULL; p = next) {
		next = TAILQ_NEXT(p, link);
		c = peer_class(s, p);
		if ((left = bucket_room(&c->bucket, now_us)) == 0) {
			class_hold(s, p);
			*wait_us = least(*wait_us,
			    bucket_wait(&c->bucket, now_us));
		} else if ((*room = peer_room(p, now_us)) == 0) {
			*wait_us = least(*wait_us,
			    bucket_wait(p->own, now_us));
		} else {
			*room = least(*room,
			    share(&c->bucket, left, c->nwaiting));
			return p;
		}
	}
	return NULL;
}

struct shaper_peer *
shaper_next(struct shaper *s, uint64_t now_us, uint64_t *room,
    uint64_t *wait_us)
{
	struct shaper_group	*g, *next;
	struct shaper_peer	*p;
	uint64_t		 all, mine, own;

	*wait_us = UINT64_MAX;
	classes_look(s, now_us, wait_us);
	if (s->nwaiting == 0)
		return NULL;
	if ((all = bucket_room(&s->all, now_us)) == 0) {
		*wait_us = bucket_wait(&s->all, now_us);
		return NULL;
	}
	for (g = TAILQ_FIRST(&s->groups); g != NULL; g = next) {
		next = TAILQ_NEXT(g, link);
		if ((mine = bucket_room(&g->bucket, now_us)) == 0) {
			*wait_us = least(*wait_us,
			    bucket_wait(&g->bucket, now_us));
			continue;
		}
		p = group_next(s, g, now_us, &own, wait_us);
		if (p == NULL)
			continue;
		*room = least(least(share(&s->all, all, s->nwaiting),
		    share(&g->bucket, mine, g->nwaiting)),
		    least(own, SHAPER_QUANTUM_MAX));
		/* To the end of the line, if it stays in it. */
		TAILQ_REMOVE(&s->groups, g, link);
		TAILQ_INSERT_TAIL(&s->groups, g, link);
		shaper_leave(s, p);
		return p;
	}
	return NULL;
}
