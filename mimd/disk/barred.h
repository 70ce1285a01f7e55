/* SPDX-License-Identifier: ISC */
#ifndef BARRED_H
#define BARRED_H

#include <stdbool.h>
#include <stdint.h>

struct content;
struct disk;

/*
 * A torrent that lacks pieces in files that it may not write, for they are
 * read-only or shared with others, is not in error: it serves what it has, says
 * what it lacks and why, and fetches nothing.  It looks whether it may write
 * them now and then, as trouble.h does, and whenever it is admitted anew.
 */

/*
 * Is there such a file?  If so the torrent is barred from here on, else it is
 * no more.  May load it.
 */
bool	 barred_look(struct disk *d, struct content *t);
/* A write to this file has failed (errno): is that all that is wrong? */
bool	 barred_by(struct disk *d, struct content *t, uint32_t file, int error);

#endif /* BARRED_H */
