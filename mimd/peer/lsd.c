/* SPDX-License-Identifier: ISC */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "lsd.h"

#define FIRST_LINE	"BT-SEARCH * HTTP/1."

/* ---- packets ---- */

/* A line without its end, and the rest. */
struct text {
	const char	*p;
	size_t		 n;
};

static bool
next_line(struct text *rest, struct text *line)
{
	const char	*end;

	if (rest->n == 0)
		return false;
	end = memchr(rest->p, '\n', rest->n);
	line->p = rest->p;
	line->n = end == NULL ? rest->n : (size_t)(end - rest->p);
	rest->p += end == NULL ? line->n : line->n + 1;
	rest->n -= end == NULL ? line->n : line->n + 1;
	if (line->n > 0 && line->p[line->n - 1] == '\r')
		line->n--;
	return true;
}

/* "Name: value"; names in any case, as clients differ. */
static bool
is_header(const struct text *line, const char *name, struct text *value)
{
	size_t	len = strlen(name);

	if (line->n <= len || strncasecmp(line->p, name, len) != 0 ||
	    line->p[len] != ':')
		return false;
	value->p = line->p + len + 1;
	value->n = line->n - len - 1;
	while (value->n > 0 && (*value->p == ' ' || *value->p == '\t')) {
		value->p++;
		value->n--;
	}
	while (value->n > 0 && (value->p[value->n - 1] == ' ' ||
	    value->p[value->n - 1] == '\t'))
		value->n--;
	return true;
}

/* 0 if it is none. */
static uint16_t
parse_port(const struct text *t)
{
	uint32_t	port = 0;
	size_t		i;

	if (t->n > 5)
		return 0;
	for (i = 0; i < t->n; i++) {
		if (!isdigit((unsigned char)t->p[i]))
			return 0;
		port = port * 10 + (uint32_t)(t->p[i] - '0');
	}
	return port > UINT16_MAX ? 0 : (uint16_t)port;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static void
parse_hash(struct lsd_msg *m, const struct text *t)
{
	uint8_t	*hash = m->hashes[m->nhashes];
	int	 high, low;
	size_t	 i;

	if (t->n != 40)
		return;
	for (i = 0; i < 20; i++) {
		high = hex_digit(t->p[2 * i]);
		low = hex_digit(t->p[2 * i + 1]);
		if (high == -1 || low == -1)
			return;
		hash[i] = (uint8_t)(high << 4 | low);
	}
	m->nhashes++;
}

int
lsd_parse(struct lsd_msg *m, const char *p, size_t n, const char *cookie)
{
	struct text	rest = { p, n }, line, value;

	m->port = 0;
	m->ours = false;
	m->nhashes = 0;
	if (!next_line(&rest, &line) || line.n < strlen(FIRST_LINE) ||
	    strncasecmp(line.p, FIRST_LINE, strlen(FIRST_LINE)) != 0)
		return -1;
	while (next_line(&rest, &line) && line.n > 0) {
		if (is_header(&line, "Port", &value))
			m->port = parse_port(&value);
		else if (is_header(&line, "Infohash", &value) &&
		    m->nhashes < LSD_READ_MAX)
			parse_hash(m, &value);
		else if (is_header(&line, "cookie", &value))
			m->ours = value.n == strlen(cookie) &&
			    memcmp(value.p, cookie, value.n) == 0;
	}
	return m->port == 0 || m->nhashes == 0 ? -1 : 0;
}

size_t
lsd_build(char out[LSD_PACKET_MAX], bool v6, uint16_t port,
    const uint8_t *const *hashes, uint32_t n, const char *cookie)
{
	static const char	hex[] = "0123456789ABCDEF";
	size_t			len;
	uint32_t		i, k;
	char			digits[41];

	len = (size_t)snprintf(out, LSD_PACKET_MAX, "BT-SEARCH * HTTP/1.1\r\n"
	    "Host: %s:%d\r\nPort: %u\r\n",
	    v6 ? "[" LSD_GROUP6 "]" : LSD_GROUP4, LSD_PORT, port);
	for (i = 0; i < n; i++) {
		for (k = 0; k < 20; k++) {
			digits[2 * k] = hex[hashes[i][k] >> 4];
			digits[2 * k + 1] = hex[hashes[i][k] & 15];
		}
		digits[40] = '\0';
		len += (size_t)snprintf(out + len, LSD_PACKET_MAX - len,
		    "Infohash: %s\r\n", digits);
	}
	len += (size_t)snprintf(out + len, LSD_PACKET_MAX - len,
	    "cookie: %s\r\n\r\n\r\n", cookie);
	return len;
}

/* ---- when to announce ---- */

int
lsd_item_cmp(const struct lsd_item *a, const struct lsd_item *b)
{
	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	return memcmp(a->hash, b->hash, 20);
}

RB_GENERATE(lsd_items, lsd_item, entry, lsd_item_cmp)

void
lsd_queue_init(struct lsd_queue *q)
{
	RB_INIT(&q->items);
	q->n = 0;
	q->packet_at = 0;
}

static void
put_in(struct lsd_queue *q, struct lsd_item *item, uint64_t at)
{
	item->at = at;
	item->queued = true;
	RB_INSERT(lsd_items, &q->items, item);
}

void
lsd_add(struct lsd_queue *q, struct lsd_item *item, const uint8_t *hash,
    uint64_t now)
{
	item->hash = hash;
	item->last = 0;
	q->n++;
	put_in(q, item, now + LSD_SOON_MS);
}

void
lsd_del(struct lsd_queue *q, struct lsd_item *item)
{
	if (!item->queued)
		return;
	RB_REMOVE(lsd_items, &q->items, item);
	item->queued = false;
	q->n--;
}

void
lsd_again(struct lsd_queue *q, uint64_t now)
{
	struct lsd_items	 all = q->items;
	struct lsd_item		*item;
	uint64_t		 at;

	RB_INIT(&q->items);
	while ((item = RB_ROOT(&all)) != NULL) {
		RB_REMOVE(lsd_items, &all, item);
		at = now + LSD_SOON_MS;
		if (item->last != 0 && item->last + LSD_LEAST_MS > at)
			at = item->last + LSD_LEAST_MS;
		put_in(q, item, at < item->at ? at : item->at);
	}
}

uint64_t
lsd_due(struct lsd_queue *q)
{
	struct lsd_item	*first = RB_MIN(lsd_items, &q->items);

	if (first == NULL)
		return UINT64_MAX;
	return first->at > q->packet_at ? first->at : q->packet_at;
}

/* A round of all torrents fits into the time between two of one. */
static uint64_t
packet_pause(const struct lsd_queue *q)
{
	uint64_t	packets = q->n / LSD_HASHES_MAX + 1;
	uint64_t	ms = LSD_AGAIN_MS / (packets + packets / 16);

	if (ms > LSD_PACKET_MS)
		return LSD_PACKET_MS;
	return ms < LSD_PACKET_LEAST_MS ? LSD_PACKET_LEAST_MS : ms;
}

uint32_t
lsd_take(struct lsd_queue *q, uint64_t now,
    const uint8_t *hashes[LSD_HASHES_MAX])
{
	struct lsd_item	*item;
	uint32_t	 n = 0;

	if (now < q->packet_at)
		return 0;
	while (n < LSD_HASHES_MAX &&
	    (item = RB_MIN(lsd_items, &q->items)) != NULL && item->at <= now) {
		RB_REMOVE(lsd_items, &q->items, item);
		hashes[n++] = item->hash;
		item->last = now;
		put_in(q, item, now + LSD_AGAIN_MS);
	}
	if (n > 0)
		q->packet_at = now + packet_pause(q);
	return n;
}
