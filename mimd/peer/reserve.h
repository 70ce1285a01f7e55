/* SPDX-License-Identifier: ISC */
#ifndef RESERVE_H
#define RESERVE_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stdint.h>

#include "msg.h"
#include "picker.h"

/*
 * Pieces that were given to web seeds (BEP 19), a run for each request of
 * tracker.  Peers that find nothing else to ask for take them back from the
 * end of a run: so both are done at the same time, however fast each is.
 */
#define RESERVES_MAX		64U	/* runs of a torrent */
#define RESERVE_AVOIDS		32U	/* runs that a seed does not have */
#define RESERVE_MS		120000U	/* without a piece: taken back */

struct reserve {
	TAILQ_ENTRY(reserve)	 link;
	uint32_t		 tag;
	uint32_t		 seed;
	uint32_t		 first, n;	/* pieces */
	uint32_t		 came;		/* of these */
	uint64_t		 since;		/* ms, it was given */
	uint64_t		 at;		/* ... the last piece came */
};

struct reserve_avoid {
	uint32_t		 seed;
	struct picker_run	 run;
};

/* Those of a torrent. */
struct reserves {
	TAILQ_HEAD(, reserve)	 list;
	uint32_t		 n;
	uint32_t		 navoid;
	struct reserve_avoid	 avoid[RESERVE_AVOIDS];
	uint32_t		 refused;	/* seeds with too many, bits */
};

struct reserves *reserves_new(void);
void	 reserves_free(struct reserves *r);	/* NULL is fine */
/* A run of at most max pieces for a request; their number. */
uint32_t reserves_take(struct reserves *r, struct picker *p, uint32_t seed,
	    uint32_t tag, uint32_t max, uint64_t now, uint32_t *first);
/* What is left of one will not come. */
void	 reserves_over(struct reserves *r, struct picker *p, uint32_t tag,
	    const struct picker_run *avoid);
/* All of them; p may be NULL. */
void	 reserves_drop(struct reserves *r, struct picker *p);
/* A piece came; p knows. */
void	 reserves_came(struct reserves *r, const struct picker *p,
	    uint32_t piece, uint64_t now);
/*
 * Give a piece to a peer that has nothing else to do and would need so many
 * ms for it, if its turn would not come earlier; false: none.
 */
bool	 reserves_steal(struct reserves *r, struct picker *p,
	    const struct pieceset *has, uint64_t ms, uint64_t now);
/* Take back what has not moved for long. */
void	 reserves_expire(struct reserves *r, struct picker *p, uint64_t now);

#endif /* RESERVE_H */
