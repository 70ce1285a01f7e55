/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wchar.h>

#include "fmt.h"
#include "hash.h"
#include "mem.h"
#include "mimctl.h"
#include "msg.h"
#include "text.h"
#include "utf8.h"

#define CUT_MARK	"~"

char *
text_safe(const char *s)
{
	size_t	 len = strlen(s), size = 4 * len + 1;
	char	*buf = xmalloc(size);

	return fmt_safe(s, len, buf, size);
}

char *
text_field(const char *s)
{
	return text_safe(*s == '\0' ? "-" : s);
}

char *
text_url(const struct mimctl *ctx, const char *url)
{
	char	masked[2 * URL_MAX + 1];

	if (ctx->verbose)
		return text_safe(url);
	return text_safe(fmt_mask_url(url, masked, sizeof(masked)));
}

void
text_cut(char *s, size_t columns)
{
	size_t		 len = strlen(s), off = 0, used = 0, n;
	uint32_t	 cp;
	int		 w;

	if (fmt_width(s) <= columns)
		return;
	while (off < len) {
		n = utf8_decode(s + off, len - off, &cp);
		if (n == 0)
			break;
		w = wcwidth((wchar_t)cp);
		if (w > 0 && used + (size_t)w + 1 > columns)
			break;
		used += w > 0 ? (size_t)w : 0;
		off += n;
	}
	/* What is cut off has a byte at least, so the mark has room. */
	if (columns > 0 && off < len)
		memcpy(s + off, CUT_MARK, sizeof(CUT_MARK));
	else
		s[off] = '\0';
}

char *
text_bytes(const struct mimctl *ctx, uint64_t n, char buf[TEXT_LEN])
{
	if (ctx->numeric)
		snprintf(buf, TEXT_LEN, "%" PRIu64, n);
	else
		fmt_bytes(n, buf);
	return buf;
}

char *
text_rate(const struct mimctl *ctx, uint64_t n, char buf[TEXT_LEN])
{
	if (n == 0 && !ctx->numeric)
		strlcpy(buf, "-", TEXT_LEN);
	else
		text_bytes(ctx, n, buf);
	return buf;
}

char *
text_duration(const struct mimctl *ctx, uint64_t seconds, char buf[TEXT_LEN])
{
	if (ctx->numeric)
		snprintf(buf, TEXT_LEN, "%" PRIu64, seconds);
	else
		fmt_duration(seconds, buf);
	return buf;
}

char *
text_percent(uint64_t have, uint64_t size, char buf[TEXT_LEN])
{
	unsigned int	tenths = 1000;

	if (have < size)
		tenths = (unsigned int)((double)have * 1000 / (double)size);
	if (have < size && tenths > 999)
		tenths = 999;
	snprintf(buf, TEXT_LEN, "%u.%u%%", tenths / 10, tenths % 10);
	return buf;
}

char *
text_time(const struct mimctl *ctx, uint64_t when, char buf[TEXT_LEN])
{
	time_t		t = (time_t)when;
	struct tm	tm;

	if (ctx->numeric || localtime_r(&t, &tm) == NULL ||
	    strftime(buf, TEXT_LEN, "%Y-%m-%d %H:%M:%S", &tm) == 0)
		snprintf(buf, TEXT_LEN, "%" PRIu64, when);
	return buf;
}

char *
text_bar(uint64_t done, uint64_t all, size_t cells, char *buf, size_t size)
{
	size_t	filled = cells, i;

	if (size < 3)
		return strcpy(buf, "");
	if (cells > size - 3)
		cells = size - 3;
	if (done < all)
		filled = (size_t)((double)done * (double)cells / (double)all);
	buf[0] = '[';
	for (i = 0; i < cells; i++)
		buf[i + 1] = i < filled ? '#' : '.';
	strcpy(buf + cells + 1, "]");
	return buf;
}

const char *
text_host(const uint8_t ip[16], char buf[ADDR_STRLEN])
{
	struct addr	a = { .port = 0 };

	memcpy(a.ip, ip, sizeof(a.ip));
	return addr_host(&a, buf);
}

bool
text_any_host(const uint8_t ip[16])
{
	static const uint8_t	v6[16], v4[16] = { [10] = 0xff, [11] = 0xff };

	return memcmp(ip, v4, sizeof(v4)) == 0 ||
	    memcmp(ip, v6, sizeof(v6)) == 0;
}

json_t *
text_json(const char *s)
{
	size_t		 len = strlen(s), off, used = 0, n;
	json_t		*j;
	char		*buf;
	uint32_t	 cp;

	if (utf8_valid(s, len))
		return json_stringn(s, len);
	buf = xmalloc(3 * len + 1);
	for (off = 0; off < len; off += n == 0 ? 1 : n) {
		n = utf8_decode(s + off, len - off, &cp);
		memcpy(buf + used, n == 0 ? "\xef\xbf\xbd" : s + off,
		    n == 0 ? 3 : n);
		used += n == 0 ? 3 : n;
	}
	j = json_stringn(buf, used);
	free(buf);
	return j;
}

json_t *
text_json_or_null(const char *s)
{
	return *s == '\0' ? json_null() : text_json(s);
}

json_t *
text_json_hex(const uint8_t *p, size_t n)
{
	char	hex[2 * SHA256_LEN + 1];

	return n > SHA256_LEN ? json_null() : json_string(hash_hex(p, n, hex));
}

int
text_json_print(json_t *object)
{
	json_dumpf(object, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(object);
	return CTL_OK;
}
