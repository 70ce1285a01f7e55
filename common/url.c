/* SPDX-License-Identifier: ISC */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "addr.h"
#include "url.h"

#define LABEL_MAX	63	/* RFC 1035, 2.3.4 */

static int	 parse_scheme(struct url *, const char *, const char **);
static int	 parse_authority(struct url *, const char *, size_t,
		    const char **);
static int	 parse_host(struct url *, const char *, size_t, const char **);
static int	 parse_port(struct url *, const char *, size_t);
static int	 set_target(struct url *, const char *, const char **);
static void	 remove_dots(struct url *);

static int
fail(const char **err, const char *why)
{
	*err = why;
	return -1;
}

uint16_t
url_default_port(const char *scheme)
{
	if (strcmp(scheme, "http") == 0)
		return 80;
	if (strcmp(scheme, "https") == 0)
		return 443;
	return 0;
}

bool
url_is_http(const char *s)
{
	return strncasecmp(s, "http://", 7) == 0 ||
	    strncasecmp(s, "https://", 8) == 0;
}

int
url_parse(struct url *u, const char *s, const char **err)
{
	size_t	n;

	memset(u, 0, sizeof(*u));
	while (*s == ' ' || *s == '\t')
		s++;
	if (parse_scheme(u, s, err) == -1)
		return -1;
	s += strlen(u->scheme) + 3;
	n = strcspn(s, "/?#");
	if (parse_authority(u, s, n, err) == -1)
		return -1;
	return set_target(u, s + n, err);
}

int
url_join(struct url *u, const struct url *base, const char *ref,
    const char **err)
{
	char	*s;
	size_t	 n;
	int	 r;

	n = strspn(ref, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");
	if (n > 0 && ref[n] == ':')
		return url_parse(u, ref, err);
	*u = *base;
	if (strncmp(ref, "//", 2) == 0) {
		ref += 2;
		n = strcspn(ref, "/?#");
		if (parse_authority(u, ref, n, err) == -1)
			return -1;
		return set_target(u, ref + n, err);
	}
	if (*ref == '/')
		return set_target(u, ref, err);
	n = base->path_len;
	if (*ref == '#' || *ref == '\0')
		n = strlen(base->target);
	else if (*ref != '?')
		while (n > 0 && base->target[n - 1] != '/')
			n--;
	if (asprintf(&s, "%.*s%s", (int)n, base->target, ref) == -1)
		return fail(err, "out of memory");
	r = set_target(u, s, err);
	free(s);
	return r;
}

int
url_format(const struct url *u, char *buf, size_t size)
{
	char	port[8] = "";
	int	n;

	if (u->port != url_default_port(u->scheme))
		snprintf(port, sizeof(port), ":%u", u->port);
	n = snprintf(buf, size, u->ipv6 ? "%s://[%s]%s%s" : "%s://%s%s%s",
	    u->scheme, u->host, port, u->target);
	return n < 0 || (size_t)n >= size ? -1 : n;
}

static int
parse_scheme(struct url *u, const char *s, const char **err)
{
	size_t	i;

	for (i = 0; isalnum((unsigned char)s[i]) || (i > 0 && s[i] != '\0' &&
	    strchr("+-.", s[i]) != NULL); i++) {
		if (i == URL_SCHEME_MAX)
			return fail(err, "not a URL");
		u->scheme[i] = (char)tolower((unsigned char)s[i]);
	}
	u->scheme[i] = '\0';
	if (!isalpha((unsigned char)s[0]) || strncmp(s + i, "://", 3) != 0)
		return fail(err, "not a URL");
	return 0;
}

static int
parse_authority(struct url *u, const char *s, size_t n, const char **err)
{
	const char	*end;
	size_t		 hlen;

	u->port = url_default_port(u->scheme);
	u->ipv6 = false;
	if (memchr(s, '@', n) != NULL)
		return fail(err, "user names in URLs are not supported");
	if (n > 0 && *s == '[') {
		if ((end = memchr(s, ']', n)) == NULL)
			return fail(err, "bad host");
		u->ipv6 = true;
		hlen = (size_t)(end - s) - 1;
		s++;
		n -= hlen + 2;
		end++;
	} else {
		end = memchr(s, ':', n);
		hlen = end != NULL ? (size_t)(end - s) : n;
		n -= hlen;
		end = s + hlen;
	}
	if (parse_host(u, s, hlen, err) == -1)
		return -1;
	if (n == 0)
		return 0;
	if (*end != ':' || parse_port(u, end + 1, n - 1) == -1)
		return fail(err, "bad port");
	return 0;
}

static int
parse_port(struct url *u, const char *s, size_t n)
{
	uint32_t	port = 0;
	size_t		i;

	if (n == 0)		/* "host:" is allowed by RFC 3986, 3.2.3 */
		return 0;
	for (i = 0; i < n; i++) {
		if (!isdigit((unsigned char)s[i]))
			return -1;
		port = port * 10 + (uint32_t)(s[i] - '0');
		if (port > UINT16_MAX)
			return -1;
	}
	if (port == 0)
		return -1;
	u->port = (uint16_t)port;
	return 0;
}

static int
parse_host(struct url *u, const char *s, size_t n, const char **err)
{
	struct addr	a;
	size_t		i;

	if (!u->ipv6 && n > 0 && s[n - 1] == '.')
		n--;
	if (n == 0)
		return fail(err, "no host");
	if (n > URL_HOST_MAX)
		return fail(err, "host name too long");
	for (i = 0; i < n; i++) {
		if ((unsigned char)s[i] >= 0x80)
			return fail(err,
			    "host names beyond ASCII are not supported");
		u->host[i] = (char)tolower((unsigned char)s[i]);
	}
	u->host[n] = '\0';
	if (strlen(u->host) != n)
		return fail(err, "bad host");
	if (addr_parse(&a, u->host, 1) == 0) {
		if ((strchr(u->host, ':') != NULL) != u->ipv6)
			return fail(err, "bad host");
		return 0;
	}
	if (u->ipv6 || !url_host_is_name(u->host))
		return fail(err, "bad host");
	return 0;
}

/*
 * A name whose last label is a number would be taken for an address by some
 * libraries ("127.1", "0x7f000001"), so that it is no name here.
 */
bool
url_host_is_name(const char *host)
{
	const char	*p, *label = host;
	size_t		 len;

	if (strlen(host) > URL_HOST_MAX)
		return false;
	for (p = host;; p++) {
		if (*p != '.' && *p != '\0') {
			if (!isalnum((unsigned char)*p) && *p != '-' &&
			    *p != '_')
				return false;
			continue;
		}
		len = (size_t)(p - label);
		if (len == 0 || len > LABEL_MAX || label[0] == '-' ||
		    label[len - 1] == '-')
			return false;
		if (*p == '\0')
			break;
		label = p + 1;
	}
	if (strspn(label, "0123456789") == strlen(label))
		return false;
	return strncasecmp(label, "0x", 2) != 0 ||
	    strspn(label + 2, "0123456789abcdefABCDEF") != strlen(label + 2);
}

static int
set_target(struct url *u, const char *s, const char **err)
{
	static const char	hex[] = "0123456789ABCDEF";
	size_t			len, n = 0;
	unsigned char		c;

	len = strcspn(s, "#");
	while (len > 0 && (s[len - 1] == ' ' || s[len - 1] == '\t'))
		len--;
	if (len == 0 || s[0] != '/')
		u->target[n++] = '/';
	for (; len > 0; s++, len--) {
		c = (unsigned char)*s;
		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return fail(err, "control character in URL");
		if (n + 3 > URL_LEN_MAX)
			return fail(err, "URL too long");
		if (c > 0x20 && c < 0x7f) {
			u->target[n++] = (char)c;
			continue;
		}
		u->target[n++] = '%';
		u->target[n++] = hex[c >> 4];
		u->target[n++] = hex[c & 15];
	}
	u->target[n] = '\0';
	remove_dots(u);
	return 0;
}

/* Resolve "." and ".." in the path (RFC 3986, 5.2.4). */
static void
remove_dots(struct url *u)
{
	char	*in, *out, *t = u->target;
	size_t	 seg, path = strcspn(t, "?");

	for (in = out = t; in < t + path;) {
		seg = strcspn(in + 1, "/?");
		if (seg == 1 && in[1] == '.') {
			in += 2;
			if (in == t + path)
				*out++ = '/';
		} else if (seg == 2 && in[1] == '.' && in[2] == '.') {
			in += 3;
			while (out > t && *--out != '/')
				;
			if (in == t + path)
				*out++ = '/';
		} else {
			memmove(out, in, seg + 1);
			out += seg + 1;
			in += seg + 1;
		}
	}
	if (out == t)
		*out++ = '/';
	memmove(out, t + path, strlen(t + path) + 1);
	u->path_len = (size_t)(out - t);
}

int
url_escape(const void *s, size_t len, bool keep_slashes, char *buf,
    size_t size)
{
	static const char	 hex[] = "0123456789ABCDEF";
	const uint8_t		*p = s, *end = p + len;
	size_t			 n = 0;

	for (; p < end; p++) {
		if (size < 4 || n > size - 4)	/* with the NUL */
			return -1;
		if ((*p < 0x80 && isalnum(*p)) || (*p != '\0' &&
		    strchr("-._~", *p) != NULL) || (keep_slashes && *p == '/'))
			buf[n++] = (char)*p;
		else {
			buf[n++] = '%';
			buf[n++] = hex[*p >> 4];
			buf[n++] = hex[*p & 15];
		}
	}
	if (size == 0)
		return -1;
	buf[n] = '\0';
	return (int)n;
}
