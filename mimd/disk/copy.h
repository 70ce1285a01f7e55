/* SPDX-License-Identifier: ISC */
#ifndef COPY_H
#define COPY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct hash;

/*
 * Copies of whole files, in a worker thread: holes stay holes, blocks are
 * shared where the file system can, what was written is synced, read again
 * and compared with what was read.  It goes in chunks, leaves the disk to
 * others for a while after each, and never has much that is not yet written
 * back.
 */
#define COPY_CHUNK	(1U << 20)	/* bytes */
#define COPY_DIRTY	(32U << 20)	/* bytes written, not yet synced */

struct copy {
	atomic_bool	*stop;		/* errno becomes ECANCELED */
	atomic_uint_least64_t *done;	/* bytes, twice for each of data */
	uint8_t		*buf;		/* COPY_CHUNK bytes */
	struct hash	*hash;
};

/*
 * Copy from (the whole file) to to, of which the first bytes, as many as its
 * size says, may have been copied before.  -1 and errno; EIO, too, if it
 * does not read back as it was written.
 */
int	copy_file(struct copy *c, int from, int to);

#endif /* COPY_H */
