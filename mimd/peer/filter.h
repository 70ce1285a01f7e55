/* SPDX-License-Identifier: ISC */
#ifndef PEER_FILTER_H
#define PEER_FILTER_H

#include <stdbool.h>
#include <stdint.h>

struct addr;
struct net;

/* Block and allow lists. */

/* nfiles lists follow, in place of the old ones. */
void	filter_begin(struct net *net, uint32_t nfiles);
/* One of them; owns fd. */
void	filter_file(struct net *net, int fd, const char *path, bool allow);
/* The first lists are not all read yet: let nobody in. */
bool	filter_loading(const struct net *net);
/* Blocked or banned. */
bool	net_refuses(const struct net *net, const struct addr *addr);

#endif /* PEER_FILTER_H */
