/* SPDX-License-Identifier: ISC */
#ifndef CONN_H
#define CONN_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "crypt.h"
#include "ext.h"
#include "fast.h"
#include "holepunch.h"
#include "net_limits.h"
#include "pex.h"
#include "picker.h"
#include "pipeline.h"
#include "rate.h"
#include "reqs.h"
#include "shaper.h"
#include "superseed.h"
#include "wire.h"

struct bare;
struct conn_meta;
struct loop_io;
struct net;
struct swarm;
struct via;

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

/* A connection to a peer. */
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
	uint16_t	 node_port;	/* its node of the DHT; 0: not told */

	struct rx	 rx;
	struct tx	 tx;
	struct via	*via;		/* connecting through the proxy */
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
/* Ours, as it is sent in this swarm. */
void	conn_handshake(const struct conn *c, uint8_t out[WIRE_HANDSHAKE]);
/* Bytes of the handshake are in rx.head: go on with them. */
void	conn_on_handshake(struct conn *c);
void	conn_wait(struct conn *c);	/* stop reading until slots are free */
void	conn_resume(struct net *net);	/* slots are free */
/* Send what waits at the end of the turn. */
void	conn_send_soon(struct conn *c);
/* Time-outs and keep-alives. */
void	conn_tick(struct conn *c, uint64_t now);
void	conn_update_io(struct conn *c);

#endif /* CONN_H */
