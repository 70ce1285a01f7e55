/* SPDX-License-Identifier: ISC */
#ifndef PART_H
#define PART_H

#include <stdbool.h>
#include <stdint.h>

#include "hash.h"

struct content;
struct disk;
struct metainfo;

/*
 * Files that are skipped do not appear.  What lies in them of pieces that
 * reach into other files is kept in one hidden, sparse file beside the
 * torrent's own, at its place in the payload.  A file that was there when it
 * came to be skipped stays in use.
 *
 * The record names the files whose bytes are there.  When such a file is
 * wanted again its bytes are copied out and synced, then the record forgets
 * it, and when it names none any more the part file goes: so a power cut
 * finds the bytes at one place at least, and the record points at it.
 */
#define PART_NAME_MAX	(sizeof(".mim-.part") + 2 * SHA1_LEN)

struct part {
	char	name[PART_NAME_MAX];
	uint8_t	files[];		/* set of those whose bytes it has */
};

struct part *part_new(const uint8_t infohash[SHA1_LEN], uint32_t nfiles);
struct part *part_copy(const struct part *p, uint32_t nfiles);
/* Are the bytes of this file in the part file?  p may be NULL. */
bool	 part_has(const struct part *p, uint32_t file);
/* Of a file of the torrent, or of the part file, which is nfiles. */
const char *part_path(const struct metainfo *mi, const struct part *p,
	    uint32_t file);

/*
 * The priorities have changed: files that are not wanted and not there will
 * be in the part file, those that are wanted come out of it.  Loads the
 * torrent; what moves is left until it has moved.
 */
void	 part_follow(struct disk *d, struct content *t);
/* A record is safe: if it names nothing in the part file, that goes. */
void	 part_drop(struct disk *d, struct content *t);

#endif /* PART_H */
