/* SPDX-License-Identifier: ISC */
#ifndef CALLS_H
#define CALLS_H

#include <sys/tree.h>

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "krpc.h"

/*
 * Our queries that wait for an answer, and how long to wait: by the round
 * trips measured (as RFC 6298 does), for first one is slow, and the search
 * goes on beside it, and then it is lost.  Pure; times are milliseconds.
 */
#define CALLS_MAX	1024
#define CALLS_TID_LEN	4	/* short: some cut longer ones */
#define CALLS_SLOW_MS	1000	/* as long as nothing is known */
#define CALLS_SLOW_MIN	100
#define CALLS_SLOW_MAX	3000
#define CALLS_LOST	2	/* lost after so many times that */

struct search;

struct call {
	RB_ENTRY(call)	 entry;		/* calls::waiting */
	uint64_t	 sent, due;
	uint32_t	 tid;
	bool		 slow;
	bool		 named;		/* id is who we mean */
	uint8_t		 method;	/* enum krpc_method */
	uint8_t		 id[ID_LEN];
	struct addr	 to;
	struct search	*search;	/* it is for; or NULL */
};
RB_HEAD(call_tree, call);

struct calls {
	struct call_tree waiting;	/* by due */
	struct call	**slots;	/* NULL: free */
	uint32_t	 nslots, n;
	uint32_t	 srtt, var;	/* ms; srtt 0: none measured */
};

void	calls_init(struct calls *c);
void	calls_clear(struct calls *c);
/* A new one, with a number that nobody can guess; NULL if there are many. */
struct call *calls_open(struct calls *c, const struct addr *to,
	    uint32_t random, uint64_t now);
void	calls_close(struct calls *c, struct call *call);
/* The number as it is written. */
void	calls_put_tid(const struct call *call, uint8_t tid[CALLS_TID_LEN]);
/* The one that this answers; NULL if none. */
struct call *calls_find(const struct calls *c, const struct krpc_bytes *tid,
	    const struct addr *from);
/* Its answer is there: returns its round trip in ms. */
uint32_t calls_measure(struct calls *c, const struct call *call,
	    uint64_t now);
/* When the first one is due; UINT64_MAX if none waits. */
uint64_t calls_due(const struct calls *c);
/* One that is slow (call->slow is set, once) or lost by now; or NULL. */
struct call *calls_late(struct calls *c, uint64_t now, bool *lost);
/* One that is for this search, or NULL. */
struct call *calls_of(const struct calls *c, const struct search *search);

#endif /* CALLS_H */
