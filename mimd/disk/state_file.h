/* SPDX-License-Identifier: ISC */
#ifndef STATE_FILE_H
#define STATE_FILE_H

#include <stddef.h>

struct disk;

/* The files of the state directory that there is one of. */

/*
 * A worker replaces it with this (taken over), so that a power cut leaves the
 * old or the new one.  A failure is logged, but once until it works again.
 */
void	state_file_save(struct disk *d, const char *name, void *buf,
	    size_t len);
/*
 * Any file there that cannot be used is kept under another name, and the log
 * says so; then: what comes of it, or "".
 */
void	state_file_set_aside(int dir, const char *name, const char *then,
	    const char *why);
/* It could not be read (errno): the same, unless that may pass. */
void	state_file_unreadable(int dir, const char *name);

#endif /* STATE_FILE_H */
