/* SPDX-License-Identifier: ISC */
#ifndef PIPELINE_H
#define PIPELINE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * How many requests to keep outstanding at a peer, and how long to wait for
 * an answer.  Slow start as TCP does it: a block received allows two more to
 * be asked for, until a second brings hardly more than the one before; then
 * the window is what the peer sends in max(1 s, 2 round trips).
 */
#define PIPELINE_MIN		4
#define PIPELINE_MAX		500
#define PIPELINE_GAIN		5000	/* bytes/s more that keep it growing */
#define PIPELINE_SNUB_MS	20000	/* silence that snubs a peer */
#define PIPELINE_WAIT_MIN	5000	/* ms: least wait for a block */
#define PIPELINE_WAIT_MAX	60000

struct pipeline {
	uint32_t	window;
	bool		steady;		/* slow start is over */
	bool		snubbed;
	uint64_t	second;		/* when the current second began */
	uint64_t	bytes, before;	/* in this second and in the last */
	uint64_t	last;		/* time of the last block, 0 none */
	uint32_t	mean, dev;	/* ms between blocks, times 8 and 4 */
};

void	 pipeline_init(struct pipeline *p);
/* The peer unchoked us or answers again: silence is counted from now. */
void	 pipeline_start(struct pipeline *p, uint64_t now);
void	 pipeline_on_block(struct pipeline *p, uint64_t now, uint32_t bytes);
/* No answer for too long: ask for one block at a time. */
void	 pipeline_on_timeout(struct pipeline *p, uint64_t now);
/* Requests that may be outstanding; cap is what the peer and we can take. */
uint32_t pipeline_window(struct pipeline *p, uint64_t rate, uint32_t rtt_ms,
	    uint32_t cap);
/* Has the peer been silent for longer than its own habit allows? */
bool	 pipeline_late(const struct pipeline *p, uint64_t now);

#endif /* PIPELINE_H */
