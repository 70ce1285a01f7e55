/* SPDX-License-Identifier: ISC */
#ifndef SAVE_JOB_H
#define SAVE_JOB_H

#include <sys/queue.h>
#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "file.h"
#include "msg.h"
#include "resume.h"
#include "store.h"
#include "worker.h"

/* What save.c gives the saver's thread, and save_run.c does there. */

/* A record to be written, after the files that it speaks of are synced. */
struct save {
	STAILQ_ENTRY(save) link;	/* disk::saves */
	uint32_t	 id;
	struct place	 place;
	char		*subdir;	/* place's */
	struct resume	 r;
	uint32_t	 npaths;	/* files to sync */
	uint32_t	*indices;
	char		**paths;
	uint64_t	*least;		/* sizes of those that are whole */
	uint32_t	 root;		/* on its file system; or ROOTS_MAX */
	bool		 synced;	/* all of them are */
	bool		 drop_link;	/* the record has all of it now */
	uint8_t		*torrent;	/* or link; NULL: only the record */
	size_t		 torrent_len;
	const char	*suffix;	/* of its file */
	int		 error;		/* errno */
	uint32_t	 failed;	/* path, npaths: the record */
	struct store_file record, source;	/* that are being written */
};

/* What many files can be synced by at once: sync_fs.h. */
struct save_fs {
	int	 fd;			/* -1: nothing */
	dev_t	 dev;
	bool	 failed;		/* now; it is of no more use */
};

/* Those that wait go together: a device syncs many for the price of one. */
#define SAVE_BATCH_MAX	512U

struct save_batch {
	struct job	 job;
	uint64_t	 began;			/* ms */
	int		 torrents, resumes;	/* directories */
	struct save_fs	 state;			/* of both of them */
	struct save_fs	 roots[ROOTS_MAX];
	uint32_t	 n;
	struct save	*saves[SAVE_BATCH_MAX];
};

/* In a worker. */
void	save_run(struct job *job, unsigned int worker);

#endif /* SAVE_JOB_H */
