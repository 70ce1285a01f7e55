/* SPDX-License-Identifier: ISC */
#ifndef EXT_H
#define EXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The extension protocol (BEP 10), without I/O: its handshake read and
 * written, and the numbers that extensions have here.
 */
#define EXT_BODY_MAX		65536U	/* of any message; longer: close */
#define EXT_HANDSHAKE_MAX	16384U	/* longer ones are not read */
#define EXT_HANDSHAKE_OURS	512U	/* rTorrent takes some 1200 */
#define EXT_CLIENT_MAX		48U	/* bytes of v that are kept */
#define EXT_REQQ_DEFAULT	250U	/* BEP 10 */
#define EXT_METADATA_MAX	(32U << 20)	/* a larger one is a lie */

/* Our ids: what a peer puts into its messages to us. */
enum ext_id {
	EXT_HANDSHAKE,
	EXT_PEX,		/* BEP 11 */
	EXT_METADATA,		/* BEP 9 */
	EXT_UPLOAD_ONLY,	/* BEP 21, libtorrent's message */
	EXT_HOLEPUNCH,		/* BEP 55 */
	EXT_DONTHAVE,		/* BEP 54 */
	EXT_COUNT
};

/* What a peer's handshakes said, one after the other. */
struct ext_peer {
	uint8_t		ids[EXT_COUNT];	/* the peer's; 0: does not want it */
	bool		upload_only;
	bool		encrypts;	/* prefers encryption */
	bool		has_yourip;
	uint16_t	port;		/* it listens there; 0: not said */
	uint32_t	reqq;		/* requests it queues */
	uint32_t	metadata_size;	/* 0: not said */
	uint8_t		yourip[16];	/* we, as it sees us */
	char		client[EXT_CLIENT_MAX + 1];	/* "": not said */
};

/* What ours is to say; 0 or NULL: nothing of it. */
struct ext_ours {
	uint32_t	 mask;		/* 1 << EXT_*: announced in m */
	uint32_t	 off;		/* ... as not spoken any more */
	bool		 upload_only;
	bool		 encrypts;
	uint16_t	 port;
	uint32_t	 reqq;
	uint32_t	 metadata_size;
	const char	*client;
	const uint8_t	*yourip;	/* 16 bytes, the peer's address */
};

/* Nothing is known of the peer yet. */
void	ext_peer_init(struct ext_peer *e);
/*
 * Read a handshake into *e: what it does not say stays as it was.  Values
 * that cannot be are passed over; -1 if it is no dictionary.
 */
int	ext_parse(struct ext_peer *e, const uint8_t *p, size_t n);
/* Returns the bytes written, at most EXT_HANDSHAKE_OURS. */
size_t	ext_build(uint8_t out[EXT_HANDSHAKE_OURS], const struct ext_ours *o);

#endif /* EXT_H */
