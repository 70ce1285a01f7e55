/* SPDX-License-Identifier: ISC */
#ifndef STORE_H
#define STORE_H

#include <stddef.h>
#include <stdint.h>

#include "hash.h"

/* Small files of the state directory; also used from worker threads. */
#define STORE_NAME_MAX	64	/* "40 hex digits.torrent.bad9" and NUL */

/* "<hex>.torrent" or "<hex>.resume"; returns name. */
char	*store_name(const uint8_t infohash[SHA1_LEN], const char *suffix,
	    char name[STORE_NAME_MAX]);
/* Open, or make and open, a directory of the state directory; -1, errno. */
int	 store_dir(int state, const char *name);
/* A whole file of up to max bytes, to be freed; NULL and errno. */
uint8_t	*store_read(int dir, const char *name, size_t max, size_t *len);
/* Replace a file: temporary, fsync, rename.  The directory is not synced. */
int	 store_write(int dir, const char *name, const void *buf, size_t len);
/*
 * The same in steps, so that many files share the device's work: begin writes
 * the temporary, and has the kernel start on it; sync waits for it; finish
 * renames it.  After the first that fails (-1 and errno) nothing is left, and
 * those after it do nothing and fail in the same way.
 */
struct store_file {
	int	dir, fd, error;
	char	name[STORE_NAME_MAX], temp[STORE_NAME_MAX];
};
int	 store_begin(struct store_file *f, int dir, const char *name,
	    const void *buf, size_t len);
int	 store_sync(struct store_file *f);
/* In place of sync: something else is about to sync it. */
int	 store_close(struct store_file *f);
int	 store_finish(struct store_file *f);
/* Not to be finished, after all; one that is stays. */
void	 store_drop(struct store_file *f);
/* Remove what unfinished replacements have left. */
void	 store_clean(int dir);
/* 0 also if it was not there. */
int	 store_remove(int dir, const char *name);
/*
 * Rename to NAME.bad, or the like if there is one: bad is what it is then, ""
 * where it was neither a file nor a directory and is no more.
 */
int	 store_set_aside(int dir, const char *name,
	    char bad[STORE_NAME_MAX]);

#endif /* STORE_H */
