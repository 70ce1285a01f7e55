/* SPDX-License-Identifier: ISC */
#ifndef FMT_H
#define FMT_H

#include <stddef.h>
#include <stdint.h>

/*
 * Text for people.  Each function writes into buf, always terminates it and
 * returns it.
 */
#define FMT_LEN	16

/* "0B", "999B", "1.5K", "12.3M", "4.0G": powers of 1024, at most 5 digits. */
char	*fmt_bytes(uint64_t n, char buf[FMT_LEN]);
/* "42s", "3m07s", "5h12m", "3d04h". */
char	*fmt_duration(uint64_t seconds, char buf[FMT_LEN]);
/*
 * Make s safe for one line of a terminal or log: controls, escapes,
 * bidirectional marks (U+202A-202E, U+2066-2069, U+200E, U+200F, U+061C),
 * line separators and invalid UTF-8 are escaped in the manner of vis(3); a
 * backslash is doubled.  Cut at size - 1 bytes, never within a character.
 */
char	*fmt_safe(const char *s, size_t len, char *buf, size_t size);
/*
 * A tracker's URL without its secrets: credentials, and each part of path or
 * query with 16 letters and digits in a row, become "***".  Cut as above;
 * not made safe for a terminal.
 */
char	*fmt_mask_url(const char *url, char *buf, size_t size);
/* Columns that valid UTF-8 takes on a terminal (wcwidth of each char). */
size_t	 fmt_width(const char *s);

#endif /* FMT_H */
