/* SPDX-License-Identifier: ISC */
#ifndef SELECTOR_H
#define SELECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Which torrents a command is for, mimctl(8) SELECTORS: words are and-ed,
 * the terms of a word, between commas, or-ed; a word that starts with an
 * exclamation mark is negated.  A key, as in "state:", holds for the terms
 * after it, too.
 */
#define SELECTOR_TERMS_MAX	4096
#define SELECTOR_TEXT_MAX	4096	/* bytes of a word */
#define SELECTOR_ERR_MAX	256

struct selector;

/* What a selector looks at. */
struct selector_torrent {
	uint32_t		 id;
	const uint8_t		*infohash;	/* 20 bytes */
	const uint8_t		*infohash2;	/* 32 bytes or NULL */
	const char		*name;
	const char		*state;		/* tstate_name() */
	const char *const	*urls;		/* of its trackers */
	size_t			 nurls;
};

enum selector_result {
	SELECTOR_OK,
	SELECTOR_NONE,		/* nothing matches: err says so */
	SELECTOR_AMBIGUOUS	/* a hash prefix fits several */
};

/* NULL with a line in err if a word is not a selector. */
struct selector	*selector_parse(int nwords, char *const *words,
		    char err[SELECTOR_ERR_MAX]);
void	 selector_free(struct selector *sel);	/* NULL is fine */
/* True if torrents are to be given with their urls. */
bool	 selector_wants_trackers(const struct selector *sel);
/*
 * Set picked[i] for each of n torrents.  A number or hash prefix that names
 * no torrent, or several, is an error even if others match.
 */
enum selector_result selector_apply(const struct selector *sel,
	    const struct selector_torrent *torrents, size_t n, bool *picked,
	    char err[SELECTOR_ERR_MAX]);

#endif /* SELECTOR_H */
