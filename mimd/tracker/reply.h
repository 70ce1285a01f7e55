/* SPDX-License-Identifier: ISC */
#ifndef REPLY_H
#define REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "request.h"

#define REPLY_PEERS_MAX		2000U	/* taken from one reply */
#define REPLY_TEXT_MAX		256U
#define REPLY_UNKNOWN		UINT32_MAX

/* What a tracker answered (BEP 3, 7, 23, 24, 31). */
struct reply {
	bool		 failed;	/* then text says why */
	char		 text[REPLY_TEXT_MAX + 1];	/* or a warning */
	uint32_t	 retry;		/* s, 0 none, ANNOUNCE_RETRY_NEVER */
	uint32_t	 interval, min_interval;	/* s, 0: not given */
	uint32_t	 seeds, leeches, downloads;	/* REPLY_UNKNOWN */
	uint8_t		 tracker_id[TRACKER_ID_MAX];
	size_t		 tracker_id_len;	/* 0: none given */
	bool		 has_external;
	uint8_t		 external[16];	/* our address, as it says */
	struct addr	*peers;		/* both families */
	uint32_t	 npeers;
};

/*
 * Parse the body of an answer.  Returns -1 if it is no tracker's answer at
 * all, with text saying what it is; a failure the tracker names is 0.  Free
 * with reply_clear() in any case.
 */
int	reply_parse(struct reply *r, const void *body, size_t len);
void	reply_clear(struct reply *r);

/* ---- for others who make replies ---- */

/* Nothing is known yet. */
void	reply_init(struct reply *r);
/* It failed, with a text of the tracker's. */
void	reply_fail(struct reply *r, const void *text, size_t len);
/*
 * Peers in compact form, width 6 (BEP 23) or 18 (BEP 7).  If the string is
 * no multiple of it, the whole ones count and there is a warning.
 */
void	reply_add_compact(struct reply *r, const uint8_t *s, size_t len,
	    size_t width);

#endif /* REPLY_H */
