/* SPDX-License-Identifier: ISC */
#include <sys/queue.h>

#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "queue.h"

#define JITTER		8U	/* turns are late by up to an eighth */

/*
 * A token bucket that is told by the time, in us, at which it has been used
 * up: it may be ahead of the clock by what is left of the burst.
 */
struct bucket {
	uint64_t	used_until;
	uint32_t	rate;		/* a second, 0: no limit */
};

struct queue_item {
	TAILQ_ENTRY(queue_item)	 link;	/* queue_host::waiting */
	struct queue_host	*host;
	void			*what;
	uint8_t			 class;		/* enum queue_class */
	bool			 out;		/* waits no more */
};

TAILQ_HEAD(item_list, queue_item);

struct queue_host {
	RB_ENTRY(queue_host)	 by_name;
	RB_ENTRY(queue_host)	 by_ready;	/* if anything waits */
	struct item_list	 waiting[QUEUE_CLASSES];
	struct bucket		 bucket;
	uint64_t		 ready;		/* us */
	uint32_t		 n, out;	/* wait, are under way */
	bool			 near, ranked;	/* by_ready */
	char			 name[];
};

RB_HEAD(host_names, queue_host);
RB_HEAD(host_readies, queue_host);

struct queue {
	uint32_t		(*rnd)(uint32_t bound);
	struct host_names	 names;
	struct host_readies	 near, far;
	struct bucket		 total;		/* of those that are far */
	uint32_t		 rate, nhosts, n;
	bool			 hurry;
};

static int
name_cmp(const struct queue_host *a, const struct queue_host *b)
{
	return strcmp(a->name, b->name);
}

static int
ready_cmp(const struct queue_host *a, const struct queue_host *b)
{
	if (a->ready != b->ready)
		return a->ready > b->ready ? 1 : -1;
	return strcmp(a->name, b->name);
}

RB_GENERATE_INTERNAL(host_names, queue_host, by_name, name_cmp,
    __attribute__((unused)) static)
RB_GENERATE_INTERNAL(host_readies, queue_host, by_ready, ready_cmp,
    __attribute__((unused)) static)

static uint64_t
us(uint64_t ms)
{
	return ms * 1000;
}

/* ---- buckets ---- */

static uint64_t
bucket_ready(const struct bucket *b)
{
	uint64_t	burst = us(QUEUE_BURST_MS), step;

	if (b->rate == 0)
		return 0;
	step = 1000000 / b->rate;
	burst = burst > step ? burst - step : 0;
	return b->used_until > burst ? b->used_until - burst : 0;
}

static void
bucket_use(struct bucket *b, uint64_t now, uint32_t (*rnd)(uint32_t))
{
	uint32_t	step;

	if (b->rate == 0)
		return;
	step = (1000000 + b->rate - 1) / b->rate;
	if (b->used_until < now)
		b->used_until = now;
	b->used_until += step + rnd(step / JITTER + 1);
}

/* What was used at the old rate is not held against the new one. */
static void
bucket_set(struct bucket *b, uint32_t rate, uint64_t now)
{
	if (b->rate == rate)
		return;
	b->rate = rate;
	if (b->used_until > now)
		b->used_until = now;
}

/* ---- hosts ---- */

static struct host_readies *
host_tree(struct queue *q, const struct queue_host *h)
{
	return h->near ? &q->near : &q->far;
}

static void
host_wait(struct queue *q, struct queue_host *h)
{
	uint32_t	max = QUEUE_OUT_MAX;

	if (q->hurry)
		max *= QUEUE_HURRY_FACTOR;
	h->ranked = h->n > 0 && h->out < max;
	if (!h->ranked)
		return;
	h->ready = bucket_ready(&h->bucket);
	RB_INSERT(host_readies, host_tree(q, h), h);
}

static void
host_unwait(struct queue *q, struct queue_host *h)
{
	if (h->ranked)
		RB_REMOVE(host_readies, host_tree(q, h), h);
}

static void
host_set_rate(struct queue *q, struct queue_host *h, uint64_t now)
{
	uint32_t	rate = q->rate;

	if (h->near)
		rate *= QUEUE_NEAR_FACTOR;
	if (q->hurry)
		rate *= QUEUE_HURRY_FACTOR;
	bucket_set(&h->bucket, rate, now);
}

/* Those that do nothing, and whose pace is not held against them. */
static void
hosts_sweep(struct queue *q, uint64_t now)
{
	struct queue_host	*h, *next;

	RB_FOREACH_SAFE(h, host_names, &q->names, next) {
		if (h->n > 0 || h->out > 0 || h->bucket.used_until > now)
			continue;
		RB_REMOVE(host_names, &q->names, h);
		q->nhosts--;
		free(h);
	}
}

static struct queue_host *
host_get(struct queue *q, const char *name, uint64_t now)
{
	struct queue_host	*h, *old;
	size_t			 len = strlen(name) + 1;
	unsigned int		 i;

	if (q->nhosts >= QUEUE_HOSTS_MAX)
		hosts_sweep(q, now);
	h = xcalloc(1, sizeof(*h) + len);
	memcpy(h->name, name, len);
	if ((old = RB_INSERT(host_names, &q->names, h)) != NULL) {
		free(h);
		return old;
	}
	for (i = 0; i < QUEUE_CLASSES; i++)
		TAILQ_INIT(&h->waiting[i]);
	host_set_rate(q, h, now);
	q->nhosts++;
	return h;
}

/* ---- the queue ---- */

struct queue *
queue_new(uint32_t (*rnd)(uint32_t bound))
{
	struct queue	*q = xcalloc(1, sizeof(*q));

	q->rnd = rnd;
	RB_INIT(&q->names);
	RB_INIT(&q->near);
	RB_INIT(&q->far);
	queue_set_rate(q, ANNOUNCE_RATE_DEFAULT, 0);
	return q;
}

void
queue_free(struct queue *q)
{
	struct queue_host	*h, *next;

	RB_FOREACH_SAFE(h, host_names, &q->names, next) {
		RB_REMOVE(host_names, &q->names, h);
		free(h);
	}
	free(q);
}

static void
set_rates(struct queue *q, uint64_t now)
{
	struct queue_host	*h;
	uint32_t		 total = q->rate * QUEUE_TOTAL_FACTOR;

	bucket_set(&q->total, q->hurry ? total * QUEUE_HURRY_FACTOR : total,
	    us(now));
	RB_FOREACH(h, host_names, &q->names) {
		host_unwait(q, h);
		host_set_rate(q, h, us(now));
		host_wait(q, h);
	}
}

void
queue_set_rate(struct queue *q, uint32_t rate, uint64_t now)
{
	q->rate = rate;
	set_rates(q, now);
}

void
queue_hurry(struct queue *q, uint64_t now)
{
	q->hurry = true;
	set_rates(q, now);
}

void
queue_set_near(struct queue *q, const char *host, bool near, uint64_t now)
{
	struct queue_host	*h = host_get(q, host, us(now));

	if (h->near == near)
		return;
	host_unwait(q, h);
	h->near = near;
	host_set_rate(q, h, us(now));
	host_wait(q, h);
}

struct queue_item *
queue_add(struct queue *q, const char *host, enum queue_class class,
    void *what, uint64_t now)
{
	struct queue_host	*h = host_get(q, host, us(now));
	struct queue_item	*item = xcalloc(1, sizeof(*item));

	item->host = h;
	item->what = what;
	item->class = (uint8_t)class;
	host_unwait(q, h);
	TAILQ_INSERT_TAIL(&h->waiting[class], item, link);
	h->n++;
	q->n++;
	host_wait(q, h);
	return item;
}

static void
take(struct queue *q, struct queue_item *item)
{
	TAILQ_REMOVE(&item->host->waiting[item->class], item, link);
	item->host->n--;
	q->n--;
}

void
queue_remove(struct queue *q, struct queue_item *item)
{
	struct queue_host	*h = item->host;

	host_unwait(q, h);
	if (item->out)
		h->out--;
	else
		take(q, item);
	host_wait(q, h);
	free(item);
}

static struct queue_item *
first_of(struct queue_host *h)
{
	struct queue_item	*item = NULL;
	unsigned int		 i;

	for (i = 0; i < QUEUE_CLASSES && item == NULL; i++)
		item = TAILQ_FIRST(&h->waiting[i]);
	return item;
}

struct queue_item *
queue_next(struct queue *q, uint64_t now)
{
	struct queue_host	*h;
	struct queue_item	*item;

	now = us(now);
	h = RB_MIN(host_readies, &q->near);
	if (h == NULL || h->ready > now) {
		h = RB_MIN(host_readies, &q->far);
		if (h == NULL || h->ready > now ||
		    bucket_ready(&q->total) > now)
			return NULL;
		bucket_use(&q->total, now, q->rnd);
	}
	host_unwait(q, h);
	bucket_use(&h->bucket, now, q->rnd);
	item = first_of(h);
	take(q, item);
	item->out = true;
	h->out++;
	host_wait(q, h);
	return item;
}

uint64_t
queue_due(struct queue *q)
{
	const struct queue_host	*near = RB_MIN(host_readies, &q->near);
	const struct queue_host	*far = RB_MIN(host_readies, &q->far);
	uint64_t		 due = UINT64_MAX, total;

	if (near != NULL)
		due = near->ready;
	if (far != NULL) {
		total = bucket_ready(&q->total);
		if (total < far->ready)
			total = far->ready;
		if (total < due)
			due = total;
	}
	return due == UINT64_MAX ? due : (due + 999) / 1000;
}

uint32_t
queue_length(const struct queue *q)
{
	return q->n;
}

void *
queue_what(const struct queue_item *item)
{
	return item->what;
}

bool
queue_waits(const struct queue_item *item)
{
	return !item->out;
}
