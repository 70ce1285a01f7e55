/* SPDX-License-Identifier: ISC */
#ifndef IPLIST_H
#define IPLIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"

/*
 * A set of ranges of IP addresses, read from the lists that people trade.
 * Lines are of one of these forms, mixed at will:
 *
 *	name:1.2.3.4-1.2.3.9			P2P (PeerGuardian)
 *	001.002.003.004 - 001.002.003.009 , 000 , name	eMule's ipfilter.dat
 *	1.2.3.0/24   2001:db8::/32   1.2.3.4   1.2.3.4-1.2.3.9
 *
 * Blank lines and those that begin with "#", ";" or "//" say nothing, nor
 * does what follows a "#" or ";" after an address.  An access level above
 * 127 in ipfilter.dat means that the range is let through.  Names may be of
 * any bytes.  Pure: bytes come in pieces of any size.
 */
#define IPLIST_MAX	(2U << 20)	/* ranges of a family */
#define IPLIST_LINE	1024		/* bytes of a line that count */

struct iprange4 {
	uint32_t	from, to;	/* host order */
};

struct iprange6 {
	uint8_t		from[16], to[16];
};

struct iplist {
	struct iprange4	*v4;		/* disjoint, ascending, once sealed */
	struct iprange6	*v6;
	uint32_t	 n4, size4, n6, size6;
	bool		 dropped;	/* there were more than IPLIST_MAX */
};

/* Where a file is being read; all zero at its beginning. */
struct ipreader {
	char		 line[IPLIST_LINE];
	uint32_t	 len;
	bool		 cut;		/* the rest of the line is dropped */
	uint32_t	 lines;		/* read so far */
	uint32_t	 broken;	/* not understood */
	uint32_t	 first_broken;	/* number of the first of these */
};

void	iplist_clear(struct iplist *list);
/* Take the next n bytes of a file. */
void	iplist_feed(struct iplist *list, struct ipreader *r, const char *p,
	    size_t n);
/* The file has ended; its last line may lack a newline. */
void	iplist_feed_end(struct iplist *list, struct ipreader *r);
/* All files are in: sort and merge.  Only then may it be asked. */
void	iplist_seal(struct iplist *list);
/* O(log n). */
bool	iplist_has(const struct iplist *list, const uint8_t ip[16]);
size_t	iplist_bytes(const struct iplist *list);

#endif /* IPLIST_H */
