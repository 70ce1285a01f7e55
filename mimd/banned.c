/* SPDX-License-Identifier: ISC */
#include "banned.h"

#include <string.h>

void
banned_add(struct banned *b, const uint8_t ip[16], uint64_t now)
{
	uint32_t	i;

	for (i = 0; i < b->n; i++)
		if (memcmp(b->v[i].ip, ip, 16) == 0)
			break;
	if (i == b->n) {
		i = b->next;
		b->next = (b->next + 1) % BANNED_MAX;
		if (b->n < BANNED_MAX)
			b->n++;
	}
	memcpy(b->v[i].ip, ip, 16);
	b->v[i].until = now + BANNED_MS;
}

bool
banned_del(struct banned *b, const uint8_t ip[16], uint64_t now)
{
	uint32_t	i;
	bool		was;

	for (i = 0; i < b->n; i++) {
		if (memcmp(b->v[i].ip, ip, 16) != 0)
			continue;
		was = b->v[i].until > now;
		b->v[i].until = 0;
		return was;
	}
	return false;
}

uint32_t
banned_list(const struct banned *b, uint64_t now,
    struct rec_ban out[BANNED_MAX])
{
	uint32_t	i, n = 0;

	for (i = 0; i < b->n; i++) {
		if (b->v[i].until <= now)
			continue;
		memcpy(out[n].ip, b->v[i].ip, 16);
		out[n++].seconds = (uint32_t)((b->v[i].until - now + 999) /
		    1000);
	}
	return n;
}
