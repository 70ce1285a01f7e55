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

/* acceptor.c */
void	acceptor_add(struct net *net, int fd);
void	acceptor_drop_all(struct net *net);
/* Let in those who waited for the address filter. */
void	acceptor_begin(struct net *net);

/* datagrams.c: UDP at the port of peers, but for the DHT's */
void	datagrams_start(struct net *net);
/* A socket of the parent's, owned now. */
void	datagrams_add(struct net *net, int fd);
void	datagrams_drop_all(struct net *net);

/* bare.c: peers of a swarm that does not know its pieces yet */
/* May so much more be kept?  If not, it is remembered that it was not. */
bool	bare_room(struct conn *c, uint32_t length);
bool	bare_on_have(struct conn *c, uint32_t piece);
/* Owns bits. */
void	bare_on_bits(struct conn *c, uint8_t *bits, uint32_t nbytes);
/* It has all pieces, or none. */
void	bare_on_all(struct conn *c, bool all);
/* Now they are known: take what it said, or close it. */
void	bare_resolve(struct conn *c);
void	bare_clear(struct conn *c);

/* filter.c: block and allow lists */
/* nfiles lists follow, in place of the old ones. */
void	filter_begin(struct net *net, uint32_t nfiles);
/* One of them; owns fd. */
void	filter_file(struct net *net, int fd, const char *path, bool allow);
/* The first lists are not all read yet: let nobody in. */
bool	filter_loading(const struct net *net);
bool	filter_blocks(const struct net *net, const uint8_t ip[16]);
/* Blocked or banned. */
bool	net_refuses(const struct net *net, const struct addr *addr);

/* connect.c: whom to call and whom to let in */
/* Is it an address, with a port, of a kind that may be called? */
bool	net_allows(const struct net *net, const struct addr *addr);
void	self_init(struct net *net);
void	self_met(struct net *net, const struct addr *addr);
/* Canonical priority (BEP 40), as far as our address is known. */
uint32_t self_priority(const struct net *net, const struct addr *addr);
/* An incoming peer told where it listens: it need not be called. */
void	connect_known(struct conn *c);
/* What sockets are bound to has changed: bound.h. */
void	connect_rebound(struct net *net);
/* The network or the proxy is back: call those who were not. */
void	connect_again(struct net *net);
/* A connection of a swarm ends: what that means for its candidate. */
void	connect_ended(struct conn *c);

/* via.c: connections that go through the proxy (proxy.h) */
/* Where to connect to instead, if there is one; NULL: not now. */
const struct addr *via_address(struct net *net, const struct addr *addr);
/* That could not be begun, for this reason (errno); false: no proxy. */
bool	via_down(struct net *net, int error);
/* It is under way; what it waits for. */
void	via_begin(struct conn *c);
int	via_events(const struct conn *c);
/* One of these events; true: the peer is at the other end now. */
bool	via_event(struct conn *c, int what);
/* It takes too long. */
void	via_silent(const struct conn *c);
/* It ends: not through any fault of the peer's? */
bool	via_is_to_blame(const struct conn *c);
void	via_clear(struct conn *c);

/* newcomers.c */
/* One more wants in: too many, or too many of its host, and one goes. */
void	newcomers_make_room(struct net *net, const struct addr *addr);
bool	newcomer_must_wait(const struct conn *c, const struct swarm *s);
void	newcomer_hold(struct conn *c);
/* Those who wait for this torrent: try them again. */
void	newcomers_retry(struct swarm *s);
void	newcomers_tick(struct net *net, uint64_t now);

/* room.c */
struct patience conn_patience(const struct conn *c);
/* May the swarm have addr, too?  Ends a lesser one for it if evict. */
bool	room_for_one(struct swarm *s, const struct addr *addr, bool evict);
/* Close connections that have long been of no use, but a few. */
void	room_tidy(struct swarm *s, uint64_t now);
/* Its limit is lower now: end those that are too many. */
void	room_fit(struct swarm *s);

/* recv.c: read as much as a turn allows. */
void	recv_ready(struct conn *c);
/* The same for one whose turn it is: room bytes at most. */
void	recv_turn(struct conn *c, uint64_t room);

/* send.c */
void	send_bytes(struct conn *c, const void *p, uint32_t n);
void	send_plain(struct conn *c, enum wire_id id);
/* Write what can be written. */
void	send_flush(struct conn *c);
/* The same for one whose turn it is: room bytes at first. */
void	send_turn(struct conn *c, uint64_t room);
void	send_clear(struct conn *c);
/* The slot is needed, or gone: keep a copy of the half sent block's rest. */
void	send_detach(struct conn *c);

/* proto.c: what a peer says. */
void	proto_on_control(struct conn *c, const struct wire_msg *m);
void	proto_on_keepalive(struct conn *c);
/* Owns bits. */
void	proto_on_bitfield(struct conn *c, uint8_t *bits);
/* It has all pieces, or none. */
void	proto_on_all(struct conn *c, bool all);
void	proto_update_interest(struct conn *c);
/* It said nothing new: harmless, unless it goes on and on. */
void	proto_useless(struct conn *c);
/* The same, for what is as bad as so many of them. */
void	proto_cost(struct conn *c, uint32_t cost);
#define PROTO_SET_COST	100	/* a whole set again */
#define PROTO_DROP_BYTES 1024	/* so many that are thrown away */

/*
 * proto_ext.c: extended messages (BEP 10).  Each extension is a row of the
 * table there; its handler gets a body of at most the row's bound, in memory
 * that is gone when it returns, and may close the connection.
 */
/* The connection is up: say which extensions we speak. */
void	ext_start(struct conn *c);
/* The longest body to be gathered; 0: none, skip it. */
uint32_t ext_body_max(const struct conn *c, uint8_t id);
void	ext_on_message(struct conn *c, uint8_t id, const uint8_t *p,
	    uint32_t n);
/* Does the peer want this extension's messages? */
bool	ext_speaks(const struct conn *c, enum ext_id id);
/* Send one; false if the peer does not speak it. */
bool	ext_send(struct conn *c, enum ext_id id, const void *p, uint32_t n);
/* Where it can be reached: not where an incoming one came from. */
bool	ext_listen_addr(const struct conn *c, struct addr *addr);

/* reveal.c: super seeding (BEP 16) */
/* The user's wish; it counts when the torrent is complete. */
void	superseed_enable(struct swarm *s, bool on);
bool	reveal_active(const struct swarm *s);
/* The connection is up, and is told nothing but this; it ends. */
void	reveal_start(struct conn *c);
void	reveal_end(struct conn *c);
/* May it know that we have the piece? */
bool	reveal_shows(const struct conn *c, uint32_t piece);
void	reveal_on_have(struct conn *c, uint32_t piece);
void	reveal_on_lost(struct conn *c, uint32_t piece);
/* Before and after its set is replaced. */
void	reveal_del_set(struct conn *c);
void	reveal_add_set(struct conn *c);
void	reveal_tick(struct conn *c, uint64_t now);
/* Tell everyone everything. */
void	reveal_stop(struct swarm *s);

/* loss.c: pieces that are had no more (BEP 54), who only uploads (BEP 21) */
void	donthave_on_message(struct conn *c, const uint8_t *p, uint32_t n);
void	upload_only_on_message(struct conn *c, const uint8_t *p, uint32_t n);
/* Close it if neither side has anything to fetch. */
void	upload_only_part(struct conn *c);
/* We are complete now, or not any more. */
void	upload_only_tell(struct conn *c);
/* We have the piece no more: tell peers, serve it to nobody. */
void	swarm_lost(struct swarm *s, uint32_t piece);

/* exchange.c: peers that peers tell of (BEP 11, 55). */
/* What mimd.conf says, at the start or later. */
void	exchange_set(struct net *net, bool on);
/* May these be spoken with this peer? */
bool	exchange_allowed(const struct conn *c);
bool	punch_allowed(const struct conn *c);
/* The connection is up; what is known of the peer has changed; it ends. */
void	exchange_start(struct conn *c);
void	exchange_update(struct conn *c);
void	exchange_end(struct conn *c);
/* Tell what is new, if it is time. */
void	exchange_tick(struct conn *c, uint64_t now);
void	exchange_on_message(struct conn *c, const uint8_t *p, uint32_t n);
void	punch_on_message(struct conn *c, const uint8_t *p, uint32_t n);

/* dhtport.c: nodes of the DHT, ours and those of peers (BEP 5) */
void	dhtport_init(struct net *net);
/* Our node has this port; 0: there is none. */
void	dhtport_set(struct net *net, uint16_t port);
/* Is there a node, and may it be spoken of in this torrent? */
bool	dhtport_allowed(const struct swarm *s);
/* The connection is up; the peer says PORT. */
void	dhtport_start(struct conn *c);
void	dhtport_on_message(struct conn *c, uint16_t port);

/* proto_fast.c: the fast extension (BEP 6) */
bool	conn_has(const struct conn *c, uint32_t piece);
void	fast_on_control(struct conn *c, const struct wire_msg *m);
/* Allow a choked newcomer some pieces. */
void	fast_offer(struct conn *c);
/* It asks though choked: is it allowed to?  Counts against that. */
bool	fast_serves(struct conn *c, uint32_t piece, uint32_t length);
/* Say that a request will not be answered, to who understands that. */
void	fast_refuse(struct conn *c, uint32_t piece, uint32_t begin,
	    uint32_t length);

/* discovery.c: neighbours (BEP 14). */
void	discovery_start(struct net *net);
/* A socket of the parent's, owned now. */
void	discovery_add(struct net *net, int fd,
	    const struct msg_lsd_socket *m);
void	discovery_close(struct net *net);
/* The swarm is new, unless private; it ends or turned out to be private. */
void	discovery_enter(struct swarm *s);
void	discovery_leave(struct swarm *s);

/* request.c: what we ask. */
/* Does the head of this block fit a request, and is the block wanted? */
bool	request_expects(struct conn *c, uint32_t piece, uint32_t begin,
	    uint32_t length);
/* It is complete, in slot (owned now). */
void	request_on_block(struct conn *c, uint32_t piece, uint32_t begin,
	    uint32_t length, uint32_t slot);
/* The peer will not send it. */
void	request_on_refused(struct conn *c, uint32_t piece, uint32_t begin);
/* It says so (BEP 6). */
void	request_on_reject(struct conn *c, uint32_t piece, uint32_t begin,
	    uint32_t length);
/* It came, or began to, but we did not keep it. */
void	request_on_dropped(struct conn *c, uint32_t piece, uint32_t begin);
void	request_refill(struct conn *c);
void	request_on_choke(struct conn *c);
void	request_drop_all(struct conn *c, bool cancel);
/* It does not have the piece any more. */
void	request_drop_piece(struct conn *c, uint32_t piece);
void	request_tick(struct conn *c, uint64_t now);

/* upload.c: what we are asked. */
void	upload_on_request(struct conn *c, uint32_t piece, uint32_t begin,
	    uint32_t length);
void	upload_on_cancel(struct conn *c, uint32_t piece, uint32_t begin,
	    uint32_t length);
/* Have the next blocks read. */
void	upload_prefetch(struct conn *c);
void	upload_drop_piece(struct conn *c, uint32_t piece);
/* We choke it: its requests are off. */
void	upload_on_choke(struct conn *c);
void	upload_clear(struct conn *c);
void	upload_unwait(struct conn *c);
/* The slot was filled, or (failed) could not be. */
void	upload_on_read(struct net *net, uint32_t slot, bool failed);

/*
 * throttle.c: the limits of rate.  The bytes of the sockets count, with all
 * overhead of the protocol, but not the headers of TCP and IP.
 */
void	throttle_init(struct net *net);
/* Take over limits; those that wait look at them anew. */
void	throttle_on_rates(struct net *net, const struct msg_peer_rates *m);
void	throttle_on_limits(struct swarm *s, const struct msg_swarm_limits *m);
void	throttle_enter(struct conn *c);	/* a connection begins */
void	throttle_leave(struct conn *c);	/* and ends */
bool	throttle_limits(const struct swarm *s);	/* has it any? */
void	throttle_drop(struct swarm *s);	/* a swarm ends */
/* Bytes to be moved now; 0: wait in line, BUCKET_ALL: no limit. */
uint64_t throttle_recv_room(struct conn *c);
uint64_t throttle_send_room(struct conn *c);
void	throttle_received(struct conn *c, uint64_t bytes);
void	throttle_sent(struct conn *c, uint64_t bytes);
void	throttle_wait_recv(struct conn *c);
void	throttle_wait_send(struct conn *c);
/* Requests that do not ask for more than the limits let in soon. */
uint32_t throttle_requests(const struct conn *c);

/* unchoke.c */
void	unchoke_on_interest(struct conn *c);
void	unchoke_on_gone(struct conn *c);
void	unchoke_tick(struct net *net, uint64_t now);

/* dataplane.c */
void	data_start(struct net *net, int fd, uint32_t link);
void	data_arena(struct net *net, int fd, uint32_t nslots);
void	data_stop(struct net *net);
void	data_write(struct net *net, uint32_t torrent, uint32_t piece,
	    uint32_t begin, uint32_t length, uint32_t slot);
void	data_read(struct net *net, uint32_t torrent, uint32_t piece,
	    uint32_t begin, uint32_t length, uint32_t slot);
/* The same for metadata, at once. */
void	data_meta_open(struct swarm *s, uint32_t size);
void	data_meta_close(struct swarm *s);
void	data_meta_write(struct swarm *s, uint32_t begin, uint32_t length,
	    uint32_t slot);
void	data_meta_read(struct swarm *s, uint32_t begin, uint32_t length,
	    uint32_t slot);
void	data_flush(struct net *net);
void	data_open(struct swarm *s);
void	data_close(struct swarm *s);
/* Does disk take more blocks now? */
bool	data_ready(const struct net *net);
/* Is there a slot to be had?  For the cache, some are left to others. */
bool	data_slots(const struct net *net);
bool	data_cache_slots(const struct net *net);
/* How many waiting connections may read again. */
uint32_t data_room(const struct net *net);
/* Slots are in use: have idle ones given back in a while. */
void	data_idle_soon(struct net *net);

/* usage.c */
void	usage_init(struct net *net);
/* The parent is to be told within a second. */
void	usage_soon(struct net *net);
/* A block of the cache goes to a peer. */
void	usage_sent(struct net *net);
/* Disk was asked for something; it answered. */
void	usage_asked(struct net *net);
void	usage_heard(struct net *net);

/* ban.c: who sent bad data; every connection of the address ends. */
void	ban_address(struct net *net, const uint8_t ip[16], const char *why);
void	ban_lift(struct net *net, const uint8_t ip[16]);
void	ban_replay(struct net *net, const struct msg_peer_bans *m);

/* verdict.c: disk's word on a piece, and on blocks of pieces that failed. */
void	verdict_on_piece(struct swarm *s, uint32_t piece, bool good,
	    bool seeded);
void	verdict_on_digests(struct net *net,
	    const struct msg_data_digests *m);

/* webseed.c: pieces that tracker fetches (BEP 19). */
void	webseed_on_ask(struct net *net, const struct msg_seed_ask *m);
void	webseed_on_drop(struct net *net, const struct msg_seed_drop *m);
/* That tracker is gone. */
void	webseed_reset(struct net *net);
/* None of the pieces it has will come. */
void	webseed_drop(struct swarm *s);
/* c finds nothing to ask for: take something from a web seed. */
bool	webseed_steal(struct conn *c, uint64_t rate);
void	webseed_tick(struct swarm *s, uint64_t now);
void	webseed_on_piece(struct swarm *s, uint32_t piece, bool good);

/* pieces.c: tell the parent how the pieces stand, a page of them. */
void	pieces_tell(struct swarm *s, uint64_t client, uint32_t first);

/* stats.c */
/* Look at how it goes; if that is news, it has changed. */
void	stats_look(struct swarm *s);
void	stats_swarm(struct swarm *s, uint64_t now);
void	stats_gone(struct conn *c);

#endif /* NET_H */
