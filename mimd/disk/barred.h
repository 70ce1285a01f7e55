/* SPDX-License-Identifier: ISC */
#ifndef BARRED_H
#define BARRED_H

#include <stdbool.h>
#include <stdint.h>

#include "msg.h"

struct content;
struct disk;

/*
 * Files that may not be written, for they are read-only or shared with others,
 * do not stop their torrent: the pieces that touch them are barred, which
 * peer is told (data_barred), and all others are fetched and served.  While
 * there is something of either kind the torrent is in no error; it says what
 * it lacks and why.  It looks whether it may write them now and then, as
 * trouble.h does, and whenever it is admitted anew.
 */
struct bars {
	uint8_t		*files;		/* set */
	uint8_t		*pieces;	/* those that touch them */
	uint64_t	 left;		/* bytes of these, wanted and missing */
	uint32_t	 named;		/* the file that is spoken of */
	int		 error;		/* ... and what is wrong with it */
	uint32_t	 next;		/* file to look at first */
};

bool	 barred_file(const struct content *t, uint32_t file);
bool	 barred_piece(const struct content *t, uint32_t piece);
/* Bytes still to come, but for those. */
uint64_t barred_rest(const struct content *t);
enum barred barred_kind(const struct content *t);

/*
 * Look which files may not be written.  True if nothing else is to come: the
 * torrent's state is set.  May load it.
 */
bool	 barred_look(struct disk *d, struct content *t);
/* A write to this file has failed: is that all?  If not, errno is error. */
bool	 barred_by(struct disk *d, struct content *t, uint32_t file, int error);
/* What there is, or what is wanted, is counted anew. */
void	 barred_count(struct content *t);
/* A piece has come: was it the last that could? */
void	 barred_progress(struct disk *d, struct content *t);
/* There are none any more. */
void	 barred_free(struct content *t);

#endif /* BARRED_H */
