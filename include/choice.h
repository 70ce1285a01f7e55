/* SPDX-License-Identifier: ISC */
#ifndef CHOICE_H
#define CHOICE_H

#include <stdint.h>

#include "msg.h"

struct metainfo;

/*
 * Which files of a torrent to download, said before it is known which there
 * are: only some, by number, and not those that a pattern fits.
 */
#define CHOICE_SPANS_MAX	64U
#define CHOICE_GLOBS_MAX	16U
#define CHOICE_GLOB_MAX		255U

struct choice {
	struct rec_span	 only[CHOICE_SPANS_MAX];	/* none: all */
	uint32_t	 nonly;
	char		*except[CHOICE_GLOBS_MAX];
	uint32_t	 nexcept;
};

/* As the fields of messages; rows are filled, strings stay those of c. */
struct choice *choice_unpack(const struct rec_span *only, uint32_t nonly,
	    const struct rec_glob *except, uint32_t nexcept);
uint32_t choice_pack_globs(const struct choice *c,
	    struct rec_glob rows[CHOICE_GLOBS_MAX]);
void	 choice_free(struct choice *c);		/* NULL is fine */
/*
 * The priorities that this gives the files of mi, to be freed; NULL if all
 * are wanted (c may be NULL).  A pattern (fnmatch(3), '*' also takes '/') is
 * held against the path as it is shown, one without '/' against the last part
 * of it.  *why is NULL, or says in a line what makes no sense: a number
 * that no file has, or that nothing is left.
 */
uint8_t	*choice_apply(const struct choice *c, const struct metainfo *mi,
	    const char **why);

#endif /* CHOICE_H */
