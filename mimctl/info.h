/* SPDX-License-Identifier: ISC */
#ifndef INFO_H
#define INFO_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

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
void	 info_text(const struct info_options *opt, const struct metainfo *mi);
/*
 * Columns: info-hash, v2 info-hash, version, size, pieces, piece length,
 * files, name; "-" for what there is not.
 */
void	 info_row(const struct metainfo *mi);

#endif /* INFO_H */
