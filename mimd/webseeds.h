/* SPDX-License-Identifier: ISC */
#ifndef WEBSEEDS_H
#define WEBSEEDS_H

#include <stdbool.h>
#include <stdint.h>

#include "msg.h"

struct registry;
struct torrent;

/* A web seed of a torrent, as tracker told of it last. */
struct twebseed {
	char		*url;
	char		*error;		/* NULL: none */
	uint64_t	 rate;
	uint64_t	 downloaded;	/* since mimd began */
	uint64_t	 next;		/* Unix time, 0 none */
	uint8_t		 state;		/* enum seed_state */
};

/* Of a torrent that has any. */
struct twebseeds {
	uint32_t	 n;
	bool		 told;		/* tracker fetches from them */
	uint64_t	 share, left;	/* of down_limit: these, peers */
	struct twebseed	 v[WEBSEEDS_MAX];
};

void	 torrent_webseeds_clear(struct torrent *t);
/* Bytes/s that it gets, from peers and web seeds. */
uint64_t torrent_down_rate(const struct torrent *t);
/* Of a limit (0: none), what is left by others that take so much of it. */
uint64_t seed_share(uint64_t limit, uint64_t others);
/* Tracker is to have them while the torrent runs and is not complete. */
void	 registry_webseeds(struct registry *reg, struct torrent *t,
	    bool wanted);

/* What the children say. */
void	 registry_on_webseeds(struct registry *reg,
	    const struct msg_torrent_webseeds *m);
void	 registry_on_seed_rows(struct registry *reg,
	    const struct msg_seed_rows *m);
/* Between tracker and peer. */
void	 registry_on_seed_want(struct registry *reg,
	    const struct msg_seed_want *m);
void	 registry_on_seed_span(struct registry *reg,
	    const struct msg_seed_span *m);
void	 registry_on_seed_over(struct registry *reg,
	    const struct msg_seed_over *m);

/* Tracker is gone: what it was to fetch is peers' again. */
void	 registry_lost_seeds(struct registry *reg);

#endif /* WEBSEEDS_H */
