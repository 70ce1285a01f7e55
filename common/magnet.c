/* SPDX-License-Identifier: ISC */
#include "magnet.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "mem.h"
#include "url.h"
#include "utf8.h"

#define BTIH		"urn:btih:"
#define BTMH		"urn:btmh:"
#define MULTIHASH	"1220"		/* SHA-256, of 32 bytes */
#define BASE32_LEN	32U

static const char	scheme[] = "magnet:?";

static int	parse_param(struct magnet *, const char *, size_t, char *);

/* Sets err and returns -1. */
static int	bad(char *, const char *, ...)
    __attribute__((format(printf, 2, 3)));

static int
bad(char *err, const char *fmt, ...)
{
	va_list	ap;

	va_start(ap, fmt);
	vsnprintf(err, MAGNET_ERR_MAX, fmt, ap);
	va_end(ap);
	return -1;
}

/* RFC 4648, 6: 32 digits of 5 bits are the 20 bytes of a SHA-1. */
static bool
from_base32(const char *s, size_t len, uint8_t out[SHA1_LEN])
{
	uint32_t	bits = 0, nbits = 0, v;
	size_t		i, n = 0;

	if (len != BASE32_LEN)
		return false;
	for (i = 0; i < len; i++) {
		if (isalpha((unsigned char)s[i]))
			v = (uint32_t)toupper((unsigned char)s[i]) - 'A';
		else if (s[i] >= '2' && s[i] <= '7')
			v = (uint32_t)(s[i] - '2') + 26;
		else
			return false;
		bits = bits << 5 | v;
		nbits += 5;
		if (nbits >= 8) {
			nbits -= 8;
			out[n++] = (uint8_t)(bits >> nbits);
		}
	}
	return true;
}

static bool
from_btih(const char *s, size_t len, uint8_t out[SHA1_LEN])
{
	return hash_from_hex(s, len, out, SHA1_LEN) || from_base32(s, len, out);
}

bool
magnet_looks_like(const char *s)
{
	uint8_t	hash[SHA256_LEN];
	size_t	len = strlen(s);

	return strncasecmp(s, scheme, strlen("magnet:")) == 0 ||
	    hash_from_hex(s, len, hash, SHA1_LEN) ||
	    hash_from_hex(s, len, hash, SHA256_LEN);
}

struct magnet *
magnet_parse(const char *s, size_t len, char err[MAGNET_ERR_MAX])
{
	struct magnet	*m = xcalloc(1, sizeof(*m));
	size_t		 n;
	int		 rc = 0;

	err[0] = '\0';
	if (len > MAGNET_LINK_MAX) {
		rc = bad(err, "longer than %u KiB", MAGNET_LINK_MAX >> 10);
	} else if (from_btih(s, len, m->infohash)) {
		m->v1 = true;
	} else if (hash_from_hex(s, len, m->infohash2, SHA256_LEN)) {
		m->v2 = true;
	} else if (len < strlen(scheme) ||
	    strncasecmp(s, scheme, strlen(scheme)) != 0) {
		rc = bad(err, "not a magnet link");
	} else {
		s += strlen(scheme);
		for (len -= strlen(scheme); len > 0 && rc == 0; len -= n) {
			for (n = 0; n < len && s[n] != '&'; n++)
				continue;
			rc = parse_param(m, s, n, err);
			if (n < len)
				n++;
			/* As it stands in HTML. */
			if (len - n >= 4 && strncmp(s + n, "amp;", 4) == 0)
				n += 4;
			s += n;
		}
		if (rc == 0 && !m->v1 && !m->v2)
			rc = bad(err, "no info-hash in it (xt=%s...)", BTIH);
	}
	if (rc == 0)
		return m;
	magnet_free(m);
	return NULL;
}

void
magnet_free(struct magnet *m)
{
	if (m == NULL)
		return;
	while (m->ntrackers > 0)
		free(m->trackers[--m->ntrackers]);
	while (m->nwebseeds > 0)
		free(m->webseeds[--m->nwebseeds]);
	while (m->nexcept > 0)
		free(m->except[--m->nexcept]);
	free(m->name);
	free(m);
}

bool
magnet_add_except(struct magnet *m, const char *glob, size_t len)
{
	if (m->nexcept == MAGNET_EXCEPT_MAX || len == 0 ||
	    len > MAGNET_GLOB_MAX || memchr(glob, '\0', len) != NULL ||
	    !utf8_valid(glob, len))
		return false;
	m->except[m->nexcept++] = xstrndup(glob, len);
	return true;
}

/*
 * One more URL of http, https or, of a tracker, udp; once is enough.  Web seeds
 * are often encoded once where it should be twice: they may have blanks.
 */
static bool
add_url(char **list, uint32_t *n, uint32_t max, bool tracker, const char *url,
    size_t len)
{
	struct url	 u;
	const char	*why;
	char		*copy;
	uint32_t	 i;

	while (len > 0 && url[len - 1] == ' ')
		len--;
	for (; len > 0 && *url == ' '; len--)
		url++;
	if (*n == max || len == 0 || len > MAGNET_URL_MAX ||
	    (tracker && memchr(url, ' ', len) != NULL) ||
	    memchr(url, '\0', len) != NULL || !utf8_valid(url, len))
		return false;
	copy = xstrndup(url, len);
	if (url_parse(&u, copy, &why) == -1 ||
	    (!url_is_http(copy) && (!tracker ||
	    strcmp(u.scheme, "udp") != 0))) {
		free(copy);
		return false;
	}
	for (i = 0; i < *n; i++)
		if (strcmp(list[i], copy) == 0) {
			free(copy);
			return true;
		}
	list[(*n)++] = copy;
	return true;
}

bool
magnet_add_tracker(struct magnet *m, const char *url, size_t len)
{
	return add_url(m->trackers, &m->ntrackers, MAGNET_TRACKERS_MAX, true,
	    url, len);
}

bool
magnet_add_webseed(struct magnet *m, const char *url, size_t len)
{
	return add_url(m->webseeds, &m->nwebseeds, MAGNET_WEBSEEDS_MAX,
	    false, url, len);
}

bool
magnet_add_peer(struct magnet *m, const struct addr *addr)
{
	if (m->npeers == MAGNET_PEERS_MAX || addr->port == 0)
		return false;
	m->peers[m->npeers++] = *addr;
	return true;
}

void
magnet_set_name(struct magnet *m, const char *name, size_t len)
{
	char	*p;

	free(m->name);
	m->name = NULL;
	if (len == 0 || !utf8_valid(name, len))
		return;
	len = utf8_cut(name, len, MAGNET_NAME_MAX);
	m->name = xmalloc(len + 1);
	memcpy(m->name, name, len);
	m->name[len] = '\0';
	for (p = m->name; p < m->name + len; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = ' ';
}

/* ---- parameters ---- */

/* Undo percent-encoding; a lone % stands for itself. */
static size_t
decode(const char *s, size_t len, bool plus, char *out)
{
	size_t	i, n = 0;
	uint8_t	c;

	for (i = 0; i < len; i++) {
		if (s[i] == '%' && len - i > 2 &&
		    hash_from_hex(s + i + 1, 2, &c, 1)) {
			out[n++] = (char)c;
			i += 2;
		} else
			out[n++] = plus && s[i] == '+' ? ' ' : s[i];
	}
	out[n] = '\0';
	return n;
}

static bool
has_prefix(const char *s, size_t len, const char *prefix)
{
	return len >= strlen(prefix) &&
	    strncasecmp(s, prefix, strlen(prefix)) == 0;
}

static int
parse_topic(struct magnet *m, const char *s, size_t len, char *err)
{
	uint8_t	hash[SHA256_LEN];

	if (has_prefix(s, len, BTIH)) {
		s += strlen(BTIH);
		len -= strlen(BTIH);
		if (!from_btih(s, len, hash))
			return bad(err, "the info-hash is neither 40 hex nor "
			    "32 base32 digits");
		if (m->v1 && memcmp(m->infohash, hash, SHA1_LEN) != 0)
			return bad(err, "two different info-hashes");
		memcpy(m->infohash, hash, SHA1_LEN);
		m->v1 = true;
	} else if (has_prefix(s, len, BTMH)) {
		s += strlen(BTMH);
		len -= strlen(BTMH);
		if (!has_prefix(s, len, MULTIHASH) ||
		    !hash_from_hex(s + strlen(MULTIHASH),
		    len - strlen(MULTIHASH), hash, SHA256_LEN))
			return bad(err, "the v2 info-hash is not a SHA-256 "
			    "multihash (%s and 64 hex digits)", MULTIHASH);
		if (m->v2 && memcmp(m->infohash2, hash, SHA256_LEN) != 0)
			return bad(err, "two different v2 info-hashes");
		memcpy(m->infohash2, hash, SHA256_LEN);
		m->v2 = true;
	}
	return 0;
}

/* "1.2.3.4:5" or "[::1]:5"; names are left out. */
static int
parse_peer(struct magnet *m, const char *s, size_t len, char *err)
{
	struct addr	 a;
	char		 host[64];
	const char	*colon = strrchr(s, ':');
	char		*end;
	size_t		 n;
	unsigned long	 port;

	if (colon == NULL || strlen(s) != len)
		return bad(err, "x.pe is not an address and a port");
	port = strtoul(colon + 1, &end, 10);
	if (!isdigit((unsigned char)colon[1]) || *end != '\0' ||
	    port == 0 || port > UINT16_MAX)
		return bad(err, "x.pe has no port from 1 to 65535");
	n = (size_t)(colon - s);
	if (n > 2 && s[0] == '[' && s[n - 1] == ']') {
		s++;
		n -= 2;
	}
	if (n >= sizeof(host))
		return 0;
	memcpy(host, s, n);
	host[n] = '\0';
	if (addr_parse(&a, host, (uint16_t)port) == 0)
		magnet_add_peer(m, &a);
	return 0;
}

static bool
parse_index(const char **p, uint32_t *v)
{
	char		*end;
	unsigned long	 n;

	if (!isdigit((unsigned char)**p))
		return false;
	n = strtoul(*p, &end, 10);
	*p = end;
	*v = (uint32_t)n;
	return n < MAGNET_FILES_MAX;
}

/* "0,2,4-6" (BEP 53). */
static int
parse_ranges(struct magnet *m, const char *s, size_t len, char *err)
{
	struct magnet_range	r;
	const char		*p = s;

	while (p < s + len) {
		if (!parse_index(&p, &r.first))
			return bad(err, "so is not a list of file numbers");
		r.last = r.first;
		if (*p == '-') {
			p++;
			if (!parse_index(&p, &r.last))
				return bad(err, "so is not a list of file "
				    "numbers");
		}
		if (r.last < r.first)
			return bad(err, "so has a range that ends before it "
			    "begins");
		if (m->nranges == MAGNET_RANGES_MAX)
			return bad(err, "so has more than %u ranges",
			    MAGNET_RANGES_MAX);
		m->ranges[m->nranges++] = r;
		if (p < s + len && *p++ != ',')
			return bad(err, "so is not a list of file numbers");
	}
	return 0;
}

static bool
is_key(const char *s, size_t len, const char *key)
{
	return len == strlen(key) && strncasecmp(s, key, len) == 0;
}

static int
parse_param(struct magnet *m, const char *s, size_t n, char *err)
{
	const char	*eq = memchr(s, '=', n);
	size_t		 klen, len;
	char		*value;
	int		 rc = 0;

	if (eq == NULL)
		return 0;
	/* xt.1, tr.2: numbered where keys may not repeat. */
	klen = (size_t)(eq - s);
	for (len = klen; len > 0 && isdigit((unsigned char)s[len - 1]);)
		len--;
	if (len > 1 && len < klen && s[len - 1] == '.')
		klen = len - 1;
	n -= (size_t)(eq + 1 - s);
	value = xmalloc(n + 1);
	len = decode(eq + 1, n, is_key(s, klen, "dn"), value);
	if (is_key(s, klen, "xt"))
		rc = parse_topic(m, value, len, err);
	else if (is_key(s, klen, "dn"))
		magnet_set_name(m, value, len);
	else if (is_key(s, klen, "tr"))
		magnet_add_tracker(m, value, len);
	else if (is_key(s, klen, "ws"))
		magnet_add_webseed(m, value, len);
	else if (is_key(s, klen, "x.pe"))
		rc = parse_peer(m, value, len, err);
	else if (is_key(s, klen, "so"))
		rc = parse_ranges(m, value, len, err);
	else if (is_key(s, klen, "x.mim.except"))
		magnet_add_except(m, value, len);
	free(value);
	return rc;
}

/* ---- writing ---- */

struct out {
	char	*s;
	size_t	 len, size;
};

static void
put(struct out *o, const char *s)
{
	size_t	n = strlen(s);

	if (o->size - o->len <= n) {
		o->size = 2 * (o->size + n) + 256;
		o->s = xreallocarray(o->s, o->size, 1);
	}
	memcpy(o->s + o->len, s, n + 1);
	o->len += n;
}

/* All but the unreserved characters of RFC 3986 is encoded. */
static void
put_encoded(struct out *o, const char *s)
{
	char	c[4];

	for (; *s != '\0'; s++) {
		if (isalnum((unsigned char)*s) || strchr("-._~", *s) != NULL)
			snprintf(c, sizeof(c), "%c", *s);
		else
			snprintf(c, sizeof(c), "%%%02X", (unsigned char)*s);
		put(o, c);
	}
}

static void
put_ranges(struct out *o, const struct magnet *m)
{
	char		range[32];
	uint32_t	i;

	put(o, "&so=");
	for (i = 0; i < m->nranges; i++) {
		if (m->ranges[i].first == m->ranges[i].last)
			snprintf(range, sizeof(range), "%s%u", i > 0 ? "," :
			    "", m->ranges[i].first);
		else
			snprintf(range, sizeof(range), "%s%u-%u", i > 0 ?
			    "," : "", m->ranges[i].first, m->ranges[i].last);
		put(o, range);
	}
}

char *
magnet_format(const struct magnet *m)
{
	struct out	o = { .s = NULL };
	char		text[2 * SHA256_LEN + 1];
	uint32_t	i;

	put(&o, scheme);
	if (m->v1) {
		put(&o, "xt=" BTIH);
		put(&o, hash_hex(m->infohash, SHA1_LEN, text));
	}
	if (m->v2) {
		put(&o, m->v1 ? "&xt=" BTMH MULTIHASH : "xt=" BTMH MULTIHASH);
		put(&o, hash_hex(m->infohash2, SHA256_LEN, text));
	}
	if (m->name != NULL) {
		put(&o, "&dn=");
		put_encoded(&o, m->name);
	}
	for (i = 0; i < m->ntrackers; i++) {
		put(&o, "&tr=");
		put_encoded(&o, m->trackers[i]);
	}
	for (i = 0; i < m->nwebseeds; i++) {
		put(&o, "&ws=");
		put_encoded(&o, m->webseeds[i]);
	}
	for (i = 0; i < m->npeers; i++) {
		put(&o, "&x.pe=");
		put(&o, addr_str(&m->peers[i], text));
	}
	if (m->nranges > 0)
		put_ranges(&o, m);
	for (i = 0; i < m->nexcept; i++) {
		put(&o, "&x.mim.except=");
		put_encoded(&o, m->except[i]);
	}
	return o.s;
}
