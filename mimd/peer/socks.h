/* SPDX-License-Identifier: ISC */
#ifndef PEER_SOCKS_H
#define PEER_SOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"

/*
 * The client's side of SOCKS 5 (RFC 1928), with a user name and a password if
 * there are any (RFC 1929), up to the answer to CONNECT.  Pure: bytes in,
 * bytes out.
 */
#define SOCKS_WORD_MAX	255U		/* of a name or a password */
#define SOCKS_OUT_MAX	(3U + 2 * SOCKS_WORD_MAX)

enum socks_want {
	SOCKS_INPUT,		/* waits for the proxy, or is to be sent */
	SOCKS_DONE,		/* what follows is the other end's */
	SOCKS_REFUSED,		/* the other end cannot be had: socks.why */
	SOCKS_FAILED		/* the proxy is of no use: socks.why */
};

struct socks {
	uint8_t		 want;		/* enum socks_want */
	uint8_t		 step;		/* socks.c's */
	bool		 answered;	/* by something that speaks SOCKS */
	const char	*why;
	struct addr	 to;
	const char	*user, *password;
	uint8_t		 out[SOCKS_OUT_MAX];	/* to be sent: */
	uint16_t	 off, len;
	uint8_t		 in[3];
	uint16_t	 have, need;	/* of what is read in this step */
};

/*
 * Begin: have the proxy connect to this address.  The words, NULL or at most
 * SOCKS_WORD_MAX bytes long, last as long as s.
 */
void	socks_connect(struct socks *s, const struct addr *to,
	    const char *user, const char *password);
/* So many of the bytes to be sent were. */
void	socks_sent(struct socks *s, size_t n);
/* Read so many bytes at most, as others may follow that are not for us. */
size_t	socks_room(const struct socks *s);
/* Bytes that were read; n is at most socks_room(). */
void	socks_feed(struct socks *s, const uint8_t *p, size_t n);

#endif /* PEER_SOCKS_H */
