/* SPDX-License-Identifier: ISC */
#ifndef STORAGE_H
#define STORAGE_H

#include <stdint.h>

#include "msg.h"

/*
 * What disk and peer last told of download directories and of the arena, so
 * that "mimctl show disk" waits for neither; and whether disk still answers.
 */
#define STORAGE_STALL_MS	5000U	/* without a word: it is stuck */

struct parent;
struct torrent;

struct storage_volume {
	uint64_t	 read, written;		/* bytes, since mimd's start */
	uint64_t	 read_rate, write_rate;	/* bytes/s */
	uint64_t	 fresh_read, fresh_written;	/* of storage.since */
	uint64_t	 size, free;
	uint64_t	 error_at;		/* Unix time, 0: none */
	char		*error;			/* the last */
	uint32_t	 checking, queued;
};

struct storage {
	struct storage_volume	 volumes[ROOTS_MAX];
	uint64_t		 since;		/* ms; rates are made of it */
	uint64_t		 told;		/* ms; by disk, the last */
	uint64_t		 asked;		/* ms; not answered; 0: it is */
	uint32_t		 saving;
	struct msg_arena_tally	 arena;		/* the last */
	uint64_t		 arena_at;	/* ms */
	uint64_t		 sent, blocks_read;	/* since the start */
	bool			 complained;
};

void	storage_clear(struct storage *s);
void	storage_on_disk(struct parent *parent,
	    const struct msg_disk_tally *m);
void	storage_on_arena(struct parent *parent,
	    const struct msg_arena_tally *m);
/* A child is gone. */
void	storage_on_down(struct parent *parent, enum role role);
/* This is wrong with the torrent. */
void	storage_on_error(struct parent *parent, const struct torrent *t);
/* Now and then: ask disk whether it is there. */
void	storage_tick(struct parent *parent);
/* Seconds without a word of disk where there should be one; 0: fine. */
uint32_t storage_stalled(const struct parent *parent);
/* The index of the download directory that dir is beneath. */
uint32_t storage_root(const struct parent *parent, const char *dir);
/* Rate that is not of the past. */
uint64_t storage_rate(const struct parent *parent, uint64_t rate);

#endif /* STORAGE_H */
