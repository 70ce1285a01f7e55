/* SPDX-License-Identifier: ISC */
#include "patience.h"

enum patience_verdict
patience_check(const struct patience *p, uint64_t now, const char **why)
{
	*why = "no handshake in time";
	if (!p->up)
		return now - p->started > (p->hurry ? PATIENCE_HURRY_MS :
		    PATIENCE_HANDSHAKE_MS) ? PATIENCE_OVER : PATIENCE_OK;
	*why = "silent for too long";
	if (!p->paused && now - p->received > PATIENCE_IDLE_MS)
		return PATIENCE_OVER;
	*why = "does not read";
	if (p->blocked)
		return now - p->sent > PATIENCE_STUCK_MS ? PATIENCE_OVER :
		    PATIENCE_OK;
	return now - p->sent > PATIENCE_KEEPALIVE_MS ? PATIENCE_KEEPALIVE :
	    PATIENCE_OK;
}

/* Who wants nothing goes before who never gave or got anything. */
uint64_t
patience_rank(const struct patience *p, uint64_t now)
{
	uint64_t	age = now - p->started;

	if (!p->up)
		return 0;
	if (!p->interested)
		return age > PATIENCE_NEW_MS ? (UINT64_MAX >> 1) + age : 0;
	return !p->payload && age > PATIENCE_BARREN_MS ? age : 0;
}

bool
patience_useless(const struct patience *p, uint64_t *useful_at, uint64_t now)
{
	if (p->interested || *useful_at == 0)
		*useful_at = now;
	return now - *useful_at > PATIENCE_USELESS_MS;
}
