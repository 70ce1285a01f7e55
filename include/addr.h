/* SPDX-License-Identifier: ISC */
#ifndef ADDR_H
#define ADDR_H

#include <sys/socket.h>

#include <stdbool.h>
#include <stdint.h>

/* An IP address and port; IPv4 is kept v4-mapped (RFC 4291, 2.5.5.2). */
struct addr {
	uint8_t		ip[16];
	uint16_t	port;		/* host order */
};

enum addr_class {
	ADDR_GLOBAL,
	ADDR_PRIVATE,		/* RFC 1918, 4193, 6598; see RFC 6890 */
	ADDR_LINK_LOCAL,
	ADDR_LOOPBACK,
	ADDR_UNUSABLE		/* unspecified, multicast, broadcast, 0/8 */
};

#define ADDR_STRLEN	56	/* "[v6]:port" and NUL */

bool	addr_is_v4(const struct addr *a);
/* Compact forms of BEP 23 (6 bytes) and BEP 7 (18 bytes). */
void	addr_from_compact4(struct addr *a, const uint8_t p[6]);
void	addr_from_compact6(struct addr *a, const uint8_t p[18]);
/* -1 if sa is neither AF_INET nor AF_INET6. */
int	addr_from_sockaddr(struct addr *a, const struct sockaddr *sa);
/* Fill ss (AF_INET for mapped addresses) and return its length. */
socklen_t addr_to_sockaddr(const struct addr *a, struct sockaddr_storage *ss);
/* Numeric host, "1.2.3.4" or "::1"; -1 if it is not one. */
int	addr_parse(struct addr *a, const char *host, uint16_t port);
int	addr_cmp(const struct addr *a, const struct addr *b);
int	addr_cmp_ip(const struct addr *a, const struct addr *b);
enum addr_class addr_class(const struct addr *a);
/* "1.2.3.4:5" or "[::1]:5"; returns buf. */
const char *addr_str(const struct addr *a, char buf[ADDR_STRLEN]);
/* The host alone, without brackets; returns buf. */
const char *addr_host(const struct addr *a, char buf[ADDR_STRLEN]);
/* The prefix that an address begins; of IPv4 in the mapped ones. */
bool	addr_in_prefix(const struct addr *a, const uint8_t ip[16],
	    unsigned int bits);
/* "10.0.0.0/8" or "2001:db8::/32"; returns buf. */
const char *addr_prefix_str(const uint8_t ip[16], unsigned int bits,
	    char buf[ADDR_STRLEN]);

#endif /* ADDR_H */
