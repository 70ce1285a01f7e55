/* SPDX-License-Identifier: ISC */
#include "space.h"

#include <stdlib.h>

#include "mem.h"

void
space_init(struct space *s)
{
	TAILQ_INIT(&s->devs);
	s->keep = SPACE_KEEP_AUTO;
	s->tickets = 0;
}

void
space_set_keep(struct space *s, uint64_t keep)
{
	s->keep = keep;
}

uint64_t
space_floor(const struct space *s, const struct space_dev *dev)
{
	uint64_t	part = dev->total / SPACE_KEEP_PART;

	if (s->keep != SPACE_KEEP_AUTO)
		return s->keep;
	return part < SPACE_KEEP_MAX ? part : SPACE_KEEP_MAX;
}

struct space_dev *
space_device(struct space *s, uint64_t key)
{
	struct space_dev	*dev;

	TAILQ_FOREACH(dev, &s->devs, link)
		if (dev->key == key)
			return dev;
	dev = xcalloc(1, sizeof(*dev));
	dev->key = key;
	TAILQ_INIT(&dev->held);
	TAILQ_INIT(&dev->waiting);
	TAILQ_INSERT_TAIL(&s->devs, dev, link);
	return dev;
}

void
space_measured(struct space_dev *dev, uint64_t avail, uint64_t total)
{
	dev->avail = avail;
	dev->total = total;
}

/* Most come last. */
static void
insert(struct space_claims *list, struct space_claim *c)
{
	struct space_claim	*before;

	TAILQ_FOREACH_REVERSE(before, list, space_claims, link)
		if (before->ticket < c->ticket) {
			TAILQ_INSERT_AFTER(list, before, c, link);
			return;
		}
	TAILQ_INSERT_HEAD(list, c, link);
}

/* Bytes are counted in 63 bits; a sum of them may want more. */
static uint64_t
add(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static void
leave(struct space_claim *c)
{
	struct space_dev	*dev = c->dev;

	if (c->held)
		dev->reserved -= c->need;
	TAILQ_REMOVE(c->held ? &dev->held : &dev->waiting, c, link);
	c->held = false;
}

static void
dev_free(struct space *s, struct space_dev *dev)
{
	if (!TAILQ_EMPTY(&dev->held) || !TAILQ_EMPTY(&dev->waiting))
		return;
	TAILQ_REMOVE(&s->devs, dev, link);
	free(dev);
}

void
space_ask(struct space *s, struct space_dev *dev, struct space_claim *c,
    uint64_t need)
{
	struct space_dev	*old = c->dev;

	if (old != NULL)
		leave(c);
	else
		c->ticket = ++s->tickets;
	c->dev = dev;
	c->need = need;
	insert(&dev->waiting, c);
	if (old != NULL && old != dev)
		dev_free(s, old);
}

/* To stop is cheap once, not at every breath of others. */
static uint64_t
wanted(const struct space *s, const struct space_claim *c)
{
	uint64_t	floor = space_floor(s, c->dev);

	if (c->need == 0)
		return 0;
	return add(add(floor, c->stopped ? floor / 8 : 0),
	    add(c->dev->reserved, c->need));
}

void
space_hold(struct space_claim *c, uint64_t now)
{
	struct space_dev	*dev = c->dev;

	TAILQ_REMOVE(&dev->waiting, c, link);
	insert(&dev->held, c);
	dev->reserved += c->need;
	c->held = true;
	c->since = now;
}

struct space_claim *
space_next(struct space *s, struct space_dev *dev, uint64_t now)
{
	struct space_claim	*c;

	TAILQ_FOREACH(c, &dev->waiting, link)
		if ((c->failures == 0 || c->since <= now) &&
		    wanted(s, c) <= dev->avail)
			break;
	if (c == NULL)
		return NULL;
	space_hold(c, now);
	return c;
}

void
space_left(struct space_claim *c, uint64_t left)
{
	if (left >= c->need)
		return;
	if (c->held)
		c->dev->reserved -= c->need - left;
	c->need = left;
}

void
space_stop(struct space_claim *c, uint64_t now, bool failed)
{
	uint64_t	wait = SPACE_RETRY_MIN;
	uint16_t	i;

	if (now - c->since >= SPACE_CALM)
		c->failures = 0;
	leave(c);
	insert(&c->dev->waiting, c);
	c->stopped = true;
	if (!failed) {
		c->failures = 0;
		return;
	}
	for (i = 0; i < c->failures && wait < SPACE_RETRY_MAX; i++)
		wait *= 2;
	c->failures++;
	c->since = now + (wait < SPACE_RETRY_MAX ? wait : SPACE_RETRY_MAX);
}

bool
space_short(const struct space *s, const struct space_dev *dev)
{
	return dev->reserved > 0 && dev->avail < space_floor(s, dev);
}

uint64_t
space_missing(const struct space *s, const struct space_claim *c)
{
	uint64_t	want = wanted(s, c);

	return want > c->dev->avail ? want - c->dev->avail : 0;
}

void
space_drop(struct space *s, struct space_claim *c)
{
	struct space_dev	*dev = c->dev;

	if (dev == NULL)
		return;
	leave(c);
	c->dev = NULL;
	dev_free(s, dev);
}
