/* SPDX-License-Identifier: ISC */
#ifndef LISTEN_H
#define LISTEN_H

#include <stdint.h>

#include "conf.h"

#define LISTEN_SOCKETS_MAX	(2 * CONF_LISTENS_MAX)
#define LISTEN_BACKLOG		4096

/* The listening TCP sockets for peers, bound and kept by the parent. */
struct listens {
	struct {
		char		*host;	/* NULL for "*" */
		uint16_t	 port;
		int		 family;
		int		 fd;
	}		 v[LISTEN_SOCKETS_MAX];
	uint32_t	 n;
};

/*
 * Bind what conf says, taking over the sockets of old (may be NULL) that
 * stay.  "*" is IPv4 and, if this machine has it, IPv6.  Returns -1 with a
 * line in err and leaves old as it was.
 */
int	listens_open(struct listens *ls, const struct conf *conf,
	    const struct listens *old, char *err, size_t errsize);
/* Close all but those that also are in kept (may be NULL). */
void	listens_close(struct listens *ls, const struct listens *kept);
/* The port that trackers are told; 0 if there is none. */
uint16_t listens_port(const struct listens *ls);

#endif /* LISTEN_H */
