/* SPDX-License-Identifier: ISC */
#ifndef RESUME_H
#define RESUME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hash.h"

/*
 * The resume record of a torrent, a pure codec: magic, version, length of
 * the payload, payload, SHA-1 over all of it.  Integers are little endian.
 * Settings that differ from their defaults follow at the payload's end, as
 * pairs of a number and a value; version 1 had none.
 */
#define RESUME_SIZE_MAX	(64U << 20)

/* A file as it was when its claims were made; ino 0: not there. */
struct resume_file {
	uint64_t	size;
	int64_t		mtime;		/* ns */
	uint64_t	ino;
};

struct resume {
	uint32_t	 id;
	uint8_t		 infohash[SHA1_LEN];
	bool		 paused;
	bool		 clean;		/* nothing was being written */
	uint64_t	 added, completed;	/* Unix time */
	uint64_t	 downloaded, uploaded, wasted;
	uint64_t	 up_limit, down_limit;	/* bytes/s, 0 none */
	uint32_t	 max_peers;	/* 0: the default */
	uint8_t		 modes;		/* TMODE_* */
	uint8_t		*prios;		/* of files; NULL: all normal */
	char		*root;		/* path of the download directory */
	char		*subdir;	/* beneath it, or "" */
	uint32_t	 npieces;	/* 0, without files: a link alone */
	uint8_t		*have;		/* pieces verified and on disk */
	uint32_t	 nfiles;
	struct resume_file *files;
};

/* Returns the record in memory to be freed by the caller. */
uint8_t	*resume_encode(const struct resume *r, size_t *len);
/*
 * Returns -1 with a reason in *why (static text) unless buf is a whole good
 * record; else r is to be freed with resume_clear().
 */
int	 resume_decode(struct resume *r, const void *buf, size_t len,
	    const char **why);
void	 resume_clear(struct resume *r);

#endif /* RESUME_H */
