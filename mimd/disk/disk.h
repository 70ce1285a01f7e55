/* SPDX-License-Identifier: ISC */
#ifndef DISK_H
#define DISK_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

#include "content.h"
#include "msg.h"
#include "piece.h"
#include "plane.h"
#include "save.h"
#include "sched.h"
#include "space.h"
#include "subs.h"
#include "trouble.h"
#include "verify.h"
#include "volumes.h"
#include "worker.h"

struct allot;
struct chan;
struct check;
struct child;
struct digest;
struct fdcache;
struct lane;
struct loop;
struct loop_timer;
struct part_leave;
struct pool;
struct scan;
struct tracker_list;
struct scrub;
struct trail;

/* A download directory; index is its name in messages. */
struct root {
	int	 fd;			/* O_PATH; -1: not configured */
	int	 sync;			/* sync_fs.h; -1: cannot */
	char	*path;
	dev_t	 dev;
	uint64_t ino;			/* what it is: roots.c */
	int64_t	 birth;
	bool	 away;			/* not what it was */
	char	*why;			/* there is no fd */
	uint64_t read, written;		/* bytes, not told yet: tally.c */
};

/* The state of the disk child. */
struct disk {
	struct child		*child;
	struct loop		*loop;
	struct chan		*parent;
	struct pool		*hashers;	/* check data */
	struct pool		*saver;		/* one thread: sync, records */
	struct fdcache		*files;
	struct trail		*trail;		/* of what is read, written */
	struct root		 roots[ROOTS_MAX];
	struct volumes		 volumes;	/* as remembered */
	struct sub		 subs[SUBS_MAX];	/* volumes beneath */
	uint32_t		 nsubs;
	char			*plain_subdir;	/* of plain_root: no volume */
	uint32_t		 plain_root;
	int			 state, torrents, resumes; /* directories */

	/* Torrents: content.c */
	struct content_ids	 by_id;
	struct content_hashes	 by_hash;
	struct content_list	 loaded;	/* least recently used first */
	struct content_list	 dirty;		/* records to be written */
	struct content_list	 changed;	/* progress to be told */
	uint32_t		 nloaded, max_id;
	unsigned int		 freed;		/* slim_freed() */

	/* Records to be written: save.c */
	struct save_list	 saves;		/* not yet in a batch */
	bool			 saving;	/* a batch is under way */
	int			 state_sync;	/* sync_fs.h; -1: cannot */
	uint32_t		 save_files;	/* of those under way */
	uint32_t		 save_adds;	/* ... that are first ones */
	struct loop_timer	*save_rest;	/* pending: no more now */

	/* The channels to peer and tracker: disk_data.c */
	struct plane		 planes[PLANES];
	struct piece_set	 pieces;
	struct lane		*lane;		/* hashes them */
	struct digest		*digest;	/* for peer: digest.c */
	uint32_t		 nmetas;	/* being fetched: meta.c */
	size_t			 meta_bytes;	/* ... so many in all */
	struct rec_block	*blocks;	/* of the message in hand, */
	struct rec_slot_result	*results;	/* in order, their answers */
	struct rec_piece_result	*verdicts;
	uint32_t		 nverdicts;	/* not yet told */
	struct loop_timer	*tell;

	/* Reports to the parent: report.c */
	struct content_list	 reports;
	struct scan		*scan;		/* NULL: done */
	struct tracker_list	*retrack;	/* that comes in pages */
	struct loop_timer	*pump;

	/* Checks: those that wait, those that run; check.c */
	struct content_list	 checks;
	TAILQ_HEAD(, check)	 checking;
	struct sched		 sched;
	struct verifier		 verifiers[WORKERS_MAX];
	struct loop_timer	*check_resume;
	bool			 check_news;	/* more may begin */

	/* Moves, the first of them under way: move.c */
	TAILQ_HEAD(, move)	 moves;
	struct pool		*mover;
	struct loop_timer	*homing;	/* move_home.c */

	/* Space, and who may write: admit.c */
	struct space		 space;
	struct allot		*allot;
	uint64_t		 probe_due, tell_due;	/* ms */
	uint32_t		 nwaiting;	/* torrents in this state */
	bool			 allocate;	/* files in full */
	bool			 write_shared;	/* files of others, too */
	uid_t			 uid;		/* ours */

	struct scrub		*scrub;
	struct part_leave	*leave;

	struct loop_timer	*tally;
	struct troubles		 troubles;

	struct loop_timer	*tick;
	bool			 tick_slow;
	uint32_t		 njobs;		/* of the saver's */
	bool			 state_bad;	/* it was said */
	bool			 file_bad;	/* ... of state_file.c's */
	bool			 stopping, orphan;
	struct loop_timer	*deadline;	/* of an orphan */
};

/* See that the tick comes within a second. */
void	disk_tick_soon(struct disk *d);
/* Something that shutdown may wait for has ended. */
void	disk_settled(struct disk *d);

#endif /* DISK_H */
