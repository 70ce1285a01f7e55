/* SPDX-License-Identifier: ISC */
#ifndef UTF8_H
#define UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UTF8_MAX	4	/* bytes of a character */

/*
 * The character at s (len > 0 bytes): its length, 1 to 4, and its code point
 * in *cp; 0 if it is not valid UTF-8 (RFC 3629: no overlong forms, no
 * surrogates, nothing above U+10FFFF).
 */
size_t	utf8_decode(const void *s, size_t len, uint32_t *cp);
bool	utf8_valid(const void *s, size_t len);
/* The longest prefix of valid UTF-8 s that fits max bytes. */
size_t	utf8_cut(const char *s, size_t len, size_t max);
/*
 * True for what has no place in a line of text: C0, DEL, C1, line and
 * paragraph separators, and the marks that turn the direction of text.
 */
bool	utf8_is_unsafe(uint32_t cp);

#endif /* UTF8_H */
