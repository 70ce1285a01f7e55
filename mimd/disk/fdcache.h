/* SPDX-License-Identifier: ISC */
#ifndef FDCACHE_H
#define FDCACHE_H

#include <stdint.h>

#include "file.h"

/*
 * Descriptors of torrents' files, the least recently used closed first.  A
 * file that is only read is open read-only.
 */
struct fdcache;

struct fdcache *fdcache_new(unsigned int max);
void	 fdcache_free(struct fdcache *cache);
/*
 * The descriptor of file number index (path beneath place) of a torrent; it
 * stays the cache's and is good until the next call.  -1 and errno.
 */
int	 fdcache_get(struct fdcache *cache, uint32_t torrent, uint32_t index,
	    struct place place, const char *path, enum file_mode mode);
/*
 * What is opened to be read between the two is a row of this place: file.h.
 * Its paths must stay.
 */
void	 fdcache_row_begin(struct fdcache *cache, struct place place);
void	 fdcache_row_end(struct fdcache *cache);
/*
 * The status of the file that the last one gave, if it had to be opened for
 * that; else NULL.
 */
const struct stat *fdcache_fresh(const struct fdcache *cache);
/* Close all of a torrent, or one file of it. */
void	 fdcache_drop(struct fdcache *cache, uint32_t torrent);
void	 fdcache_drop_file(struct fdcache *cache, uint32_t torrent,
	    uint32_t index);

#endif /* FDCACHE_H */
