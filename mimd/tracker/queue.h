/* SPDX-License-Identifier: ISC */
#ifndef QUEUE_H
#define QUEUE_H

#include <sys/tree.h>

#include <stdbool.h>
#include <stdint.h>

#include "msg.h"

/*
 * Announces that are due wait here for their turn, so that thousands of
 * torrents do not descend on a tracker at once: each host hears of so many a
 * second, and so do all together.  Pure: ms of a monotonic clock and a source
 * of random numbers come in, what may go out comes out.
 *
 * The pace of a host is "announce rate" of mimd.conf(5).  At the default, 100
 * a second, ten thousand torrents take 100 s; transmission allows itself half
 * of that, libtorrent thirty times as much, and no public tracker notices it
 * beside its other clients.  A tracker with an address of a private network
 * is the user's own: there only a storm is to be avoided, and ten thousand
 * torrents may take some four seconds.
 */
#define QUEUE_NEAR_FACTOR	30U	/* times that, to one's own */
#define QUEUE_TOTAL_FACTOR	4U	/* ... to all others together */
#define QUEUE_HURRY_FACTOR	4U	/* when it is time to leave */
#define QUEUE_BURST_MS		50U	/* unused turns that are kept */
#define QUEUE_OUT_MAX		16U	/* announces under way at a host */
#define QUEUE_HOSTS_MAX		1024U	/* before forgotten ones are dropped */

/* Within a host those of a better class go first. */
enum queue_class {
	QUEUE_URGENT,		/* a download, an event, the user */
	QUEUE_ACTIVE,		/* somebody was served not long ago */
	QUEUE_IDLE,
	QUEUE_CLASSES
};

struct queue;
struct queue_item;

/* rnd(bound) returns a number below bound. */
struct queue *queue_new(uint32_t (*rnd)(uint32_t bound));
/* No item may be left. */
void	 queue_free(struct queue *q);
/* Announces a second to one host; 0: no limit. */
void	 queue_set_rate(struct queue *q, uint32_t rate, uint64_t now);
/* From now on all goes faster. */
void	 queue_hurry(struct queue *q, uint64_t now);
/* This host has an address of a private network, or has not. */
void	 queue_set_near(struct queue *q, const char *host, bool near,
	    uint64_t now);

/* Wait for a turn at host. */
struct queue_item *queue_add(struct queue *q, const char *host,
	    enum queue_class class, void *what, uint64_t now);
/* Whose turn it is; NULL: nobody's before queue_due(). */
struct queue_item *queue_next(struct queue *q, uint64_t now);
/* It waits no more, or its announce is over: item is freed. */
void	 queue_remove(struct queue *q, struct queue_item *item);
/* UINT64_MAX: nothing may go out before something comes back. */
uint64_t queue_due(struct queue *q);
/* How many wait. */
uint32_t queue_length(const struct queue *q);
void	*queue_what(const struct queue_item *item);
bool	 queue_waits(const struct queue_item *item);

#endif /* QUEUE_H */
