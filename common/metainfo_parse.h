/* SPDX-License-Identifier: ISC */
#ifndef METAINFO_PARSE_H
#define METAINFO_PARSE_H

#include "bencode.h"
#include "metainfo.h"
#include "path.h"

/* What the parts of the metainfo parser share; of no use to others. */
struct parse {
	struct ben	 b;
	ben_ref		 info;
	struct metainfo	*mi;
	char		*err;		/* METAINFO_ERR_MAX bytes */
	uint64_t	 path_bytes;	/* of all files so far */
	uint32_t	 files_max;	/* of v1: entries of files */
};

/* A path in the making; starts with the torrent's name. */
struct path_buf {
	char	 s[METAINFO_PATH_MAX + 1];
	size_t	 len;
	unsigned depth;
	ben_ref	 raw[PATH_DEPTH_MAX + 1];	/* of each step but the first */
	bool	 renamed;
};

/* Sets err and returns -1. */
int	parse_fail(struct parse *p, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));
/* A copy that lives as long as mi. */
char	*mi_string(struct metainfo *mi, const void *s, size_t len);
/* The value of "key.utf-8" or, failing that, of key, if of this type. */
ben_ref	parse_get_utf8(struct parse *p, ben_ref dict, const char *key,
	    enum ben_type type);

void	path_buf_start(struct path_buf *path, const struct metainfo *mi);
int	path_buf_add(struct parse *p, struct path_buf *path, ben_ref name);
/* Keep the path as that of file. */
int	path_buf_keep(struct parse *p, const struct path_buf *path,
	    struct mi_file *file);

/* The names as they are in the torrent; single: path is NULL. */
int	parse_keep_origin(struct parse *p, const struct path_buf *path,
	    uint32_t file);

/* Attributes of a file's dictionary (BEP 47). */
uint8_t	parse_attr(struct parse *p, ben_ref dict);
/* Set geom from size and piece_length; -1 if out of bounds. */
int	parse_geom(struct parse *p, uint64_t size);

int	parse_v1(struct parse *p);
/* The v2 half: fills mi, or checks it against the v1 half if there is one. */
int	parse_v2(struct parse *p);
/* What is outside info, and optional. */
void	parse_extras(struct parse *p);

#endif /* METAINFO_PARSE_H */
