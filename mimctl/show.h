/* SPDX-License-Identifier: ISC */
#ifndef SHOW_H
#define SHOW_H

struct mimctl;

/* The subjects of show; they return mimctl's exit status, as commands do. */

/* What "limit" without arguments prints. */
int	show_limits(const struct mimctl *ctx);
/* Addresses that are banned, and for how long. */
int	show_bans(const struct mimctl *ctx);
/* Download directories, and the cache. */
int	show_disk(const struct mimctl *ctx);
/* Our nodes of the DHT, and how they do. */
int	show_dht(const struct mimctl *ctx);
/* Where we listen, and what sockets are bound to. */
int	show_ports(const struct mimctl *ctx);
int	show_processes(const struct mimctl *ctx);

/* Of torrents.  argv[0] is the subject and argc counts it. */

/* One torrent's. */
int	show_pieces(const struct mimctl *ctx, int argc, char **argv);
int	show_summary(const struct mimctl *ctx, int argc, char **argv);
/* status, with the table that the subject names; torrents has none. */
int	show_status(const struct mimctl *ctx, int argc, char **argv);

#endif /* SHOW_H */
