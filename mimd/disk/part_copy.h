/* SPDX-License-Identifier: ISC */
#ifndef PART_COPY_H
#define PART_COPY_H

#include <sys/types.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "file.h"
#include "part.h"
#include "worker.h"

struct metainfo;

#define PART_COPY_FILES	256U	/* of a job */
#define PART_LOG_MAX	1024U	/* stretches, before all is copied again */

/* Stretches of the payload, in the order in which they were written. */
struct part_log {
	uint32_t	n;
	bool		all;		/* too many: take it for all */
	struct part_range {
		uint32_t	file;
		uint64_t	pos, len;
	}		v[PART_LOG_MAX];
};

/* pos is in the payload, and so in the part file. */
void	part_log_add(struct part_log *log, uint32_t file, uint64_t pos,
	    uint64_t len);
void	part_log_clear(struct part_log *log);
/* Bytes, UINT64_MAX for all. */
uint64_t part_log_size(const struct part_log *log);

/*
 * A job: copy what the part file has of some files, verified or not, to
 * where they belong, and sync it; then, as often as need be, what was written
 * since (todo), which the next record's sync is for.
 */
struct part_copy {
	struct job		 job;
	const struct metainfo	*mi;
	struct place		 place;
	char			 name[PART_NAME_MAX];
	bool			 shared;	/* may be written, too */
	uid_t			 uid;
	uint32_t		 n;
	struct part_file {
		uint32_t	 index;		/* in ascending order */
		bool		 had;		/* some of it is verified */
		bool		 made;		/* it is there now */
	}			 files[PART_COPY_FILES];
	bool			 sync;
	struct part_log		 todo;
	atomic_bool		 cancel;	/* end soon: ECANCELED */

	/* The outcome. */
	int			 error;
	uint32_t		 failed;	/* file */
};

void	part_copy_start(struct part_copy *w, const struct metainfo *mi,
	    struct place place, const char *name);
/* At most PART_COPY_FILES, in ascending order. */
void	part_copy_add(struct part_copy *w, uint32_t file, bool had);
bool	part_copy_has(const struct part_copy *w, uint32_t file);
/* It has run: next it is to copy only these. */
void	part_copy_again(struct part_copy *w, const struct part_log *log);
/* struct job.run */
void	part_copy_run(struct job *job, unsigned int worker);

#endif /* PART_COPY_H */
