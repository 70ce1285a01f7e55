/* SPDX-License-Identifier: ISC */
#ifndef DH_H
#define DH_H

#include <stdint.h>

/*
 * The Diffie-Hellman exchange of MSE: a prime of 768 bits, generator 2,
 * private values of 160 bits; public values and the secret are padded with
 * zeros on the left.  Each call of the two below costs one exponentiation,
 * in constant time.
 */
#define DH_PRIVATE_LEN	20
#define DH_PUBLIC_LEN	96

/* To be called while files can still be opened; once is enough. */
void	dh_load(void);

void	dh_public(const uint8_t x[DH_PRIVATE_LEN], uint8_t y[DH_PUBLIC_LEN]);
/* -1 if the other's y is none: 0, 1, the prime less one, or larger. */
int	dh_secret(const uint8_t x[DH_PRIVATE_LEN],
	    const uint8_t y[DH_PUBLIC_LEN], uint8_t s[DH_PUBLIC_LEN]);

#endif /* DH_H */
