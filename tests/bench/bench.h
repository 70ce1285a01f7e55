/* SPDX-License-Identifier: ISC */
/* What the bench's programs that speak to peers share. */

#ifndef BENCH_H
#define BENCH_H

#include <arpa/inet.h>
#include <netinet/in.h>

#include <endian.h>
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define HANDSHAKE_LEN	68

enum { MSG_CHOKE = 0, MSG_UNCHOKE = 1, MSG_INTERESTED = 2, MSG_BITFIELD = 5,
    MSG_REQUEST = 6, MSG_PIECE = 7, MSG_CANCEL = 8 };

/* CLOCK_MONOTONIC in seconds, as Python's time.monotonic() has it. */
static inline double
now(void)
{
	struct timespec	ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static inline uint32_t
get32(const uint8_t *p)
{
	uint32_t	v;

	memcpy(&v, p, sizeof(v));
	return be32toh(v);
}

static inline void
put32(uint8_t *p, uint32_t v)
{
	v = htobe32(v);
	memcpy(p, &v, sizeof(v));
}

/* A request of one block, 17 bytes. */
static inline void
put_request(uint8_t *p, uint32_t piece, uint32_t begin, uint32_t len)
{
	put32(p, 13);
	p[4] = MSG_REQUEST;
	put32(p + 5, piece);
	put32(p + 9, begin);
	put32(p + 13, len);
}

/* A handshake of HANDSHAKE_LEN bytes; id is the peer-id's last part. */
static inline void
put_handshake(uint8_t *p, const uint8_t *infohash, const char *client, int id)
{
	char	peer[21];

	memset(p, 0, HANDSHAKE_LEN);
	memcpy(p, "\023BitTorrent protocol", 20);
	memcpy(p + 28, infohash, 20);
	snprintf(peer, sizeof(peer), "-%s0001-%012d", client, id % 1000000);
	memcpy(p + 48, peer, 20);
}

static inline void
parse_infohash(uint8_t *infohash, const char *hex)
{
	unsigned int	v;
	int		i;

	for (i = 0; i < 20; i++) {
		if (sscanf(hex + 2 * i, "%2x", &v) != 1)
			errx(2, "not an info-hash: %s", hex);
		infohash[i] = (uint8_t)v;
	}
}

/* The address that is number i after base. */
static inline struct sockaddr_in
address_at(const char *base, int i, uint16_t port)
{
	struct sockaddr_in	sin = { .sin_family = AF_INET };

	if (inet_pton(AF_INET, base, &sin.sin_addr) != 1)
		errx(2, "not an address: %s", base);
	sin.sin_addr.s_addr = htonl(ntohl(sin.sin_addr.s_addr) + (uint32_t)i);
	sin.sin_port = htons(port);
	return sin;
}

#endif
