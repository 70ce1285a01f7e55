/* SPDX-License-Identifier: ISC */
#include <arpa/inet.h>
#include <netinet/in.h>

#include <stdio.h>
#include <string.h>

#include "addr.h"

static const uint8_t	mapped[12] = {
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff
};

bool
addr_is_v4(const struct addr *a)
{
	return memcmp(a->ip, mapped, sizeof(mapped)) == 0;
}

static uint16_t
port_from_wire(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

void
addr_from_compact4(struct addr *a, const uint8_t p[6])
{
	memcpy(a->ip, mapped, sizeof(mapped));
	memcpy(a->ip + 12, p, 4);
	a->port = port_from_wire(p + 4);
}

void
addr_from_compact6(struct addr *a, const uint8_t p[18])
{
	memcpy(a->ip, p, 16);
	a->port = port_from_wire(p + 16);
}

int
addr_from_sockaddr(struct addr *a, const struct sockaddr *sa)
{
	const struct sockaddr_in	*sin;
	const struct sockaddr_in6	*sin6;

	switch (sa->sa_family) {
	case AF_INET:
		sin = (const struct sockaddr_in *)sa;
		memcpy(a->ip, mapped, sizeof(mapped));
		memcpy(a->ip + 12, &sin->sin_addr, 4);
		a->port = ntohs(sin->sin_port);
		return 0;
	case AF_INET6:
		sin6 = (const struct sockaddr_in6 *)sa;
		memcpy(a->ip, &sin6->sin6_addr, 16);
		a->port = ntohs(sin6->sin6_port);
		return 0;
	default:
		return -1;
	}
}

socklen_t
addr_to_sockaddr(const struct addr *a, struct sockaddr_storage *ss)
{
	struct sockaddr_in	*sin = (struct sockaddr_in *)ss;
	struct sockaddr_in6	*sin6 = (struct sockaddr_in6 *)ss;

	memset(ss, 0, sizeof(*ss));
	if (addr_is_v4(a)) {
		sin->sin_family = AF_INET;
		memcpy(&sin->sin_addr, a->ip + 12, 4);
		sin->sin_port = htons(a->port);
		return sizeof(*sin);
	}
	sin6->sin6_family = AF_INET6;
	memcpy(&sin6->sin6_addr, a->ip, 16);
	sin6->sin6_port = htons(a->port);
	return sizeof(*sin6);
}

int
addr_parse(struct addr *a, const char *host, uint16_t port)
{
	memset(a, 0, sizeof(*a));
	a->port = port;
	if (inet_pton(AF_INET, host, a->ip + 12) == 1) {
		memcpy(a->ip, mapped, sizeof(mapped));
		return 0;
	}
	return inet_pton(AF_INET6, host, a->ip) == 1 ? 0 : -1;
}

int
addr_cmp_ip(const struct addr *a, const struct addr *b)
{
	return memcmp(a->ip, b->ip, sizeof(a->ip));
}

int
addr_cmp(const struct addr *a, const struct addr *b)
{
	int	r;

	if ((r = addr_cmp_ip(a, b)) != 0)
		return r;
	return (a->port > b->port) - (a->port < b->port);
}

static enum addr_class
class_v4(const uint8_t ip[4])
{
	if (ip[0] == 127)
		return ADDR_LOOPBACK;
	if (ip[0] == 0 || ip[0] >= 224)
		return ADDR_UNUSABLE;
	if (ip[0] == 169 && ip[1] == 254)
		return ADDR_LINK_LOCAL;
	if (ip[0] == 10 || (ip[0] == 172 && (ip[1] & 0xf0) == 16) ||
	    (ip[0] == 192 && ip[1] == 168) ||
	    (ip[0] == 192 && ip[1] == 0 && ip[2] == 0) ||
	    (ip[0] == 198 && (ip[1] & 0xfe) == 18) ||
	    (ip[0] == 100 && (ip[1] & 0xc0) == 64))
		return ADDR_PRIVATE;
	return ADDR_GLOBAL;
}

enum addr_class
addr_class(const struct addr *a)
{
	static const uint8_t	zero[15];

	if (addr_is_v4(a))
		return class_v4(a->ip + 12);
	if (memcmp(a->ip, zero, sizeof(zero)) == 0 && a->ip[15] <= 1)
		return a->ip[15] == 1 ? ADDR_LOOPBACK : ADDR_UNUSABLE;
	if (a->ip[0] == 0xff)
		return ADDR_UNUSABLE;
	if (a->ip[0] == 0xfe && (a->ip[1] & 0xc0) == 0x80)
		return ADDR_LINK_LOCAL;
	if ((a->ip[0] & 0xfe) == 0xfc ||
	    (a->ip[0] == 0xfe && (a->ip[1] & 0xc0) == 0xc0) ||
	    memcmp(a->ip, "\0\x64\xff\x9b\0\1", 6) == 0)
		return ADDR_PRIVATE;
	/*
	 * An embedded IPv4 address is judged as that address (NAT64, 6to4,
	 * and the old "compatible" form).
	 */
	if (memcmp(a->ip, "\0\x64\xff\x9b\0\0\0\0\0\0\0\0", 12) == 0 ||
	    memcmp(a->ip, zero, 12) == 0)
		return class_v4(a->ip + 12);
	if (a->ip[0] == 0x20 && a->ip[1] == 0x02)
		return class_v4(a->ip + 2);
	return ADDR_GLOBAL;
}

const char *
addr_host(const struct addr *a, char buf[ADDR_STRLEN])
{
	if (addr_is_v4(a))
		inet_ntop(AF_INET, a->ip + 12, buf, ADDR_STRLEN);
	else
		inet_ntop(AF_INET6, a->ip, buf, ADDR_STRLEN);
	return buf;
}

const char *
addr_str(const struct addr *a, char buf[ADDR_STRLEN])
{
	char	host[ADDR_STRLEN];

	addr_host(a, host);
	snprintf(buf, ADDR_STRLEN, addr_is_v4(a) ? "%.45s:%u" : "[%.45s]:%u",
	    host, a->port);
	return buf;
}

bool
addr_in_prefix(const struct addr *a, const uint8_t ip[16], unsigned int bits)
{
	unsigned int	n = bits / 8, rest = bits % 8;

	if (memcmp(a->ip, ip, n) != 0)
		return false;
	return rest == 0 || ((a->ip[n] ^ ip[n]) >> (8 - rest)) == 0;
}

const char *
addr_prefix_str(const uint8_t ip[16], unsigned int bits, char buf[ADDR_STRLEN])
{
	struct addr	a = { .port = 0 };
	size_t		len;

	memcpy(a.ip, ip, sizeof(a.ip));
	addr_host(&a, buf);
	len = strlen(buf);
	snprintf(buf + len, ADDR_STRLEN - len, "/%u",
	    addr_is_v4(&a) && bits >= 96 ? bits - 96 : bits);
	return buf;
}
