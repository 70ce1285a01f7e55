/* SPDX-License-Identifier: ISC */
#ifndef PEER_DATAPLANE_H
#define PEER_DATAPLANE_H

#include <stdbool.h>
#include <stdint.h>

struct net;
struct swarm;

void	data_start(struct net *net, int fd, uint32_t link);
void	data_arena(struct net *net, int fd, uint32_t nslots);
void	data_stop(struct net *net);
void	data_write(struct net *net, uint32_t torrent, uint32_t piece,
	    uint32_t begin, uint32_t length, uint32_t slot);
void	data_read(struct net *net, uint32_t torrent, uint32_t piece,
	    uint32_t begin, uint32_t length, uint32_t slot);
/* The same for metadata, at once. */
void	data_meta_open(struct swarm *s, uint32_t size);
void	data_meta_close(struct swarm *s);
void	data_meta_write(struct swarm *s, uint32_t begin, uint32_t length,
	    uint32_t slot);
void	data_meta_read(struct swarm *s, uint32_t begin, uint32_t length,
	    uint32_t slot);
void	data_flush(struct net *net);
void	data_open(struct swarm *s);
void	data_close(struct swarm *s);
/* Does disk take more blocks now? */
bool	data_ready(const struct net *net);
/* Is there a slot to be had?  For the cache, some are left to others. */
bool	data_slots(const struct net *net);
bool	data_cache_slots(const struct net *net);
/* How many waiting connections may read again. */
uint32_t data_room(const struct net *net);
/* Slots are in use: have idle ones given back in a while. */
void	data_idle_soon(struct net *net);

#endif /* PEER_DATAPLANE_H */
