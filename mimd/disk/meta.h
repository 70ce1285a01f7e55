/* SPDX-License-Identifier: ISC */
#ifndef META_H
#define META_H

#include <stdbool.h>
#include <stdint.h>

#include "msg.h"

struct content;
struct disk;

/*
 * Metadata: the info dictionary of a torrent known by its magnet link is put
 * together in memory from blocks, believed when its hash is right, and kept
 * as a .torrent; that of any torrent is read for peers.
 */
#define META_MAX	64U		/* torrents at a time */
#define META_BYTES	(32U << 20)	/* of them all */

/* False if there is no room now, or nothing to fetch. */
bool	meta_start(struct disk *d, struct content *t, uint32_t size);
/* Peer has given up; what has come is dropped. */
void	meta_forget(struct disk *d, struct content *t);
/* Also drops what waits to be kept. */
void	meta_free(struct disk *d, struct content *t);
/* Is this a whole block of what was begun, if anything was? */
bool	meta_fits(const struct content *t, uint32_t begin, uint32_t length);
/* Copies it; false if it is not wanted (any more). */
bool	meta_store(struct content *t, uint32_t begin, const uint8_t *p,
	    uint32_t length);
bool	meta_full(const struct content *t);
/* True if the hash is right: then it becomes a torrent, or an error. */
bool	meta_finish(struct disk *d, struct content *t);
/* Go on with what waited for a record to be written. */
void	meta_settle(struct disk *d, struct content *t);
/* Read a block of the metadata of a torrent into p. */
bool	meta_read(struct disk *d, const struct content *t, uint32_t begin,
	    uint8_t *p, uint32_t length);

/* meta_data.c: what peer asks of it */
void	meta_on_open(struct chan *c, const struct msg_meta_open *m, void *arg);
void	meta_on_close(struct chan *c, const struct msg_meta_close *m,
	    void *arg);
void	meta_on_write(struct chan *c, const struct msg_meta_write *m,
	    void *arg);
void	meta_on_read(struct chan *c, const struct msg_meta_read *m, void *arg);

#endif /* META_H */
