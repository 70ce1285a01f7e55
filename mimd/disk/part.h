/* SPDX-License-Identifier: ISC */
#ifndef PART_H
#define PART_H

#include <stdbool.h>
#include <stdint.h>

#include "hash.h"
#include "path.h"

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
#define PART_NAME_MAX	(sizeof(PATH_OURS ".part") + 2 * SHA1_LEN)

struct part {
	char	name[PART_NAME_MAX];
	uint8_t	files[];		/* set of those whose bytes it has */
};

/* Of its part file, or "" if there can be none; files are loaded. */
void	 part_name(const struct content *t, char name[PART_NAME_MAX]);
struct part *part_new(const uint8_t infohash[SHA1_LEN], uint32_t nfiles);
struct part *part_copy(const struct part *p, uint32_t nfiles);
/* Are the bytes of this file in the part file?  p may be NULL. */
bool	 part_has(const struct part *p, uint32_t file);
/* Of a file of the torrent, or of the part file, which is nfiles. */
const char *part_path(const struct metainfo *mi, const struct part *p,
	    uint32_t file);

/*
 * Files that are not wanted and not there will be in the part file, those
 * that are wanted come out of it.  Nothing is done that a move or a check
 * would trip over: call it again when the torrent is ready.  May load it.
 * -1 after a failure, which was told.
 */
int	 part_follow(struct disk *d, struct content *t);
/* A record is safe: if it names nothing in the part file, that goes. */
void	 part_drop(struct disk *d, struct content *t);

#endif /* PART_H */
