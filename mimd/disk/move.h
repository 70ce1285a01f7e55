/* SPDX-License-Identifier: ISC */
#ifndef MOVE_H
#define MOVE_H

#include <stdbool.h>
#include <stdint.h>

#include "file.h"
#include "msg.h"

struct chan;
struct content;
struct disk;
struct resume;

/*
 * Moves of torrents, one at a time, by a worker of their own; the plan is
 * in move_plan.h.  A torrent that is complete is served meanwhile.
 */

/* Where a torrent belongs once it is complete. */
struct home {
	char	*root;			/* path of a download directory */
	char	*subdir;
	uint64_t due;			/* ms, to be tried again; 0: at once */
	uint16_t tries;
};

void	move_init(struct disk *d);
void	move_threads(struct disk *d);
/* What the parent asks. */
void	move_on_order(struct chan *c, const struct msg_torrent_move *m,
	    void *arg);
/* It is to be at home, once complete; nothing to do if it is there. */
void	move_set_home(struct content *t, const char *root,
	    const char *subdir);
/* Data of it that are at home already are to be used there. */
void	move_look_home(struct disk *d, struct content *t);
/* If it is complete and has another home: go there. */
void	move_go_home(struct disk *d, struct content *t);
/* It could not: later. */
void	move_home_failed(struct disk *d, struct content *t);
/* The record r of t has just been written, or could not be. */
void	move_saved(struct disk *d, struct content *t, const struct resume *r,
	    bool good);
/* Is no record to be written now? */
bool	move_holds_save(const struct content *t);
/* What a record has to say of moves, homes and names. */
void	move_fill(const struct content *t, struct resume *r);
/*
 * What the record says of moves; true if one goes on now, or has to, so that
 * the torrent is not looked at yet.
 */
bool	move_take(struct disk *d, struct content *t, const struct resume *r);
/* Where a file may be while it is not at its place: a descriptor, or -1. */
int	move_open(struct disk *d, struct content *t, uint32_t file,
	    enum file_mode mode);
/* The place where it is going to be, if it moves. */
bool	move_target(const struct content *t, uint32_t *root,
	    const char **subdir);
uint32_t move_permille(const struct content *t);
/* Tell how far the one under way has come. */
void	move_tick(struct disk *d);
/* A check is wanted: false if no move is in its way. */
bool	move_check(struct disk *d, struct content *t);
/* Undo it, since the torrent is to go; remove_try() is called then. */
void	move_cancel(struct disk *d, struct content *t);
/* The end: go on with it at the next start. */
void	move_stop(struct disk *d);
void	move_free(struct disk *d, struct content *t);

#endif /* MOVE_H */
