/* SPDX-License-Identifier: ISC */
#ifndef LINKS_H
#define LINKS_H

#include <stdbool.h>
#include <stdint.h>

#include "role.h"

struct loop_timer;
struct msg_data_broken;
struct parent;
struct proc;

#define LINK_BREAK_MS	2000U	/* a child that closes its channel is dead */
#define LINK_SEED_SLOTS	256U	/* of the arena that web seeds fill */

/* A data channel and its arena: disk's, and of peer or of tracker. */
struct link {
	struct parent		*parent;
	enum role		 to;		/* at its other end */
	uint32_t		 id;		/* in messages; 0: none yet */
	bool			 cut[2];	/* one says: its other end; */
	struct loop_timer	*closed;	/* who did it must be dead */
};

enum link_end {
	LINK_NET,		/* peer or tracker */
	LINK_DISK
};

enum link_of {
	LINK_PEER,
	LINK_TRACKER,
	LINKS
};

void	links_init(struct parent *parent);
void	links_clear(struct parent *parent);
/* A child was told its set-up: connect it with its siblings. */
void	links_on_started(struct parent *parent, enum role role);
/* Give both ends a new arena and a new channel, if both are there. */
void	link_make(struct link *link);
/* p says that the other end of a link broke or closed it. */
void	links_on_broken(struct parent *parent, struct proc *p,
	    const struct msg_data_broken *m);

#endif /* LINKS_H */
