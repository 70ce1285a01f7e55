/* SPDX-License-Identifier: ISC */
#include <sys/socket.h>

#include <ctype.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "addr.h"
#include "bound.h"
#include "conf.h"
#include "mem.h"

static bool
is_numeric(const char *host)
{
	struct addrinfo	 hints = {
		.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST
	};
	struct addrinfo	*res;

	if (getaddrinfo(host, NULL, &hints, &res) != 0)
		return false;
	freeaddrinfo(res);
	return true;
}

static bool
same_host(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return strcmp(a, b) == 0;
}

const char *
conf_check_port(int64_t port)
{
	if (port < 1 || port > UINT16_MAX)
		return "port is not between 1 and 65535";
	return NULL;
}

const char *
conf_add_listen(struct conf *conf, const char *host, uint16_t port)
{
	struct conf_listen	*l;
	uint32_t		 i;

	if (strcmp(host, "*") == 0)
		host = NULL;
	if (host != NULL && !is_numeric(host))
		return "not a numeric address";
	for (i = 0; i < conf->nlistens; i++) {
		l = &conf->listens[i];
		if (l->port == port && same_host(l->host, host))
			return "address and port are given twice";
	}
	if (conf->nlistens == CONF_LISTENS_MAX)
		return "too many addresses to listen on";
	l = &conf->listens[conf->nlistens++];
	l->host = host == NULL ? NULL : xstrdup(host);
	l->port = port;
	return NULL;
}

const char *
conf_set_device(struct conf *conf, const char *name)
{
	const char	*p;

	if (*name == '\0' || strlen(name) >= sizeof(conf->bind.device))
		return "not a name of a device";
	for (p = name; *p != '\0'; p++) {
		if (isspace((unsigned char)*p) || *p == '/' || *p == ':')
			return "not a name of a device";
	}
	strlcpy(conf->bind.device, name, sizeof(conf->bind.device));
	return NULL;
}

const char *
conf_add_bind(struct conf *conf, const char *host)
{
	struct addr	a;
	int		i;

	if (addr_parse(&a, host, 0) == -1)
		return "not a numeric address";
	if (addr_class(&a) == ADDR_UNUSABLE ||
	    addr_class(&a) == ADDR_LINK_LOCAL)
		return "not an address to send from";
	i = addr_is_v4(&a) ? BOUND_V4 : BOUND_V6;
	if (conf->bind.has_addr[i])
		return "an address of its family is bound to already";
	conf->bind.addrs[i] = a;
	conf->bind.has_addr[i] = true;
	return NULL;
}

const char *
conf_set_router(struct conf *conf, const char *host)
{
	struct addr	a;

	if (addr_parse(&a, host, 1) == -1 || !addr_is_v4(&a) ||
	    addr_class(&a) == ADDR_UNUSABLE)
		return "not an IPv4 address of a router";
	conf->router = a;
	return NULL;
}

const char *
conf_set_peers(uint32_t *where, int64_t n)
{
	if (n < 1 || n > (int64_t)PEERS_MAX)
		return "number of peers is not between 1 and 65535";
	*where = (uint32_t)n;
	return NULL;
}

const char *
conf_set_rate(uint64_t *where, int64_t n)
{
	if (n < RATE_MIN)
		return "rate is lower than 1K";
	if (n > (int64_t)RATE_MAX)
		return "rate is higher than 1024G";
	*where = (uint64_t)n;
	return NULL;
}

void
conf_set_rates(struct conf_rate *where, struct rates rates)
{
	if (rates.up >= 0)
		where->up = (uint64_t)rates.up;
	if (rates.down >= 0)
		where->down = (uint64_t)rates.down;
}

const char *
conf_set_announce_rate(struct conf *conf, int64_t n)
{
	if (n < 1 || n > (int64_t)ANNOUNCE_RATE_MAX)
		return "announces a second are not between 1 and 10000";
	conf->announce_rate = (uint32_t)n;
	return NULL;
}

static const char	not_prefix[] = "not an address or a prefix";

/* An IPv4 prefix lies in the mapped addresses. */
static int
parse_prefix(struct rec_prefix *p, const char *text)
{
	char		 host[64], *slash;
	const char	*why = NULL;
	struct addr	 addr;
	uint32_t	 width;

	if (strlcpy(host, text, sizeof(host)) >= sizeof(host))
		return -1;
	if ((slash = strchr(host, '/')) != NULL)
		*slash++ = '\0';
	if (addr_parse(&addr, host, 0) == -1)
		return -1;
	width = addr_is_v4(&addr) ? 32 : 128;
	p->bits = (uint8_t)width;
	if (slash != NULL)
		p->bits = (uint8_t)strtonum(slash, 0, width, &why);
	if (why != NULL)
		return -1;
	if (width == 32)
		p->bits += 96;
	memcpy(p->ip, addr.ip, sizeof(p->ip));
	return 0;
}

const char *
conf_add_local(struct conf *conf, const char *text)
{
	struct rec_prefix	p;

	if (parse_prefix(&p, text) == -1)
		return not_prefix;
	if (conf->nlocal == LOCAL_PREFIXES_MAX)
		return "too many prefixes are allowed";
	conf->local[conf->nlocal++] = p;
	return NULL;
}

static bool
same_prefix(const struct rec_rate_prefix *a, const struct rec_rate_prefix *b)
{
	struct addr	addr = { 0 };

	memcpy(addr.ip, a->ip, sizeof(addr.ip));
	return a->bits == b->bits && addr_in_prefix(&addr, b->ip, b->bits);
}

const char *
conf_add_prefix(struct conf *conf, uint32_t class, const char *text)
{
	struct rec_rate_prefix	 new = { .class = (uint8_t)class };
	struct rec_prefix	 p;
	uint32_t		 i;

	if (parse_prefix(&p, text) == -1)
		return not_prefix;
	memcpy(new.ip, p.ip, sizeof(new.ip));
	new.bits = p.bits;
	for (i = 0; i < conf->nprefixes; i++)
		if (same_prefix(&conf->prefixes[i], &new))
			return conf->prefixes[i].class == class ? NULL :
			    "prefix has another rate already";
	if (conf->nprefixes == PREFIXES_MAX)
		return "too many prefixes have rates";
	conf->prefixes[conf->nprefixes++] = new;
	return NULL;
}

const char *
conf_add_class(struct conf *conf, const char *name)
{
	struct conf_class	*c = &conf->classes[conf->nclasses];
	const char		*s;
	uint32_t		 i;

	for (s = name; isalnum((unsigned char)*s) || *s == '-' || *s == '_';
	    s++)
		;
	if (s == name || *s != '\0' || s - name > (ptrdiff_t)CLASS_NAME_MAX)
		return "not a name for a class";
	for (i = 0; i < conf->nclasses; i++)
		if (strcmp(conf->classes[i].name, name) == 0)
			return "class is given twice";
	if (conf->nclasses == RATE_CLASSES_MAX)
		return "too many classes";
	strlcpy(c->name, name, sizeof(c->name));
	conf->nclasses++;
	return NULL;
}
