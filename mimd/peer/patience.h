/* SPDX-License-Identifier: ISC */
#ifndef PATIENCE_H
#define PATIENCE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * How long a connection may say nothing, and who leaves first when there is
 * no room for another.  Pure: the clock is in the arguments.
 */
#define PATIENCE_HANDSHAKE_MS	15000	/* from connect or accept on */
#define PATIENCE_HURRY_MS	5000	/* ... while others wait to connect */
#define PATIENCE_IDLE_MS	150000	/* nothing received */
#define PATIENCE_STUCK_MS	150000	/* nothing of ours taken */
#define PATIENCE_KEEPALIVE_MS	50000	/* some drop after 60 s */
#define PATIENCE_NEW_MS		5000	/* what it wants may be on its way */
#define PATIENCE_USELESS_MS	600000	/* neither side wants anything */
#define PATIENCE_BARREN_MS	60000	/* no payload for so long */

struct patience {
	bool		up;		/* past the handshake */
	bool		hurry;		/* not connected, others wait for it */
	bool		paused;		/* we do not read */
	bool		blocked;	/* it does not read */
	bool		interested;	/* either side */
	bool		payload;	/* some has moved, either way */
	uint64_t	started, received, sent;	/* times */
};

enum patience_verdict {
	PATIENCE_OK,
	PATIENCE_KEEPALIVE,	/* say something */
	PATIENCE_OVER		/* close; *why says so */
};

enum patience_verdict patience_check(const struct patience *p, uint64_t now,
	    const char **why);
/* 0: it stays.  Of the others the highest goes first. */
uint64_t patience_rank(const struct patience *p, uint64_t now);

/*
 * Has it wanted nothing for long?  useful_at is when it last did, 0 at first;
 * the clock is read anew while it does.
 */
bool	 patience_useless(const struct patience *p, uint64_t *useful_at,
	    uint64_t now);

#endif /* PATIENCE_H */
