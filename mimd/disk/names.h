/* SPDX-License-Identifier: ISC */
#ifndef NAMES_H
#define NAMES_H

#include <stdbool.h>
#include <stdint.h>

struct metainfo;
struct resume_name;

/*
 * Names that the user gave to a torrent or its files in place of those of
 * the .torrent.  They come from the command line and from the record, and
 * must be such as path.h makes them.
 */
struct names;

#define NAMES_TOP	UINT32_MAX	/* as index: the torrent's own name */

/* Copies of these; n 0: NULL, which stands for no names. */
struct names *names_new(const struct resume_name *v, uint32_t n);
/* The same as old, but for this one. */
struct names *names_with(const struct names *old, uint32_t index,
	    const char *name);
void	 names_free(struct names *names);	/* NULL is fine */
/* What they are made of, to be kept; they stay the names'. */
uint32_t names_list(const struct names *names,
	    const struct resume_name **list);
/*
 * Put them in place of those in mi, which is as it was parsed and must not
 * outlive them.  false, with a reason in *why (static text), if one is not a
 * name, or would give two files one path; mi is as it was then.
 */
bool	 names_apply(struct names *names, struct metainfo *mi,
	    const char **why);
/* The name, beneath the torrent's, of a file of mi, or the torrent's own. */
const char *names_get(const struct metainfo *mi, uint32_t index);

#endif /* NAMES_H */
