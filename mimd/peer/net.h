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
#include "crypt.h"
#include "ext.h"
#include "external.h"
#include "fast.h"
#include "geom.h"
#include "holepunch.h"
#include "log.h"
#include "lsd.h"
#include "msg.h"
#include "pex.h"
#include "picker.h"
#include "pipeline.h"
#include "rate.h"
#include "reqs.h"
#include "shaper.h"
#include "slots.h"
#include "superseed.h"
#include "wire.h"

/* Limits of the peer process. */
#define NET_HALF_OPEN_MAX	64	/* connects under way */
#define SWARM_HALF_OPEN_MAX	48	/* ... of one torrent */
#define HALF_OPEN_PER_IP	4	/* ... to one host */
#define NET_NEWCOMERS_PER_IP	64	/* of the next */
#define NET_FILES_SPARE		96	/* descriptors for all but peers */
#define NET_SELF_MAX		8	/* own addresses that were met */
#define NET_HANDSHAKES_MAX	256	/* incoming, unknown: oldest goes */
#define NET_GRACE_MS		5000	/* after the start: torrents come */
#define NET_WRITE_SLOTS		256	/* blocks at disk to be written */
#define NET_LISTEN_MAX		32
#define NET_ACCEPT_BURST	64	/* of one turn */
#define NET_ACCEPT_PAUSE_MS	1000	/* without descriptors */
#define SWARM_CONNECTS		30	/* new ones a second */
#define SWARM_PER_IP		8	/* connections of one address */
#define SWARM_HUNGRY_MS		60000
#define SWARM_KEEP_IDLE		4	/* useless ones; more are closed */
#define CONN_LONG_MS		60000	/* so long is some use */
#define CONN_TWICE_MS		600000	/* is connected another way */
#define CONN_MEET_MS		10000	/* both called at the same time */
#define CONN_INVALID_MAX	300	/* requests that cannot be served */
#define CONN_USELESS_MAX	2000	/* such messages in a minute */
#define CONN_UNASKED_MAX	512	/* blocks nobody asked for, in a row */
#define CONN_QUEUE_MAX		8192	/* requests of a peer: our reqq */
#define CONN_CHOKED_MS		5000	/* requests may cross our choke */
#define CONN_OUT_MAX		(1U << 20)	/* unsent control bytes */
#define CONN_HELD_WINDOW	64	/* requests while disk holds us up */
#define CONN_HELD_MS		1000
#define META_PIECE		UINT32_MAX	/* slot::piece of metadata */
#define CONN_BARE_HAVES		1024	/* kept until there are pieces */
#define NET_BARE_BYTES		(4U << 20)	/* of all that is kept so */
#define CONN_BODY_CHUNK		2048	/* an extended body grows by */
#define CONN_BODY_MS		30000	/* and is whole by then */
#define NET_BODIES_MAX		(4U << 20)	/* bytes of all */
#define CONN_READ_BLOCKS	16	/* slots of one readv */
#define CONN_READ_TURN		2	/* readvs of a turn */
#define CONN_SEND_BLOCKS	16	/* of one writev */
#define CONN_SEND_TURN		(1U << 20)	/* bytes of a turn */
#define CONN_SEND_URGENT	4096	/* control bytes that no limit holds */

struct bare;
struct conn_meta;
struct fetch;
struct child;
struct filter;
struct discovery;
struct loop;
struct loop_io;
struct loop_timer;
struct net;
struct patience;
struct reserves;
struct swarm;

enum conn_state {
	CONN_CONNECTING,
	CONN_HANDSHAKE,		/* waits for the other's */
	CONN_UP,
	CONN_DEAD		/* freed at the end of the turn */
};

enum rx_state {
	RX_HEAD,
	RX_DATA,		/* a block into rx.slot */
	RX_DROP,		/* bytes that nobody wants */
	RX_BITS,		/* a bitfield into rx.body */
	RX_EXT			/* an extended message into rx.body */
};

struct rx {
	uint8_t		 state;
	uint8_t		 hlen;		/* bytes in head */
	bool		 bare;		/* bits counts in net::bare_bytes */
	uint8_t		 head[WIRE_HANDSHAKE];
	uint32_t	 slot;
	uint32_t	 piece, begin, length;
	uint32_t	 got;		/* of length */
	uint64_t	 since;		/* RX_DATA, RX_EXT: when it began */
	uint8_t		 ext;		/* RX_EXT: whose message */
	uint32_t	 size;		/* RX_EXT: of body, so far */
	uint8_t		*body;
};

struct tx {
	uint8_t		*buf;		/* control bytes */
	uint32_t	 len, off, size;
	uint32_t	 slot;		/* block half sent, pinned */
	struct req	 req;
	uint32_t	 done;		/* of its head and bytes */
};

struct conn {
	TAILQ_ENTRY(conn) link;		/* of swarm, net::newcomers or ::dead */
	TAILQ_ENTRY(conn) wait_link;	/* net::waiting */
	TAILQ_ENTRY(conn) turn_link;	/* net::turns */
	struct net	*net;
	struct swarm	*swarm;		/* NULL: not yet known */
	struct loop_io	*io;
	int		 fd;
	uint32_t	 id;
	struct addr	 addr;
	uint8_t		 peer_id[20];
	uint8_t		 state;		/* CONN_* */
	uint8_t		 source;	/* PEER_SOURCE_* */
	uint8_t		 speaks;	/* WIRE_SPEAKS_* */
	bool		 incoming;
	bool		 answered;	/* our handshake is sent */
	bool		 held;		/* newcomer, too early to judge */
	bool		 waiting;	/* reads nothing until slots are free */
	bool		 in_turn;
	bool		 blocked;	/* the socket took no more */
	bool		 overflow;	/* did not read for too long: close */
	bool		 am_choking, am_interested;
	bool		 optimistic;	/* unchoked, though it sends little */
	bool		 peer_choking, peer_interested;
	bool		 parole;
	bool		 twice;		/* closed as the second of two */
	bool		 reported;	/* parent knows it */
	bool		 told_pex;	/* it knows that we want addresses */
	bool		 changed;	/* since reported */
	uint8_t		 ahead;		/* blocks to read before sent */
	uint8_t		 sequential;	/* requests in a row that were */

	struct rx	 rx;
	struct tx	 tx;
	struct crypt	*crypt;		/* NULL: plain from the start */

	struct ext_peer	*ext;		/* NULL: no handshake of BEP 10 */
	struct pex_member pex;
	struct holepunch_budget punch;
	struct fast	*fast;		/* NULL: nothing allowed yet */
	struct superseed_peer *super;	/* NULL: it knows what we have */
	struct pieceset	 has;
	struct bare	*bare;		/* that, before there are pieces */
	struct conn_meta *meta;		/* metadata from or to it, or NULL */
	uint32_t	 wanted;	/* pieces it has and we lack */
	uint32_t	 last_piece;	/* asked for; PICKER_NONE */
	struct reqs	 asked;		/* sent, not answered */
	struct reqs	 limbo;		/* taken back; may still come */
	struct shaper_peer rx_line, tx_line;
	struct bucket	*own;		/* rx, tx; NULL: no limit of its own */
	struct pipeline	 pipeline;
	uint32_t	 rtt_ms;
	struct reqs	 in;		/* its requests */
	uint32_t	 seq_piece, seq_begin;	/* where the last one ended */
	uint32_t	 wait_slot;	/* its next block is being read there */
	struct conn	*wait_next;	/* slot::waiters */

	uint32_t	 invalid, useless, unasked;
	uint64_t	 started, received, sent;	/* times */
	uint64_t	 useless_at;	/* counted from */
	uint64_t	 limbo_until;
	uint64_t	 refill_at;	/* ask nothing before */
	uint64_t	 held_at;	/* had to wait for slots */
	uint64_t	 useful_at;	/* wanted something, or gave */
	uint64_t	 choked_at;	/* am_choking changed */
	uint64_t	 heard_at;	/* its last block or unchoke */
	uint64_t	 got_on_at;	/* uploaded, when it last had more */
	uint32_t	 got_on;	/* pieces that it had then */
	uint8_t		 idle_turns;	/* unchoked, but asked nothing */
	bool		 asked_us;	/* since it was unchoked */
	struct rate	 down, up;
	uint64_t	 downloaded, uploaded;
};
TAILQ_HEAD(conn_list, conn);

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
};

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
	bool		 opening;	/* data_open is sent */
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
	bool		 sealed;
	uint8_t		 encryption;	/* ENCRYPTION_* */

	struct listener_list listeners;
	uint32_t	 nlisteners;
	struct loop_timer *accept_timer;

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

int	swarm_cmp_id(const struct swarm *a, const struct swarm *b);
int	swarm_cmp_hash(const struct swarm *a, const struct swarm *b);
int	swarm_cmp_req2(const struct swarm *a, const struct swarm *b);
int	swarm_cmp_due(const struct swarm *a, const struct swarm *b);
RB_PROTOTYPE(swarm_ids, swarm, by_id, swarm_cmp_id)
RB_PROTOTYPE(swarm_hashes, swarm, by_hash, swarm_cmp_hash)
RB_PROTOTYPE(swarm_req2s, swarm, by_req2, swarm_cmp_req2)
RB_PROTOTYPE(swarm_dues, swarm, by_due, swarm_cmp_due)

/* peer_main.c: have net_turn() run once at the end of this turn. */
void	net_turn_soon(struct net *net);

/* acceptor.c */
void	acceptor_add(struct net *net, int fd);
void	acceptor_drop_all(struct net *net);
/* Let in those who waited for the address filter. */
void	acceptor_begin(struct net *net);

/* conn.c */
struct conn *conn_new(struct net *net, int fd, const struct addr *addr,
	    struct swarm *swarm);
enum connect_result {
	CONNECT_BEGUN,
	CONNECT_FAILED,
	CONNECT_NO_SOCKET	/* we are short of something */
};
/* Connect to a candidate. */
enum connect_result conn_connect(struct swarm *swarm, const struct addr *addr,
	    uint8_t source);
/* Close it, with everything it holds; freed later.  why is for the log. */
void	conn_close(struct conn *c, const char *why);
/* The same, but it is told first what waits to be sent. */
void	conn_part(struct conn *c, const char *why);
void	conn_free_dead(struct net *net);
/* Bytes of the handshake are in rx.head: go on with them. */
void	conn_on_handshake(struct conn *c);
void	conn_wait(struct conn *c);	/* stop reading until slots are free */
void	conn_resume(struct net *net);	/* slots are free */
/* Send what waits at the end of the turn. */
void	conn_send_soon(struct conn *c);
/* Time-outs and keep-alives. */
void	conn_tick(struct conn *c, uint64_t now);
void	conn_update_io(struct conn *c);

/* bare.c: peers of a swarm that does not know its pieces yet */
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
void	self_init(struct net *net);
void	self_met(struct net *net, const struct addr *addr);
/* Canonical priority (BEP 40), as far as our address is known. */
uint32_t self_priority(const struct net *net, const struct addr *addr);
/* An incoming peer told where it listens: it need not be called. */
void	connect_known(struct conn *c);
/* What sockets are bound to has changed: bound.h. */
void	connect_rebound(struct net *net);
/* A connection of a swarm ends: what that means for its candidate. */
void	connect_ended(struct conn *c);

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
/* Bytes that were read elsewhere, in the clear. */
void	recv_feed(struct conn *c, uint8_t *p, uint32_t n);
void	recv_clear(struct conn *c);
/* Its slot is taken from it, or gone: what is half received is lost. */
void	recv_detach(struct conn *c);

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
/* A file reaches from piece first to piece last. */
void	swarm_add_file(struct swarm *s, uint32_t first, uint32_t last);
/* The picker is new. */
void	swarm_tell_wishes(struct swarm *s);

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
