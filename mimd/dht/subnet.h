/* SPDX-License-Identifier: ISC */
#ifndef SUBNET_H
#define SUBNET_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "addr.h"

/* Who may well be one and the same: a /24 of IPv4, a /64 of IPv6. */
static inline bool
subnet_same(const struct addr *a, const struct addr *b)
{
	return memcmp(a->ip, b->ip, addr_is_v4(a) ? 15 : 8) == 0;
}

/* In a local network there may be many nodes of an address (BEP 42). */
static inline bool
subnet_is_local(const struct addr *a)
{
	return addr_class(a) != ADDR_GLOBAL;
}

/*
 * A source that has a share of its own of what is rationed: an address of
 * IPv4, a /64 of IPv6.
 */
static inline uint64_t
subnet_source(const struct addr *a)
{
	uint64_t	key;

	memcpy(&key, addr_is_v4(a) ? a->ip + 8 : a->ip, sizeof(key));
	return key;
}

#endif /* SUBNET_H */
