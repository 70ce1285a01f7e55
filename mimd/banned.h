/* SPDX-License-Identifier: ISC */
#ifndef BANNED_H
#define BANNED_H

#include <stdbool.h>
#include <stdint.h>

#include "msg.h"

/*
 * Addresses that peer or the user has banned, kept for the next peer child.
 * Pure: a clock (ms) is passed in.  The oldest gives way.
 */
#define BANNED_MAX	1024U
#define BANNED_MS	(BAN_SECONDS * 1000ULL)

struct banned {
	struct {
		uint8_t		ip[16];
		uint64_t	until;
	}		 v[BANNED_MAX];
	uint32_t	 n, next;
};

void	 banned_add(struct banned *b, const uint8_t ip[16], uint64_t now);
/* false: it was not banned. */
bool	 banned_del(struct banned *b, const uint8_t ip[16], uint64_t now);
/* Those whose time is not over; returns how many. */
uint32_t banned_list(const struct banned *b, uint64_t now,
	    struct rec_ban out[BANNED_MAX]);

#endif /* BANNED_H */
