/* SPDX-License-Identifier: ISC */
#ifndef SIMFS_H
#define SIMFS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A file system in memory, in the place of mimd/disk/io.c, that writes down
 * what is done to it, and can be made again as a power cut may leave it:
 * what was synced is there, of the rest anything.  A file's bytes, size and
 * times are synced by an fsync of the file; its name, and that an old name
 * is gone, by one of the directory; all of a file system by a syncfs.  Nothing
 * else may be relied upon.
 */
#define SIM_OPS		8192U
#define SIM_DATA	(24U << 20)
#define SIM_NAME	64U
#define SIM_NODES	1024U

/* Are there, and stay; the last is of another file system. */
enum sim_dir { SIM_ROOT = 1, SIM_STATE = 2, SIM_OTHER = 3 };

enum sim_type {
	SIM_CREATE,		/* name in dir */
	SIM_MKDIR,
	SIM_WRITE,
	SIM_SIZE,		/* off */
	SIM_TIME,
	SIM_RENAME,		/* from dir, name to dir2, name2 */
	SIM_UNLINK,
	SIM_FSYNC,
	SIM_SYNCFS,
	SIM_READ,		/* changes nothing */
	SIM_MARK		/* of the test: ino, off and data are its own */
};

struct sim_op {
	enum sim_type	type;
	uint32_t	ino, dir, dir2;
	uint32_t	len;
	uint32_t	data;		/* where in sim_log::data */
	uint64_t	off;
	int64_t		mtime;
	char		name[SIM_NAME], name2[SIM_NAME];
};

/* Shared by the processes of a run. */
struct sim_log {
	pthread_mutex_t	lock;
	uint32_t	n, ndata, ninodes;
	int64_t		clock;		/* ns, a step for each change */
	struct sim_op	ops[SIM_OPS];
	uint8_t		data[SIM_DATA];
};

/* How much of a change that was not synced is kept. */
enum sim_keep { SIM_NOT, SIM_WHOLE, SIM_HALF, SIM_ZEROS };

/* Begin with empty directories; log is to be shared memory. */
void	sim_init(struct sim_log *log);
/* The same log elsewhere. */
void	sim_use(struct sim_log *log);
/* Descriptors of real directories that stand for these. */
int	sim_dir_fd(enum sim_dir dir);
void	sim_mark(uint32_t what, uint32_t torrent, const void *p, uint32_t len);

/* Is op safe when op number cut begins?  lie: syncs that do nothing. */
bool	sim_synced(uint32_t op, uint32_t cut,
	    bool (*lie)(const struct sim_op *sync));
bool	sim_changes(const struct sim_op *op);
/* Make the file system anew from the first cut ops, keep[] of each. */
void	sim_build(uint32_t cut, const uint8_t *keep);
/* ... and do what followed, ops first to end. */
void	sim_replay(uint32_t first, uint32_t end);
/* A file as it is now; NULL if not there. */
const uint8_t *sim_read(enum sim_dir dir, const char *path, size_t *len);
/* The inode of a path, 0 if there is none. */
uint32_t sim_lookup(enum sim_dir dir, const char *path);

#endif /* SIMFS_H */
