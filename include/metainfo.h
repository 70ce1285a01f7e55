/* SPDX-License-Identifier: ISC */
#ifndef METAINFO_H
#define METAINFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "geom.h"
#include "hash.h"

/* Limits on a .torrent file; checked before anything is allocated. */
#define METAINFO_SIZE_MAX	(32U << 20)	/* bytes of the file */
#define METAINFO_PIECES_MAX	(1U << 21)
#define METAINFO_PIECE_LEN_MAX	(512U << 20)
#define METAINFO_FILES_MAX	1000000U
#define METAINFO_TRACKERS_MAX	64U
#define METAINFO_URL_MAX	1024U		/* bytes of a tracker URL */
#define METAINFO_WEBSEEDS_MAX	64U
#define METAINFO_NODES_MAX	64U
#define METAINFO_TEXT_MAX	4096U		/* comment and the like */
#define METAINFO_PATH_MAX	2048U		/* bytes of a file's path */
#define METAINFO_PATHS_MAX	(128U << 20)	/* bytes of all paths */
#define METAINFO_ERR_MAX	160U

/* Attributes of a file (BEP 47). */
#define MI_PAD		0x1
#define MI_EXEC		0x2
#define MI_HIDDEN	0x4
#define MI_SYMLINK	0x8	/* length 0, never created */

struct mi_file {
	char		*path;	/* sanitised, beneath the download directory */
	uint64_t	 offset;	/* in the torrent's payload */
	uint64_t	 length;
	uint8_t		 attr;		/* MI_* */
	bool		 renamed;	/* the path is not as in the torrent */
};

/* What a web seed calls a file, where mim has another path for it. */
struct mi_origin {
	char		*path;		/* NULL: its path is right */
	bool		 escaped;	/* as it stands in a URL */
};

struct mi_tracker {
	char		*url;
	uint8_t		 tier;		/* from 0 */
	bool		 duplicate;	/* an earlier one has this URL */
};

struct mi_chunk;

struct metainfo {
	bool		 v1, v2;	/* v2 alone: contents only */
	uint8_t		 infohash[SHA1_LEN];	/* if v1 */
	uint8_t		 infohash2[SHA256_LEN];	/* if v2 */
	uint32_t	 info_off;	/* where the info dictionary lies */
	uint32_t	 info_len;
	char		*name;		/* sanitised: top file or directory */
	bool		 single;	/* one file, no directory */
	bool		 private;
	bool		 renamed;	/* sanitising changed a path */
	/*
	 * The v1 view if there is one.  v2 alone: each file begins a piece,
	 * and size is where the last one ends.
	 */
	struct geom	 geom;
	uint64_t	 payload;	/* bytes of all files but pads */
	uint8_t		*pieces;	/* npieces * 20, NULL if v2 alone */
	struct mi_file	*files;		/* in payload order, pads included */
	uint32_t	 nfiles;
	struct mi_tracker *trackers;
	uint32_t	 ntrackers;
	struct mi_origin *origins;	/* of each file, or NULL */
	char		**webseeds;	/* BEP 19 */
	uint32_t	 nwebseeds;
	char		**nodes;	/* "host:port", BEP 5, for later */
	uint32_t	 nnodes;
	/* NULL if not said; bytes as they are, but a NUL is a blank. */
	char		*comment, *created_by, *source;
	int64_t		 creation_date;	/* seconds, 0 unknown */
	struct mi_chunk	*strings;	/* where all of them live */
};

/*
 * Parse a .torrent file (BEP 3, 5, 12, 19, 27, 47, 52).  The info-hash is
 * taken over the bytes as they stand.  Returns NULL with one line in err.
 * Of a hybrid, both halves are checked and the v1 one is reported.
 */
struct metainfo *metainfo_parse(const void *buf, size_t len,
	    char err[METAINFO_ERR_MAX]);
void	 metainfo_free(struct metainfo *mi);	/* NULL is fine */

/* Index of the file that holds payload byte off (zero-length ones skipped). */
uint32_t metainfo_file_at(const struct metainfo *mi, uint64_t off);

/*
 * The path of a file to append to a web seed's URL (BEP 19): of the names as
 * they are in the torrent, percent-encoded.  Its length; -1: too long.
 */
int	 metainfo_url_path(const struct metainfo *mi, uint32_t file, char *buf,
	    size_t size);
/* The path of file is about to be another: keep what it was. */
void	 metainfo_keep_origin(struct metainfo *mi, uint32_t file);

#endif /* METAINFO_H */
