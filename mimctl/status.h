/* SPDX-License-Identifier: ISC */
#ifndef STATUS_H
#define STATUS_H

#include <stdio.h>

#include <jansson.h>

struct mimctl;
struct rec_peer;
struct view;
struct view_torrent;

/*
 * What status prints, in its three ways.  tables: VIEW_*; they are printed
 * for every torrent.
 */

/* {"torrents": [...], "down_rate": ..., "up_rate": ...}; mimctl(8), JSON. */
json_t	*status_json(const struct mimctl *ctx, const struct view *view,
	    unsigned tables);

/* TAB-separated: the torrents, or the rows of one table. */
void	 status_rows(const struct mimctl *ctx, const struct view *view,
	    unsigned tables, FILE *fp);

/* A line each and a total. */
void	 status_lines(const struct mimctl *ctx, const struct view *view,
	    FILE *fp);
/* Which torrent is spoken of below. */
void	 status_title(const struct view_torrent *t, FILE *fp);
/* All there is to say of one torrent; its tables follow. */
void	 status_page(const struct mimctl *ctx, const struct view_torrent *t,
	    FILE *fp);
void	 status_tables(const struct mimctl *ctx, const struct view_torrent *t,
	    unsigned tables, FILE *fp);

/* Letters for what a peer and we do, mimctl(8) FLAGS; 9 bytes at most. */
#define STATUS_FLAGS_LEN	10
char	*status_peer_flags(const struct rec_peer *p,
	    char buf[STATUS_FLAGS_LEN]);
const char *status_peer_source(unsigned source);
/* FILE_PRIO_* as a word. */
const char *status_prio(unsigned prio);
const char *status_tracker_state(unsigned state);
const char *status_webseed_state(unsigned state);

#endif /* STATUS_H */
