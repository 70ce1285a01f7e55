/* SPDX-License-Identifier: ISC */
#ifndef BANS_H
#define BANS_H

#include <stdint.h>

#include "addr.h"

/*
 * Addresses that the user banned, kept for an hour, the last of them: a new
 * peer process is told.
 */
#define USER_BANS_MAX	256U
#define USER_BAN_MS	3600000U

struct parent;

struct user_bans {
	struct {
		uint8_t		ip[16];
		uint64_t	until;		/* loop_now() */
	}		v[USER_BANS_MAX];
	uint32_t	n, next;
};

void	parent_ban(struct parent *parent, const struct addr *addr);
void	parent_send_bans(struct parent *parent);

#endif /* BANS_H */
