/* SPDX-License-Identifier: ISC */
#ifndef UDP_TABLE_H
#define UDP_TABLE_H

#include <sys/queue.h>
#include <sys/tree.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "hosts.h"
#include "udp_tracker.h"

/*
 * The requests to UDP trackers that are under way (BEP 15): connection ids,
 * transaction ids, repetition.  Pure: packets go out by a function of the
 * owner's and come in with the address they are from; times are ms of a
 * monotonic clock.
 */
#define UDP_TRIES		3U	/* packets to one who is silent */
#define UDP_TIMEOUT		15000U	/* ms for the first, then doubled */
#define UDP_CONNECTION_TIME	60000U	/* ms that a connection id is used */
#define UDP_ACTIVE_MAX		64U	/* requests at a time to an address */
#define UDP_SERVERS_MAX		1024U	/* addresses */

struct udp_req;
struct udp_server;
struct udp_table;

/* How a request ended. */
struct udp_result {
	const char	*error;		/* in words, or NULL: answered */
	bool		 absent;	/* has no address of that family */
	bool		 v6;
	const uint8_t	*packet;	/* of the action asked, or UDP_ERROR */
	size_t		 len;
};

/* Who a request is for. */
struct udp_user {
	enum udp_action	action;		/* UDP_ANNOUNCE or UDP_SCRAPE */
	/*
	 * Put together the packet; plain: without the options that some
	 * trackers may not like.
	 */
	size_t	(*packet)(struct udp_req *req, uint64_t connection,
		    uint32_t tid, bool plain, uint8_t buf[UDP_PACKET_MAX]);
	/*
	 * It ended, and may be freed or submitted again.  Called within
	 * udp_table_input(), _refused() and _tick() alone.
	 */
	void	(*done)(struct udp_req *req, const struct udp_result *result);
};

/* A packet that waits for its answer. */
struct exchange {
	RB_ENTRY(exchange)	 entry;		/* udp_table::exchanges */
	TAILQ_ENTRY(exchange)	 link;		/* udp_table::sent[tries] */
	struct udp_server	*server;
	struct udp_req		*req;		/* NULL: a connect */
	uint64_t		 due;		/* to be repeated */
	uint32_t		 tid;
	uint8_t			 tries;		/* repetitions so far */
	bool			 out;
};

/* A request; embedded in what it is for.  Its owner clears it with 0. */
struct udp_req {
	const struct udp_user	*user;
	void			*owner;	/* udp.c's, as are the next three */
	struct host_wait	 wait;
	uint16_t		 port;
	bool			 v6;
	enum { UDP_IDLE, UDP_WAITING, UDP_OUT, UDP_DONE } state;
	TAILQ_ENTRY(udp_req)	 link;	/* udp_server::waiting or ::done */
	struct exchange		 x;
	bool			 renewed;	/* its connection id was bad */
	struct udp_result	 result;	/* if DONE */
};

/* NULL, or why it cannot be sent. */
typedef const char *(*udp_send_fn)(void *arg, const struct addr *to,
	    const uint8_t *p, size_t len);

struct udp_table *udp_table_new(udp_send_fn send, void *arg);
void	 udp_table_free(struct udp_table *table);	/* of no request */
void	 udp_table_submit(struct udp_table *table, struct udp_req *req,
	    const struct addr *to, uint64_t now);
/* One that cannot be sent: it ends at the next tick. */
void	 udp_table_fail(struct udp_table *table, struct udp_req *req,
	    const struct udp_result *result);
/* Give it up without done(); an idle one is fine. */
void	 udp_table_cancel(struct udp_table *table, struct udp_req *req,
	    uint64_t now);
/* A packet came. */
void	 udp_table_input(struct udp_table *table, const struct addr *from,
	    const uint8_t *p, size_t len, uint64_t now);
/*
 * The network did not deliver p, of which it gives back len bytes.  As with an
 * answer, only who has seen it knows its transaction id.
 */
void	 udp_table_refused(struct udp_table *table, const struct addr *to,
	    const uint8_t *p, size_t len, const char *error, uint64_t now);
/* When udp_table_tick() is to be called: UINT64_MAX never. */
uint64_t udp_table_due(const struct udp_table *table);
void	 udp_table_tick(struct udp_table *table, uint64_t now);

#endif /* UDP_TABLE_H */
