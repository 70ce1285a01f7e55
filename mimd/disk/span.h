/* SPDX-License-Identifier: ISC */
#ifndef SPAN_H
#define SPAN_H

#include <stdbool.h>
#include <stdint.h>

struct metainfo;
struct part;

/* A stretch of a torrent's payload that lies in one file. */
struct span {
	uint64_t	off;		/* in the home */
	uint64_t	len;		/* > 0 */
	uint32_t	file;		/* index in the metainfo */
	uint32_t	home;		/* the same, or nfiles: the part file */
	bool		pad;		/* zeros, never on disk (BEP 47) */
};

struct span_iter {
	const struct metainfo	*mi;
	const struct part	*part;
	uint64_t		 pos, left;	/* in the payload */
	uint32_t		 file;
};

/*
 * Walk the files under payload bytes [pos, pos + len), which the caller has
 * found to lie inside the payload.  Files without length do not appear.
 */
void	span_start(struct span_iter *it, const struct metainfo *mi,
	    uint64_t pos, uint64_t len);
/* The same, where some of the files are in part (NULL: none). */
void	span_start_part(struct span_iter *it, const struct metainfo *mi,
	    const struct part *part, uint64_t pos, uint64_t len);
/* False when there is no more. */
bool	span_next(struct span_iter *it, struct span *span);
/* Is it all of a file, which lies under its own name? */
bool	span_is_whole(const struct span *span, const struct metainfo *mi);

#endif /* SPAN_H */
