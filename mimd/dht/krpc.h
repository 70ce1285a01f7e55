/* SPDX-License-Identifier: ISC */
#ifndef KRPC_H
#define KRPC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "nodeid.h"

/*
 * The messages of the DHT (BEP 5, 32, 33, 42, 43, 44, 51), read and written.
 * Pure.  One struct holds any of them: what is absent is NULL, 0 or without
 * its flag; pointers lead into the packet that was read.
 */
#define KRPC_READ_MAX	1500U	/* a longer packet is not read */
#define KRPC_OUT_MAX	1400U	/* ... nor written */
#define KRPC_TID_MAX	32U
#define KRPC_TOKEN_MAX	64U
#define KRPC_VALUES_MAX	128U
#define KRPC_FILTER_LEN	256U	/* BEP 33 */
#define KRPC_NODE4	26U	/* bytes of a node: id, address, port */
#define KRPC_NODE6	38U

enum krpc_kind { KRPC_QUERY, KRPC_RESPONSE, KRPC_ERROR };

enum krpc_method {
	KRPC_PING,
	KRPC_FIND_NODE,
	KRPC_GET_PEERS,
	KRPC_ANNOUNCE,
	KRPC_GET,
	KRPC_PUT,
	KRPC_SAMPLE,
	KRPC_UNKNOWN
};
#define KRPC_METHODS	KRPC_UNKNOWN

/* Codes of errors; 0 is none. */
#define KRPC_E_GENERIC	201
#define KRPC_E_SERVER	202
#define KRPC_E_PROTOCOL	203
#define KRPC_E_METHOD	204
#define KRPC_E_BIG	205	/* v is too long */
#define KRPC_E_SIG	206
#define KRPC_E_SALT	207	/* salt is too long */
#define KRPC_E_CAS	301
#define KRPC_E_SEQ	302

#define KRPC_RO		0x0001U	/* answers nobody (BEP 43) */
#define KRPC_WANT4	0x0002U
#define KRPC_WANT6	0x0004U
#define KRPC_IMPLIED	0x0008U	/* the port is the packet's */
#define KRPC_SEED	0x0010U
#define KRPC_NOSEED	0x0020U
#define KRPC_SCRAPE	0x0040U
#define KRPC_HAS_SEQ	0x0080U
#define KRPC_HAS_CAS	0x0100U
#define KRPC_CANONICAL	0x0200U	/* read: v is bencoded as it must be */
#define KRPC_HAS_IP	0x0400U
#define KRPC_HAS_SAMPLES 0x0800U /* there may be none of them, too */
#define KRPC_HAS_VALUES	0x1000U

struct krpc_bytes {
	const uint8_t	*p;	/* NULL: absent */
	size_t		 n;
};

struct krpc {
	enum krpc_kind		kind;
	enum krpc_method	method;		/* of a query */
	uint32_t		flags;
	int32_t			code;		/* KRPC_E_*, see below */
	const char		*text;		/* of an error to be written */
	struct krpc_bytes	tid;
	struct krpc_bytes	version;
	struct krpc_bytes	token;
	struct krpc_bytes	nodes, nodes6;	/* whole nodes only */
	struct krpc_bytes	samples;	/* whole hashes only */
	struct krpc_bytes	v;		/* bencoded */
	struct krpc_bytes	salt;
	const uint8_t		*id;		/* ID_LEN */
	const uint8_t		*target;	/* ... or info_hash */
	const uint8_t		*key, *sig;
	const uint8_t		*seeds, *peers;	/* filters: BFsd, BFpe */
	int64_t			seq, cas;
	uint32_t		interval, num;	/* BEP 51 */
	uint16_t		port;		/* 0: none */
	struct addr		ip;		/* of who reads it (BEP 42) */
	uint32_t		nvalues;
	struct addr		values[KRPC_VALUES_MAX];
};

/* Nothing in it. */
void	krpc_init(struct krpc *m, enum krpc_kind kind);
/*
 * -1: not a message, or a response without a sender; answer nothing.
 * A query that lacks what its method asks for has code and text set to the
 * error that it deserves.
 */
int	krpc_parse(struct krpc *m, const uint8_t *p, size_t n);
/* Returns the bytes written; 0 if they would be too many. */
size_t	krpc_build(uint8_t out[KRPC_OUT_MAX], const struct krpc *m);
const char *krpc_method_name(enum krpc_method method);
/* Node i of nodes or nodes6 (v6); false if there are not so many. */
bool	krpc_node(const struct krpc_bytes *nodes, bool v6, size_t i,
	    const uint8_t **id, struct addr *a);
/* Write a node, KRPC_NODE4 or KRPC_NODE6 bytes; returns their number. */
size_t	krpc_put_node(uint8_t *out, const uint8_t *id, const struct addr *a);

#endif /* KRPC_H */
