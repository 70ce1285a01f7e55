/* SPDX-License-Identifier: ISC */
#ifndef ALLOT_H
#define ALLOT_H

#include <stdbool.h>
#include <stdint.h>

struct content;
struct disk;

/*
 * What may take long of the files of a torrent that is to be written: a
 * thread counts the blocks that they have, or allocates those they lack.
 * One torrent at a time.
 */
void	allot_init(struct disk *d);
void	allot_start(struct disk *d);
/* Begin; false if one is at work, or t cannot be loaded. */
bool	allot_begin(struct disk *d, struct content *t, bool allocate);
/* Is this torrent (NULL: any) being worked on? */
bool	allot_busy(const struct disk *d, const struct content *t);
/* Soon to end without a result, if it is this torrent's. */
void	allot_cancel(struct disk *d, const struct content *t);

/*
 * In admit.c: it has ended.  The files lack blocks for so many bytes; error
 * is 0, or that of a file.
 */
void	admit_allotted(struct disk *d, struct content *t, bool allocate,
	    uint64_t lack, int error, uint32_t file);

#endif /* ALLOT_H */
