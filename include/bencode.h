/* SPDX-License-Identifier: ISC */
#ifndef BENCODE_H
#define BENCODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A bencode reader (BEP 3): one pass, no recursion, a flat array of tokens
 * that point into the caller's buffer.  Nothing is allocated from a declared
 * length.
 */
#define BEN_DEPTH_MAX	32
#define BEN_TOKENS_MAX	3000000U

enum ben_type { BEN_INT, BEN_STR, BEN_LIST, BEN_DICT };

struct ben_token {
	uint32_t	off;	/* first byte of the value in the source */
	uint32_t	len;	/* bytes of the whole value there */
	uint32_t	head;	/* string: bytes before its contents */
	uint32_t	next;	/* index of the token after this value */
	enum ben_type	type;
};

struct ben {
	const uint8_t		*buf;	/* not owned */
	size_t			 len;
	struct ben_token	*tok;
	uint32_t		 ntok, size;	/* tokens: used, allocated */
	size_t			 bad;		/* where parsing failed */
};

/* A value: its token's index; BEN_NONE when absent. */
typedef uint32_t ben_ref;
#define BEN_NONE	UINT32_MAX
#define BEN_ROOT	0U

/*
 * Parse the value at the start of buf (len < 2^31); bytes after it are left
 * alone (tok[0].len tells where it ends).  Keys may be unordered or repeated;
 * every other breach of the grammar is an error.  Returns -1 with a reason in
 * *err (static text).  Free with ben_free(), also after failure.
 */
int	ben_parse(struct ben *b, const void *buf, size_t len,
	    const char **err);
void	ben_free(struct ben *b);

bool	ben_is(const struct ben *b, ben_ref r, enum ben_type type);
/* The first value of key in a dictionary, BEN_NONE otherwise. */
ben_ref	ben_get(const struct ben *b, ben_ref dict, const char *key);
/* The same, but BEN_NONE also if it is not of this type. */
ben_ref	ben_get_type(const struct ben *b, ben_ref dict, const char *key,
	    enum ben_type type);
/* First child of a list or dictionary (there: its first key) or BEN_NONE. */
ben_ref	ben_first(const struct ben *b, ben_ref r);
/* Sibling after r inside container, or BEN_NONE. */
ben_ref	ben_next(const struct ben *b, ben_ref container, ben_ref r);
/* Contents of a string; *len 0 and "" if r is not one. */
const uint8_t *ben_str(const struct ben *b, ben_ref r, size_t *len);
/* -1 if r is not an integer. */
int	ben_int(const struct ben *b, ben_ref r, int64_t *value);
/* The integer of key, if it is within min..max; else false, *value stays. */
bool	ben_get_int(const struct ben *b, ben_ref dict, const char *key,
	    int64_t min, int64_t max, int64_t *value);
/* True if a dictionary at or below r repeats a key. */
bool	ben_has_duplicates(const struct ben *b, ben_ref r);
/* True if every dictionary at or below r has its keys in order. */
bool	ben_is_sorted(const struct ben *b, ben_ref r);

#endif /* BENCODE_H */
