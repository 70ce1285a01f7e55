/* SPDX-License-Identifier: ISC */
#ifndef ADMIT_H
#define ADMIT_H

#include <stdbool.h>
#include <stdint.h>

struct content;
struct disk;

/*
 * Torrents are admitted before they write: space.h decides, from what the
 * file systems say; who has to wait is in state waiting, and goes on by
 * itself.
 */
void	admit_init(struct disk *d);
/* The floor has changed, or how files are allocated. */
void	admit_conf(struct disk *d, uint64_t keep_free, bool allocate);
/*
 * The pieces of a torrent are known.  It becomes ready if it need not write,
 * is not to write now, or has the space to; else it waits.
 */
void	admit(struct disk *d, struct content *t);
/* What is wanted of it has changed, and so what it needs. */
void	admit_anew(struct disk *d, struct content *t);
/* Peer opens it: the same, whether it was paused or not. */
void	admit_open(struct disk *d, struct content *t);
/*
 * It was just found in the state directory, and could write when its record
 * was made: it may go on, whoever else asks.
 */
void	admit_promised(struct disk *d, struct content *t);
/* All have been found: now others may. */
void	admit_scanned(struct disk *d);
/* It will not write any more, for now. */
void	admit_release(struct disk *d, struct content *t);
/* A write has failed for lack of space: ENOSPC or EDQUOT.  False: no matter. */
bool	admit_full(struct disk *d, struct content *t, int error);
/* Try again now, not when it is due. */
void	admit_retry(struct disk *d, struct content *t);
/* A piece more is there. */
void	admit_progress(struct disk *d, struct content *t);
/* Look at the space again, now and then. */
void	admit_tick(struct disk *d, uint64_t now);

#endif /* ADMIT_H */
