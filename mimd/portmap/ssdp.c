/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "ssdp.h"
#include "url.h"

const char *const	ssdp_targets[] = {
	"urn:schemas-upnp-org:device:InternetGatewayDevice:1",
	"urn:schemas-upnp-org:device:InternetGatewayDevice:2",
	"urn:schemas-upnp-org:service:WANIPConnection:1",
	"urn:schemas-upnp-org:service:WANPPPConnection:1",
	NULL
};

size_t
ssdp_search(char buf[SSDP_PACKET_MAX], const char *target)
{
	int	n;

	n = snprintf(buf, SSDP_PACKET_MAX,
	    "M-SEARCH * HTTP/1.1\r\n"
	    "HOST: " SSDP_GROUP ":%d\r\n"
	    "MAN: \"ssdp:discover\"\r\n"
	    "MX: %d\r\n"
	    "ST: %s\r\n"
	    "\r\n", SSDP_PORT, SSDP_WAIT, target);
	return (size_t)n;
}

/* Is it this URL's host, by number? */
static bool
is_at(const char *location, const struct addr *from)
{
	struct url	 u;
	struct addr	 a;
	const char	*err;

	return url_parse(&u, location, &err) == 0 &&
	    strcmp(u.scheme, "http") == 0 && u.port != 0 &&
	    addr_parse(&a, u.host, 0) == 0 && addr_cmp_ip(&a, from) == 0;
}

/* The value of a line if it is of that name, with its length. */
static const char *
value_of(const char *line, size_t len, const char *name, size_t *n)
{
	size_t	skip = strlen(name);

	if (len <= skip || strncasecmp(line, name, skip) != 0 ||
	    line[skip] != ':')
		return NULL;
	for (skip++; skip < len && (line[skip] == ' ' || line[skip] == '\t');
	    skip++)
		;
	*n = len - skip;
	return line + skip;
}

int
ssdp_parse(const char *p, size_t len, const struct addr *from,
    char location[SSDP_LOCATION_MAX + 1])
{
	const char	*end = p + len, *line, *next, *value;
	size_t		 n;

	if (len < 12 || strncmp(p, "HTTP/1.", 7) != 0 ||
	    strncmp(p + 8, " 200", 4) != 0)
		return -1;
	for (line = p; line < end; line = next) {
		next = memchr(line, '\n', (size_t)(end - line));
		next = next == NULL ? end : next + 1;
		value = value_of(line, (size_t)(next - line), "location", &n);
		if (value == NULL)
			continue;
		while (n > 0 && (value[n - 1] == '\n' || value[n - 1] == '\r'
		    || value[n - 1] == ' '))
			n--;
		if (n == 0 || n > SSDP_LOCATION_MAX ||
		    memchr(value, '\0', n) != NULL)
			return -1;
		memcpy(location, value, n);
		location[n] = '\0';
		return is_at(location, from) ? 0 : -1;
	}
	return -1;
}
