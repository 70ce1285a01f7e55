/* SPDX-License-Identifier: ISC */
#ifndef NODE_HOSTS_H
#define NODE_HOSTS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Hosts where nodes of the DHT are said to be: the routers of mimd.conf, and
 * those that public torrents name.  They are looked up when no node that is
 * known answers.  Pure; times are of the loop, in ms.
 */
#define NODE_HOSTS_MAX		256U	/* that torrents name */
#define NODE_HOSTS_ASKED_MAX	8U	/* look-ups under way */
#define NODE_HOSTS_QUERY_MAX	UINT32_C(0x3fffffff)
/* From a look-up to the next one of that host; each doubles the last. */
#define NODE_HOSTS_RETRY_MS	5000U	/* it failed */
#define NODE_HOSTS_ROUTER_MS	60000U	/* ... at most, of a router */
#define NODE_HOSTS_AGAIN_MS	60000U	/* nodes there were no help */
#define NODE_HOSTS_LAST_MS	3600000U	/* at most */

struct conf_host;

struct node_host {
	char		*host;
	uint16_t	 port;
	bool		 router;
	bool		 wanted;
	bool		 failed;	/* the last time */
	uint8_t		 times;		/* ... and so often on end */
	uint32_t	 query;		/* under way; 0: none */
	uint64_t	 due;		/* not to be looked up before */
};

struct node_hosts {
	struct node_host	*v;	/* routers first */
	uint32_t		 n, nrouters;
	uint32_t		 last_query;
};

void	node_hosts_clear(struct node_hosts *h);
/* The routers, in place of those before; false if they are the same. */
bool	node_hosts_set(struct node_hosts *h, const struct conf_host *v,
	    uint32_t n);
/* One that a torrent names; if there are too many it is passed over. */
void	node_hosts_add(struct node_hosts *h, const char *host,
	    uint16_t port);
/* Nobody answers: all are wanted. */
void	node_hosts_want(struct node_hosts *h);
/* Enough do: none is wanted. */
void	node_hosts_rest(struct node_hosts *h);
/* Another child begins, which knows of no answer; none before due. */
void	node_hosts_anew(struct node_hosts *h, uint64_t due);
/* The next to be asked for, with its query; NULL: none now. */
const struct node_host *node_hosts_next(struct node_hosts *h, uint64_t now);
/* It has been looked up; NULL if it is gone meanwhile. */
const struct node_host *node_hosts_answer(struct node_hosts *h,
	    uint32_t query, bool good, uint64_t now);
/* The resolver is another: what it was asked is lost. */
void	node_hosts_unask(struct node_hosts *h);

#endif /* NODE_HOSTS_H */
