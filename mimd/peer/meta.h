/* SPDX-License-Identifier: ISC */
#ifndef PEER_META_H
#define PEER_META_H

#include <stdbool.h>
#include <stdint.h>

#include "metadata.h"
#include "utmeta.h"

struct conn;
struct net;
struct swarm;

/* Metadata (BEP 9) on its way from and to the peers of a swarm. */
#define META_QUEUE_MAX		64U	/* requests of a peer */
#define META_UNASKED_MAX	64U
#define META_UNSENT_MAX		(128U << 10)	/* bytes, then they wait */
#define META_TIMES		3U	/* all of it so often at once, */
#define META_REFILL_MS		1000U	/* ... then a block each so often */

struct conn_meta {
	struct metadata_peer peer;	/* if we fetch from it */
	bool		 joined;
	uint32_t	 unasked;
	uint32_t	 queue[META_QUEUE_MAX];	/* blocks it asks for */
	uint32_t	 nqueue;
	uint32_t	 budget;	/* blocks it may ask for */
	uint64_t	 budget_at;	/* 0: nothing was asked */
};

/* Made at need. */
struct conn_meta *meta_of(struct conn *c);

/* meta_fetch.c: of a bare swarm, from the first that has it on */
void	fetch_end(struct swarm *s);	/* or it never began */
void	fetch_tick(struct swarm *s, uint64_t now);
/* A handshake came that may say how large it is. */
void	fetch_on_size(struct conn *c);
/* It is no more to be asked. */
void	fetch_gone(struct conn *c);
void	fetch_on_data(struct conn *c, const struct utmeta *m);
void	fetch_on_reject(struct conn *c, const struct utmeta *m);
void	fetch_on_opened(struct swarm *s, bool ok);
void	fetch_on_stored(struct swarm *s, bool stored);
void	fetch_on_result(struct swarm *s, bool good);
void	fetch_on_disk_gone(struct swarm *s);

/* meta_serve.c: to peers */
void	serve_on_message(struct conn *c, const uint8_t *p, uint32_t n);
/* Is there any to be had from us? */
bool	serve_has(const struct conn *c);
/* Answer what can be answered now. */
void	serve_pump(struct conn *c);
/* Disk has filled a slot with a block of it, or could not. */
void	serve_on_read(struct net *net, uint32_t torrent, uint32_t begin,
	    bool failed);

#endif /* PEER_META_H */
