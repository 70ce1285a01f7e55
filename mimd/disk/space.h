/* SPDX-License-Identifier: ISC */
#ifndef SPACE_H
#define SPACE_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stdint.h>

/*
 * Who may write to which file system: the space there is, less a floor that
 * is kept free and what those who write already are still to take, is given
 * to those who wait, in the order in which they first asked.  One who does
 * not fit holds up nobody who does.  No I/O; times are in ms.
 */
#define SPACE_KEEP_AUTO	((uint64_t)INT64_MAX)	/* as space_set_keep() */
#define SPACE_KEEP_MAX	(1ULL << 30)	/* of these: at most this, and a */
#define SPACE_KEEP_PART	20		/* ... twentieth of all */
#define SPACE_RETRY_MIN	5000U		/* after a failure, then doubled */
#define SPACE_RETRY_MAX	300000U
#define SPACE_CALM	60000U		/* without a failure: forgiven */

struct space_dev;

/* One that writes, or waits to. */
struct space_claim {
	TAILQ_ENTRY(space_claim) link;	/* space_dev::held or waiting */
	struct space_dev	*dev;
	void			*owner;
	uint64_t		 ticket;	/* its place in the order */
	uint64_t		 need;		/* bytes still to be taken */
	uint64_t		 since;		/* held, or when to retry */
	uint16_t		 failures;	/* in a row */
	bool			 held;
	bool			 stopped;	/* has been held before */
	/* The owner's: */
	bool			 exact;		/* need was measured */
	bool			 filled;	/* its files are allocated */
	bool			 quota;		/* it ran into one */
};

TAILQ_HEAD(space_claims, space_claim);

/* A file system with claims. */
struct space_dev {
	TAILQ_ENTRY(space_dev)	 link;		/* space::devs */
	uint64_t		 key;
	uint64_t		 avail, total;	/* as measured */
	uint64_t		 reserved;	/* by those that are held */
	struct space_claims	 held, waiting;	/* by ticket */
};

struct space {
	TAILQ_HEAD(, space_dev)	 devs;
	uint64_t		 keep;
	uint64_t		 tickets;
};

void	 space_init(struct space *s);
/* The floor: bytes, or SPACE_KEEP_AUTO. */
void	 space_set_keep(struct space *s, uint64_t keep);
uint64_t space_floor(const struct space *s, const struct space_dev *dev);
/* The file system with this key, or a new one. */
struct space_dev *space_device(struct space *s, uint64_t key);
void	 space_measured(struct space_dev *dev, uint64_t avail,
	    uint64_t total);
/*
 * Ask for need bytes: c, zeroed at first, waits until space_next() has
 * found room.  One that asks again keeps its place in the order.
 */
void	 space_ask(struct space *s, struct space_dev *dev,
	    struct space_claim *c, uint64_t need);
/* The next that has room: it is held from here on.  NULL: none. */
struct space_claim *space_next(struct space *s, struct space_dev *dev,
	    uint64_t now);
/* One that waits has been promised what it needs before: no question. */
void	 space_hold(struct space_claim *c, uint64_t now);
/* No more than this is left to be taken. */
void	 space_left(struct space_claim *c, uint64_t left);
/*
 * A held one must stop.  Until it fits anew and a little more; failed: the
 * system refused it, whatever there seems to be, so not before a while.
 */
void	 space_stop(struct space_claim *c, uint64_t now, bool failed);
/* Have others taken so much that those that write should stop? */
bool	 space_short(const struct space *s, const struct space_dev *dev);
/* Bytes that one that waits lacks; 0: it waits for its time only. */
uint64_t space_missing(const struct space *s, const struct space_claim *c);
/* Forget it; and its file system, if it was the last there. */
void	 space_drop(struct space *s, struct space_claim *c);

#endif /* SPACE_H */
