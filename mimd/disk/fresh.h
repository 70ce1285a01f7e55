/* SPDX-License-Identifier: ISC */
#ifndef FRESH_H
#define FRESH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "file.h"

struct content;
struct disk;
struct span;
struct span_iter;

/*
 * Small files of which nothing is there yet and all bytes are at hand: each is
 * made, written and closed at once, and no descriptor is kept.  A second
 * thread helps to write but not to make them: in one directory the kernel
 * makes them one by one.  What does not succeed here, for whatever reason, is
 * left to be done, and to fail, in the ordinary way.
 */
#define FRESH_MAX	32U		/* files made together */

struct fresh_file {
	const char	*path;
	const uint8_t	*buf;
	size_t		 len;
	uint32_t	 index;
	int		 fd;
	bool		 made, whole;
};

/* Files that follow one another in a walk; next, n are 0 at first. */
struct fresh {
	struct place		place;
	uint32_t		next, n;
	struct fresh_file	files[FRESH_MAX];
};

/* Nothing is known of it: as a rule, it is to be made. */
bool	fresh_is_new(const struct content *t, uint32_t file);
/*
 * To be asked of each span of a walk: is it a whole file, and written?  it is
 * where the walk goes on, to find those that can be made along with this one;
 * buf are the bytes from s on.
 */
bool	fresh_wrote(struct fresh *f, struct disk *d, struct content *t,
	    const struct span *s, const struct span_iter *it,
	    const uint8_t *buf);

#endif /* FRESH_H */
