/* SPDX-License-Identifier: ISC */
#ifndef SEED_H
#define SEED_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "arena.h"
#include "geom.h"
#include "http.h"
#include "msg.h"
#include "range.h"
#include "seed_pace.h"
#include "transfer.h"
#include "url.h"

/*
 * Web seeds (BEP 19).  Peer picks the pieces: it is asked, through the
 * parent, for a span of them, which is fetched file by file into slots and
 * written by disk.  What disk says of the pieces, peer hears as well.
 */
#define SEED_CONNS	4U	/* spans that are fetched from one at a time */
#define SEEDS_CONNS	32U	/* ... from all */
#define SEED_SPANS	16U	/* of one seed, those disk judges included */
#define SEED_PARTS	32U	/* files known ahead: msg.def */
#define SEED_STALL_MS	30000U	/* without a byte */
#define SEED_WANT_MS	10000U	/* for an answer of peer */
#define SEED_JUDGE_MS	30000U	/* for disk's word on the last pieces */
#define SEED_TICK_MS	1000U
#define SEED_TICK_LIMITED_MS 100U	/* while a rate is obeyed */
#define SEED_IDLE_MS	10000U	/* then the arena's memory is given back */

struct child;
struct loop_timer;
struct seeds;
struct seed_torrent;

/* A part of a file, to be fetched by one request. */
struct seed_part {
	uint64_t	 offset, length, size;
	bool		 pad;
	char		*path;
};

enum span_state {
	SPAN_WANT,		/* peer was asked for pieces */
	SPAN_MAP,		/* disk was asked which files they are in */
	SPAN_LOOKUP,		/* waits for addresses */
	SPAN_FETCH,
	SPAN_JUDGE		/* all is sent to disk */
};

struct seed_span {
	TAILQ_ENTRY(seed_span)	 link;	/* seed::spans */
	TAILQ_ENTRY(seed_span)	 all_link;	/* seeds::spans */
	struct seed		*seed;
	uint32_t		 tag;
	uint8_t			 state;		/* enum span_state */
	bool			 held;	/* waits for slots, or for rate */
	uint32_t		 first, n;	/* pieces */
	uint32_t		 judged;	/* of these */
	uint32_t		 pending;	/* slots at disk */
	uint64_t		 pos, end;	/* bytes of the torrent */
	uint64_t		 since;	/* ms: of state, or last byte */
	bool			 single;	/* a torrent of one file */
	struct seed_part	 parts[SEED_PARTS];
	uint32_t		 nparts, part;
	uint64_t		 done;		/* of the part */
	uint64_t		 skip;	/* bytes of the answer first */
	struct range_want	 want;
	struct range_answer	 answer;
	struct http_req		 req;		/* transfer's: any family */
	struct transfer		*transfer;
	enum range_verdict	 verdict;
	const char		*refused;	/* why, or NULL */
	bool			 judged_head;	/* verdict is set */
	bool			 enough;	/* the answer is longer */
	size_t			 taken;		/* of what comes again */
	uint32_t		 slot, fill;	/* the block in hand */
};
TAILQ_HEAD(seed_span_list, seed_span);

struct seed {
	struct seed_torrent	*torrent;
	uint32_t		 index;
	struct url		*base;		/* NULL: of no use */
	struct seed_span_list	 spans;
	uint32_t		 nspans, nfetching;
	bool			 banned;
	bool			 wants;		/* peer has not answered */
	bool			 dirty;		/* to be told */
	struct seed_pace	 pace;
	uint64_t		 bytes;		/* downloaded, not yet told */
	uint64_t		 second;	/* ... in this second */
	char			*error;		/* NULL: none */
};

struct seed_torrent {
	TAILQ_ENTRY(seed_torrent) link;	/* seeds::torrents */
	struct seeds		*seeds;
	uint32_t		 id;
	struct geom		 geom;
	uint64_t		 wait_until;	/* disk could not write */
	struct seed_bucket	 bucket;
	uint32_t		 n;
	struct seed		 v[];
};
TAILQ_HEAD(seed_torrent_list, seed_torrent);

struct seed_slot {
	uint32_t	 gen;
	uint32_t	 next;		/* free ones */
	uint32_t	 piece;
	bool		 busy;		/* at disk */
	struct seed_span *span;		/* NULL: given up meanwhile */
};

struct seeds {
	struct child		*child;
	struct fetcher		*fetcher;
	struct hosts		*hosts;
	struct seed_torrent_list torrents;
	struct seed_span_list	 spans;		/* of all seeds */
	struct loop_timer	*tick, *pump;
	uint64_t		 second_at;	/* ms, rates were told */
	uint32_t		 last_tag;
	uint32_t		 nfetching;
	bool			 leaving;
	struct seed_bucket	 bucket;

	/* The data channel to disk: seed_plane.c */
	struct chan		*chan;		/* NULL: none now */
	uint32_t		 link;
	struct arena		 arena;
	struct seed_slot	*slots;
	uint32_t		 free, nfree;	/* list */
	bool			 dirty;		/* slots were used */
	uint64_t		 used;		/* ms, the last of them */
	struct rec_block	 writes[64];
	uint32_t		 nwrites;
	struct loop_timer	*flush;
};

/* ---- seeds.c: which seed asks for what, and when ---- */

void	seeds_init(struct seeds *s, struct child *child);
void	seeds_on_run(struct seeds *s, const struct msg_seed_run *m);
void	seeds_on_halt(struct seeds *s, uint32_t id);
void	seeds_on_limit(struct seeds *s, const struct msg_seed_limit *m);
void	seeds_on_fetch(struct seeds *s, const struct msg_seed_fetch *m);
void	seeds_leave(struct seeds *s);
/* There may be something to do, now. */
void	seeds_pump_soon(struct seeds *s);
struct seed_torrent *seeds_find(struct seeds *s, uint32_t id);
struct seed_span *seeds_span(struct seeds *s, uint32_t tag);
/* Nothing more of the span will come; peer is told.  It is gone then. */
void	span_over(struct seed_span *sp);
/* The same, and the seed gets none of these pieces any more. */
void	span_over_avoid(struct seed_span *sp, uint32_t first, uint32_t n);
/* All has been fetched: others may be. */
void	span_fetched(struct seed_span *sp);
/* Forget it; peer knows. */
void	span_free(struct seed_span *sp);
/* It is at fault, and tried again later: in retry s, 0: as usual. */
void	seed_fail(struct seed *sd, const char *why, uint32_t retry);
void	seed_ban(struct seed *sd);
/* Bytes of the payload came. */
void	seed_got(struct seed *sd, size_t n);
/* How many bytes may come now; 0: wait. */
uint64_t seed_room(const struct seed *sd);

/* ---- seed_fetch.c: one span ---- */

/* Peer gave it pieces. */
void	span_begin(struct seed_span *sp, uint32_t first, uint32_t n);
/* Disk says which files. */
void	span_on_parts(struct seed_span *sp, const struct msg_data_parts *m);
/* Slots or rate are to be had again. */
void	span_resume(struct seed_span *sp);
void	span_tick(struct seed_span *sp, uint64_t now);
/* No more pieces from this one on are wanted of it. */
void	span_cut(struct seed_span *sp, uint32_t piece);
/* All slots are answered, all pieces judged? */
void	span_check_end(struct seed_span *sp);
/* Break off what is under way. */
void	span_stop(struct seed_span *sp);

/* ---- seed_plane.c: slots, and the data channel ---- */

void	seed_plane_arena(struct seeds *s, int fd, uint32_t nslots);
void	seed_plane_start(struct seeds *s, int fd, uint32_t link);
#define SEED_SLOT_NONE	UINT32_MAX
uint32_t seed_slot_take(struct seeds *s);
void	seed_slot_give(struct seeds *s, uint32_t slot);
/* Have disk write it. */
void	seed_slot_write(struct seed_span *sp, uint32_t slot, uint32_t piece,
	    uint32_t begin, uint32_t length);
/* The span is gone: what disk has of it is nobody's. */
void	seed_slots_forget(struct seeds *s, const struct seed_span *sp);
void	seed_plane_map(struct seed_span *sp, bool begin);
void	seed_plane_tick(struct seeds *s, uint64_t now);

#endif /* SEED_H */
