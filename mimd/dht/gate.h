/* SPDX-License-Identifier: ISC */
#ifndef GATE_H
#define GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"

/*
 * How much of others is answered, and how much is sent in all.  Pure; times
 * are milliseconds.
 *
 * A source has so many answers, and so many bytes beyond a small multiple of
 * what it sent: whoever writes another's address into his packets gets
 * little to that address.  Sources are remembered in a small cache; one that
 * was forgotten begins anew.
 */
#define GATE_SOURCES	1024	/* remembered */
#define GATE_BURST	64	/* answers to a source at once */
#define GATE_REFILL_MS	125	/* and another one each */
#define GATE_FACTOR	4	/* an answer's bytes to a query's */
#define GATE_EXTRA	8192	/* bytes beyond that, at once */
#define GATE_EXTRA_RATE	256	/* and so many each second */

struct gate_source {
	uint64_t	source;		/* subnet_source() */
	uint64_t	at;		/* filled until then; 0: free */
	uint16_t	answers, extra;	/* left */
};

struct gate {
	uint64_t		 key;	/* of the cache, secret */
	struct gate_source	*v;	/* GATE_SOURCES */
};

void	gate_init(struct gate *g, uint64_t key);
void	gate_clear(struct gate *g);
/*
 * A query of so many bytes came: the most bytes that its answer may have,
 * 0 if none is to be given.  Tell what was sent with gate_on_reply().
 */
size_t	gate_ask(struct gate *g, const struct addr *a, size_t query,
	    uint64_t now);
void	gate_on_reply(struct gate *g, const struct addr *a, size_t query,
	    size_t reply);

/*
 * Packets in all: half of them for answers and half for queries of ours, and
 * each has what the other leaves, so that none starves the other.
 */
enum budget_kind { BUDGET_ANSWER, BUDGET_QUERY };

struct budget {
	uint32_t	rate;		/* packets/s, 0: no limit */
	uint64_t	tokens[2];	/* thousandths of packets */
	uint64_t	at;
};

/* Another rate; a new budget (all zero) is empty. */
void	budget_set(struct budget *b, uint32_t rate, uint64_t now);
/* May a packet be sent?  It counts as such. */
bool	budget_take(struct budget *b, enum budget_kind kind, uint64_t now);
/* When a few queries may be sent again. */
uint64_t budget_due(struct budget *b, uint64_t now);

#endif /* GATE_H */
