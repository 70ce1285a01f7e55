/* SPDX-License-Identifier: ISC */
#ifndef INFO_H
#define INFO_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "magnet.h"
#include "metainfo.h"

/* How `mimctl info' shows a torrent. */
struct info_options {
	bool	json, headerless, numeric;
	bool	verbose;	/* pads, and trackers with their passkeys */
};

/* "1", "2" or "hybrid". */
const char	*info_version(const struct metainfo *mi);
/* Bytes in all; pads count where the v1 view is the one that is used. */
uint64_t	 info_size(const struct metainfo *mi);
/* The URL itself if verbose, else masked in buf. */
const char	*info_tracker_url(const struct info_options *opt,
		    const char *url, char buf[METAINFO_URL_MAX + 1]);

json_t	*info_json(const struct info_options *opt, const struct metainfo *mi);
/* One torrent is the object itself, several are a list in one. */
void	 info_json_print(json_t *list);
/* A line of a page: text is made safe. */
void	 info_field(const char *label, const char *text);
/* NULL is null; what is not UTF-8 is escaped. */
json_t	*info_json_text(const char *s);
json_t	*info_json_hash(bool known, const uint8_t *hash, size_t len);
void	 info_text(const struct info_options *opt, const struct metainfo *mi);
/*
 * Columns: info-hash, v2 info-hash, version, size, pieces, piece length,
 * files, name; "-" for what there is not.
 */
void	 info_row(const struct metainfo *mi);

/* The same of what a magnet link says. */
json_t	*info_magnet_json(const struct info_options *opt,
	    const struct magnet *m);
void	 info_magnet_text(const struct info_options *opt,
	    const struct magnet *m);
void	 info_magnet_row(const struct magnet *m);

#endif /* INFO_H */
