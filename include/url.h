/* SPDX-License-Identifier: ISC */
#ifndef URL_H
#define URL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define URL_LEN_MAX	4096U	/* bytes of a URL in its parts */
#define URL_SCHEME_MAX	15U
#define URL_HOST_MAX	253U	/* RFC 1035, 2.3.4, without the last dot */

/* An absolute URL with an authority (RFC 3986), taken apart. */
struct url {
	char		scheme[URL_SCHEME_MAX + 1];	/* lower case */
	char		host[URL_HOST_MAX + 1];	/* lower case, no brackets */
	bool		ipv6;		/* host is an IPv6 address */
	uint16_t	port;		/* of the URL or its scheme, or 0 */
	size_t		path_len;	/* of target; a query starts there */
	char		target[URL_LEN_MAX + 1];	/* "/path?query" */
};

/*
 * Take s apart.  The fragment is dropped; blanks and bytes over 0x7f in path
 * and query are percent-encoded, all else there is kept as it stands.  User
 * names, control characters and hosts that are neither a name of letters,
 * digits, hyphens and underscores nor a numeric address in its usual form
 * are refused: -1 with a reason in *err (static text).
 */
int	url_parse(struct url *u, const char *s, const char **err);
/* The same for ref, absolute or relative to base (RFC 3986, 5.2). */
int	url_join(struct url *u, const struct url *base, const char *ref,
	    const char **err);
/* Put u together again; its length, or -1 if size is too small. */
int	url_format(const struct url *u, char *buf, size_t size);
/*
 * Percent-encode all but the unreserved characters (RFC 3986, 2.3), and but
 * slashes if keep_slashes; the length, or -1 if size is too small.
 */
int	url_escape(const void *s, size_t len, bool keep_slashes, char *buf,
	    size_t size);
/* Begins as a URL of http or https does. */
bool	url_is_http(const char *s);
/* 80 and 443 for http and https, 0 for others. */
uint16_t url_default_port(const char *scheme);
/* True for a host name in the sense of url_parse(); addresses are none. */
bool	url_host_is_name(const char *host);

#endif /* URL_H */
