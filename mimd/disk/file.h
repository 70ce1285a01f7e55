/* SPDX-License-Identifier: ISC */
#ifndef FILE_H
#define FILE_H

#include <sys/stat.h>

#include <stdbool.h>
#include <stdint.h>

/*
 * The files of torrents.  All paths are hostile: every look-up stays beneath
 * its root, follows no symbolic link and refuses all but regular files.
 */
#define FILE_NOT_REGULAR	EBADFD	/* errno when something else is there */
#define FILE_LINKED		ENOTUNIQ	/* ... it has other names */
#define FILE_FOREIGN		EUSERS		/* ... it is another user's */

/* A torrent's directory: subdir beneath root, "" for the root itself. */
struct place {
	int		 root;		/* O_PATH descriptor */
	const char	*subdir;
};

enum file_mode {
	FILE_READ,
	FILE_UPDATE,			/* to be written, if it is there */
	FILE_WRITE,			/* created with its directories */
	FILE_CREATE			/* the same; EEXIST if it is there */
};

/* A descriptor, or -1 and errno.  Also called from worker threads. */
int	file_open(struct place place, const char *path, enum file_mode mode);
/* The same, with its status, as it had to be looked at; not FILE_CREATE. */
int	file_open_stat(struct place place, const char *path,
	    enum file_mode mode, struct stat *st);
/*
 * Is it nobody else's?  ours: it was written before, so that the owner that
 * its file system gives it tells nothing.  -1 and errno.
 */
int	file_unshared(const struct stat *st, uid_t uid, bool ours);
/* A regular file's status, or -1 and errno. */
int	file_stat(struct place place, const char *path, struct stat *st);
/*
 * Many, one after the other, of which neighbours lie in one directory: it is
 * kept open, and last must stay.
 */
struct file_row {
	struct place	 place;
	const char	*last;		/* NULL at first */
	int		 dir;		/* of last; -1: not opened yet */
};
/* What is there need not be a regular file. */
int	file_row_stat(struct file_row *row, const char *path,
	    struct stat *st);
/* file_open_stat() to read: for one alone its directory is not opened. */
int	file_row_open(struct file_row *row, const char *path,
	    struct stat *st);
void	file_row_end(struct file_row *row);
/* When it was modified, in ns. */
int64_t	file_mtime(const struct stat *st);
/* A directory, O_PATH; path "" is the place itself. */
int	file_open_dir(struct place place, const char *path);
/* Create the directory path with all above it; -1 and errno. */
int	file_mkdir(struct place place, const char *path);
/* 0 also if it was not there; directories are refused. */
int	file_unlink(struct place place, const char *path);
/* Remove path, if it is an empty directory. */
int	file_rmdir(struct place place, const char *path);
/* Remove the directories above path, up to the place's, that are empty. */
void	file_rmdir_above(struct place place, const char *path);
/*
 * Give the file old the name new, whose directories are made if need be;
 * what is there already is never replaced.
 */
int	file_rename(struct place from, const char *old, struct place to,
	    const char *new);
/*
 * Sync the directories that path lies in, from the root on, but for those
 * above last, too (NULL: none), which were synced just before.
 */
int	file_sync_dirs(struct place place, const char *path,
	    const char *last);
/* A path beneath a root: no empty step, "." or "..", not absolute. */
bool	file_subdir_ok(const char *subdir);
/* Do both lie in one directory beneath the place? */
bool	file_same_dir(const char *a, const char *b);
/* strerror() that knows what errno means here. */
const char *file_strerror(int error);

#endif /* FILE_H */
