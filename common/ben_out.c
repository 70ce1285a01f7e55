/* SPDX-License-Identifier: ISC */
#include "ben_out.h"

#include <string.h>

#define HEAD_MAX	22	/* bytes of "i", a sign, 19 digits and "e" */

/* Where the next n bytes go; NULL: nowhere. */
static uint8_t *
room(struct ben_out *o, size_t n)
{
	if (o->p == NULL) {
		o->n += n;
		return NULL;
	}
	if (o->full || n > o->size - o->n) {
		o->full = true;
		return NULL;
	}
	o->n += n;
	return o->p + o->n - n;
}

void
ben_put(struct ben_out *o, const void *p, size_t n)
{
	uint8_t	*to = room(o, n);

	if (to != NULL && n > 0)
		memcpy(to, p, n);
}

static void
put_byte(struct ben_out *o, char c)
{
	uint8_t	*to = room(o, 1);

	if (to != NULL)
		*to = (uint8_t)c;
}

void
ben_put_dict(struct ben_out *o)
{
	put_byte(o, 'd');
}

void
ben_put_list(struct ben_out *o)
{
	put_byte(o, 'l');
}

void
ben_put_end(struct ben_out *o)
{
	put_byte(o, 'e');
}

/* Digits up to end; where they begin. */
static char *
digits(char *end, uint64_t v)
{
	do {
		*--end = (char)('0' + v % 10);
		v /= 10;
	} while (v > 0);
	return end;
}

void
ben_put_int(struct ben_out *o, int64_t v)
{
	char	buf[HEAD_MAX], *s = buf + sizeof(buf);

	*--s = 'e';
	s = digits(s, v < 0 ? -(uint64_t)v : (uint64_t)v);
	if (v < 0)
		*--s = '-';
	*--s = 'i';
	ben_put(o, s, (size_t)(buf + sizeof(buf) - s));
}

void
ben_put_head(struct ben_out *o, size_t n)
{
	char	buf[HEAD_MAX], *s = buf + sizeof(buf);

	*--s = ':';
	s = digits(s, n);
	ben_put(o, s, (size_t)(buf + sizeof(buf) - s));
}

void
ben_put_str(struct ben_out *o, const void *p, size_t n)
{
	uint8_t	*to;

	if (n > 9) {
		ben_put_head(o, n);
		ben_put(o, p, n);
	} else if ((to = room(o, 2 + n)) != NULL) {
		/* As most keys are. */
		*to++ = (uint8_t)('0' + n);
		*to++ = ':';
		while (n-- > 0)
			to[n] = ((const uint8_t *)p)[n];
	}
}

void
ben_put_text(struct ben_out *o, const char *s)
{
	ben_put_str(o, s, strlen(s));
}
