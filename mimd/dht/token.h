/* SPDX-License-Identifier: ISC */
#ifndef TOKEN_H
#define TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "krpc.h"

/*
 * What shows that whoever stores something here receives what is sent to his
 * address (BEP 5): good for that address and target, 5 to 10 minutes.
 */
#define TOKEN_LEN	8
#define TOKEN_ROTATE_MS	300000
#define TOKEN_SECRET	16

struct tokens {
	uint8_t		secret[2][TOKEN_SECRET];	/* now, before */
	uint64_t	rotate_at;
};

/* To be called when rotate_at is over, too; secret is random. */
void	tokens_rotate(struct tokens *t, const uint8_t secret[TOKEN_SECRET],
	    uint64_t now);
void	token_make(const struct tokens *t, const struct addr *a,
	    const uint8_t *target, uint8_t out[TOKEN_LEN]);
bool	token_check(const struct tokens *t, const struct addr *a,
	    const uint8_t *target, const struct krpc_bytes *token);

#endif /* TOKEN_H */
