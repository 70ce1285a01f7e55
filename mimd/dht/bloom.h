/* SPDX-License-Identifier: ISC */
#ifndef BLOOM_H
#define BLOOM_H

#include <stdint.h>

#include "addr.h"

/* The filters of BEP 33: sets of addresses, to be counted in many hands. */
#define BLOOM_LEN	256

void	 bloom_add(uint8_t filter[BLOOM_LEN], const struct addr *a);
/* How many addresses it holds, about. */
uint32_t bloom_count(const uint8_t filter[BLOOM_LEN]);

#endif /* BLOOM_H */
