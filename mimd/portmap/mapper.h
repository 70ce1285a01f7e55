/* SPDX-License-Identifier: ISC */
#ifndef MAPPER_H
#define MAPPER_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "msg.h"

/*
 * What to ask of a router, and when: find out who answers, map, look whether
 * the mappings are still there, renew them at half their time, map again when
 * the router has forgotten, unmap what is no longer wanted.  Without I/O: the
 * clock, in ms, and answers come in, one question at a time goes out.
 */
#define MAPPER_LEASE		3600U	/* s that are asked for */
#define MAPPER_CHECK_MS		60000U	/* between looks at what stands */
#define MAPPER_AGAIN_MS		3000U	/* ... and at the earliest */
#define MAPPER_RETRY_MS		10000U	/* after a failure, then doubled */
#define MAPPER_RETRY_MAX_MS	900000U
#define MAPPER_FAILURES		3U	/* in a row lose a router */
#define MAPPER_TAKEN_MAX	4U	/* other ports that are tried */

enum gate_op {
	GATE_ADDRESS,		/* what is the router's own, outside? */
	GATE_MAP,
	GATE_LOOK,		/* is this mapped, and to us? */
	GATE_UNMAP
};

enum gate_result {
	GATE_OK,
	GATE_SILENT,		/* no answer, or none that makes sense */
	GATE_REFUSED,
	GATE_TAKEN,		/* another host has that port */
	GATE_PERMANENT,		/* maps for ever or not at all */
	GATE_GONE		/* of GATE_LOOK: no */
};

struct gate_ask {
	enum gate_op	op;
	bool		udp;		/* else TCP; of all but GATE_ADDRESS */
	uint16_t	port;		/* ours */
	uint16_t	external;
	uint32_t	lease;		/* s, 0: for ever; of GATE_MAP */
};

struct gate_answer {
	enum gate_result result;
	struct addr	address;	/* of GATE_ADDRESS */
	uint16_t	external;	/* of GATE_MAP, */
	uint32_t	lease;		/* ... and this */
	bool		timed;		/* epoch is known */
	uint32_t	epoch;		/* s that the router runs, it says */
	char		error[ERROR_MAX / 4];	/* why not */
};

/* What is to be had, and from where; as msg_portmap_want. */
struct mapper_want {
	bool		methods[PORTMAP_METHODS];
	uint16_t	port;		/* 0: nothing */
	uint16_t	external;	/* 0: any */
	struct addr	gateway;	/* port 0: none is known */
	uint32_t	index;		/* of its device */
};

/* A mapping that stands, or may. */
struct held {
	uint16_t	port;		/* 0: none */
	uint16_t	external;
	uint64_t	renew;		/* ms */
	uint64_t	until;		/* ms; UINT64_MAX: for ever */
};

struct mapper {
	struct mapper_want	 want;
	enum portmap_state	 state;
	enum portmap_method	 method;	/* that is used or tried */
	struct held		 held[2];	/* TCP, UDP */
	struct addr		 address;	/* port 0: not known */
	char			 error[ERROR_MAX + 1];	/* of PORTMAP_FAILED */
	char			 trouble[ERROR_MAX + 1]; /* in this round */
	unsigned int		 todo;		/* steps of this round */
	unsigned int		 step;		/* that is asked now, or 0 */
	struct gate_ask		 ask;		/* ... and how */
	uint16_t		 wish[2];	/* external ports */
	unsigned int		 taken;		/* of them, in this round */
	bool			 permanent;	/* no leases to be had */
	unsigned int		 failures;	/* in a row */
	uint64_t		 begun;		/* the round, ms */
	uint64_t		 due;		/* the next one */
	bool			 timed;
	uint32_t		 epoch;		/* as last told, at: */
	uint64_t		 epoch_at;
	uint32_t		 (*random)(uint32_t bound);
};

/* random: as arc4random_uniform(3). */
void	 mapper_init(struct mapper *m, uint32_t (*random)(uint32_t));
/*
 * Something else is wanted, or the same in a network that may have changed.
 * True: the answer to what was asked last is no longer of interest.
 */
bool	 mapper_want(struct mapper *m, const struct mapper_want *want,
	    uint64_t now);
/*
 * Ask this now, of mapper::method, and mapper_answer() to it.  False: nothing
 * to be asked, or not until there is an answer or mapper_due() has come.
 */
bool	 mapper_next(struct mapper *m, uint64_t now, struct gate_ask *ask);
void	 mapper_answer(struct mapper *m, const struct gate_answer *a,
	    uint64_t now);
/* Nothing will happen before then by itself; UINT64_MAX: never. */
uint64_t mapper_due(const struct mapper *m);
/* Nothing is under way or to be asked at once. */
bool	 mapper_is_idle(const struct mapper *m);
/* Fill in the mappings that stand at this time; returns their number. */
uint32_t mapper_rows(const struct mapper *m, uint64_t now,
	    struct rec_mapping rows[2]);

#endif /* MAPPER_H */
