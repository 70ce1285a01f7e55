/* SPDX-License-Identifier: ISC */
#ifndef PACE_H
#define PACE_H

#include <stdint.h>

/*
 * How fast to scrub, a pure thing: all that is kept is read once in each
 * period, spread over it.  A torrent is due when PACE_DUE of the period have
 * gone by since it was looked at last; those that are due are read at a rate
 * that is right for all of them, in batches, so that a disk at rest is not
 * woken for each piece.
 */
#define PACE_DUE(period)	((period) - (period) / 5)
#define PACE_RATE_MAX		(64U << 20)	/* bytes/s */
#define PACE_BATCH		(64U << 20)	/* bytes, if there are many */

struct pace {
	uint64_t	period;		/* s; 0: never */
	uint64_t	credit;		/* bytes that may be read */
	uint64_t	at;		/* ms; credit was right then */
};

void	pace_init(struct pace *p, uint64_t period, uint64_t total,
	    uint64_t now);
/* Bytes/s, for so many bytes in all; a quarter more than must be. */
uint64_t pace_rate(const struct pace *p, uint64_t total);
/* Time goes by. */
void	pace_earn(struct pace *p, uint64_t total, uint64_t now);
/* Bytes were read. */
void	pace_spend(struct pace *p, uint64_t bytes);
/* ms until a batch may be read; 0: now. */
uint64_t pace_wait(const struct pace *p, uint64_t total);

#endif /* PACE_H */
