/* SPDX-License-Identifier: ISC */
#ifndef DISK_TRACKERS_H
#define DISK_TRACKERS_H

struct chan;
struct content;
struct disk;
struct msg_torrent_retrack;

/*
 * The trackers of a torrent: those that the user gave it, or else those of
 * its .torrent or magnet link.
 */
void	 trackers_report(struct disk *d, const struct content *t);
void	 trackers_on_retrack(struct chan *c,
	    const struct msg_torrent_retrack *m, void *arg);

#endif /* DISK_TRACKERS_H */
