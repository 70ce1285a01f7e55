/* SPDX-License-Identifier: ISC */
#ifndef REPLACE_H
#define REPLACE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Who makes way for a new peer when all places are taken and nobody is
 * plainly useless.  Who gave and got nothing for a while yields to a peer of
 * higher canonical priority (BEP 40), so that full nodes of a swarm settle;
 * who is far slower than the others yields to anyone, but seldom.  Pure.
 */
#define REPLACE_STILL_MS	60000	/* no payload either way */
#define REPLACE_SLOW_MS		120000	/* connected for so long */
#define REPLACE_SLOW_FACTOR	8	/* slower than the mean */
#define REPLACE_SLOW_MIN	4	/* peers that make a mean */
#define REPLACE_STILL_PAUSE_MS	5000	/* between two such */
#define REPLACE_SLOW_PAUSE_MS	60000

struct replace_peer {
	uint32_t	priority;
	uint64_t	age;		/* ms since it connected */
	uint64_t	still;		/* ms without payload */
	uint64_t	rate;		/* bytes/s, both ways */
};

/* All zero but for the priority of the new one. */
struct replace {
	uint32_t	priority;
	void		*still, *slow;	/* the worst so far */
	uint32_t	still_priority;
	uint64_t	slow_rate, sum;
	uint32_t	n;
};

void	replace_look(struct replace *r, const struct replace_peer *p,
	    void *arg);
/*
 * Of all looked at the arg of the one that goes, or NULL; *pause is how long
 * the next has to wait.
 */
void	*replace_pick(const struct replace *r, uint64_t *pause);

#endif /* REPLACE_H */
