/* SPDX-License-Identifier: ISC */
#ifndef DISK_DATA_H
#define DISK_DATA_H

#include <stdint.h>

struct chan;
struct content;
struct disk;
struct piece;

/* The data channel: blocks from and to peer, through the arena. */
void	disk_data_init(struct disk *d);
/* Map a new arena; any channel before it is dropped.  Takes fd. */
void	disk_data_arena(struct disk *d, int fd, uint32_t nslots);
/* The channel that the parent calls link. */
void	disk_data_channel(struct disk *d, int fd, uint32_t link);
/* The channel breaks a rule (why) or ended (NULL): drop it; arg is disk. */
void	disk_data_on_closed(struct chan *c, const char *why, void *arg);
/* Peer may not use the torrent any more. */
void	disk_data_forget(struct disk *d, struct content *t);
/* A piece that peer was told of is had no more. */
void	disk_data_lost(struct disk *d, const struct content *t,
	    uint32_t piece);

/* More of a piece is hashed: is that all of it? */
void	disk_data_hashed(struct disk *d, struct piece *p);

#endif /* DISK_DATA_H */
