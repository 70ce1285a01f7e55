/* SPDX-License-Identifier: ISC */
#ifndef DISK_DATA_H
#define DISK_DATA_H

#include <stdint.h>

#include "msg.h"

struct chan;
struct content;
struct disk;
struct piece;

/* What is said on the data channels: plane.h. */
extern const union msg_fn disk_data_fns[MSG_COUNT];

void	disk_data_init(struct disk *d);
/* Peer may not use the torrent any more. */
void	disk_data_forget(struct disk *d, struct content *t);
/* A piece that peer was told of is had no more. */
void	disk_data_lost(struct disk *d, const struct content *t,
	    uint32_t piece);
/* What peer may fetch of it is other than it was told. */
void	disk_data_barred(struct disk *d, const struct content *t);

/* More of a piece is hashed: is that all of it? */
void	disk_data_hashed(struct disk *d, struct piece *p);

/* web_map.c: answer tracker, on c. */
void	web_map(struct disk *d, struct chan *c, const struct msg_data_map *m);

#endif /* DISK_DATA_H */
