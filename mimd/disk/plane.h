/* SPDX-License-Identifier: ISC */
#ifndef PLANE_H
#define PLANE_H

#include <stdbool.h>
#include <stdint.h>

#include "arena.h"

struct chan;
struct disk;

/*
 * A data channel: blocks to a sibling and from it, through the arena that the
 * two share.  Peer has one, and tracker, for web seeds.
 */
enum plane_of {
	PLANE_PEER,
	PLANE_TRACKER,
	PLANES
};

struct plane {
	struct disk	*disk;
	struct chan	*chan;		/* NULL: none now */
	uint32_t	 link;		/* the parent's name for it */
	uint8_t		 of;		/* enum plane_of */
	struct arena	 arena;
	uint32_t	*marks;		/* of slots: the message that */
	uint32_t	 serial;	/* ... named them last */
};

void	plane_init(struct disk *d);
/* Map a new arena; any channel before it is dropped.  Takes fd. */
void	plane_arena(struct plane *p, int fd, uint32_t nslots);
/* The channel that the parent calls link. */
void	plane_channel(struct plane *p, int fd, uint32_t link);
/* The channel breaks a rule (why) or ended (NULL): drop it; arg: a plane. */
void	plane_on_closed(struct chan *c, const char *why, void *arg);
/* A message that names slots begins; */
void	plane_mark_begin(struct plane *p);
/* ... NULL, or what is wrong with one of them. */
const char *plane_mark(struct plane *p, uint32_t slot);

#endif /* PLANE_H */
