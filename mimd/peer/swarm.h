/* SPDX-License-Identifier: ISC */
#ifndef SWARM_H
#define SWARM_H

#include <sys/queue.h>
#include <sys/tree.h>

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "candidates.h"
#include "conn.h"
#include "geom.h"
#include "lsd.h"
#include "msg.h"
#include "net_limits.h"
#include "pex.h"
#include "picker.h"
#include "rate.h"
#include "shaper.h"
#include "superseed.h"

struct fetch;
struct net;

/* Why a swarm goes as it goes: mimctl show summary puts it into words. */
struct swarm_facts {
	uint32_t	 useful, choking;	/* peers with what we lack */
	uint32_t	 interested, served;	/* want what we have */
	uint32_t	 candidates;		/* not connected */
	uint32_t	 held;			/* SWARM_HELD_* */
};

/* What only a torrent with connections, or with limits of its own, needs. */
struct traffic {
	struct shaper_group rx_line, tx_line;
	struct pex_book	 pex;
	struct rate	 down, up;
	uint32_t	 nunchoked;
};

/* A torrent that runs, and its connections. */
struct swarm {
	RB_ENTRY(swarm)	 by_id;		/* net::swarms */
	RB_ENTRY(swarm)	 by_hash;	/* net::hashes */
	RB_ENTRY(swarm)	 by_req2;	/* net::req2s */
	RB_ENTRY(swarm)	 by_due;	/* net::due, if due != 0 */
	TAILQ_ENTRY(swarm) busy_link;	/* net::busy, if it has connections */
	struct net	*net;
	uint32_t	 id;
	uint8_t		 infohash[20];
	uint8_t		 req2[20];	/* what encryption calls it */
	bool		 private;
	bool		 known;		/* pieces were told once */
	bool		 open;		/* disk takes our blocks now */
	bool		 complete;
	bool		 sated;		/* peers know that we want no more */
	bool		 super_seed;	/* when complete: a setting */
	bool		 changed;	/* since the last swarm_stats */
	struct swarm_facts facts;	/* told last */
	struct geom	 geom;		/* without pieces: see bare.c */
	struct fetch	*fetch;		/* of metadata; NULL: none */
	uint32_t	 metadata_size;	/* 0: none to be served */
	struct picker	*picker;	/* NULL when complete */
	struct superseed *super;	/* NULL while no peer needs it */
	struct reserves	*reserves;	/* for web seeds, or NULL */
	bool		 sequential, first_last;
	uint8_t		*wishes;	/* of each piece; NULL: no special */
	uint8_t		*pages;		/* data_have, until data_open_end */
	uint32_t	 opening;	/* serial of data_open unanswered, 0 */
	struct conn_list conns;
	uint32_t	 nconns, nup, nseeds, nhalf_open;
	uint64_t	 churn_at;	/* nobody is replaced before */
	uint32_t	 max_peers;	/* 0: the default */
	struct traffic	*traffic;	/* NULL: no connections, no limits */
	struct candidates cands;
	struct lsd_item	 lsd;
	uint64_t	 due;		/* next swarm_tick(); 0 none */
	uint64_t	 hungry_at, retry_at, resync_at;
	uint32_t	 resync_piece;	/* ... for its sake */
	uint64_t	 downloaded, uploaded, wasted;	/* not yet told */
};
TAILQ_HEAD(swarm_list, swarm);
RB_HEAD(swarm_ids, swarm);
RB_HEAD(swarm_hashes, swarm);
RB_HEAD(swarm_req2s, swarm);
RB_HEAD(swarm_dues, swarm);

int	swarm_cmp_id(const struct swarm *a, const struct swarm *b);
int	swarm_cmp_hash(const struct swarm *a, const struct swarm *b);
int	swarm_cmp_req2(const struct swarm *a, const struct swarm *b);
int	swarm_cmp_due(const struct swarm *a, const struct swarm *b);
RB_PROTOTYPE(swarm_ids, swarm, by_id, swarm_cmp_id)
RB_PROTOTYPE(swarm_hashes, swarm, by_hash, swarm_cmp_hash)
RB_PROTOTYPE(swarm_req2s, swarm, by_req2, swarm_cmp_req2)
RB_PROTOTYPE(swarm_dues, swarm, by_due, swarm_cmp_due)

static inline bool
swarm_is_bare(const struct swarm *s)
{
	return s->geom.npieces == 0;
}

static inline bool
conn_is_seed(const struct conn *c)
{
	return !swarm_is_bare(c->swarm) &&
	    c->has.count == c->swarm->geom.npieces;
}

/* swarm.c */
struct swarm *swarm_find(struct net *net, uint32_t id);
struct swarm *swarm_by_hash(struct net *net, const uint8_t infohash[20]);
struct swarm *swarm_by_req2(struct net *net, const uint8_t req2[20]);
struct swarm *swarm_new(struct net *net, const struct msg_swarm_run *m);
/* The metadata of a bare one is there. */
void	swarm_learn(struct swarm *s, const struct msg_swarm_run *m);
void	swarm_free(struct swarm *s);
/* See that it has s->traffic, which goes again when nobody needs it. */
void	swarm_need_traffic(struct swarm *s);
bool	swarm_has(const struct swarm *s, uint32_t piece);
bool	swarm_accepts(const struct swarm *s, const struct addr *addr);
/* Add a candidate; false if it is unusable, or there already. */
bool	swarm_add_peer(struct swarm *s, const struct addr *addr,
	    uint8_t source);
void	swarm_add_peers(struct swarm *s, const struct msg_peers_found *m);
void	swarm_connect(struct swarm *s);
/* Have swarm_tick() run in ms, or earlier if it was to. */
void	swarm_wake(struct swarm *s, uint64_t ms);
void	swarm_run_due(struct net *net);
void	swarm_on_have_page(struct swarm *s, uint32_t first, const uint8_t *p,
	    uint32_t n);
void	swarm_on_opened(struct swarm *s);
void	swarm_on_data_gone(struct swarm *s);
/* Is there nothing left that we want?  Complete, or a partial seed. */
bool	swarm_done(const struct swarm *s);
/* After pieces came, went or were skipped: what peers have that we want. */
void	swarm_recount(struct swarm *s);
void	swarm_wants_changed(struct swarm *s);
/* We have a piece more: peers are told. */
void	swarm_gained(struct swarm *s, uint32_t piece);
struct conn *swarm_conn(struct swarm *s, uint32_t id);

/*
 * wishes.c: how the user wants a torrent picked, also before it has a picker
 * and after that went.  Costs are the picker's.
 */
void	swarm_set_mode(struct swarm *s, bool sequential, bool first_last);
/* Pieces first to last: the highest priority of the files they are in. */
void	swarm_set_priority(struct swarm *s, uint32_t first, uint32_t last,
	    enum picker_prio prio);
/* Pieces from byte first of the set on that disk can or cannot write. */
void	swarm_set_barred(struct swarm *s, uint32_t first, const uint8_t *bits,
	    uint32_t n);
/* It can write all. */
void	swarm_unbar(struct swarm *s);
/* A file reaches from piece first to piece last. */
void	swarm_add_file(struct swarm *s, uint32_t first, uint32_t last);
/* The picker is new. */
void	swarm_tell_wishes(struct swarm *s);

#endif /* SWARM_H */
