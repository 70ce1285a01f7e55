/* SPDX-License-Identifier: ISC */
#ifndef BOUND_H
#define BOUND_H

#include <net/if.h>

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "msg.h"

/*
 * What every socket of this process that leaves the machine is bound to, as
 * "bind device" and "bind address" of mimd.conf(5) say.  Until bound_set()
 * there are none, and none while what they are bound to is away: whoever makes
 * a socket does so by bound_socket() and sees that fail.
 */
struct bound {
	char		device[IF_NAMESIZE];	/* "": any */
	uint32_t	index;			/* of the device; 0: none */
	struct addr	addrs[2];	/* IPv4, IPv6; unspecified: any */
	bool		has_addr[2];
	bool		usable[2];	/* sockets of this family may be */
	char		why[ERROR_MAX + 1];	/* of neither: why not */
};

/* The place of a family in the arrays above. */
#define BOUND_V4	0
#define BOUND_V6	1

void	bound_set(const struct bound *b);
const struct bound *bound_get(void);
/* The same as the parent tells it to its children. */
void	bound_from_msg(struct bound *b, const struct msg_bind *m);
/* May there be sockets at all?  NULL, or why not, for the user. */
const char *bound_refuses(void);
/* Are there addresses, so that bind(2) is needed? */
bool	bound_has_addrs(void);

/*
 * socket(2), close-on-exec and not blocking, and bound.  -1 and ENETDOWN if
 * there may be none now.
 */
int	bound_socket(int family, int type, int protocol);
/* Bind one that a library made; -1 if it must not be used. */
int	bound_apply(int fd);
/* Is it bound as it should be, now?  For those that were made elsewhere. */
bool	bound_fits(int fd);
/*
 * Break all sockets of this process that do not fit; who holds them sees an
 * error or their end, and closes them.
 */
void	bound_sweep(void);
/*
 * The sockets of this process, all that there are but for TCP ones that are
 * not connected, as the kernel says: alike ones are a row.  Returns the number
 * of rows.
 */
uint32_t bound_list(struct rec_socket rows[SOCKET_ROWS_MAX]);

#endif /* BOUND_H */
