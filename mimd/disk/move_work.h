/* SPDX-License-Identifier: ISC */
#ifndef MOVE_WORK_H
#define MOVE_WORK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "file.h"
#include "hash.h"
#include "move_plan.h"
#include "msg.h"
#include "worker.h"

struct metainfo;
struct resume_file;

#define MOVE_STAGE_MAX	(32 + 2 * SHA1_LEN)

/*
 * A phase of a move as a job for a worker: it goes over the files of a
 * torrent, which nobody else writes to meanwhile.
 */
struct move_work {
	struct job		 job;
	uint32_t		 id;
	enum move_what		 what;
	enum move_phase		 phase;	/* MOVE_NONE: can it be done? */
	struct place		 from, to;	/* old and new */
	const struct metainfo	*mi_from, *mi_to;
	const char		*part;		/* a file beside, or NULL */
	char			*dir;		/* to, for messages */
	char			 stage[MOVE_STAGE_MAX];	/* in to */
	struct resume_file	*stamps;	/* of each file; if copied, */
	bool			 doubt;		/* ... new, or 0 in doubt */
	bool			 made_dir;	/* to was not there */
	atomic_bool		 stop;		/* end soon, go on later */
	atomic_bool		 cancel;	/* end soon, undo */
	atomic_uint_least64_t	 done;		/* bytes of all, when copying */
	atomic_uint_least64_t	 all;

	/* The outcome. */
	enum move_end		 end;
	bool			 same_fs;	/* of MOVE_NONE */
	char			 error[ERROR_MAX + 1];
};

/* The name of the directory for copies of this torrent. */
void	move_stage_name(const uint8_t infohash[SHA1_LEN],
	    char name[MOVE_STAGE_MAX]);
/* struct job.run */
void	move_work_run(struct job *job, unsigned int worker);
/* locate.c: are its files there? */
void	move_work_locate(struct move_work *w);
/* What went wrong with a file, once; error is an errno. */
void	move_work_error(struct move_work *w, const char *path, int error);
/* What is there; -1 and errno if that cannot be told. */
int	move_there(struct place place, const char *path, struct stat *st,
	    enum move_there *there);

#endif /* MOVE_WORK_H */
