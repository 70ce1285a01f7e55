/* SPDX-License-Identifier: ISC */
#ifndef UTMETA_H
#define UTMETA_H

#include <stddef.h>
#include <stdint.h>

/* The messages of ut_metadata (BEP 9), without I/O. */
#define UTMETA_BLOCK	16384U		/* bytes of a piece but the last */
#define UTMETA_HEAD_MAX	96U		/* of our messages, before a block */
#define UTMETA_MAX	(UTMETA_BLOCK + 1024U)	/* of theirs */

enum utmeta_type {
	UTMETA_REQUEST, UTMETA_DATA, UTMETA_REJECT,
	UTMETA_OTHER		/* to be ignored */
};

struct utmeta {
	enum utmeta_type type;
	uint32_t	 piece;
	uint32_t	 total;		/* 0: not said */
	const uint8_t	*data;		/* what follows the dictionary */
	uint32_t	 len;
};

/* -1 if it is none. */
int	utmeta_parse(struct utmeta *m, const uint8_t *p, size_t n);
/* The bytes before a block; total counts in UTMETA_DATA only. */
size_t	utmeta_build(uint8_t out[UTMETA_HEAD_MAX], enum utmeta_type type,
	    uint32_t piece, uint32_t total);

#endif /* UTMETA_H */
