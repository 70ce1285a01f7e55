/* SPDX-License-Identifier: ISC */
#ifndef TABLE_H
#define TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "nodeid.h"

/*
 * The routing table of one address family (BEP 5, 45): nodes that answered
 * us, by how much of our id they share.  Pure; times are seconds of any
 * clock that began before 1, 0 is never.
 *
 * Bucket i holds nodes with just i bits in common with us, the last one all
 * with more.  The first ones are wider, which saves a look-up hops.  Nodes
 * that found no room wait in reserve, for one that fails.
 */
#define TABLE_K		8	/* nodes of a bucket */
#define TABLE_WIDE	64	/* ... of the first; then half as many, ... */
#define TABLE_SPARE	8	/* in reserve for each */
#define TABLE_GOOD_S	900	/* good for so long after it was heard */
#define TABLE_BAD	3	/* queries in a row without an answer */
#define TABLE_SUBNET	2	/* nodes of a bucket in one /24 or /64 */
#define TABLE_AGAIN_S	15	/* one that failed is asked again */

struct table_node {
	uint8_t		id[ID_LEN];
	struct addr	addr;
	uint16_t	rtt;		/* ms, smoothed */
	uint8_t		fails;		/* in a row */
	bool		fits;		/* its id its address (BEP 42) */
	uint32_t	replied;	/* last */
	uint32_t	queried;	/* it asked us last */
	uint32_t	tried;		/* we asked it last */
};

struct table_bucket {
	struct table_node	*v;
	struct table_node	*spare;	/* TABLE_SPARE, or NULL */
	uint8_t			 n, size, nspare, next;
	uint32_t		 touched;	/* last answer of one */
};

struct table {
	uint8_t			 id[ID_LEN];	/* ours */
	struct table_bucket	*buckets;
	uint32_t		 nbuckets;
	uint32_t		 n;		/* nodes, the reserve apart */
};

struct table_counts {
	uint32_t	good, dubious, bad, spare, buckets;
};

void	table_init(struct table *t, const uint8_t *id);
void	table_clear(struct table *t);
/* We have another id: sort all nodes anew. */
void	table_rekey(struct table *t, const uint8_t *id, uint32_t now);
/* A node answered us: it is entered, if there is room for it. */
void	table_on_reply(struct table *t, const uint8_t *id,
	    const struct addr *a, uint32_t rtt, uint32_t now);
/* A node asked us, which keeps a good one good. */
void	table_on_query(struct table *t, const uint8_t *id,
	    const struct addr *a, uint32_t now);
/* One did not answer; one of the reserve takes the place of a bad one. */
void	table_on_timeout(struct table *t, const uint8_t *id,
	    const struct addr *a);
/* Would this node, which is not in the table, be entered if it answered? */
bool	table_wants(const struct table *t, const uint8_t *id,
	    const struct addr *a);
struct table_node *table_find(const struct table *t, const uint8_t *id,
	    const struct addr *a);
/* The max nearest to target that are not bad, nearest first. */
uint32_t table_closest(const struct table *t, const uint8_t *target,
	    const struct table_node **out, uint32_t max);
/* The node to ask whether it is still there, if it is time; or NULL. */
struct table_node *table_to_ping(const struct table *t, uint32_t now);
/* A bucket that was silent for long, or -1. */
int	table_stale(const struct table *t, uint32_t now);
void	table_count(const struct table *t, uint32_t now,
	    struct table_counts *c);
/* Up to max nodes, good ones of all buckets; to be saved. */
uint32_t table_best(const struct table *t, uint32_t now,
	    const struct table_node **out, uint32_t max);

#endif /* TABLE_H */
