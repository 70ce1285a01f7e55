/* SPDX-License-Identifier: ISC */
#ifndef SIMFS_STATE_H
#define SIMFS_STATE_H

#include "simfs.h"

/* What the file system (simfs.c) and its calls (simfs_io.c) share. */
struct sim_node {
	bool		 dir;
	uint32_t	 dev;
	uint64_t	 size, room;
	int64_t		 mtime;
	uint8_t		*data;
};

extern struct sim_node	sim_nodes[SIM_NODES];	/* by inode; 0 is none */

/* Around all that reads or writes the log and the files. */
void	 sim_enter(void);
void	 sim_leave(void);
/* Begin to note a change or a sync: fill it in, and it is done at once. */
struct sim_op *sim_note(enum sim_type type, uint32_t ino, const void *p,
	    size_t len);
void	 sim_commit(struct sim_op *op);
/* Note and make a file or directory; its inode. */
uint32_t sim_make(enum sim_type type, uint32_t dir, const char *name);

/*
 * The inode of a path beneath dir, or 0 and errno.  *parent: the directory
 * that has name, or would have it; 0 if there is no such directory.
 */
uint32_t sim_walk(uint32_t dir, const char *path, uint32_t *parent,
	    char name[SIM_NAME]);
/* The names in a directory, at most max; how many. */
uint32_t sim_names(uint32_t dir, char names[][SIM_NAME], uint32_t max);

/* Descriptors: find what stands for our directories; forget all others. */
void	 sim_find_dirs(void);
void	 sim_close_all(void);

#endif /* SIMFS_STATE_H */
