/* SPDX-License-Identifier: ISC */
#ifndef SHAPER_H
#define SHAPER_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stdint.h>

#include "bucket.h"

/*
 * Who may move how many bytes now, in one direction.  Pure.  Buckets stand
 * above one another: all, the peer's class, the torrent, the peer; what
 * moves is taken from each.  Peers that are exempt pass them all by.
 *
 * Who finds no room waits: peers in the line of their torrent, torrents in
 * one line.  They are served by turns, a quantum each, so that torrents
 * share what there is evenly, and so do the peers of one.  Those whose turn
 * comes while their class has no room step aside, so that they are in
 * nobody's way, and have their turn as soon as it has.
 */
#define SHAPER_QUANTUM_MAX	262144U
#define SHAPER_CLASSES		8U

struct shaper_group;
struct shaper_peer {
	TAILQ_ENTRY(shaper_peer) link;	/* shaper_group::peers or ::held */
	struct shaper_group *group;	/* whose line it waits in */
	struct bucket	*own;		/* NULL: no limit of its own */
	uint8_t		 class;		/* 1 to SHAPER_CLASSES; 0: none */
	bool		 waiting;
	bool		 held;		/* stepped aside */
	bool		 exempt;
};
TAILQ_HEAD(shaper_peers, shaper_peer);

struct shaper_class {
	struct bucket	 bucket;
	struct shaper_peers held;	/* until the bucket has room */
	uint32_t	 nheld, nwaiting;	/* in it, in their lines */
};

struct shaper_group {			/* a torrent */
	TAILQ_ENTRY(shaper_group) link;	/* shaper::groups, if nwaiting > 0 */
	struct shaper_peers peers;
	struct bucket	 bucket;
	uint32_t	 nwaiting;	/* in peers */
};
TAILQ_HEAD(shaper_groups, shaper_group);

struct shaper {
	struct shaper_groups groups;	/* with peers that wait */
	struct bucket	 all;
	struct shaper_class classes[SHAPER_CLASSES + 1]; /* [0]: no limit */
	uint32_t	 nwaiting;	/* in groups */
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
/*
 * Stand in line, at its end; leave it.  Both do nothing when done already.
 * The class of a peer must not change while it waits.
 */
void	 shaper_wait(struct shaper *s, struct shaper_group *g,
	    struct shaper_peer *p);
void	 shaper_leave(struct shaper *s, struct shaper_peer *p);
/*
 * The peer whose turn it is, out of the line now, and what it may move.
 * NULL if nobody can be served yet: then *wait_us says when to ask again,
 * UINT64_MAX if nobody waits.
 */
struct shaper_peer *shaper_next(struct shaper *s, uint64_t now_us,
	    uint64_t *room, uint64_t *wait_us);

#endif /* SHAPER_H */
