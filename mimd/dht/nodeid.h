/* SPDX-License-Identifier: ISC */
#ifndef NODEID_H
#define NODEID_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"

/* Node ids: their distance (BEP 5), and their tie to an address (BEP 42). */
#define ID_LEN	20
#define ID_BITS	160

/* Which is nearer to target: < 0 if a is, 0 if they are the same. */
int	 id_cmp(const uint8_t *target, const uint8_t *a, const uint8_t *b);
/* Leading bits that a and b have in common, ID_BITS if all. */
unsigned id_common(const uint8_t *a, const uint8_t *b);
/* Turn random bytes into an id that a node at this address may have. */
void	 id_bind(uint8_t id[ID_LEN], const struct addr *a);
/*
 * May a node at a have this id?  Any, if the address is of a local network,
 * which BEP 42 exempts.
 */
bool	 id_fits(const uint8_t *id, const struct addr *a);
/* Turn random bytes into an id that has just so many bits in common. */
void	 id_beside(uint8_t id[ID_LEN], const uint8_t *own, unsigned common);

#endif /* NODEID_H */
