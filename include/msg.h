/* SPDX-License-Identifier: ISC */
#ifndef MSG_H
#define MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "role.h"

/*
 * Messages between processes.  msg.def is the one table; structs, codec,
 * validation, direction checks, names, tests and fuzz seeds derive from it.
 * On the wire a message is a msgpack array: its number, then its fields; a
 * record is an array, too.
 */

/* Bounds named in msg.def. */
#define MSG_SIZE_MAX	65536U		/* bytes of a packet */
#define ROOTS_MAX	64U
#define PAGE_CACHE_MAX	(1ULL << 32)	/* bytes, that disk looks after */
#define SCRUB_PERIOD_MAX (3660U * 86400)	/* seconds */
#define URL_MAX		1024U
#define URL_PATH_MAX	4096U		/* bytes of a file's path in a URL */
#define HOST_MAX	253U
#define PATH_LEN_MAX	4095U
#define NAME_MAX_	1024U		/* bytes of a torrent's name */
#define ERROR_MAX	512U
#define CLIENT_MAX	64U
#define LOG_LINE_LEN	1024U
#define FILES_MAX	1000000U
#define PIECES_MAX	(1U << 21)
#define PIECE_LEN_MAX	(512U << 20)
#define SLOT_SIZE	16384U
#define BAN_SECONDS	3600U
#define DIGEST_LEN	8U		/* bytes, of a block */
#define DIGESTS_MAX	256U		/* of a message */
#define SLOTS_MIN	64U
#define SLOTS_MAX	262144U
#define PIECES_PAGE	16384U		/* pieces of a message */
#define TRACKERS_MAX	64U
#define WEBSEEDS_MAX	32U		/* of a torrent */
#define SEED_SPAN_MAX	(64U << 20)	/* bytes of pieces asked for at once */
#define ANNOUNCE_RATE_DEFAULT 100U
#define ANNOUNCE_RATE_MAX 10000U	/* a second to one host */
#define PEERS_MAX	65535U
#define FILTERS_MAX	16U	/* block and allow lists */
#define LSD_PORT	6771		/* BEP 14 */
#define LSD_GROUP4	"239.192.152.143"
#define LSD_GROUP6	"ff15::efc0:988f"
#define LSD_SOCKETS_MAX	32U		/* interfaces, of each family */
#define LSD_SUBNETS_MAX	16U		/* of an interface */
#define METADATA_MAX	(32U << 20)	/* bytes of an info dictionary, */
#define METADATA_FETCH_MAX	(10U << 20)	/* ... if fetched from peers */
#define RATE_MAX	(1ULL << 40)	/* bytes/s of a limit, 0: none */
#define RATE_MIN	1024		/* ... that makes sense */
#define LOCAL_PREFIXES_MAX 64U		/* that URLs may lead to */
#define PREFIXES_MAX	64U		/* with rates of their own */
#define RATE_CLASSES_MAX 8U
#define RATE_CLASS_EXEMPT 0		/* rec_rate_prefix.class */
#define CLASS_NAME_MAX	31U
#define DEVICE_NAME_MAX	15U		/* IF_NAMESIZE, less its NUL */
#define SOCKET_ROWS_MAX	64U
#define PROXY_WORD_MAX	255U		/* of a user or password, RFC 1929 */
#define PROXY_ADDRS_MAX	16U
#define DHT_RATE_DEFAULT 250U		/* packets/s */
#define DHT_RATE_MAX	100000U
#define DHT_NODES_MAX	16U		/* nodes of ours, each with sockets */
#define NODES_PAGE	256U		/* nodes of the DHT, of a message */
#define PEER_NODES_MAX	64U		/* of peers, told at once */
#define DHT_HOSTS_MAX	32U		/* nodes that a torrent names */
#define DHT_VALUE_MAX	1000U		/* bytes of an item, BEP 44 */

/* rec_slot_result.status */
enum slot_status {
	SLOT_OK,
	SLOT_UNWANTED,		/* write: had it already, or torrent closed */
	SLOT_FAILED		/* I/O error: the block is not there */
};
#define SLOT_STATUS_MAX	SLOT_FAILED

/* rec_peer.source and peers_found.source */
enum peer_source {
	PEER_SOURCE_INCOMING,
	PEER_SOURCE_TRACKER,
	PEER_SOURCE_USER,
	PEER_SOURCE_RESUME,
	PEER_SOURCE_PEX,
	PEER_SOURCE_LSD,
	PEER_SOURCE_DHT
};
#define PEER_SOURCE_MAX	PEER_SOURCE_DHT

/* rec_peer.flags */
#define PEER_INCOMING		0x0001
#define PEER_AM_CHOKING		0x0002
#define PEER_AM_INTERESTED	0x0004
#define PEER_CHOKING		0x0008
#define PEER_INTERESTED		0x0010
#define PEER_IS_SEED		0x0020
#define PEER_SNUBBED		0x0040
#define PEER_ENCRYPTED		0x0080
#define PEER_OPTIMISTIC		0x0100
#define PEER_FLAGS_ALL		0x01ff

/* peer_conf.encryption */
enum encryption {
	ENCRYPTION_OFF,
	ENCRYPTION_ALLOW,	/* for those who begin with it */
	ENCRYPTION_PREFER,	/* begin with it */
	ENCRYPTION_REQUIRE
};
#define ENCRYPTION_MAX	ENCRYPTION_REQUIRE

/* rec_swarm.held: what keeps a swarm from going faster */
#define SWARM_HELD_DISK		0x01	/* disk is away, or behind */
#define SWARM_HELD_FULL		0x02	/* no room for more connections */
#define SWARM_HELD_DOWN		0x04	/* the rate of receiving */
#define SWARM_HELD_UP		0x08	/* the rate of sending */
#define SWARM_HELD_FILE		0x10	/* one that may not be written */
#define SWARM_HELD_ALL		0x1f

/* rec_tracker_row.state */
enum tracker_state {
	TRACKER_IDLE,		/* not used (yet) */
	TRACKER_WAITING,	/* for its next time */
	TRACKER_ANNOUNCING,
	TRACKER_FAILED,		/* will be tried again at next */
	TRACKER_QUEUED		/* its time has come, but others go first */
};
#define TRACKER_STATE_MAX	TRACKER_QUEUED

/* portmap_state.state */
enum portmap_state {
	PORTMAP_OFF,		/* nothing is to be mapped */
	PORTMAP_ASKING,		/* whoever may be the router */
	PORTMAP_MAPPED,
	PORTMAP_FAILED		/* will be tried again */
};
#define PORTMAP_STATE_MAX	PORTMAP_FAILED

/* portmap_state.method */
enum portmap_method {
	PORTMAP_NATPMP,		/* RFC 6886 */
	PORTMAP_UPNP		/* an Internet Gateway Device */
};
#define PORTMAP_METHOD_MAX	PORTMAP_UPNP
#define PORTMAP_METHODS		(PORTMAP_METHOD_MAX + 1)
#define PORTMAP_FOREVER		UINT32_MAX	/* rec_mapping.left */

/* rec_seed_row.state */
enum seed_state {
	SEED_IDLE,		/* nothing to fetch from it now */
	SEED_FETCHING,
	SEED_FAILED,		/* tried again later */
	SEED_BANNED		/* it sent bad data: not used again */
};
#define SEED_STATE_MAX	SEED_BANNED

/* rec_torrent_row.state, in words by tstate_name() */
enum tstate {
	TSTATE_CHECKING, TSTATE_METADATA, TSTATE_DOWNLOADING, TSTATE_SEEDING,
	TSTATE_STOPPED, TSTATE_QUEUED, TSTATE_MOVING, TSTATE_WAITING,
	TSTATE_ERROR
};
#define TSTATE_MAX	TSTATE_ERROR
const char	*tstate_name(enum tstate state);

/* disk_state.state */
enum dstate {
	DSTATE_READY,		/* pieces are known: may be opened */
	DSTATE_CHECKING,
	DSTATE_MOVING,		/* a complete one may be opened */
	DSTATE_WAITING,		/* for space or a volume; goes on by itself */
	DSTATE_ERROR		/* needs the user */
};
#define DSTATE_MAX	DSTATE_ERROR

/* disk_state.barred: may what is missing not be written? */
enum barred {
	BARRED_NONE,
	BARRED_SOME,		/* of it; the rest is fetched */
	BARRED_ALL
};
#define BARRED_MAX	BARRED_ALL

/* disk_root.device: what a directory lies on */
enum device_kind {
	DEVICE_UNKNOWN,		/* network, memory, several devices... */
	DEVICE_ROTATING,
	DEVICE_SOLID
};
#define DEVICE_KIND_MAX	DEVICE_SOLID

/* proxy.kind and rec_ctl_proxy.kind */
enum proxy_kind {
	PROXY_NONE,
	PROXY_SOCKS5,
	PROXY_HTTP
};
#define PROXY_KIND_MAX	PROXY_HTTP

/* rec_ctl_proxy.use */
enum proxy_use {
	PROXY_TRACKERS,		/* and web seeds */
	PROXY_PEERS
};
#define PROXY_USES	2

/* torrent_move.what and ctl_move.what */
enum move_what {
	MOVE_DATA,
	MOVE_LOCATE,		/* was moved by hand */
	MOVE_RENAME		/* it, or a file of it, within its place */
};
#define MOVE_WHAT_MAX	MOVE_RENAME

/* ctl_peer.what */
enum peer_what {
	PEER_ADD,
	PEER_BAN,
	PEER_UNBAN
};
#define PEER_WHAT_MAX	PEER_UNBAN

/* ctl_tracker.what */
enum tracker_what {
	TRACKER_ADD,
	TRACKER_DEL,		/* by URL, or by host */
	TRACKER_SET
};
#define TRACKER_WHAT_MAX	TRACKER_SET

/* ctl_act.action */
enum ctl_action {
	CTL_START, CTL_STOP, CTL_REMOVE, CTL_REMOVE_DATA, CTL_CHECK,
	CTL_ANNOUNCE
};
#define CTL_ACTION_MAX	CTL_ANNOUNCE

/* Priorities of files and pieces. */
enum file_prio {
	FILE_PRIO_LOW, FILE_PRIO_NORMAL, FILE_PRIO_HIGH,
	FILE_PRIO_SKIP		/* below them all; numbers are kept on disk */
};
#define FILE_PRIO_MAX	FILE_PRIO_SKIP

/* Modes of a torrent. */
#define TMODE_SEQUENTIAL	0x01	/* pieces in their order */
#define TMODE_FIRST_LAST	0x02	/* first and last ones of files first */
#define TMODE_SUPER		0x04	/* super seeding (BEP 16) */
#define TMODES_ALL		0x07

/* ctl_limit.what */
enum ctl_limit_what {
	CTL_LIMIT_UP, CTL_LIMIT_DOWN, CTL_LIMIT_PEERS
};
#define CTL_LIMIT_MAX	CTL_LIMIT_PEERS

/* ctl_end.code: mimctl's exit status */
enum ctl_code {
	CTL_OK, CTL_FAILED, CTL_USAGE, CTL_NO_TORRENT, CTL_NO_DAEMON,
	CTL_REFUSED, CTL_PARTIAL, CTL_TIMEOUT
};
#define CTL_CODE_MAX	CTL_TIMEOUT

/* Sets of roles. */
#define TO_PARENT	(1U << ROLE_PARENT)
#define TO_PEER		(1U << ROLE_PEER)
#define TO_DISK		(1U << ROLE_DISK)
#define TO_TRACKER	(1U << ROLE_TRACKER)
#define TO_RESOLVER	(1U << ROLE_RESOLVER)
#define TO_PORTMAP	(1U << ROLE_PORTMAP)
#define TO_DHT		(1U << ROLE_DHT)
#define TO_CTL		(1U << ROLE_CTL)
#define TO_CHILDREN	(TO_PEER | TO_DISK | TO_TRACKER | TO_RESOLVER | \
			TO_PORTMAP | TO_DHT)
/* Those that speak to the network. */
#define TO_NET		(TO_CHILDREN & ~TO_DISK)

struct blob {
	const uint8_t	*p;
	uint32_t	 len;
};

/* struct rec_NAME and struct msg_NAME */
#define REC(name)			struct rec_##name {
#define END_REC				};
#define MSG(name, NAME, from, to, phase, fd)	struct msg_##name {
#define END_MSG				};
#define UINT(type, name, min, max)	type name;
#define FLAG(name)			bool name;
#define HASH(name, size)		uint8_t name[size];
#define BLOB(name, min, max)		struct blob name;
#define STR(name, max)			const char *name;
#define LIST(rec, name, max) \
	struct { const struct rec_##rec *v; uint32_t n; } name;
#define NONE				char none;
#include "msg.def"

enum msg_type {
#define MSG(name, NAME, from, to, phase, fd)	MSG_##NAME,
#include "msg.def"
	MSG_COUNT
};

union msg_body {
#define MSG(name, NAME, from, to, phase, fd)	struct msg_##name name;
#include "msg.def"
};

struct chan;

/*
 * A handler for each message: an array of MSG_COUNT of these, filled with
 * [MSG_TORRENT_ADD] = { .torrent_add = disk_on_torrent_add }.  m and what it
 * points to live until the handler returns.
 */
union msg_fn {
	void	(*any)(void);
#define MSG(name, NAME, from, to, phase, fd) \
	void	(*name)(struct chan *c, const struct msg_##name *m, void *arg);
#include "msg.def"
};

/* Phases of a sender's side of a channel. */
#define PHASE_SETUP	0x1
#define PHASE_RUN	0x2

enum msg_field_kind {
	FIELD_END, FIELD_UINT, FIELD_FLAG, FIELD_HASH, FIELD_BLOB, FIELD_STR,
	FIELD_LIST
};

struct msg_field {
	enum msg_field_kind	 kind;
	const char		*name;
	size_t			 off;	/* in the struct */
	size_t			 size;	/* UINT: of the type; HASH: bytes */
	uint64_t		 min, max;
	const struct msg_rec	*rec;	/* LIST */
};

struct msg_rec {
	const char		*name;
	const struct msg_field	*fields;
	size_t			 size;	/* of the struct */
};

struct msg_desc {
	const char		*name;
	const struct msg_field	*fields;	/* ends with FIELD_END */
	size_t			 size;	/* of the struct */
	uint32_t		 from, to;	/* sets of roles */
	uint8_t			 phases;
	bool			 fd, last_setup;
};

/* NULL if there is no such message. */
const struct msg_desc *msg_desc(uint32_t type);
const char	*msg_name(uint32_t type);

/*
 * Encode body, a struct msg_* of this type, into buf.  Returns its length,
 * or -1 if a field is out of its bounds or the packet would not fit.
 */
ssize_t	 msg_encode(enum msg_type type, const void *body, uint8_t *buf,
	    size_t size);

/* Where decoded strings and lists live; bounded by the packet's size. */
struct msg_in {
	uint32_t	 type;
	union msg_body	 body;
	uint8_t		*scratch;
	size_t		 scratch_size, scratch_used;
};

struct msg_in	*msg_in_new(void);
void		 msg_in_free(struct msg_in *in);

/*
 * Check the frame (depth, sum of elements, exact end), then decode and check
 * every field.  Body pointers point into in and buf.  Returns -1 with a
 * reason in *why (static text).
 */
int	 msg_decode(struct msg_in *in, const uint8_t *buf, size_t len,
	    const char **why);
/* The same where more may follow; returns how many bytes were its. */
ssize_t	 msg_decode_first(struct msg_in *in, const uint8_t *buf, size_t len,
	    const char **why);
/* May from send this to to in this phase, with or without a descriptor? */
int	 msg_allowed(uint32_t type, enum role from, enum role to,
	    uint8_t phase, bool has_fd, const char **why);
/* Call the handler for in->type; -1 if there is none. */
int	 msg_dispatch(const union msg_fn *fns, struct msg_in *in,
	    struct chan *c, void *arg);

#endif /* MSG_H */
