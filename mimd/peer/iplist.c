/* SPDX-License-Identifier: ISC */
#include <arpa/inet.h>

#include <stdlib.h>
#include <string.h>

#include "iplist.h"
#include "mem.h"

void
iplist_clear(struct iplist *list)
{
	free(list->v4);
	free(list->v6);
	memset(list, 0, sizeof(*list));
}

static uint32_t
grown(uint32_t size)
{
	if (size == 0)
		return 64;
	return size > IPLIST_MAX / 2 ? IPLIST_MAX : size * 2;
}

static void
add4(struct iplist *list, uint32_t from, uint32_t to)
{
	if (list->n4 == IPLIST_MAX) {
		list->dropped = true;
		return;
	}
	if (list->n4 == list->size4) {
		list->size4 = grown(list->size4);
		list->v4 = xreallocarray(list->v4, list->size4,
		    sizeof(*list->v4));
	}
	list->v4[list->n4++] = (struct iprange4){ from, to };
}

static void
add6(struct iplist *list, const uint8_t from[16], const uint8_t to[16])
{
	if (list->n6 == IPLIST_MAX) {
		list->dropped = true;
		return;
	}
	if (list->n6 == list->size6) {
		list->size6 = grown(list->size6);
		list->v6 = xreallocarray(list->v6, list->size6,
		    sizeof(*list->v6));
	}
	memcpy(list->v6[list->n6].from, from, 16);
	memcpy(list->v6[list->n6++].to, to, 16);
}

/* ---- lines ---- */

/* What is left of a line. */
struct text {
	const char	*p, *end;
};

static void
skip_blanks(struct text *t)
{
	while (t->p < t->end && (*t->p == ' ' || *t->p == '\t'))
		t->p++;
}

static bool
skip_char(struct text *t, char c)
{
	skip_blanks(t);
	if (t->p == t->end || *t->p != c)
		return false;
	t->p++;
	skip_blanks(t);
	return true;
}

/* Decimal, also with leading zeros. */
static bool
take_number(struct text *t, uint32_t max, uint32_t *n)
{
	const char	*start = t->p;

	for (*n = 0; t->p < t->end && *t->p >= '0' && *t->p <= '9'; t->p++) {
		*n = *n * 10 + (uint32_t)(*t->p - '0');
		if (*n > max)
			return false;
	}
	return t->p > start && t->p - start <= 3;
}

static bool
take_v4(struct text *t, uint32_t *ip)
{
	uint32_t	n;
	int		i;

	*ip = 0;
	for (i = 0; i < 4; i++) {
		if (i > 0 && (t->p == t->end || *t->p++ != '.'))
			return false;
		if (!take_number(t, 255, &n))
			return false;
		*ip = *ip << 8 | n;
	}
	return true;
}

static bool
is_v6_char(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
	    (c >= 'A' && c <= 'F') || c == ':' || c == '.';
}

static bool
take_v6(struct text *t, uint8_t ip[16])
{
	char	host[INET6_ADDRSTRLEN];
	size_t	n = 0;

	while (t->p < t->end && is_v6_char(*t->p)) {
		if (n == sizeof(host) - 1)
			return false;
		host[n++] = *t->p++;
	}
	host[n] = '\0';
	return inet_pton(AF_INET6, host, ip) == 1;
}

/* After a range nothing may stand but a comment or ipfilter.dat's columns. */
static bool
take_tail(struct text *t, bool *allowed)
{
	uint32_t	level;

	*allowed = false;
	skip_blanks(t);
	if (t->p == t->end || *t->p == '#' || *t->p == ';')
		return true;
	if (!skip_char(t, ',') || !take_number(t, 999, &level))
		return false;
	*allowed = level > 127;
	skip_blanks(t);
	return t->p == t->end || *t->p == ',';
}

/* "ip", "ip/bits" or "ip-ip"; with named, the first does not count. */
static bool
line_v4(struct iplist *list, struct text t, bool named)
{
	uint32_t	from, to, bits, mask;
	bool		allowed;

	if (!take_v4(&t, &from))
		return false;
	to = from;
	if (skip_char(&t, '-')) {
		if (!take_v4(&t, &to) || to < from)
			return false;
	} else if (t.p < t.end && *t.p == '/') {
		t.p++;
		if (!take_number(&t, 32, &bits))
			return false;
		mask = bits == 0 ? 0 : UINT32_MAX << (32 - bits);
		from &= mask;
		to = from | ~mask;
	} else if (named)
		return false;
	if (!take_tail(&t, &allowed))
		return false;
	if (!allowed)
		add4(list, from, to);
	return true;
}

static void
mask_v6(uint8_t from[16], uint8_t to[16], uint32_t bits)
{
	uint32_t	i, left;
	uint8_t		host;

	memcpy(to, from, 16);
	for (i = 0; i < 16; i++) {
		left = bits > i * 8 ? bits - i * 8 : 0;
		host = left >= 8 ? 0 : (uint8_t)(0xff >> left);
		from[i] &= (uint8_t)~host;
		to[i] |= host;
	}
}

static uint32_t
low32(const uint8_t ip[16])
{
	return (uint32_t)ip[12] << 24 | (uint32_t)ip[13] << 16 |
	    (uint32_t)ip[14] << 8 | ip[15];
}

static void
add_any(struct iplist *list, const uint8_t from[16], const uint8_t to[16])
{
	struct addr	a = { .port = 0 }, b = { .port = 0 };

	memcpy(a.ip, from, 16);
	memcpy(b.ip, to, 16);
	if (addr_is_v4(&a) && addr_is_v4(&b))
		add4(list, low32(from), low32(to));
	else
		add6(list, from, to);
}

static bool
line_v6(struct iplist *list, struct text t, bool named)
{
	uint8_t		from[16], to[16];
	uint32_t	bits;
	bool		allowed;

	if (!take_v6(&t, from))
		return false;
	memcpy(to, from, sizeof(to));
	if (skip_char(&t, '-')) {
		if (!take_v6(&t, to) || memcmp(to, from, sizeof(to)) < 0)
			return false;
	} else if (t.p < t.end && *t.p == '/') {
		t.p++;
		if (!take_number(&t, 128, &bits))
			return false;
		mask_v6(from, to, bits);
	} else if (named)
		return false;
	if (!take_tail(&t, &allowed))
		return false;
	if (!allowed)
		add_any(list, from, to);
	return true;
}

/* "name:range": of IPv4 after the last colon, else after the first fit. */
static bool
line_named(struct iplist *list, struct text t)
{
	const char	*colon = memrchr(t.p, ':', (size_t)(t.end - t.p));
	struct text	 tail = t;
	bool		 is_name = false;
	int		 tries;

	if (colon == NULL)
		return false;
	tail.p = colon + 1;
	skip_blanks(&tail);
	if (line_v4(list, tail, true))
		return true;
	/* The colons of two addresses, and some of the name. */
	for (tries = 0; tries < 32; tries++) {
		colon = memchr(t.p, ':', (size_t)(t.end - t.p));
		if (colon == NULL)
			break;
		/* What might be of an address is no name. */
		for (; t.p < colon; t.p++)
			is_name |= !is_v6_char(*t.p);
		t.p++;
		tail = t;
		skip_blanks(&tail);
		if (is_name && line_v6(list, tail, true))
			return true;
	}
	return false;
}

static bool
is_comment(const struct text *t)
{
	return t->p == t->end || *t->p == '#' || *t->p == ';' ||
	    (t->end - t->p >= 2 && t->p[0] == '/' && t->p[1] == '/');
}

static void
take_line(struct iplist *list, struct ipreader *r)
{
	static const char	bom[] = "\xef\xbb\xbf";
	struct text		t = { r->line, r->line + r->len };

	r->lines++;
	if (r->lines == 1 && r->len >= 3 && memcmp(t.p, bom, 3) == 0)
		t.p += 3;
	skip_blanks(&t);
	while (t.end > t.p && (t.end[-1] == '\r' || t.end[-1] == ' ' ||
	    t.end[-1] == '\t'))
		t.end--;
	if (!is_comment(&t) && (r->cut || (!line_v4(list, t, false) &&
	    !line_v6(list, t, false) && !line_named(list, t)))) {
		if (r->broken++ == 0)
			r->first_broken = r->lines;
	}
	r->len = 0;
	r->cut = false;
}

void
iplist_feed(struct iplist *list, struct ipreader *r, const char *p, size_t n)
{
	const char	*nl;
	size_t		 k;

	while (n > 0) {
		nl = memchr(p, '\n', n);
		k = nl == NULL ? n : (size_t)(nl - p);
		if (k > sizeof(r->line) - r->len) {
			memcpy(r->line + r->len, p, sizeof(r->line) - r->len);
			r->len = sizeof(r->line);
			r->cut = true;
		} else {
			memcpy(r->line + r->len, p, k);
			r->len += (uint32_t)k;
		}
		if (nl == NULL)
			return;
		take_line(list, r);
		p += k + 1;
		n -= k + 1;
	}
}

void
iplist_feed_end(struct iplist *list, struct ipreader *r)
{
	if (r->len > 0)
		take_line(list, r);
}

/* ---- the whole ---- */

static int
cmp_range4(const void *p, const void *q)
{
	const struct iprange4	*a = p, *b = q;

	return (a->from > b->from) - (a->from < b->from);
}

static int
cmp_range6(const void *p, const void *q)
{
	return memcmp(((const struct iprange6 *)p)->from,
	    ((const struct iprange6 *)q)->from, 16);
}

/* Most lists are in order already. */
static bool
in_order(const void *v, uint32_t n, size_t size,
    int (*cmp)(const void *, const void *))
{
	const char	*p = v;
	uint32_t	 i;

	for (i = 1; i < n; i++, p += size)
		if (cmp(p, p + size) > 0)
			return false;
	return true;
}

static void
seal4(struct iplist *list)
{
	struct iprange4	*v = list->v4;
	uint32_t	 i, n = 0;

	if (!in_order(v, list->n4, sizeof(*v), cmp_range4))
		qsort(v, list->n4, sizeof(*v), cmp_range4);
	for (i = 1; i < list->n4; i++) {
		if (v[i].from <= v[n].to || v[i].from - v[n].to == 1) {
			if (v[i].to > v[n].to)
				v[n].to = v[i].to;
		} else {
			v[++n] = v[i];
		}
	}
	list->n4 = list->size4 = n + 1;
	list->v4 = xreallocarray(v, list->n4, sizeof(*v));
}

static void
seal6(struct iplist *list)
{
	struct iprange6	*v = list->v6;
	uint32_t	 i, n = 0;

	if (!in_order(v, list->n6, sizeof(*v), cmp_range6))
		qsort(v, list->n6, sizeof(*v), cmp_range6);
	for (i = 1; i < list->n6; i++) {
		if (memcmp(v[i].from, v[n].to, 16) <= 0) {
			if (memcmp(v[i].to, v[n].to, 16) > 0)
				memcpy(v[n].to, v[i].to, 16);
		} else {
			v[++n] = v[i];
		}
	}
	list->n6 = list->size6 = n + 1;
	list->v6 = xreallocarray(v, list->n6, sizeof(*v));
}

void
iplist_seal(struct iplist *list)
{
	if (list->n4 > 0)
		seal4(list);
	if (list->n6 > 0)
		seal6(list);
}

static bool
has4(const struct iplist *list, uint32_t ip)
{
	uint32_t	low = 0, high = list->n4, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (list->v4[mid].to < ip)
			low = mid + 1;
		else
			high = mid;
	}
	return low < list->n4 && list->v4[low].from <= ip;
}

static bool
has6(const struct iplist *list, const uint8_t ip[16])
{
	uint32_t	low = 0, high = list->n6, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (memcmp(list->v6[mid].to, ip, 16) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low < list->n6 && memcmp(list->v6[low].from, ip, 16) <= 0;
}

bool
iplist_has(const struct iplist *list, const uint8_t ip[16])
{
	struct addr	a = { .port = 0 };

	memcpy(a.ip, ip, sizeof(a.ip));
	return addr_is_v4(&a) ? has4(list, low32(ip)) : has6(list, ip);
}

size_t
iplist_bytes(const struct iplist *list)
{
	return list->size4 * sizeof(*list->v4) +
	    list->size6 * sizeof(*list->v6);
}
