/* SPDX-License-Identifier: ISC */
#ifndef MSE_H
#define MSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dh.h"
#include "hash.h"
#include "rc4.h"

/*
 * The handshake of message stream encryption (MSE/PE; no BEP), both sides,
 * without I/O: bytes go in as they come, bytes to send come out.  A is who
 * connects, B who accepts.
 */
#define MSE_PAD_MAX	512
#define MSE_IA_MAX	68		/* a whole BitTorrent handshake */
#define MSE_OUT_MAX	(DH_PUBLIC_LEN + MSE_PAD_MAX)	/* of one call */

/* Methods for the payload, as they are sent. */
#define MSE_PLAIN	1U
#define MSE_RC4		2U

enum mse_want {
	MSE_INPUT,		/* more bytes */
	MSE_DH,			/* mse_dh(), when there is time for it */
	MSE_TORRENT,		/* B: mse_torrent() */
	MSE_DONE,
	MSE_BAD			/* hang up; mse::why says why */
};

struct mse {
	uint8_t		 state;
	uint8_t		 want;		/* MSE_* */
	bool		 a;		/* we are A */
	uint8_t		 methods;	/* that we offer or accept */
	uint8_t		 prefers;	/* B: of two that A offers */
	uint8_t		 method;	/* that was selected */
	uint8_t		 ia_len;
	uint16_t	 pad;		/* bytes of the one we send first */
	uint16_t	 have, need;	/* bytes of buf */
	uint16_t	 passed;	/* while looking for the mark */
	uint16_t	 skip;		/* of a pad, to come */
	uint8_t		 buf[DH_PUBLIC_LEN];	/* TORRENT: its mse_req2() */
	uint8_t		 x[DH_PRIVATE_LEN];
	uint8_t		 secret[DH_PUBLIC_LEN];
	uint8_t		 skey[SHA1_LEN];
	uint8_t		 mark[SHA1_LEN];
	uint8_t		 ia[MSE_IA_MAX];
	EVP_CIPHER_CTX	*in, *out;	/* DONE: NULL if MSE_PLAIN */
	const char	*why;
};

struct mse_out {
	uint8_t		 buf[MSE_OUT_MAX];
	size_t		 len;
};

/* A, for this torrent; ia is sent as soon as may be. */
void	mse_connect(struct mse *m, uint8_t methods,
	    const uint8_t infohash[SHA1_LEN], const uint8_t *ia, uint8_t len);
/* B.  What A sent before the first method bytes is in mse::ia when DONE. */
void	mse_accept(struct mse *m, uint8_t methods, uint8_t prefers);
/*
 * Returns how many bytes were used up: all, unless mse::want is no longer
 * MSE_INPUT.  With MSE_DONE the rest is payload.
 */
size_t	mse_feed(struct mse *m, const uint8_t *p, size_t n,
	    struct mse_out *out);
/* The computation that was asked for: two exponentiations for B, else one. */
void	mse_dh(struct mse *m, struct mse_out *out);
/* The torrent that was asked for; NULL: there is none such. */
void	mse_torrent(struct mse *m, const uint8_t *infohash);
/* So many bytes can be taken before something else is due; B: or payload. */
size_t	mse_room(const struct mse *m);
/* Free the ciphers, unless taken (set to NULL), and wipe the secrets. */
void	mse_clear(struct mse *m);

/* What names a torrent to B. */
void	mse_req2(const uint8_t infohash[SHA1_LEN], uint8_t req2[SHA1_LEN]);

#endif /* MSE_H */
