/* SPDX-License-Identifier: ISC */
#ifndef FETCHES_H
#define FETCHES_H

#include <stdbool.h>
#include <stdint.h>

#include "msg.h"

/*
 * The .torrent files that the user names by a URL.  Tracker fetches each into
 * a memory file, which is sealed then and goes the way of one from mimctl.  A
 * tracker that dies over it is replaced, and asked once more.
 */
#define FETCHES_MAX	64U
#define FETCH_TRIES	2U

struct parent;

struct fetch {
	uint32_t	 id;		/* 0: free */
	int		 fd;		/* where it goes */
	char		*url, *dir;
	struct choice	*choice;	/* of its files, or NULL */
	uint64_t	 client;	/* to answer */
	bool		 paused, check;
	bool		 sent;		/* to the tracker that runs now */
	uint8_t		 tries;
};

struct fetches {
	uint32_t	 last;		/* id given */
	struct fetch	 v[FETCHES_MAX];
};

/* Fetch it and add it: NULL, or why not.  The answer comes by control_add(). */
const char *fetches_add(struct parent *parent, const struct msg_ctl_add_url *m,
	    uint64_t client);
/* Tracker is up: ask it for all.  It is gone. */
void	 fetches_send(struct parent *parent);
void	 fetches_on_down(struct parent *parent);
void	 fetches_on_fetched(struct parent *parent,
	    const struct msg_torrent_fetched *m);
void	 fetches_clear(struct fetches *fetches);

#endif /* FETCHES_H */
