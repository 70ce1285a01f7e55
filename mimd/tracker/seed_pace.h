/* SPDX-License-Identifier: ISC */
#ifndef SEED_PACE_H
#define SEED_PACE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * How much to ask of a web seed, and when again.  Pure: times in ms of a
 * monotonic clock, randomness comes in as rnd.
 */
#define SEED_SPAN_FIRST	(1U << 20)	/* bytes, while its rate is unknown */
#define SEED_SPAN_BYTES	(16U << 20)	/* at most */
#define SEED_SPAN_SECS	5U		/* so long a span shall take */
#define SEED_RETRY_MS	5000U		/* after the first failure */
#define SEED_RETRY_MAX_MS 3600000U
#define SEED_POLL_MS	1000U		/* when peer had nothing for it */
#define SEED_POLL_MAX_MS 30000U
#define SEED_BURST_MS	250U		/* of a bucket */

struct seed_pace {
	uint64_t	retry_at;	/* ms, 0: now */
	uint64_t	rate;		/* bytes/s, 0: unknown */
	uint32_t	fails;		/* in a row */
	uint32_t	polls;		/* ... that peer had nothing */
};

/* It failed; retry: seconds that it asks for, or 0. */
void	seed_pace_failed(struct seed_pace *p, uint64_t now, uint32_t retry,
	    uint32_t rnd);
/* Bytes came: it is well. */
void	seed_pace_worked(struct seed_pace *p);
/* Peer had nothing for it. */
void	seed_pace_denied(struct seed_pace *p, uint64_t now, uint32_t rnd);
void	seed_pace_granted(struct seed_pace *p);
/* A second of it gave so many bytes. */
void	seed_pace_second(struct seed_pace *p, uint64_t bytes);
/* Bytes to ask for, with nconns connections. */
uint32_t seed_pace_span(const struct seed_pace *p, uint32_t nconns);

/* A rate to be obeyed. */
struct seed_bucket {
	uint64_t	rate;		/* bytes/s, 0: none */
	uint64_t	at;		/* ms, filled last */
	int64_t		tokens;
};

void	seed_bucket_set(struct seed_bucket *b, uint64_t now, uint64_t rate);
/* Bytes that may come; UINT64_MAX without a limit. */
uint64_t seed_bucket_room(struct seed_bucket *b, uint64_t now);
void	seed_bucket_take(struct seed_bucket *b, uint64_t bytes);

#endif /* SEED_PACE_H */
