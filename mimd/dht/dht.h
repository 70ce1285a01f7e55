/* SPDX-License-Identifier: ISC */
#ifndef DHT_H
#define DHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "item.h"
#include "msg.h"
#include "table.h"

/*
 * A node of the DHT: of IPv4, of IPv6 or of both (BEP 32, 45), without I/O.
 * Packets and a clock go in; packets, peers and the time of the next call
 * come out.  There may be any number of nodes in a process.
 *
 * Times are milliseconds of one monotonic clock.
 */
#define DHT_TORRENTS_MAX	100000
#define DHT_CONTACTS_MAX	300	/* of a family, to start from */
#define DHT_ANNOUNCE_MS		900000	/* a torrent is announced again */

struct dht;

struct dht_config {
	bool		v4, v6;		/* there is a socket for it */
	bool		read_only;	/* answers nobody (BEP 43) */
	uint32_t	rate;		/* packets/s sent; 0: no limit */
	uint16_t	port;		/* of our peers; 0: the DHT's own */
};

/* What a search of a torrent in one family came to. */
struct dht_found {
	bool		v6;
	uint32_t	peers;		/* told to ops->peers */
	uint32_t	queries, hops;
	uint32_t	stored;		/* nodes that know of us now */
	uint32_t	ms;
};

/*
 * What the node does; arg is the one of dht_new().  These must not call the
 * node in turn.
 */
struct dht_ops {
	void	(*send)(void *arg, const struct addr *to, const uint8_t *p,
		    size_t n);
	void	(*random)(void *arg, void *buf, size_t n);
	/* Peers of a torrent, none of them twice in a search. */
	void	(*peers)(void *arg, const uint8_t *hash,
		    const struct addr *v, uint32_t n);
	void	(*searched)(void *arg, const uint8_t *hash,
		    const struct dht_found *found);
	/* The end of a get; NULL: it was not found. */
	void	(*found)(void *arg, uint32_t request,
		    const struct item *item);
	/*
	 * The end of a put: so many nodes took it; refused is the code (of
	 * BEP 44) with which one did not, or 0.
	 */
	void	(*stored)(void *arg, uint32_t request, uint32_t nodes,
		    int32_t refused);
	/* The known nodes did not answer: add others, as from names. */
	void	(*want_contacts)(void *arg);
};

struct dht	*dht_new(const struct dht_config *c, const struct dht_ops *ops,
		    void *arg, uint64_t now);
/* Requests for items end without any. */
void		 dht_free(struct dht *d);
/* Be the node of this id in a family, as in an earlier life. */
void		 dht_set_id(struct dht *d, bool v6, const uint8_t *id,
		    uint64_t now);
/* Rate, port and read_only may change; the families may not. */
void		 dht_configure(struct dht *d, const struct dht_config *c,
		    uint64_t now);

/* A packet came. */
void		 dht_input(struct dht *d, const struct addr *from,
		    const uint8_t *p, size_t n, uint64_t now);
/* Call dht_run() then, or soon after any other call that gives work. */
uint64_t	 dht_due(const struct dht *d);
void		 dht_run(struct dht *d, uint64_t now);

/*
 * A node that may be there, and its id or NULL: one that was saved, that a
 * torrent names, that a peer's PORT told of.  It is asked before it counts.
 */
void		 dht_add_contact(struct dht *d, const uint8_t *id,
		    const struct addr *a);
/* The same, but it is only asked for others, when there are no better. */
void		 dht_add_router(struct dht *d, const struct addr *a);
/* Our address, if it is known from elsewhere. */
void		 dht_set_address(struct dht *d, const struct addr *a,
		    uint64_t now);
/*
 * Up to max good nodes of a family, to be saved; these are valid until the
 * next call.
 */
uint32_t	 dht_nodes(const struct dht *d, bool v6, uint64_t now,
		    const struct table_node **out, uint32_t max);
const uint8_t	*dht_id(const struct dht *d, bool v6);

/*
 * Find peers of a torrent and announce ours, now and again every
 * DHT_ANNOUNCE_MS, as fast as the rate lets all have their turn: those that
 * download first.  Never a private one.  False: there are too many.
 */
bool		 dht_torrent_add(struct dht *d, const uint8_t *hash,
		    bool seed, uint64_t now);
void		 dht_torrent_del(struct dht *d, const uint8_t *hash);
/* Peers are wanted: again soon, though in vain ever less so. */
void		 dht_torrent_again(struct dht *d, const uint8_t *hash,
		    uint64_t now);

/*
 * Items (BEP 44); the answer comes through ops->found and ops->stored with
 * the number of the request.  False: too many are under way, or nobody is
 * known to ask.
 */
bool		 dht_get(struct dht *d, uint32_t request,
		    const uint8_t *target, const uint8_t *salt, size_t nsalt,
		    uint64_t now);
/* cas, unless NULL: only where that is the seq there. */
bool		 dht_put(struct dht *d, uint32_t request,
		    const struct item *item, const int64_t *cas,
		    uint64_t now);

struct dht_side_stats {
	bool			on;
	bool			external;	/* address is known */
	bool			fits;		/* our id fits it (BEP 42) */
	struct addr		address;
	struct table_counts	table;
	uint32_t		searches;	/* under way */
};

struct dht_stats {
	struct dht_side_stats	side[2];	/* IPv4, IPv6 */
	uint32_t		rtt;		/* ms */
	uint32_t		torrents, late;	/* late: their turn is due */
	uint32_t		hashes, peers, items;	/* stored here */
	uint64_t		packets_in, packets_out;
	uint64_t		bytes_in, bytes_out;
	uint64_t		queries, answers;	/* of others; ours */
	uint64_t		bad, refused;	/* no messages; not answered */
	uint64_t		asked, timeouts;	/* queries of ours */
	uint64_t		searched;	/* torrents, since the start */
};

void		 dht_stats(const struct dht *d, uint64_t now,
		    struct dht_stats *s);

#endif /* DHT_H */
