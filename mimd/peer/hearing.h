/* SPDX-License-Identifier: ISC */
#ifndef HEARING_H
#define HEARING_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"

/*
 * How much is heard of those who send us packets unasked: of each, as far as
 * they are told apart, and of all.  Pure; times are milliseconds.
 */
#define HEARING_SOURCES	32	/* that are told apart */

struct hearing_limits {
	uint32_t	burst;		/* packets of a source at once */
	uint64_t	refill_ms;	/* and another one each */
	uint32_t	all_burst;	/* of all sources */
	uint64_t	all_refill_ms;
};

struct hearing_bucket {
	uint32_t	spent;
	uint64_t	at;
};

struct hearing {
	struct hearing_bucket	all;
	struct {
		uint8_t			ip[16];
		struct hearing_bucket	b;
	}			v[HEARING_SOURCES];
};

/* Is a packet of this source to be read? */
bool	hearing_take(struct hearing *h, const struct hearing_limits *l,
	    const struct addr *source, uint64_t now);

#endif /* HEARING_H */
