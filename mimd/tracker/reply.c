/* SPDX-License-Identifier: ISC */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "bencode.h"
#include "mem.h"
#include "reply.h"

#define MINUTES_MAX	(ANNOUNCE_INTERVAL_MAX / 60)

static void	 set_text(struct reply *, const char *, const uint8_t *,
		    size_t);
static void	 parse_failure(struct reply *, const struct ben *, ben_ref);
static void	 parse_numbers(struct reply *, const struct ben *);
static void	 parse_external(struct reply *, const struct ben *);
static void	 parse_peers(struct reply *, const struct ben *, const char *,
		    size_t);
static int	 number(const struct ben *, const char *, uint32_t, uint32_t *);

int
reply_parse(struct reply *r, const void *body, size_t len)
{
	const char	*why, *p = len > 0 ? body : "";
	const uint8_t	*s;
	size_t		 n, skip = 0;
	struct ben	 b;
	ben_ref		 ref;
	int		 ret = -1;

	reply_init(r);
	while (skip < len && isspace((unsigned char)p[skip]))
		skip++;
	if (ben_parse(&b, p + skip, len - skip, &why) == -1 ||
	    !ben_is(&b, BEN_ROOT, BEN_DICT)) {
		if (len == skip)
			why = "the answer is empty";
		else if (p[skip] == '<')
			why = "the answer is a web page, not a tracker's";
		else
			why = "the answer is not a tracker's";
		reply_fail(r, why, strlen(why));
		goto done;
	}
	ret = 0;
	ref = ben_get_type(&b, BEN_ROOT, "failure reason", BEN_STR);
	if (ref != BEN_NONE) {
		parse_failure(r, &b, ref);
		goto done;
	}
	parse_numbers(r, &b);
	s = ben_str(&b, ben_get(&b, BEN_ROOT, "warning message"), &n);
	if (n > 0)
		set_text(r, "warning: ", s, n);
	s = ben_str(&b, ben_get(&b, BEN_ROOT, "tracker id"), &n);
	if (n <= sizeof(r->tracker_id)) {
		memcpy(r->tracker_id, s, n);
		r->tracker_id_len = n;
	}
	parse_external(r, &b);
	parse_peers(r, &b, "peers6", 18);
	parse_peers(r, &b, "peers", 6);
done:
	ben_free(&b);
	return ret;
}

void
reply_init(struct reply *r)
{
	memset(r, 0, sizeof(*r));
	r->seeds = r->leeches = r->downloads = REPLY_UNKNOWN;
}

void
reply_clear(struct reply *r)
{
	free(r->peers);
	r->peers = NULL;
	r->npeers = 0;
}

/* One line; whoever prints it makes it safe for a terminal. */
static void
set_text(struct reply *r, const char *prefix, const uint8_t *s, size_t len)
{
	size_t	i, n = strlcpy(r->text, prefix, sizeof(r->text));

	for (i = 0; i < len && n < REPLY_TEXT_MAX; i++)
		r->text[n++] = s[i] < 0x20 ? ' ' : (char)s[i];
	if (i < len)	/* not within a character of UTF-8 */
		for (; i > 0 && (s[i] & 0xc0) == 0x80; i--)
			n--;
	r->text[n] = '\0';
}

void
reply_fail(struct reply *r, const void *text, size_t len)
{
	static const char	none[] = "the tracker refused";

	r->failed = true;
	if (len > 0)
		set_text(r, "", text, len);
	else
		set_text(r, "", (const uint8_t *)none, sizeof(none) - 1);
}

static void
parse_failure(struct reply *r, const struct ben *b, ben_ref ref)
{
	const uint8_t	*s;
	uint32_t	 minutes;
	size_t		 n;

	s = ben_str(b, ref, &n);
	reply_fail(r, s, n);
	if (number(b, "retry in", MINUTES_MAX, &minutes) == 0)
		r->retry = minutes * 60;
	s = ben_str(b, ben_get(b, BEN_ROOT, "retry in"), &n);
	if (n == 5 && memcmp(s, "never", 5) == 0)
		r->retry = ANNOUNCE_RETRY_NEVER;
}

static void
parse_numbers(struct reply *r, const struct ben *b)
{
	const uint32_t	max = REPLY_UNKNOWN - 1;

	number(b, "interval", ANNOUNCE_INTERVAL_MAX, &r->interval);
	number(b, "min interval", ANNOUNCE_INTERVAL_MAX, &r->min_interval);
	number(b, "complete", max, &r->seeds);
	number(b, "incomplete", max, &r->leeches);
	number(b, "downloaded", max, &r->downloads);
}

/* BEP 24: the bytes of an IPv4 or of an IPv6 address. */
static void
parse_external(struct reply *r, const struct ben *b)
{
	const uint8_t	*s;
	size_t		 n;

	s = ben_str(b, ben_get(b, BEN_ROOT, "external ip"), &n);
	if (n != 4 && n != 16)
		return;
	r->has_external = true;
	if (n == 4)
		memcpy(r->external + 10, "\xff\xff", 2);
	memcpy(r->external + 16 - n, s, n);
}

/*
 * An integer or a decimal string, cut at max.  -1, with *value untouched, if
 * it is neither or negative.
 */
static int
number(const struct ben *b, const char *key, uint32_t max, uint32_t *value)
{
	ben_ref		 ref = ben_get(b, BEN_ROOT, key);
	const uint8_t	*s;
	int64_t		 v = 0;
	size_t		 i, n;

	if (ref == BEN_NONE)
		return -1;
	if (ben_int(b, ref, &v) == -1) {
		s = ben_str(b, ref, &n);
		if (n == 0)
			return -1;
		for (i = 0; i < n; i++) {
			if (!isdigit(s[i]))
				return -1;
			if (v <= max)
				v = v * 10 + (s[i] - '0');
		}
	}
	if (v < 0)
		return -1;
	*value = v > max ? max : (uint32_t)v;
	return 0;
}

static void
add_peer(struct reply *r, const struct addr *a)
{
	if (a->port == 0 || addr_class(a) == ADDR_UNUSABLE ||
	    r->npeers == REPLY_PEERS_MAX)
		return;
	if (r->peers == NULL)
		r->peers = xcalloc(REPLY_PEERS_MAX, sizeof(*r->peers));
	r->peers[r->npeers++] = *a;
}

/* A dictionary of the old form; an "ip" that is a host name is left out. */
static void
add_peer_dict(struct reply *r, const struct ben *b, ben_ref dict)
{
	const uint8_t	*s;
	char		 host[ADDR_STRLEN];
	struct addr	 a;
	int64_t		 port;
	size_t		 n;

	s = ben_str(b, ben_get(b, dict, "ip"), &n);
	if (n == 0 || n >= sizeof(host) || memchr(s, '\0', n) != NULL ||
	    !ben_get_int(b, dict, "port", 1, UINT16_MAX, &port))
		return;
	memcpy(host, s, n);
	host[n] = '\0';
	if (addr_parse(&a, host, (uint16_t)port) == 0)
		add_peer(r, &a);
}

static void
warn_odd(struct reply *r)
{
	static const char	odd[] = "a peer list of odd length";

	if (r->text[0] == '\0')
		set_text(r, "warning: ", (const uint8_t *)odd,
		    sizeof(odd) - 1);
}

void
reply_add_compact(struct reply *r, const uint8_t *s, size_t len,
    size_t width)
{
	struct addr	a;

	for (; len >= width; s += width, len -= width) {
		if (width == 6)
			addr_from_compact4(&a, s);
		else
			addr_from_compact6(&a, s);
		add_peer(r, &a);
	}
	if (len > 0)
		warn_odd(r);
}

static void
parse_peers(struct reply *r, const struct ben *b, const char *key,
    size_t width)
{
	ben_ref		 list = ben_get(b, BEN_ROOT, key), ref;
	const uint8_t	*s;
	size_t		 n;

	if (list == BEN_NONE)
		return;
	s = ben_str(b, list, &n);
	reply_add_compact(r, s, n, width);
	if (!ben_is(b, list, BEN_LIST))
		return;
	for (ref = ben_first(b, list); ref != BEN_NONE;
	    ref = ben_next(b, list, ref))
		add_peer_dict(r, b, ref);
}
