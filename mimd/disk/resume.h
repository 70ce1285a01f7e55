/* SPDX-License-Identifier: ISC */
#ifndef RESUME_H
#define RESUME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hash.h"
#include "msg.h"

/*
 * The resume record of a torrent, a pure codec: magic, version, length of
 * the payload, payload, SHA-1 over all of it.  Integers are little endian.
 * Settings that differ from their defaults follow at the payload's end, as
 * pairs of a number and a value; version 1 had none.  A value that is a
 * string comes before its pair, eight bytes in each of as many as it takes.
 */
#define RESUME_SIZE_MAX	(64U << 20)
#define RESUME_PEERS_MAX 16U

/* A file as it was when its claims were made; ino 0: not there. */
struct resume_file {
	uint64_t	size;
	int64_t		mtime;		/* ns */
	uint64_t	ino;
};

/* A file, or the torrent, whose name is not that of its .torrent. */
#define RESUME_TOP	UINT32_MAX	/* as index: the torrent's own name */
struct resume_name {
	uint32_t	 index;
	char		*name;		/* a file's is beneath the torrent's */
};

/* A move under way: where else its files may be; see move_plan.h. */
struct resume_move {
	uint8_t		 phase;		/* enum move_phase, 0: none */
	uint32_t	 index;		/* whose name changes, */
	char		*name;		/* ... to this, or NULL: none does */
	char		*root, *subdir;
};

struct tracker_list;

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
	bool		 promised;	/* the space it needs: admit.h */
	bool		 unsynced;	/* a sync failed: content.h */
	uint32_t	 active;	/* Unix time of payload, 0 never */
	uint32_t	 scrubbed;	/* Unix time, 0 never */
	uint32_t	 scrub_next;	/* piece */
	uint8_t		*prios;		/* of files; NULL: all normal */
	uint8_t		*parted;	/* files kept in the part file, set */
	char		*root;		/* path of the download directory */
	char		*subdir;	/* beneath it, or "" */
	char		*home_root;	/* where to go when complete, or NULL */
	char		*home_subdir;
	uint32_t	 nnames;
	struct resume_name *names;
	struct resume_move move;
	uint32_t	 npieces;	/* 0, without files: a link alone */
	uint8_t		*have;		/* pieces verified and on disk */
	uint32_t	 nfiles;
	struct resume_file *files;
	struct resume_file part;	/* the part file */
	uint32_t	 npeers;
	struct rec_addr	 peers[RESUME_PEERS_MAX];	/* were of use */
	struct tracker_list *trackers;	/* the user's, or NULL */
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
