/* SPDX-License-Identifier: ISC */
#ifndef NET_H
#define NET_H

#include <sys/queue.h>
#include <sys/tree.h>

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "arena.h"
#include "blame.h"
#include "candidates.h"
#include "conn.h"
#include "crypt.h"
#include "external.h"
#include "log.h"
#include "msg.h"
#include "net_limits.h"
#include "nodebook.h"
#include "shaper.h"
#include "slots.h"
#include "swarm.h"

struct child;
struct datagrams;
struct filter;
struct discovery;
struct loop;
struct loop_timer;
struct patience;
struct reserves;

struct listener {
	TAILQ_ENTRY(listener) link;	/* net::listeners */
	struct net	*net;
	struct loop_io	*io;
	int		 fd;
};
TAILQ_HEAD(listener_list, listener);

/* The state of the peer process. */
struct net {
	struct child	*child;
	struct loop	*loop;
	uint64_t	 started;
	uint8_t		 peer_id[20];
	uint16_t	 port;		/* others reach us at; 0: none */
	uint16_t	 listen_port;	/* ... those of our own network */
	uint32_t	 max_peers, max_peers_torrent;
	uint32_t	 sockets_max;	/* as descriptors allow */
	bool		 allow_local;
	bool		 pex;		/* exchange peers */
	struct discovery *discovery;
	uint16_t	 dht_port;	/* of our node; 0: there is none */
	struct nodebook	 nodebook;	/* of peers' nodes */
	struct loop_timer *nodes_timer;
	bool		 sealed;
	uint8_t		 encryption;	/* ENCRYPTION_* */

	struct listener_list listeners;
	uint32_t	 nlisteners;
	struct loop_timer *accept_timer;
	struct datagrams *datagrams;

	struct swarm_ids swarms;
	struct swarm_hashes hashes;
	struct swarm_req2s req2s;
	struct swarm_dues due;
	struct swarm_list busy;
	unsigned int	 freed;		/* slim_freed() */
	struct loop_timer *tick;	/* the earliest swarm::due */
	struct loop_timer *turn;	/* end of this turn */
	struct loop_timer *idle;	/* gives slots back */

	struct conn_list newcomers;	/* incoming, without a torrent */
	struct conn_list waiting;	/* for slots */
	struct conn_list turns;		/* have something to send */
	struct conn_list dead;
	struct crypt_list crypt_queue;	/* handshakes to compute for */
	struct loop_timer *crypt_timer;
	uint32_t	 nconns, nhalf_open, nnewcomers;
	uint64_t	 full_until;	/* no one could make room */
	uint32_t	 next_conn;
	uint32_t	 next_via;	/* address of the proxy */
	struct external	 external;	/* where we are, as peers say */
	uint32_t	 body_bytes;	/* held by half received messages */
	struct bans	 bans;
	struct bans	 paroles;	/* who must prove itself alone */
	struct addr	 self[2];	/* while external is not known */
	struct addr	 met[NET_SELF_MAX];	/* that led to ourselves */
	uint32_t	 nmet;
	struct filter	*filter;	/* NULL: no lists */
	struct blame	 blame;
	struct log_limit doubt_log;
	size_t		 bare_bytes;	/* held in conn::bare */

	struct shaper	 rx_line, tx_line;
	bool		 shaped;	/* a limit of any kind is set */
	uint32_t	 nlimited;	/* swarms that have one */
	uint64_t	 each_up, each_down;	/* of a connection */
	struct rec_rate_prefix prefixes[PREFIXES_MAX];	/* of classes */
	uint32_t	 nprefixes;
	struct loop_timer *throttle;	/* while someone waits in line */

	uint32_t	 unchoke_slots, nunchoked;
	uint32_t	 class_unchoked[SHAPER_CLASSES + 1];
	bool		 scarce;	/* upload; see choker.h */
	uint64_t	 rechoke_at;
	uint64_t	 up_since;	/* bytes sent since the last round */
	uint64_t	 up_total;

	struct chan	*data;		/* NULL: disk is away */
	uint32_t	 link;		/* the parent's name for it */
	uint32_t	 opens;		/* serial of the last data_open */
	struct arena	 arena;
	struct slots	 slots;
	struct rec_block writes[256], reads[256];
	uint32_t	 nwrites, nreads;
	uint64_t	 nsent, nread;	/* blocks, not told yet: usage.c */
	uint64_t	 heard;		/* of disk, or asked it after long */
	bool		 asking;	/* it has not answered all */
	struct loop_timer *usage;
	bool		 starved;	/* a read found no slot */
	struct log_limit accept_log;
};

/* peer_main.c: have net_turn() run once at the end of this turn. */
void	net_turn_soon(struct net *net);

#endif /* NET_H */
