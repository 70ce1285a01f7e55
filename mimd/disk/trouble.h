/* SPDX-License-Identifier: ISC */
#ifndef TROUBLE_H
#define TROUBLE_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stdint.h>

struct content;
struct disk;
struct loop_timer;

/*
 * Torrents in error for a reason that may pass, such as a file system that
 * is read-only for a while: they are tried again, ever less often.
 */
#define TROUBLE_WAIT_MIN	10000U		/* ms, then doubled */
#define TROUBLE_WAIT_MAX	3600000U
#define TROUBLE_CALM		600000U		/* without one: forgiven */

struct trouble {
	TAILQ_ENTRY(trouble)	 link;		/* troubles::list */
	struct content		*t;
	char			*path;		/* NULL: the directory */
	uint64_t		 due;		/* ms: to try, or to forgive */
	uint16_t		 tries;
};

struct troubles {
	TAILQ_HEAD(, trouble)	 list;
	struct loop_timer	*timer;
};

void	troubles_init(struct disk *d);
/* ms until the next try, after so many. */
uint64_t trouble_wait(uint16_t tries);
/* The torrent has just gone to error, for this one. */
void	trouble_begin(struct disk *d, struct content *t, const char *path,
	    int error);
/* It is barred (barred.h), though in no error: the same. */
void	trouble_again(struct disk *d, struct content *t);
/* It is as if it had none. */
void	trouble_end(struct disk *d, struct content *t);
/* Look whether it can go on, and let it: what is in doubt is checked. */
void	trouble_retry(struct disk *d, struct content *t);
/* What a file, or the part file (nfiles), held is not there any more. */
void	trouble_lost(struct disk *d, struct content *t, uint32_t home);

#endif /* TROUBLE_H */
