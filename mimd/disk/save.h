/* SPDX-License-Identifier: ISC */
#ifndef SAVE_H
#define SAVE_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct content;
struct disk;
struct save;

STAILQ_HEAD(save_list, save);

/*
 * Checkpoints: a worker syncs the files that were written, then writes the
 * record, which claims the pieces that were complete before that.
 */
void	save_init(struct disk *d);
/* The state directory is open; the sandbox is not up yet. */
void	save_warm(struct disk *d);
void	save_due(struct disk *d, uint64_t now);
/* The first record of a torrent, with its .torrent or link (taken over). */
void	save_new(struct disk *d, struct content *t, uint8_t *torrent,
	    size_t len);
/* Remove what is marked so, as soon as nothing works on it. */
void	remove_try(struct disk *d, struct content *t);

#endif /* SAVE_H */
