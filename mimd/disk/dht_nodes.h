/* SPDX-License-Identifier: ISC */
#ifndef DHT_NODES_H
#define DHT_NODES_H

struct chan;
struct content;
struct disk;
struct msg_nodes_save;

/* What disk keeps, and tells, for the DHT. */

/* To the parent: the nodes that were saved, if there are any. */
void	dht_nodes_report(struct disk *d);
void	dht_nodes_on_save(struct chan *c, const struct msg_nodes_save *m,
	    void *arg);
/* And those that a torrent names, but for a private one. */
void	dht_nodes_report_torrent(struct disk *d, const struct content *t);

#endif /* DHT_NODES_H */
