/* SPDX-License-Identifier: ISC */
#ifndef ANNOUNCE_H
#define ANNOUNCE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The schedule of one (torrent, tracker): which event is owed and when to
 * announce next (BEP 3, BEP 31).  Pure: times are given in ms of a monotonic
 * clock, randomness comes in as rnd.
 */
#define ANNOUNCE_NEVER		UINT64_MAX

#define ANNOUNCE_INTERVAL	1800U	/* s, if the tracker names none */
#define ANNOUNCE_INTERVAL_MIN	60U
#define ANNOUNCE_INTERVAL_MAX	86400U
#define ANNOUNCE_MIN		30U	/* s, "min interval" if none */
#define ANNOUNCE_MIN_MAX	3600U
#define ANNOUNCE_ASK_MIN	60U	/* s between those the user wants */
#define ANNOUNCE_RETRY_NEVER	UINT32_MAX

enum announce_event {
	ANNOUNCE_REGULAR, ANNOUNCE_STARTED, ANNOUNCE_COMPLETED,
	ANNOUNCE_STOPPED
};

struct announce {
	uint64_t	next;		/* when, or ANNOUNCE_NEVER */
	uint64_t	last;		/* answer or failure */
	uint32_t	min_interval;	/* s */
	uint16_t	fails;		/* in a row */
	bool		running;
	bool		told;		/* acknowledged started */
	bool		known;		/* heard started: owes stopped */
	bool		owes_completed;
	bool		busy;		/* announce_begin() without end */
	uint8_t		event;		/* enum announce_event of that one */
};

void	announce_init(struct announce *a);
/* The torrent starts; the first announce is due delay ms from now. */
void	announce_start(struct announce *a, uint64_t now, uint64_t delay);
/* The torrent stops; what is still owed is due at once. */
void	announce_stop(struct announce *a, uint64_t now);
/* The last piece came just now: each tracker in use is told once. */
void	announce_completed(struct announce *a, uint64_t now);
/* More peers are wanted as soon as is polite. */
void	announce_hungry(struct announce *a, uint64_t now);
/*
 * The network is another one: tell of it delay ms from now, or when it is
 * polite; earlier failures count no more.
 */
void	announce_again(struct announce *a, uint64_t now, uint64_t delay);

/* When the user may have it announced; ANNOUNCE_NEVER if not at all. */
uint64_t announce_allowed(const struct announce *a);
/* The user wants that; false if it is not allowed by now. */
bool	announce_ask(struct announce *a, uint64_t now);
/* Nothing more is said to this tracker. */
void	announce_give_up(struct announce *a);

/* An announce goes out now; returns its event. */
enum announce_event announce_begin(struct announce *a);
/* It was given up before an answer; still owed. */
void	announce_cancel(struct announce *a);
/* The tracker answered; interval and min_interval in s, 0: not given. */
void	announce_done(struct announce *a, uint64_t now, uint32_t interval,
	    uint32_t min_interval, uint32_t rnd);
/* It failed; retry: s that the tracker asked for, 0 none, or never. */
void	announce_failed(struct announce *a, uint64_t now, uint32_t retry,
	    uint32_t rnd);
/* Nothing more is owed to this tracker. */
bool	announce_idle(const struct announce *a);

#endif /* ANNOUNCE_H */
