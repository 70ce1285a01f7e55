/* SPDX-License-Identifier: ISC */
#ifndef NODE_H
#define NODE_H

#include <sys/queue.h>
#include <sys/tree.h>

#include "calls.h"
#include "dht.h"
#include "external.h"
#include "gate.h"
#include "items.h"
#include "lookup.h"
#include "peerstore.h"
#include "token.h"

/* The inside of a node, which dht.h shows the outside of. */
#define NODE_TICK_MS		4000	/* housekeeping */
#define NODE_TICK_FAST_MS	500	/* ... without a table yet */
#define NODE_VALUES4		64	/* peers in an answer */
#define NODE_VALUES6		28
#define NODE_SAMPLES		20	/* BEP 51 */
#define NODE_SAMPLES_S		600	/* a sample is the same for so long */
#define NODE_VOTES		4	/* on our address, at least */
#define NODE_DEAF_MS		30000	/* nobody answers: it is our net */
#define SEARCHES_MAX		48	/* under way */
#define SEARCHES_TORRENTS	24	/* ... of torrents */
#define SEARCH_SHARE		20	/* packets/s for each of those */
#define REQUESTS_MAX		8	/* of items */
#define SEARCH_PEERS_MAX	256	/* told of in a search */
#define SEARCH_STORE_TRIES	3

struct contact {
	struct addr	addr;
	bool		named;
	bool		router;		/* only asked for others */
	uint8_t		tries;
	uint8_t		id[ID_LEN];
};

/* What there is of each address family. */
struct side {
	bool		 on;
	bool		 v6;
	struct table	 table;
	struct contact	*contacts;	/* DHT_CONTACTS_MAX */
	uint32_t	 ncontacts, nrouters;
	struct search	*upkeep;	/* that fills our own table */
	uint64_t	 boot_at;	/* no search from contacts before */
	uint32_t	 boots;		/* ... since the table was of use */
	uint64_t	 self_at;	/* look for our own id */
	uint8_t		 fills;		/* searches left to fill buckets */
	uint64_t	 ping_at;	/* ping a stranger not before */
};

struct torrent {
	RB_ENTRY(torrent) by_hash;	/* dht::torrents */
	RB_ENTRY(torrent) by_due;	/* dht::due[seed], if not searching */
	uint64_t	 due;
	uint8_t		 hash[ID_LEN];
	bool		 seed : 1;
	bool		 again : 1;	/* sooner than is usual */
	bool		 reached : 1;	/* anybody, in this search */
	uint8_t		 agains;	/* sooner so often on end */
	uint8_t		 searching;	/* families */
};
RB_HEAD(torrent_hashes, torrent);
RB_HEAD(torrent_dues, torrent);

enum search_kind { SEARCH_NODES, SEARCH_PEERS, SEARCH_GET, SEARCH_PUT };

/* A node at which something is stored. */
struct holder {
	struct addr	addr;
	uint8_t		id[ID_LEN];
	uint8_t		tries;
	bool		waits, done, stored;
	uint8_t		ntoken;
	uint8_t		token[KRPC_TOKEN_MAX];
};

struct search {
	TAILQ_ENTRY(search) entry;	/* dht::searches */
	enum search_kind kind;
	struct side	*side;
	struct lookup	 lookup;
	uint64_t	 since;
	struct torrent	*torrent;	/* SEARCH_PEERS */
	struct addr	*peers;		/* told, SEARCH_PEERS_MAX or NULL */
	uint32_t	 npeers;
	struct request	*request;	/* SEARCH_GET, SEARCH_PUT */
	struct item	*item;		/* found, or to be put */
	uint8_t		 nsalt;
	uint8_t		 salt[ITEM_SALT_MAX];
	bool		 has_cas;
	int64_t		 cas;
	struct holder	*holders;	/* not NULL: it is storing */
	uint32_t	 nholders;
};
TAILQ_HEAD(search_list, search);

/* An item's request goes to both families; its answer is one. */
struct request {
	uint32_t	 number;
	uint8_t		 searches;	/* under way; 0: it is free */
	bool		 put;
	uint32_t	 stored;
	int32_t		 refused;	/* the highest code said, or 0 */
	struct item	*best;		/* NULL: none found */
};

struct dht {
	struct dht_config	 config;
	const struct dht_ops	*ops;
	void			*arg;
	struct side		 side[2];	/* IPv4, IPv6 */
	struct external		 external;
	struct calls		 calls;
	struct gate		 gate;
	struct budget		 budget;
	struct tokens		 tokens;
	struct peerstore	 store;
	struct items		 items;
	struct search_list	 searches;
	uint32_t		 nsearches;
	struct request		 requests[REQUESTS_MAX];
	struct torrent_hashes	 torrents;
	struct torrent_dues	 due[2];	/* download, seed */
	uint32_t		 ntorrents, nsearching;
	uint64_t		 tick_at, expire_at;
	uint64_t		 heard_at;	/* an answer came last */
	bool			 starved;	/* queries await the budget */
	bool			 ready;		/* a search may go on */
	uint8_t			 samples[NODE_SAMPLES][ID_LEN];
	uint32_t		 nsamples, samples_at;
	struct dht_stats	 stats;
};

/* ---- dht.c ---- */

static inline struct side *
node_side(struct dht *d, const struct addr *a)
{
	return &d->side[!addr_is_v4(a)];
}

/* Seconds, never 0, as table and stores count them. */
static inline uint32_t
node_seconds(uint64_t now)
{
	return (uint32_t)(now / 1000) + 1;
}

uint32_t node_random(struct dht *d);
void	 node_random_id(struct dht *d, uint8_t id[ID_LEN]);
/* krpc_build(), with our version in it. */
size_t	 node_build(uint8_t out[KRPC_OUT_MAX], struct krpc *m);
void	 node_send(struct dht *d, const struct addr *to, const uint8_t *p,
	    size_t n);
/*
 * Send a query of ours; m has all but id and number.  id is whom we
 * mean, or NULL.  False if too many wait; the budget is the caller's.
 */
bool	 node_query(struct dht *d, const struct addr *to, const uint8_t *id,
	    struct krpc *m, struct search *search, uint64_t now);

/* ---- answer.c: queries of others ---- */
void	 answer_query(struct dht *d, const struct addr *from,
	    const struct krpc *m, size_t size, uint64_t now);

/* ---- search.c ---- */

/*
 * A search from what the table knows; the caller adds what belongs to its
 * kind.  NULL if too many are under way.
 */
struct search *search_new(struct dht *d, struct side *side,
	    enum search_kind kind, const uint8_t *target, uint64_t now);
/* Peers that others announced to us are found first. */
void	 search_take_stored(struct dht *d, struct search *s);
/* End without telling anybody. */
void	 search_free(struct dht *d, struct search *s);
/* Send what may be sent, in turns; ends those that are done. */
void	 search_run_all(struct dht *d, uint64_t now);
void	 search_on_reply(struct dht *d, struct search *s,
	    const struct addr *from, const struct krpc *m);
void	 search_on_slow(struct dht *d, struct search *s,
	    const struct addr *a);
/* final: there will be no answer, so do not ask again. */
void	 search_on_failure(struct dht *d, struct search *s,
	    const struct addr *a, bool final);

/* ---- holders.c: what a search stores when it has found the nodes ---- */

/* False if there is nothing to store, or nowhere. */
bool	 holders_begin(struct search *s);
/* Send what the budget lets; true when all is said. */
bool	 holders_run(struct dht *d, struct search *s, uint64_t now);
void	 holders_on_answer(struct search *s, const struct addr *a,
	    bool stored);
void	 holders_on_timeout(struct search *s, const struct addr *a);
uint32_t holders_count(const struct search *s);

/* ---- torrents.c ---- */
void	 torrents_run(struct dht *d, uint64_t now);
void	 torrents_on_end(struct dht *d, struct search *s, uint64_t now);
/* How many wait although it is their turn. */
uint32_t torrents_late(const struct dht *d, uint64_t now);
uint64_t torrents_due(const struct dht *d);
void	 torrents_clear(struct dht *d);

/* ---- requests.c: items asked for or put by us ---- */
void	 requests_on_item(struct search *s, const struct krpc *m);
/* A node said why it does not take it. */
void	 requests_on_refusal(struct search *s, int32_t code);
void	 requests_on_end(struct dht *d, struct search *s);
void	 requests_clear(struct dht *d);

/* ---- upkeep.c: the table is filled and stays fresh ---- */
void	 upkeep_init(struct dht *d, struct side *side, uint64_t now);
void	 upkeep_tick(struct dht *d, uint64_t now);
void	 upkeep_clear(struct side *side);
/* One that is spared, unless there are next to no other nodes. */
bool	 upkeep_is_only_router(struct side *side, const struct addr *a);
void	 upkeep_on_end(struct dht *d, struct search *s);
/* A stranger asked us: see whether it answers, if there is room for it. */
void	 upkeep_on_stranger(struct dht *d, const uint8_t *id,
	    const struct addr *a, uint64_t now);
/* Somebody says that we are at ip: perhaps we need another id. */
void	 upkeep_on_vote(struct dht *d, const struct addr *voter,
	    const struct addr *ip, uint64_t now);

#endif /* NODE_H */
