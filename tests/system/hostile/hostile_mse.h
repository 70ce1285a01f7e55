/* SPDX-License-Identifier: ISC */
#ifndef HOSTILE_MSE_H
#define HOSTILE_MSE_H

#include "peer/dh.h"
#include "hostile.h"
#include "peer/rc4.h"

/* The calling side of the encrypted handshake. */
struct caller {
	uint8_t		 x[DH_PRIVATE_LEN];
	uint8_t		 secret[DH_PUBLIC_LEN];
	EVP_CIPHER_CTX	*out;
};

/* Lengths are said as they are here, whatever is sent. */
struct offer {
	uint8_t		 vc;		/* each byte of it */
	uint32_t	 methods;
	uint16_t	 pad_len, ia_len;
	size_t		 pad, nia;	/* bytes that are sent */
	const uint8_t	*ia;
};

void	mse_send_key(struct peer *p, struct caller *c, size_t pad);
/* false: it is gone. */
bool	mse_read_key(struct peer *p, struct caller *c);
void	mse_send_hashes(struct peer *p, struct caller *c,
	    const uint8_t *infohash);
void	mse_send_offer(struct peer *p, struct caller *c,
	    const struct offer *o);
/* Payload, encrypted. */
void	mse_put(struct peer *p, struct caller *c, const void *buf, size_t n);
void	mse_done(struct caller *c);

#endif /* HOSTILE_MSE_H */
