/* SPDX-License-Identifier: ISC */
#ifndef CONTACTS_H
#define CONTACTS_H

#include <stdbool.h>

#include "node_hosts.h"
#include "node_memory.h"

/*
 * Where our nodes of the DHT begin: from those that were known before, which
 * disk keeps, and if none of them answers, from hosts of mimd.conf(5) and of
 * torrents, which the resolver looks up.
 */
struct msg_dht_nodes;
struct msg_nodes_saved;
struct msg_resolved;
struct msg_torrent_nodes;
struct parent;

struct contacts {
	struct node_memory	memory;
	struct node_hosts	hosts;
};

/* At the start, and when the configuration has been changed. */
void	contacts_conf(struct parent *parent);
void	contacts_clear(struct parent *parent);
/* Each second. */
void	contacts_tick(struct parent *parent);
/* The dht child has its sockets: tell it of what was known before. */
void	contacts_on_up(struct parent *parent);
/* Nobody it knows answers (dht_want). */
void	contacts_on_want(struct parent *parent);
/* What it knows (dht_nodes), to be kept. */
void	contacts_on_nodes(struct parent *parent,
	    const struct msg_dht_nodes *m);
/* The disk child has ended. */
void	contacts_on_down(struct parent *parent);
/* The dht child has ended for good: save what is not saved yet. */
void	contacts_finish(struct parent *parent);
/* From disk. */
void	contacts_on_saved(struct parent *parent,
	    const struct msg_nodes_saved *m);
void	contacts_on_torrent(struct parent *parent,
	    const struct msg_torrent_nodes *m);
/* The resolver began anew. */
void	contacts_replay(struct parent *parent);
/* Its answer to a look-up; false if that was another's. */
bool	contacts_on_resolved(struct parent *parent,
	    const struct msg_resolved *m);

#endif /* CONTACTS_H */
