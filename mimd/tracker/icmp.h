/* SPDX-License-Identifier: ISC */
#ifndef ICMP_H
#define ICMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"

/*
 * Datagrams of ours that the network did not deliver, as ICMP tells: a socket
 * that sends to many learns of them from its error queue alone (ip(7),
 * IP_RECVERR).
 */
#define ICMP_QUOTE_MAX	64U	/* of their bytes */

struct icmp {
	struct addr	 to;		/* whom it was for */
	const char	*error;
	uint8_t		 packet[ICMP_QUOTE_MAX];
	size_t		 len;		/* as far as it is quoted */
};

/* Keep what is told of fd's datagrams from now on. */
void	icmp_watch(int fd, bool v6);
/* The next one; false: no more for now. */
bool	icmp_next(int fd, struct icmp *icmp);

#endif /* ICMP_H */
