/* SPDX-License-Identifier: ISC */
#ifndef FAMILY_H
#define FAMILY_H

#include <stdint.h>

#include "announce.h"

/*
 * A tracker knows us by the address that it sees (BEP 7), so each of its
 * address families is told by itself: started, completed and stopped once,
 * until it has answered.  Pure.
 */
#define FAMILY_V4	0x1U
#define FAMILY_V6	0x2U
#define FAMILY_ALL	(FAMILY_V4 | FAMILY_V6)

#define FAMILY_REST	3U	/* announces without one that failed */

struct families {
	uint8_t		heard:2;	/* of us: owed stopped */
	uint8_t		owed:2;		/* completed */
	uint8_t		saying:2;	/* ... in the announce under way */
	uint8_t		rests:2;	/* left out ... */
	uint8_t		rest_turns;	/* ... of so many announces */
};

/* A new run: completed is owed no more. */
void	families_start(struct families *f);
/* The last piece came. */
void	families_completed(struct families *f);
/* An announce of this event goes out: to which? */
uint8_t	families_pick(struct families *f, enum announce_event event);
/* What is said to this one in it? */
enum announce_event families_event(struct families *f, uint8_t family,
	    enum announce_event event);
/* It is over; one of them answered at least. */
void	families_answered(struct families *f, enum announce_event event,
	    uint8_t worked, uint8_t failed);
/* None did. */
void	families_failed(struct families *f);

#endif /* FAMILY_H */
