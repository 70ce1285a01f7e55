/* SPDX-License-Identifier: ISC */
#ifndef TRACKED_H
#define TRACKED_H

#include <sys/queue.h>
#include <sys/tree.h>

#include <stdbool.h>
#include <stdint.h>

#include "announce.h"
#include "family.h"
#include "guard.h"
#include "intern.h"
#include "seed.h"
#include "tier.h"
#include "torrent_file.h"

struct ask;
struct ask_result;
struct chan;
struct child;
struct hosts;
struct http;
struct loop_timer;
struct queue;
struct queue_item;
struct reply;
struct request;
struct scraper;
struct udp;

/* A tracker of a torrent. */
struct site {
	struct queue_item	*turn;		/* waited for, or had */
	struct ask		*ask;		/* announce under way */
	struct torrent		*torrent;
	struct announce		 announce;
	const char		*url;		/* of book::urls */
	char			*error;		/* or a warning; NULL: none */
	uint8_t			*tracker_id;	/* from its last answer */
	uint64_t		 base_down, base_up;	/* when it began */
	uint64_t		 last;		/* Unix time, 0 never */
	uint32_t		 seeds, leeches, downloads;
	uint32_t		 scraped;	/* s, 0: not yet */
	uint8_t			 tracker_id_len;
	uint8_t			 index, tier;
	bool			 usable;	/* we speak its protocol */
	bool			 based;		/* base_* are set */
	bool			 dirty;		/* row not yet reported */
	bool			 asked;		/* for by the user */
	bool			 listed;	/* in the list that comes */
	bool			 dropped;	/* only told stopped */
	struct families		 families;
};

struct torrent {
	RB_ENTRY(torrent)	 by_id;
	RB_ENTRY(torrent)	 by_due;
	TAILQ_ENTRY(torrent)	 dirty_link;	/* book::dirty */
	uint32_t		 id;
	uint8_t			 infohash[20];
	bool			 private;
	bool			 running;
	bool			 active;	/* moved payload of late */
	bool			 forgotten;	/* only says goodbye */
	bool			 dirty;
	bool			 queued;	/* in book::due */
	uint64_t		 due;		/* ms; valid if queued */
	uint64_t		 left, downloaded, uploaded;
	struct tier_set		 tiers;
	struct site		**sites;	/* by index */
	uint32_t		 nsites, nbusy;
};

RB_HEAD(torrent_ids, torrent);
RB_HEAD(torrent_dues, torrent);
TAILQ_HEAD(torrent_list, torrent);

/* All torrents, and what their announces need. */
struct book {
	struct child		*child;
	struct hosts		*hosts;
	struct http		*http;
	struct udp		*udp;
	struct scraper		*scraper;
	struct loop_timer	*clock;		/* first of due */
	struct loop_timer	*report;	/* rows to send */
	struct loop_timer	*last_call;	/* leaving */
	struct loop_timer	*turns;		/* first of queue */
	struct queue		*queue;
	struct torrent_ids	 ids;
	struct torrent_dues	 due;
	struct torrent_list	 dirty;
	struct interns		 urls;
	unsigned int		 freed;		/* slim_freed() */
	uint64_t		 reported;	/* ms */
	uint32_t		 nbusy;
	uint32_t		 queued;	/* as the parent was told */
	struct msg_tracker_external external;	/* what was told last */
	bool			 leaving;
	bool			 late;		/* idle ones are not told */
	bool			 first;		/* one tracker of all tiers */
	uint8_t			 peer_id[20];
	uint32_t		 key;
	uint16_t		 port;
	struct guard		 guard;
	char			*ca_file;
	struct seeds		 seeds;
	struct torrent_files	 files;
};

void	book_init(struct book *book, struct child *child);
/* NULL if there is none. */
struct torrent *book_find(struct book *book, uint32_t id);
/* The torrent of this id, made if it is new. */
struct torrent *book_add(struct book *book, uint32_t id,
	    const uint8_t infohash[20], bool private);
/* The network is another one: announce all, one after the other. */
void	book_again(struct book *book);
/* One tracker of all tiers at a time, or one of each. */
void	book_set_first(struct book *book, bool first);
/* Say stopped to all trackers and leave the process within LEAVE_TIME. */
void	book_leave(struct book *book);

/* An announce of t ended: what is next for it, and for us? */
void	book_settle(struct book *book, struct torrent *t);

/* The user wants an announce as soon as is allowed. */
void	tracked_ask(struct book *book, struct torrent *t);
void	tracked_start(struct book *book, struct torrent *t, uint64_t left);
void	tracked_stop(struct book *book, struct torrent *t);
void	tracked_completed(struct book *book, struct torrent *t);
void	tracked_hungry(struct book *book, struct torrent *t);
/* Stop it; t is no longer the caller's. */
void	tracked_forget(struct book *book, struct torrent *t);

/* ---- list.c: which trackers ---- */

/*
 * A list of all trackers, in one or more pages: those that it does not name
 * are told stopped and dropped when it ends.
 */
void	tracked_list_begin(struct torrent *t);
void	tracked_list_add(struct book *book, struct torrent *t,
	    const char *url, uint8_t tier, bool known);
void	tracked_list_end(struct book *book, struct torrent *t);
void	tracked_make_tiers(struct book *book, struct torrent *t);
/* Let go of dropped ones that nothing more is said to. */
void	tracked_sweep(struct book *book, struct torrent *t);

/* ---- site.c: one announce ---- */

void	site_free(struct book *book, struct site *site);

/* Do we speak the protocol of this URL? */
bool	site_speaks(const char *url);
/* It waits for its turn or has it, or does not any more. */
void	site_set_busy(struct book *book, struct site *site, bool busy);
/* It is its turn: do what the schedule says; ends in book_settle(). */
void	site_announce(struct book *book, struct site *site);
/* Give up an announce under way, if there is one; it is still owed. */
void	site_cancel(struct book *book, struct site *site);

/* For ask.c: what to say to a family, one that answered, the end. */
void	site_request(struct book *book, struct site *site, uint8_t family,
	    struct request *r);
void	site_heard(struct book *book, struct site *site,
	    const struct reply *r);
void	site_ended(struct book *book, struct site *site,
	    const struct ask_result *r);

/* ---- turn.c: whose turn it is ---- */

/* An announce is due: site_announce() when it is its turn. */
void	turn_wait(struct book *book, struct site *site);
/* Its announce is over. */
void	turn_end(struct book *book, struct site *site);
/* Give it up, wherever it is; what was owed still is. */
void	turn_cancel(struct book *book, struct site *site);
bool	turn_is_queued(const struct site *site);
void	turn_set_rate(struct book *book, uint32_t rate);
void	turn_hurry(struct book *book);
/* Nobody misses it if it is not told that we leave. */
bool	turn_may_drop(const struct site *site);
/* Timer: let go out what may go. */
void	turn_pump(void *arg);

/* ---- outbox.c: what the parent is told ---- */

/* The row of a tracker changed; sent soon, at most once a second. */
void	outbox_row(struct book *book, struct site *site);
void	outbox_peers(struct book *book, const struct torrent *t,
	    const struct reply *reply);
/* Timer: send the rows that changed. */
/* The tracker at from sees us at ip; told once until another says more. */
void	outbox_external(struct book *book, const struct addr *from,
	    const uint8_t ip[16]);
void	outbox_flush(void *arg);

#endif /* TRACKED_H */
