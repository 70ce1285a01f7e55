/* SPDX-License-Identifier: ISC */
#ifndef MAGNET_MSG_H
#define MAGNET_MSG_H

#include "choice.h"
#include "magnet.h"
#include "msg.h"

/* A magnet link as the fields of messages, and back. */

/* These fill rows, and return how many; strings stay those of m. */
uint32_t magnet_pack_trackers(const struct magnet *m,
	    struct rec_tracker rows[MAGNET_TRACKERS_MAX]);
uint32_t magnet_pack_webseeds(const struct magnet *m,
	    struct rec_url rows[MAGNET_WEBSEEDS_MAX]);
uint32_t magnet_pack_peers(const struct magnet *m,
	    struct rec_addr rows[MAGNET_PEERS_MAX]);
/* Of a v1 torrent; what makes no sense is left out. */
struct magnet *magnet_unpack(const uint8_t infohash[SHA1_LEN],
	    const char *name, const struct rec_tracker *trackers,
	    uint32_t ntrackers, const struct rec_url *webseeds,
	    uint32_t nwebseeds, const struct rec_addr *peers,
	    uint32_t npeers);

/* Which files the link says to download; NULL: all. */
struct choice *magnet_choice(const struct magnet *m);
/* It is to say this (NULL: nothing of it) from now on. */
void	 magnet_choose(struct magnet *m, const struct choice *c);

#endif /* MAGNET_MSG_H */
