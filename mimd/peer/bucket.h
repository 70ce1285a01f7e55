/* SPDX-License-Identifier: ISC */
#ifndef BUCKET_H
#define BUCKET_H

#include <stdint.h>

/*
 * A token bucket: bytes that may move, filled by the time that goes by.
 * Pure: the clock is in the arguments.
 *
 * It starts empty and holds a quarter of a second, so that any ten seconds
 * bring the rate with an error of 2.5 percent at most.  What must not wait
 * is taken all the same and leaves a debt of up to a second.
 */
#define BUCKET_RATE_MAX	(UINT64_C(1) << 40)	/* bytes/s */
#define BUCKET_DEPTH_US	250000
#define BUCKET_DEBT_US	1000000
#define BUCKET_NEED_MAX	16384		/* bytes worth moving */
#define BUCKET_ALL	UINT64_MAX	/* no limit */

struct bucket {
	uint64_t	rate;		/* bytes/s, 0: no limit */
	int64_t		tokens;		/* bytes times 10^6 */
	uint64_t	at;		/* us: filled until then */
};

/* Change the rate; what is in it stays, within the new depth. */
void	 bucket_set(struct bucket *b, uint64_t rate, uint64_t now_us);
/* Bytes that may move: 0 until they are worth it, BUCKET_ALL if unlimited. */
uint64_t bucket_room(struct bucket *b, uint64_t now_us);
/* The least that bucket_room() gives, other than 0. */
uint64_t bucket_need(const struct bucket *b);
/* So many have moved. */
void	 bucket_take(struct bucket *b, uint64_t bytes, uint64_t now_us);
/* Microseconds until there is room again. */
uint64_t bucket_wait(struct bucket *b, uint64_t now_us);

#endif /* BUCKET_H */
