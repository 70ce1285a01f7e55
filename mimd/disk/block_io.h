/* SPDX-License-Identifier: ISC */
#ifndef BLOCK_IO_H
#define BLOCK_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct content;
struct disk;
struct iovec;
struct span;

/*
 * Payload of a loaded torrent to and from its files.  Padding is never
 * written and reads as zeros.  A failure is told to the parent.
 */

/*
 * Bytes are to be written to s, which is at pos of the payload: it may have
 * to be in the part file from now on.
 */
void	block_find_home(struct disk *d, struct content *t, struct span *s,
	    uint64_t pos);
/*
 * Returns how many bytes, from the first on, were written.  keep: they are
 * going to be read soon, so let small files stay open, too.
 */
size_t	block_write(struct disk *d, struct content *t, uint64_t pos,
	    const uint8_t *buf, size_t len, bool keep);
/* Fill iov, which is used up; returns how many bytes were read. */
size_t	block_read(struct disk *d, struct content *t, uint64_t pos,
	    struct iovec *iov, int niov);
/* Create directories and the files that have no bytes; -1 told. */
int	block_make_empty(struct disk *d, struct content *t);

#endif /* BLOCK_IO_H */
