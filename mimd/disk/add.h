/* SPDX-License-Identifier: ISC */
#ifndef ADD_H
#define ADD_H

#include "msg.h"

struct chan;

/*
 * The parent adds a torrent, by a .torrent file in a sealed memfd or by its
 * magnet link; arg is the struct disk.  It is there once its first record
 * is; one that cannot be had is refused with a reason.
 */
void	add_on_torrent(struct chan *c, const struct msg_torrent_add *m,
	    void *arg);
void	add_on_magnet(struct chan *c, const struct msg_magnet_add *m,
	    void *arg);

#endif /* ADD_H */
