/* SPDX-License-Identifier: ISC */
#ifndef WORD_H
#define WORD_H

#include <stddef.h>

/* Words of the command line, which may be cut to a unique prefix. */
#define WORD_NONE	(-1)
#define WORD_AMBIGUOUS	(-2)

/*
 * The index of the name that word is, or is the start of, in a list that
 * ends with NULL.  An exact match wins over longer names.
 */
int	word_find(const char *word, const char *const *names);
/* The same, but says on stderr what is wrong with this kind of word. */
int	word_get(const char *kind, const char *word,
	    const char *const *names);
/* The names that word begins, or all if none, as "a, b or c". */
char	*word_candidates(const char *word, const char *const *names,
	    char *buf, size_t size);

#endif /* WORD_H */
