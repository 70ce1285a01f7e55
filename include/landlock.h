/* SPDX-License-Identifier: ISC */
#ifndef LANDLOCK_H
#define LANDLOCK_H

#include <stdbool.h>

/*
 * Landlock (landlock(7)) without its header: distributions ship kernel
 * headers years older than their kernels.
 */

/* A directory that stays reachable, with all beneath it. */
struct landlock_path {
	int	fd;		/* an O_PATH or other descriptor; not owned */
	bool	write;		/* create, change and remove, else read only */
};

#define LANDLOCK_NO_TCP		0x1	/* no TCP bind or connect (ABI 4) */

/* The kernel's Landlock ABI, 0 if there is none. */
int	landlock_abi(void);
/*
 * Confine the calling thread, and those it starts later, to paths: every
 * file right that the kernel knows is denied elsewhere (execution
 * everywhere), and so are, from ABI 6, signals and abstract sockets to
 * processes outside.  no_new_privs must have been set.  Returns -1 and
 * errno; ENOSYS or EOPNOTSUPP when the kernel has no Landlock.
 */
int	landlock_restrict(const struct landlock_path *paths, int n,
	    unsigned flags);

#endif /* LANDLOCK_H */
