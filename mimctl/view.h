/* SPDX-License-Identifier: ISC */
#ifndef VIEW_H
#define VIEW_H

#include <stdbool.h>
#include <stddef.h>

#include "msg.h"

struct client;
struct mimctl;

/* A copy of what the daemon told of a torrent; owns all it points to. */
struct view_torrent {
	struct rec_torrent_row	 row;
	struct rec_ctl_file	*files;
	size_t			 nfiles;
	struct rec_peer		*peers;
	size_t			 npeers;
	struct rec_tracker_row	*trackers;
	size_t			 ntrackers;
	struct rec_webseed_row	*webseeds;
	size_t			 nwebseeds;
};

struct view {
	struct view_torrent	*torrents;
	size_t			 n;
	size_t			 last;	/* the torrent last spoken of */
	uint64_t		 down_rate, up_rate;	/* of the daemon */
	uint32_t		 announces;	/* that wait for their turn */
	uint32_t		 stalled;	/* s without a word of disk */
	char			 network[ERROR_MAX + 1];	/* "": fine */
	char			 proxy[2 * ERROR_MAX + 1];	/* "": fine */
};

#define VIEW_FILES	0x1
#define VIEW_PEERS	0x2
#define VIEW_TRACKERS	0x4
#define VIEW_WEBSEEDS	0x8

/*
 * Ask for torrents by number (none: all) with these tables.  Zero view
 * first; view_clear() also after failure.  Returns an exit status.
 */
int	view_fetch(struct view *view, struct client *client,
	    const uint32_t *ids, size_t nids, unsigned tables);
/*
 * The torrents that these words select (none: all), with these tables.  The
 * reason for any status but CTL_OK has been printed.
 */
int	view_select(struct view *view, struct client *client, int nwords,
	    char *const *words, unsigned tables);
void	view_clear(struct view *view);
/* Add what a message of an answer to ctl_list says; a daemon_fn. */
void	view_on_message(const struct msg_in *in, void *view);

/* Verified bytes of all, 0..1. */
double	view_progress(const struct view_torrent *t);
/* An error, or nothing that is missing may be written: it goes no further. */
bool	view_stuck(const struct rec_torrent_row *r);
/* False if it is unknown. */
bool	view_ratio(const struct view_torrent *t, double *ratio);
bool	view_eta(const struct view_torrent *t, uint64_t *seconds);

#endif /* VIEW_H */
