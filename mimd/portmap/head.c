/* SPDX-License-Identifier: ISC */
#include <ctype.h>
#include <limits.h>
#include <string.h>
#include <strings.h>

#include "head.h"

#define CHUNK_DIGITS	7U	/* of a length: none is longer */

static bool
is_name(const char *line, size_t len, const char *name)
{
	size_t	n = strlen(name);

	return len > n && strncasecmp(line, name, n) == 0 && line[n] == ':';
}

/* A number and nothing else but blanks; -1 if it is none, or too large. */
static long
number(const char *p, size_t len)
{
	long	n = 0;
	size_t	i = 0, digits;

	while (i < len && (p[i] == ' ' || p[i] == '\t'))
		i++;
	for (digits = i; i < len && isdigit((unsigned char)p[i]); i++) {
		if (n > INT_MAX / 10 - 1)
			return -1;
		n = n * 10 + (p[i] - '0');
	}
	if (i == digits)
		return -1;
	while (i < len && isspace((unsigned char)p[i]))
		i++;
	return i == len ? n : -1;
}

static int
parse_field(struct head *h, const char *line, size_t len)
{
	static const char	length[] = "content-length";
	static const char	coding[] = "transfer-encoding";
	long			n;

	if (is_name(line, len, length)) {
		n = number(line + sizeof(length), len - sizeof(length));
		if (n == -1)
			return -1;
		h->sized = true;
		h->length = (size_t)n;
	} else if (is_name(line, len, coding))
		h->chunked = true;
	return 0;
}

static int
parse_status(struct head *h, const char *line, size_t len)
{
	if (len < 12 || strncmp(line, "HTTP/1.", 7) != 0 || line[8] != ' ')
		return -1;
	h->status = (int)number(line + 9, 3);
	return h->status < 100 ? -1 : 0;
}

int
head_parse(struct head *h, const char *p, size_t len)
{
	const char	*end, *line = p, *stop = p + len;
	size_t		 n;

	memset(h, 0, sizeof(*h));
	for (;;) {
		end = memchr(line, '\n', (size_t)(stop - line));
		if (end == NULL)
			return (size_t)(stop - p) >= HEAD_MAX ? -1 : 0;
		n = (size_t)(end - line);
		if (n > 0 && line[n - 1] == '\r')
			n--;
		if (n == 0 && h->status != 0)
			break;
		if ((h->status == 0 ? parse_status(h, line, n) :
		    parse_field(h, line, n)) == -1)
			return -1;
		line = end + 1;
	}
	h->size = (size_t)(end + 1 - p);
	return 1;
}

/* The length that a chunk begins with; -1 if there is none. */
static long
chunk_length(const char *p, size_t len)
{
	static const char	digits[] = "0123456789abcdef";
	const char		*digit;
	long			 n = 0;
	size_t			 i;

	for (i = 0; i < len && i <= CHUNK_DIGITS &&
	    isxdigit((unsigned char)p[i]); i++) {
		digit = strchr(digits, tolower((unsigned char)p[i]));
		n = n * 16 + (digit - digits);
	}
	return i == 0 || i > CHUNK_DIGITS ? -1 : n;
}

long
head_join(char *body, size_t len)
{
	const char	*p = body, *stop = body + len, *end;
	size_t		 out = 0;
	long		 n;

	for (;;) {
		end = memchr(p, '\n', (size_t)(stop - p));
		if (end == NULL ||
		    (n = chunk_length(p, (size_t)(end - p))) == -1)
			return -1;
		if (n == 0)
			return (long)out;
		p = end + 1;
		if (n > stop - p)
			return -1;
		memmove(body + out, p, (size_t)n);
		out += (size_t)n;
		p += n;
		if (p < stop && *p == '\r')
			p++;
		if (p == stop || *p++ != '\n')
			return -1;
	}
}
