/* SPDX-License-Identifier: ISC */
#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>
#include <stdint.h>

struct content;
struct disk;

/*
 * Checks of data that is there: the workers hash the pieces, of as many
 * torrents at a time as their devices can take (sched.h).  The torrent is in
 * state checking until it has had its turn.
 */
void	check_init(struct disk *d);

/* Check the pieces in todo (taken over), or all if NULL. */
void	check_want(struct disk *d, struct content *t, uint8_t *todo);
/* One that waits may perhaps begin: none does while it is being added. */
void	check_soon(struct disk *d);
/* Stop, keeping t->todo, after which remove_try() is called if wanted. */
void	check_cancel(struct disk *d, struct content *t);
/* The torrent that is being checked after this one; NULL: the first. */
struct content *check_running(const struct disk *d, const struct content *t);
/* Nothing runs any more? */
bool	check_idle(const struct disk *d);
/*
 * What a record does not vouch for: compare the files of a torrent just
 * loaded with their stamps.  Takes doubtful pieces away and returns them as
 * a set, or NULL; the torrent may go to error.
 */
uint8_t	*check_doubts(struct disk *d, struct content *t);
/* Is anything there at the torrent's place? */
bool	check_exists(struct disk *d, const struct content *t);

#endif /* CHECK_H */
