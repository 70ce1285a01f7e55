/* SPDX-License-Identifier: ISC */
#ifndef UDP_FIELDS_H
#define UDP_FIELDS_H

#include <stdint.h>

/* The numbers of BEP 15, of n bytes. */

static inline uint64_t
get(const uint8_t *p, unsigned int n)
{
	uint64_t	v = 0;

	while (n-- > 0)
		v = v << 8 | *p++;
	return v;
}

static inline void
set(uint8_t *p, uint64_t v, unsigned int n)
{
	while (n-- > 0)
		*p++ = (uint8_t)(v >> 8 * n);
}

#endif /* UDP_FIELDS_H */
