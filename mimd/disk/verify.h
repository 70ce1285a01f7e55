/* SPDX-License-Identifier: ISC */
#ifndef VERIFY_H
#define VERIFY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "file.h"
#include "hash.h"

struct metainfo;
struct part;

/*
 * Hashing of pieces that lie in the files, in a worker thread: touches
 * nothing but what it is given.  What it has read, it does not leave in the
 * page cache.
 */

/* What a thread has to itself. */
struct verifier {
	uint8_t		*buf;		/* NULL: not in use */
	struct hash	*hash;
	uint32_t	 zeros_len;	/* 0: not known */
	uint8_t		 zeros[SHA1_LEN];	/* digest of so many zeros */
};

/*
 * A look at pieces of one torrent; its files are opened by and by.  Of those
 * in rewrite the bytes are written again just as they were found, for a sync
 * to take them to the disk.
 */
struct verify {
	const struct metainfo	*mi;
	const struct part	*part;		/* NULL: none */
	struct place		 place;
	const atomic_bool	*cancel;
	const uint8_t		*rewrite;	/* pieces; NULL: none */
	bool			 writes;	/* this one is of these */
	uint64_t		 read;		/* bytes */
	int			 error;		/* errno, or 0 */
	uint32_t		 error_file;	/* as span::home */
	int			 absent;	/* errno: bytes are not there */
	uint32_t		 absent_file;
	/* The file at hand. */
	int			 fd;
	uint32_t		 file;		/* UINT32_MAX: none */
	uint64_t		 size;
	uint64_t		 hole, hole_end;	/* one of its holes */
	uint64_t		 from, to;	/* read of it, not let go yet */
};

void	verifier_start(struct verifier *w);
void	verifier_end(struct verifier *w);

void	verify_start(struct verify *v, const struct metainfo *mi,
	    const struct part *part, struct place place,
	    const atomic_bool *cancel);
/* Is it all there and right?  Says nothing after an error or cancelled. */
bool	verify_piece(struct verify *v, struct verifier *w, uint32_t piece);
void	verify_end(struct verify *v);

#endif /* VERIFY_H */
