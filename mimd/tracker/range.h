/* SPDX-License-Identifier: ISC */
#ifndef RANGE_H
#define RANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "url.h"

/*
 * What is asked of a web seed, and whether its answer fits (RFC 9110, 14;
 * BEP 19).  Pure.
 */
#define RANGE_SKIP_MAX	(256U << 10)	/* bytes before what is wanted */
#define RANGE_RETRY_MAX	3600U		/* s of a Retry-After */

struct range_want {
	uint64_t	first, last;	/* bytes of the file */
	uint64_t	size;		/* that it has in the torrent */
};

/* What the head of an answer says; zero it before. */
struct range_answer {
	uint64_t	first, last, total;
	uint64_t	length;		/* Content-Length */
	uint32_t	retry;		/* s, 0: not said */
	bool		has_range, has_total, has_length;
	bool		bad_range;
	bool		encoded;
};

/* How an answer is to be met. */
enum range_verdict {
	RANGE_TAKE,		/* these bytes */
	RANGE_SKIP,		/* from the file's start: take its part */
	RANGE_FAILED,		/* perhaps later */
	RANGE_ABSENT		/* this file is not there, or is another */
};

/* A line of it, with or without its end; the first line starts anew. */
void	range_header(struct range_answer *a, const char *line, size_t len);
/* why: for what is not taken, static text. */
enum range_verdict range_judge(const struct range_answer *a, long status,
	    const struct range_want *want, const char **why);

/*
 * Where a file is, for the seed at base: path is "" or as it stands in a URL.
 * single: the torrent is one file, so that base is the file unless it ends
 * with a slash (BEP 19).  -1: too long.
 */
int	range_url(struct url *u, const struct url *base, bool single,
	    const char *path);

#endif /* RANGE_H */
