/* SPDX-License-Identifier: ISC */
#ifndef TRAIL_H
#define TRAIL_H

#include <stdbool.h>
#include <stdint.h>

/*
 * What of the files was read and written for peers lately, a pure thing.  The
 * kernel keeps it in its page cache; beyond a bound what was not touched for
 * longest is named, for the kernel to let go: so that a collection much
 * larger than memory does not push out what other programs use.  A chunk is as
 * large as the largest pages there (folios), which go as a whole or not at all;
 * small files that are neighbours share one.
 */
#define TRAIL_CHUNK	(2U << 20)	/* bytes that go together */
#define TRAIL_MAX	2048U		/* chunks remembered at most */
#define TRAIL_SMALL	(64U << 10)	/* a file of no more is small */
#define TRAIL_GROUP	(TRAIL_CHUNK / TRAIL_SMALL)	/* files of a group */
#define TRAIL_SMALLS	UINT32_MAX	/* number: the small files of one */

struct trail_chunk {
	uint32_t	torrent;
	uint32_t	file;		/* or the first of its group */
	uint32_t	number;		/* in the file, or TRAIL_SMALLS */
};

struct trail;

struct trail *trail_new(void);
void	 trail_free(struct trail *trail);
/* Where the byte at off of a file of this size is. */
struct trail_chunk trail_chunk(uint32_t torrent, uint32_t file, uint64_t size,
	    uint64_t off);
/* Remember so many chunks, at least one; those beyond are just forgotten. */
void	 trail_limit(struct trail *trail, uint32_t chunks);
/* It was touched.  True if gone is to be let go. */
bool	 trail_touch(struct trail *trail, struct trail_chunk chunk,
	    struct trail_chunk *gone);

#endif /* TRAIL_H */
