/* SPDX-License-Identifier: ISC */
#ifndef ATTEMPT_H
#define ATTEMPT_H

#include <sys/types.h>

#define ATTEMPT_SLOTS	64U		/* of the arena */

/* What an attempt may use. */
struct attempt_env {
	char	root_path[64];		/* disk's only directory */
	char	outside[64];		/* a file beside it, of mode 0666 */
	int	root;			/* root_path, disk only */
	int	memfd;			/* an executable image */
	int	arena;			/* sealed */
	int	listener;		/* of 127.0.0.1, UDP-free */
	int	datagram;		/* a UDP socket */
	pid_t	sibling;		/* same user, not sealed */
};

enum expect {
	WORKS,
	FAILS,		/* by an error or a signal */
	KILLED		/* by SIGSYS or the signal named */
};
#define DIES	10000	/* beside errno values */

/* One thing to try: 0 if it worked, else -1 and errno. */
struct attempt {
	const char	*name;
	int		(*fn)(const struct attempt_env *env);
	/* peer, disk, tracker, resolver, portmap, dht */
	enum expect	 expect[6];
	int		 signal;	/* other than SIGSYS that may end it */
};

/* By subject; each ends with name NULL. */
extern const struct attempt	attempts_kernel[], attempts_files[],
				attempts_sockets[], attempts_processes[],
				attempts_memory[];

/* Close what was to fail to open; -1 if it did fail. */
int	attempt_closed(int fd);

#endif /* ATTEMPT_H */
