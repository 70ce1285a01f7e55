/* SPDX-License-Identifier: ISC */
#ifndef NAMES_H
#define NAMES_H

#include <stdint.h>

#include "msg.h"

/*
 * Relays look-ups from tracker to resolver.  Queries get numbers of our own,
 * so that neither child sees or guesses the other's, and are asked again of
 * a restarted resolver.
 */
#define NAMES_MAX	256U	/* look-ups under way */
#define NAMES_QUERY_MAX	UINT32_C(0x7fffffff)	/* beyond: proxies.h */

struct procs;

struct name_query {
	uint32_t	 query;		/* ours, 0: free */
	uint32_t	 asked;		/* tracker's number */
	char		*host;
};

struct names {
	struct procs		*procs;
	uint32_t		 next;
	struct name_query	 v[NAMES_MAX];
};

void	names_on_lookup(struct names *names, const struct msg_name_lookup *m);
void	names_on_resolved(struct names *names, const struct msg_resolved *m);
/* A resolver is there: ask it what is still open. */
void	names_replay(struct names *names);
/* Who asked is gone. */
void	names_forget(struct names *names);

#endif /* NAMES_H */
