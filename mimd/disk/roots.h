/* SPDX-License-Identifier: ISC */
#ifndef ROOTS_H
#define ROOTS_H

#include <stdbool.h>
#include <stdint.h>

struct content;
struct disk;

/*
 * The download directories, and whether they are what they were.  Beneath
 * one that is not nothing is opened: its torrents wait until the parent, who
 * sees it mounted, starts a disk child that holds it.
 */

/* A directory is given. */
void	roots_add(struct disk *d, uint32_t index, const char *path, int fd);
/* Or it cannot be had, for this reason. */
void	roots_add_gone(struct disk *d, uint32_t index, const char *path,
	    const char *why);
/* The index of the one with this path; ROOTS_MAX: none. */
uint32_t roots_find(const struct disk *d, const char *path);
/* Compare all with what is remembered in the state directory. */
void	roots_load(struct disk *d);
/* Is the directory of this torrent another one, or none? */
bool	roots_away(const struct disk *d, const struct content *t);
/* Let it wait, with that for a reason. */
void	roots_wait(struct disk *d, struct content *t);
/*
 * A torrent whose directory seems to be another was found in the state
 * directory.  If its files are there as they were, so is the directory.
 */
void	roots_prove(struct disk *d, struct content *t);
/* All are found: a directory that none of them uses may be what it is now. */
void	roots_scanned(struct disk *d);
/* A sync of its file system has failed: from now on each file by itself. */
void	roots_sync_failed(struct disk *d, uint32_t index);
/* Keep what is remembered. */
void	roots_save(struct disk *d);
/* A torrent came to this one: remember what it is. */
void	roots_used(struct disk *d, uint32_t index);

#endif /* ROOTS_H */
