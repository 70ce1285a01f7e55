/* SPDX-License-Identifier: ISC */
#ifndef TALLY_H
#define TALLY_H

#include <stdint.h>

struct content;
struct disk;

/*
 * What is told of the download directories, for "mimctl show disk": at most
 * once a second, while something moves, and when the parent asks.
 */
void	tally_init(struct disk *d);
/* Payload moved. */
void	tally_read(struct disk *d, const struct content *t, uint64_t bytes);
void	tally_written(struct disk *d, const struct content *t,
	    uint64_t bytes);
/* Something else is new: checks, records. */
void	tally_soon(struct disk *d);
void	tally_tell(struct disk *d);

#endif /* TALLY_H */
