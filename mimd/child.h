/* SPDX-License-Identifier: ISC */
#ifndef CHILD_H
#define CHILD_H

#include "chan.h"
#include "loop.h"
#include "role.h"

/* What every sandboxed child has. */
struct child {
	struct loop	*loop;
	struct chan	*parent;
};

/* Directories that stay open to a child after it is sealed. */
#define CHILD_PATHS_MAX		(ROOTS_MAX + 8)
struct child_path {
	int	fd;		/* O_PATH descriptor, the role's own */
	bool	write;		/* else read only */
};

/* A role: what to do when.  Each is one const table in its x_main.c. */
struct child_ops {
	enum role		 role;
	const union msg_fn	*fns;	/* what the parent may say */
	/* Before the first message; returns the state, arg of all below. */
	void	*(*start)(struct child *child);
	/*
	 * Set-up is over (conf_end): open, load and warm all that the
	 * sandbox will not let be had later.  Fills in the directories to
	 * keep and returns their number.
	 */
	int	(*warm)(void *arg, struct child_path *paths);
	/*
	 * Start the worker threads; NULL if there are none.  Called by
	 * sandbox_seal() after Landlock, which holds for the calling thread
	 * and those it starts, and before the filter refuses clone.
	 */
	void	(*threads)(void *arg);
	/* Sealed and ready. */
	void	(*run)(void *arg);
	/*
	 * What sockets are bound to has changed (bound.h): end those that do
	 * not fit, try again what could not be.  What is left over is broken
	 * afterwards.  NULL: there are no sockets.
	 */
	void	(*rebound)(void *arg);
	/*
	 * The parent said shutdown, or is gone (parent_gone): save, then call
	 * child_exit(), now or a little later.
	 */
	void	(*shutdown)(void *arg, bool parent_gone);
};

extern const struct child_ops peer_ops, disk_ops, tracker_ops, resolver_ops,
	    portmap_ops, dht_ops;

/* The life of a child, from its channel on descriptor 3 to its exit. */
void	child_main(const struct child_ops *ops) __attribute__((noreturn));
/* Leave the loop; flushes the channel and ends the process with 0. */
void	child_exit(struct child *child);

#define CHILD_FD	3	/* the channel, as exec'ed by the parent */

#endif /* CHILD_H */
