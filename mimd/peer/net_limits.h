/* SPDX-License-Identifier: ISC */
#ifndef NET_LIMITS_H
#define NET_LIMITS_H

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
#define CONN_AHEAD_MIN		8	/* blocks read before they are sent */
#define CONN_AHEAD_MAX		64	/* ... if the socket takes them all */
#define CONN_READ_BLOCKS	16	/* slots of one readv */
#define CONN_READ_TURN		2	/* readvs of a turn */
#define CONN_SEND_BLOCKS	32	/* of one writev */
#define CONN_SEND_TURN		(1U << 20)	/* bytes of a turn */
#define CONN_SEND_URGENT	4096	/* control bytes that no limit holds */

#endif /* NET_LIMITS_H */
