/* SPDX-License-Identifier: ISC */
#ifndef NODES_H
#define NODES_H

/* The DHT as the parent sees it: whether there are nodes of ours. */

struct parent;

/* Have the child, or have it end, as it is wanted now. */
void	nodes_update(struct parent *parent);
/* Why there are none, for the user; NULL: they are wanted. */
const char *nodes_off(const struct parent *parent);

#endif /* NODES_H */
