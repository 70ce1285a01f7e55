/* SPDX-License-Identifier: ISC */
#ifndef LSD_H
#define LSD_H

#include <sys/tree.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "msg.h"

/*
 * Local service discovery (BEP 14), without I/O: packets read and written,
 * and which torrents to announce when.  Never for private torrents.
 */
#define LSD_PACKET_MAX	1400U
#define LSD_HASHES_MAX	24	/* in a packet of ours */
#define LSD_READ_MAX	32	/* in one that is read */
#define LSD_COOKIE_LEN	16	/* characters */
#define LSD_AGAIN_MS	300000	/* a torrent is announced again */
#define LSD_LEAST_MS	60000	/* ... and never earlier than this */
#define LSD_SOON_MS	2000	/* the first time: gather others */
#define LSD_PACKET_MS	1000	/* between two packets, or less if ... */
#define LSD_PACKET_LEAST_MS 250	/* ... all would not fit into LSD_AGAIN_MS */

/* ---- packets ---- */

struct lsd_msg {
	uint16_t	port;
	bool		ours;		/* it has our cookie */
	uint32_t	nhashes;
	uint8_t		hashes[LSD_READ_MAX][20];
};

/* -1 if it is no announcement. */
int	lsd_parse(struct lsd_msg *m, const char *p, size_t n,
	    const char *cookie);
/* hashes: n of LSD_HASHES_MAX at most.  Returns the bytes written. */
size_t	lsd_build(char out[LSD_PACKET_MAX], bool v6, uint16_t port,
	    const uint8_t *const *hashes, uint32_t n, const char *cookie);

/* ---- when to announce ---- */

struct lsd_item {
	RB_ENTRY(lsd_item) entry;	/* lsd_queue::items, if queued */
	const uint8_t	*hash;		/* 20 bytes, its owner's */
	uint64_t	 at;		/* due */
	uint64_t	 last;		/* announced; 0: never */
	bool		 queued;
};
RB_HEAD(lsd_items, lsd_item);
int	lsd_item_cmp(const struct lsd_item *a, const struct lsd_item *b);
RB_PROTOTYPE(lsd_items, lsd_item, entry, lsd_item_cmp)

struct lsd_queue {
	struct lsd_items items;
	uint32_t	 n;
	uint64_t	 packet_at;	/* no packet before */
};

void	lsd_queue_init(struct lsd_queue *q);
void	lsd_add(struct lsd_queue *q, struct lsd_item *item,
	    const uint8_t *hash, uint64_t now);
void	lsd_del(struct lsd_queue *q, struct lsd_item *item);
/* The network has changed: all of them soon. */
void	lsd_again(struct lsd_queue *q, uint64_t now);
/* When the next packet is due; UINT64_MAX if none is. */
uint64_t lsd_due(struct lsd_queue *q);
/* The hashes of the packet that is due now; they count as announced. */
uint32_t lsd_take(struct lsd_queue *q, uint64_t now,
	    const uint8_t *hashes[LSD_HASHES_MAX]);

#endif /* LSD_H */
