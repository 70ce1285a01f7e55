/* SPDX-License-Identifier: ISC */
#ifndef MAGNET_H
#define MAGNET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "hash.h"

/*
 * A magnet link (BEP 9, BEP 53): what it says, within bounds.  Pure: nothing
 * is looked up or opened.
 */
#define MAGNET_LINK_MAX		(256U << 10)	/* bytes of a link */
#define MAGNET_TRACKERS_MAX	32U
#define MAGNET_URL_MAX		1024U		/* bytes of a URL */
#define MAGNET_WEBSEEDS_MAX	8U
#define MAGNET_PEERS_MAX	64U
#define MAGNET_RANGES_MAX	64U
#define MAGNET_EXCEPT_MAX	16U
#define MAGNET_GLOB_MAX		255U		/* bytes of one of these */
#define MAGNET_NAME_MAX		1024U
#define MAGNET_FILES_MAX	1000000U
#define MAGNET_ERR_MAX		160U

/* Files first to last, counted from 0 in the order of the torrent. */
struct magnet_range {
	uint32_t	first, last;
};

struct magnet {
	bool		 v1, v2;	/* one at least */
	uint8_t		 infohash[SHA1_LEN];	/* if v1 */
	uint8_t		 infohash2[SHA256_LEN];	/* if v2 */
	char		*name;		/* to display, UTF-8; NULL: none */
	char		*trackers[MAGNET_TRACKERS_MAX];	/* http(s), udp */
	uint32_t	 ntrackers;
	char		*webseeds[MAGNET_WEBSEEDS_MAX];	/* ws: http(s) */
	uint32_t	 nwebseeds;
	struct addr	 peers[MAGNET_PEERS_MAX];	/* x.pe */
	uint32_t	 npeers;
	struct magnet_range ranges[MAGNET_RANGES_MAX];	/* so; none: all */
	uint32_t	 nranges;
	char		*except[MAGNET_EXCEPT_MAX];	/* x.mim.except */
	uint32_t	 nexcept;
};

/* Does it begin as a magnet link does, or is it a bare info-hash? */
bool	 magnet_looks_like(const char *s);
/*
 * Parse a link, or an info-hash alone (40 hex or 32 base32 digits).  Unknown
 * parameters, peers that are not numeric and what exceeds the bounds above
 * are left out.  NULL with one line in err if it makes no sense.
 */
struct magnet *magnet_parse(const char *s, size_t len,
	    char err[MAGNET_ERR_MAX]);
void	 magnet_free(struct magnet *m);		/* NULL is fine */
/* These say whether there was room, and it made sense. */
bool	 magnet_add_tracker(struct magnet *m, const char *url, size_t len);
bool	 magnet_add_webseed(struct magnet *m, const char *url, size_t len);
bool	 magnet_add_except(struct magnet *m, const char *glob, size_t len);
bool	 magnet_add_peer(struct magnet *m, const struct addr *addr);
/* Cut to what fits; not UTF-8: no name. */
void	 magnet_set_name(struct magnet *m, const char *name, size_t len);
/* The link that says this, to be freed; v1 before v2, as some need it. */
char	*magnet_format(const struct magnet *m);

#endif /* MAGNET_H */
