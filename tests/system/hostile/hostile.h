/* SPDX-License-Identifier: ISC */
#ifndef HOSTILE_H
#define HOSTILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "peer/ext.h"
#include "peer/wire.h"

/*
 * A peer that means no good.  A script is what it does over a connection,
 * whoever called; main.c has it done again and again until the time is over
 * and prints what came of it.
 */
#define HOSTILE_HEAP	(1U << 16)	/* sent when so much is queued */

struct target {
	uint32_t	 addr;		/* in host order, as are all below */
	uint16_t	 port;
	uint8_t		 infohash[20];
	uint32_t	 npieces;
	uint32_t	 piece_size;
	uint32_t	 metadata_size;
};

enum expect {
	EXPECT_NOTHING,		/* it may stay */
	EXPECT_END,		/* the other side hangs up, soon */
	EXPECT_LATE		/* ... when it has been patient enough */
};

struct peer {
	const struct target	*target;
	const struct script	*script;
	int			 fd;
	bool			 gone;
	bool			 ended;		/* this one, or one before */
	uint64_t		 until;		/* all ends then */
	uint64_t		 rng;
	uint64_t		 messages, bytes;	/* sent, in all */
	uint8_t			*out;
	size_t			 nout;
	uint8_t			 ids[EXT_COUNT];	/* the other's */
};

struct script {
	const char	*group, *name;
	enum expect	 expect;
	bool		 once;			/* not over and over */
	uint32_t	 crowd;			/* so many at a time; 0: one */
	/* NULL: make, with these handshakes, as fast as it goes */
	void		(*run)(struct peer *);
	void		(*make)(struct peer *, uint32_t i);
	bool		 deaf;			/* reads nothing meanwhile */
	bool		 plain;			/* speaks no extensions */
	const uint8_t	*bytes;			/* wrong.c */
	size_t		 nbytes;
};

/* conn.c */
uint64_t hostile_now(void);			/* ms */
void	hostile_sleep(uint32_t ms);
uint32_t hostile_random(struct peer *p);
void	hostile_fill(struct peer *p, void *buf, size_t n);
/* An address that was not used yet. */
uint32_t hostile_address(void);
/* A connection from such a one; -1: none. */
int	hostile_open(const struct target *t);
/* Queue; what is queued goes when it is much, or by peer_flush(). */
void	peer_put(struct peer *p, const void *buf, size_t n);
bool	peer_flush(struct peer *p);
void	peer_plain(struct peer *p, uint8_t id);
void	peer_index(struct peer *p, uint8_t id, uint32_t piece);
void	peer_range(struct peer *p, uint8_t id, uint32_t piece, uint32_t begin,
	    uint32_t length);
void	peer_head(struct peer *p, uint32_t len, uint8_t id);
void	peer_ext(struct peer *p, uint8_t ext, const void *body, size_t n);
void	peer_bitfield(struct peer *p, bool all);
/* Exactly n bytes by then; false: it is gone, or was too slow. */
bool	peer_read(struct peer *p, void *buf, size_t n, uint32_t ms);
/* The next message: its id, -1 if none came.  Its body is cut to cap. */
int	peer_message(struct peer *p, uint8_t *body, uint32_t cap, uint32_t *n,
	    uint32_t ms);
/* Take what has come, and forget it. */
void	peer_drain(struct peer *p);
bool	peer_await_end(struct peer *p, uint32_t ms);
void	hostile_handshake(struct peer *p, uint8_t out[WIRE_HANDSHAKE],
	    bool plain);
/* Both handshakes; and then the other's extension handshake. */
bool	peer_greet(struct peer *p);
bool	peer_learn(struct peer *p);

/* The scripts, each list ended by one without a name. */
extern const struct script floods[], slow[], mse[], metadata[], mutations[];
const struct script *wrong_scripts(const struct target *t);

#endif /* HOSTILE_H */
