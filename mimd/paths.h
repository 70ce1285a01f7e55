/* SPDX-License-Identifier: ISC */
#ifndef PATHS_H
#define PATHS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Which root does dir lie in, and where beneath it?  The longest root wins;
 * "" is the first root itself.  Returns -1 if dir is relative, has "..", is
 * too long or lies in no root.
 */
int	paths_split(char *const *roots, uint32_t nroots, const char *dir,
	    uint32_t *root, char *subdir, size_t size);
/* mkdir -p; what is made gets mode and, unless (uid_t)-1, an owner. */
int	paths_make(const char *path, mode_t mode, uid_t uid, gid_t gid);
/* An O_PATH descriptor of a directory, -1 and errno. */
int	paths_open_dir(const char *path);
/*
 * The same for a download directory.  A missing one is made, but not what
 * is above it: that may be a volume which is not mounted.
 */
int	paths_open_root(const char *path, uid_t uid, gid_t gid);
/*
 * Hold the one lock of this directory; -1 and EWOULDBLOCK if another does.
 * A new lock file is for that user, who may be the next to start mimd.
 */
int	paths_lock(const char *dir, uid_t uid, gid_t gid);
/*
 * Open this directory to read, and hold it: the lock (flock(2)) belongs to
 * the descriptor and all copies of it, also those that other processes were
 * given, and ends when the last is closed.  -1 and EWOULDBLOCK if somebody
 * else still holds it after so many milliseconds.
 */
int	paths_hold(const char *dir, uint32_t wait_ms);

#endif /* PATHS_H */
