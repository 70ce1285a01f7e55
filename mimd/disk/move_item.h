/* SPDX-License-Identifier: ISC */
#ifndef MOVE_ITEM_H
#define MOVE_ITEM_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "file.h"
#include "move_work.h"
#include "part.h"

struct content;
struct disk;
struct metainfo;
struct names;

/* What the move_*.c files share; others see move.h. */

/* A torrent's move, from the order to its end. */
struct move {
	TAILQ_ENTRY(move)	 link;		/* disk::moves */
	struct content		*t;
	struct move_work	 w;
	/* The other place: the new one, after the commit the old one. */
	uint32_t		 root;		/* ROOTS_MAX: not there now */
	char			*root_path, *subdir;
	uint32_t		 index;		/* whose name changes, */
	char			*name;		/* ... the other one, or NULL */
	struct names		*names;
	struct metainfo		*mi;		/* NULL: as the torrent's */
	char			*error;		/* why it is undone */
	char			 part[PART_NAME_MAX];	/* w.part */
	bool			 queued;
	bool			 running;	/* w, by the worker */
	bool			 saved;		/* the record has the phase */
	bool			 asked;		/* by the parent */
	bool			 home;		/* nobody asked */
	bool			 late;		/* the files were begun with */
	bool			 again;		/* after a restart */
	bool			 check;		/* wanted when it is done */
};

/* A new one of t, which has its files loaded and no move; not queued. */
struct move *move_new(struct content *t, enum move_what what, uint32_t root,
	    const char *root_path, const char *subdir);
/* Forget the move of t, if there is one; no job of it may be under way. */
void	 move_drop(struct disk *d, struct content *t);
/*
 * The move is to give file index, or NAMES_TOP, this name; false with a
 * reason if it cannot have it.
 */
bool	 move_take_name(struct disk *d, struct move *m, uint32_t index,
	    const char *name, char *why, size_t size);
struct place move_other_place(const struct disk *d, const struct move *m);
const struct metainfo *move_other_mi(const struct move *m);
/* Are both places there? */
bool	 move_can_go_on(const struct disk *d, const struct move *m);
/* Answer the parent's order; error is "" if it is done. */
void	 move_tell(struct disk *d, uint32_t id, const char *error);

/* move.c: let it wait for its turn; other work on the data ends. */
void	 move_queue(struct disk *d, struct move *m);
/* move_home.c: set up; it has none any more. */
void	 move_home_init(struct disk *d);
void	 move_forget_home(struct content *t);

#endif /* MOVE_ITEM_H */
