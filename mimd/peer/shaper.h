/* SPDX-License-Identifier: ISC */
#ifndef SHAPER_H
#define SHAPER_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stdint.h>

#include "bucket.h"

/*
 * Who may move how many bytes now, in one direction.  Pure.  Buckets stand
 * above one another: all, the torrent, the peer; what moves is taken from
 * each.  A class of peers that is exempt passes them all by.
 *
 * Who finds no room waits: peers in the line of their torrent, torrents in
 * one line.  They are served by turns, a quantum each, so that torrents
 * share what there is evenly, and so do the peers of one.
 */
#define SHAPER_QUANTUM_MAX	262144U

struct shaper_peer {
	TAILQ_ENTRY(shaper_peer) link;	/* shaper_group::peers */
	struct bucket	*own;		/* NULL: no limit of its own */
	bool		 waiting;
	bool		 exempt;
};
TAILQ_HEAD(shaper_peers, shaper_peer);

struct shaper_group {			/* a torrent */
	TAILQ_ENTRY(shaper_group) link;	/* shaper::groups, if nwaiting > 0 */
	struct shaper_peers peers;
	struct bucket	 bucket;
	uint32_t	 nwaiting;
};
TAILQ_HEAD(shaper_groups, shaper_group);

struct shaper {
	struct shaper_groups groups;	/* with peers that wait */
	struct bucket	 all;
	uint32_t	 nwaiting;
};

void	 shaper_init(struct shaper *s);
void	 shaper_group_init(struct shaper_group *g);
/*
 * Bytes that this peer may move now without waiting; 0: it has to wait,
 * BUCKET_ALL: nothing limits it.
 */
uint64_t shaper_room(struct shaper *s, struct shaper_group *g,
	    struct shaper_peer *p, uint64_t now_us);
/* So many moved.  g may be NULL: the torrent is not known yet. */
void	 shaper_take(struct shaper *s, struct shaper_group *g,
	    struct shaper_peer *p, uint64_t bytes, uint64_t now_us);
/* Stand in line, at its end; leave it.  Both do nothing when done already. */
void	 shaper_wait(struct shaper *s, struct shaper_group *g,
	    struct shaper_peer *p);
void	 shaper_leave(struct shaper *s, struct shaper_group *g,
	    struct shaper_peer *p);
/*
 * The peer whose turn it is, out of the line now, and what it may move.
 * NULL if nobody can be served yet: then *wait_us says when to ask again,
 * UINT64_MAX if nobody waits.
 */
struct shaper_peer *shaper_next(struct shaper *s, uint64_t now_us,
	    uint64_t *room, uint64_t *wait_us);

#endif /* SHAPER_H */
