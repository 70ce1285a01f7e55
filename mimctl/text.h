/* SPDX-License-Identifier: ISC */
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "addr.h"

struct mimctl;

/*
 * What the daemon tells, made fit to print.  Functions that return char *
 * without a buffer give memory that the caller frees.
 */
#define TEXT_LEN	32

/* For a terminal: fmt_safe() of all of s. */
char	*text_safe(const char *s);
/* The same as a field of a row: "-" if it is empty. */
char	*text_field(const char *s);
/* A tracker's URL, for a terminal, masked unless ctx->verbose. */
char	*text_url(const struct mimctl *ctx, const char *url);
/* Cut valid UTF-8 to fit columns, the last of which tells that it was. */
void	 text_cut(char *s, size_t columns);
/* Bytes with a unit, or as a plain number if ctx->numeric. */
char	*text_bytes(const struct mimctl *ctx, uint64_t n,
	    char buf[TEXT_LEN]);
/* The same for bytes/s; "-" for none, unless plain. */
char	*text_rate(const struct mimctl *ctx, uint64_t n, char buf[TEXT_LEN]);
char	*text_duration(const struct mimctl *ctx, uint64_t seconds,
	    char buf[TEXT_LEN]);
/* have of size in %, 100.0 only when all is there. */
char	*text_percent(uint64_t have, uint64_t size, char buf[TEXT_LEN]);
/* Local date and time of a Unix time; the number itself if ctx->numeric. */
char	*text_time(const struct mimctl *ctx, uint64_t when,
	    char buf[TEXT_LEN]);
/* "[####......]" of cells cells for done of all. */
char	*text_bar(uint64_t done, uint64_t all, size_t cells, char *buf,
	    size_t size);

/* An address of a message, v4-mapped if IPv4. */
const char *text_host(const uint8_t ip[16], char buf[ADDR_STRLEN]);
/* Is it 0.0.0.0 or ::? */
bool	 text_any_host(const uint8_t ip[16]);
/* For JSON: bytes that are no UTF-8 become U+FFFD. */
json_t	*text_json(const char *s);
/* The same, but null for an empty string. */
json_t	*text_json_or_null(const char *s);
json_t	*text_json_hex(const uint8_t *p, size_t n);
/* Print and free it; returns CTL_OK. */
int	 text_json_print(json_t *object);

#endif /* TEXT_H */
