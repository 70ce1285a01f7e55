/* SPDX-License-Identifier: ISC */
#ifndef SOURCE_H
#define SOURCE_H

#include <stdbool.h>

#include "daemon.h"

struct client;
struct msg_ctl_add;

/* Where a torrent to be added comes from. */
struct source {
	const char	*what;		/* as the user has it */
	bool		 url;		/* of a .torrent, for mimd to fetch */
	int		 fd;		/* -1: a URL, or a magnet link */
	struct link	*link;
};

/*
 * Copy a .torrent file, or stdin for "-", into a memory file that nobody can
 * change any more: the only form in which mimd takes one.  A magnet link or
 * an info-hash is taken apart, in a process that can do nothing else.
 * Returns -1 after saying what failed.
 */
int	source_open(struct source *src, const char *what);
/*
 * Ask to add it as req says, with daemon_send(); daemon_answer() has the
 * answer.  Of a link, data is always looked for, and its own choice of files
 * gives way to that of req, or to all of them.
 */
int	source_send(const struct source *src, struct client *client,
	    const struct msg_ctl_add *req, bool all);
void	source_close(struct source *src);

#endif /* SOURCE_H */
