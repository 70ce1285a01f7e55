/* SPDX-License-Identifier: ISC */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

#include "fmt.h"
#include "utf8.h"

#define SECRET_MIN	16	/* letters and digits in a row */
#define MASK		"***"
#define DAYS_MAX	999999U		/* none shown beyond */

char *
fmt_bytes(uint64_t n, char buf[FMT_LEN])
{
	static const char	units[] = "KMGTPE";
	uint64_t		tenths, unit;
	unsigned		i;

	if (n < 1024) {
		snprintf(buf, FMT_LEN, "%uB", (unsigned)n);
		return buf;
	}
	/* Rounding may carry into the next unit: 1023.96K is 1.0M. */
	for (i = 0; ; i++) {
		unit = (uint64_t)1 << (10 * (i + 1));
		tenths = n / unit * 10 + (n % unit >> (10 * i)) * 10 / 1024;
		if (((n % unit >> (10 * i)) * 10) % 1024 >= 512)
			tenths++;
		if (tenths < 10240 || units[i] == 'E')
			break;
	}
	snprintf(buf, FMT_LEN, "%u.%u%c", (unsigned)(tenths / 10),
	    (unsigned)(tenths % 10), units[i]);
	return buf;
}

char *
fmt_duration(uint64_t seconds, char buf[FMT_LEN])
{
	unsigned long long	s = seconds;

	if (s < 60)
		snprintf(buf, FMT_LEN, "%llus", s);
	else if (s < 3600)
		snprintf(buf, FMT_LEN, "%llum%02llus", s / 60, s % 60);
	else if (s < 86400)
		snprintf(buf, FMT_LEN, "%lluh%02llum", s / 3600,
		    s / 60 % 60);
	else if (s / 86400 < DAYS_MAX)
		snprintf(buf, FMT_LEN, "%llud%02lluh", s / 86400,
		    s / 3600 % 24);
	else
		snprintf(buf, FMT_LEN, "%ud", DAYS_MAX);
	return buf;
}

/* What stands for one byte that cannot be shown; at most 4 characters. */
static size_t
escape(uint8_t c, char out[5])
{
	static const char	from[] = "\a\b\t\n\v\f\r\\";
	static const char	to[] = "abtnvfr\\";
	const char		*p;

	p = c == 0 ? NULL : strchr(from, c);
	if (p != NULL)
		return (size_t)snprintf(out, 5, "\\%c", to[p - from]);
	return (size_t)snprintf(out, 5, "\\%03o", c);
}

char *
fmt_safe(const char *src, size_t len, char *buf, size_t size)
{
	const uint8_t	*s = (const uint8_t *)src;
	char		 esc[5];
	uint32_t	 cp = 0;
	size_t		 i, n, step, used = 0;

	for (i = 0; i < len; i += step) {
		if (s[i] >= ' ' && s[i] < 0x7f) {	/* nearly all is */
			step = 1;
			cp = s[i];
		} else
			step = utf8_decode(s + i, len - i, &cp);
		if (step == 0 || cp == '\\' || utf8_is_unsafe(cp)) {
			step = 1;
			n = escape(s[i], esc);
		} else {
			n = step;
			memcpy(esc, s + i, n);
		}
		if (used + n >= size)
			break;
		memcpy(buf + used, esc, n);
		used += n;
	}
	buf[used] = '\0';
	return buf;
}

static bool
is_secret(const char *s, size_t len)
{
	size_t	i, run = 0;

	for (i = 0; i < len && run < SECRET_MIN; i++)
		run = isalnum((unsigned char)s[i]) ? run + 1 : 0;
	return run == SECRET_MIN;
}

struct text {
	char	*buf;
	size_t	 size, used;
	bool	 full;
};

static void
append(struct text *t, const char *s, size_t len)
{
	size_t	room = t->size - 1 - t->used;

	if (t->full)
		return;
	t->full = len > room;
	len = utf8_cut(s, len, room);
	memcpy(t->buf + t->used, s, len);
	t->used += len;
}

/* Scheme and host as they are, whoever is named before the host not. */
static const char *
mask_authority(const char *url, struct text *t)
{
	const char	*at = NULL, *end, *host, *p;

	host = strstr(url, "://");
	host = host == NULL ? url : host + 3;
	end = host + strcspn(host, "/?#");
	for (p = host; p < end; p++)
		if (*p == '@')
			at = p;
	append(t, url, (size_t)(host - url));
	if (at != NULL) {
		append(t, MASK, strlen(MASK));
		host = at;
	}
	append(t, host, (size_t)(end - host));
	return end;
}

char *
fmt_mask_url(const char *url, char *buf, size_t size)
{
	struct text	 t = { buf, size, 0, false };
	const char	*s;
	size_t		 len;

	for (s = mask_authority(url, &t); *s != '\0'; s += len) {
		append(&t, s++, 1);		/* a delimiter */
		len = strcspn(s, "/?#&;=");
		if (is_secret(s, len))
			append(&t, MASK, strlen(MASK));
		else
			append(&t, s, len);
	}
	buf[t.used] = '\0';
	return buf;
}

size_t
fmt_width(const char *s)
{
	uint32_t	cp;
	size_t		len, n, width = 0;
	int		w;

	/* Nearly all is plain. */
	for (; *s >= ' ' && *s < 0x7f; s++)
		width++;
	for (len = strlen(s); len > 0; s += n, len -= n) {
		if ((n = utf8_decode(s, len, &cp)) == 0) {
			n = 1;
			width++;
			continue;
		}
		w = wcwidth((wchar_t)cp);
		width += w < 0 ? 1 : (size_t)w;
	}
	return width;
}
