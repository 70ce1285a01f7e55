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
 * torrent's own, at its place in the payload.  Where a file's bytes go is
 * settled when the first of them come: one that is there by then stays in use.
 *
 * The record names the files whose bytes are there.  When such a file is
 * wanted again its bytes are copied out and synced (part_leave.h), then the
 * record forgets it, and when it names none any more the part file goes: so a
 * power cut finds the bytes at one place at least, and the record points at
 * it.  Its space is given back file by file.
 */
#define PART_NAME_MAX	(sizeof(PATH_OURS ".part") + 2 * SHA1_LEN)

struct part {
	char	name[PART_NAME_MAX];
	bool	leaving;		/* some are to come out */
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
 * Bytes of this file are to be written: true if it is skipped and not there,
 * and so has just come to be in the part file.
 */
bool	 part_enter(struct disk *d, struct content *t, uint32_t file);
/* Those that are wanted are to come out of it, soon.  May load the torrent. */
void	 part_follow(struct disk *d, struct content *t);
/*
 * A record is safe that does not name this file in it any more: give back its
 * space, where the file system can.
 */
void	 part_punch(struct disk *d, struct content *t, uint32_t file);
/* It has nothing of use any more: the record shall say that it is to go. */
void	 part_forget(struct content *t);
/* A record is safe: if it names nothing in the part file, that goes. */
void	 part_drop(struct disk *d, struct content *t);

#endif /* PART_H */
