/* SPDX-License-Identifier: ISC */
#ifndef HOLEPUNCH_H
#define HOLEPUNCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"

/*
 * Holepunch messages (BEP 55), without I/O.  A peer asks for a rendezvous
 * with another one; we, connected to both, tell each to connect to the other
 * at the same time.  What we are told to connect to is of use only by uTP.
 */
#define HOLEPUNCH_OUT_MAX	24U	/* bytes of a message of ours */
#define HOLEPUNCH_BURST		8	/* messages caused, to or by a peer */
#define HOLEPUNCH_MS		10000	/* and another one each */

enum holepunch_type {
	HOLEPUNCH_RENDEZVOUS, HOLEPUNCH_CONNECT, HOLEPUNCH_ERROR
};

enum holepunch_error {
	HOLEPUNCH_OK,
	HOLEPUNCH_NO_SUCH_PEER,		/* the address cannot be */
	HOLEPUNCH_NOT_CONNECTED,	/* we are not, to that one */
	HOLEPUNCH_NO_SUPPORT,		/* it does not know this */
	HOLEPUNCH_NO_SELF		/* that is who asks */
};

struct holepunch {
	uint8_t		type;		/* HOLEPUNCH_* */
	struct addr	addr;
	uint32_t	error;		/* 0 but in an error */
};

/*
 * -1 if it is not one.  libtorrent leaves the error out where there is none:
 * messages of both lengths are read, ours have it.
 */
int	holepunch_parse(struct holepunch *h, const uint8_t *p, size_t n);
size_t	holepunch_build(uint8_t out[HOLEPUNCH_OUT_MAX],
	    const struct holepunch *h);

/* What a peer may cause and be caused. */
struct holepunch_budget {
	uint8_t		spent;
	uint64_t	at;
};

/* One more now? */
bool	holepunch_may(struct holepunch_budget *b, uint64_t now);

#endif /* HOLEPUNCH_H */
