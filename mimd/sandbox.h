/* SPDX-License-Identifier: ISC */
#ifndef SANDBOX_H
#define SANDBOX_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "role.h"

struct child_path;

struct sandbox_report {
	uint16_t	walls;		/* WALL_* that stand */
	uint8_t		landlock_abi;	/* 0: none */
};

/*
 * First half, at exec: close every descriptor but 0-2 and keep_fd, no core,
 * not dumpable.  As root: see that the empty directory is there, become the
 * service user without groups, and drop every capability but, in roles
 * without files, the one that chroot(2) takes.  Fatal on failure.
 */
void	sandbox_drop(enum role role, int keep_fd);
/*
 * Second half, before the first byte from outside, when libraries have read
 * their files.  If the first half was root's, roles without files chroot to
 * the empty directory and drop that last capability (fatal on failure).  Then
 * no_new_privs, Landlock with only these directories, resource limits, the
 * role's seccomp filter (for all threads).  threads(arg), if not NULL, is
 * called between Landlock and the filter.  A wall that cannot be had is fatal
 * unless relaxed.
 */
void	sandbox_seal(enum role role, const struct child_path *paths,
	    int npaths, bool relaxed, void (*threads)(void *), void *arg,
	    struct sandbox_report *report);

#endif /* SANDBOX_H */
