/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "addr.h"
#include "conf.h"
#include "mem.h"
#include "url.h"

/* "proxy" of mimd.conf(5). */
#define HIDDEN	"********"

static const char *const	kinds[] = {
	[PROXY_SOCKS5] = "socks5", [PROXY_HTTP] = "http"
};

void
conf_proxy_clear(struct conf_proxy *p)
{
	free(p->host);
	free(p->user);
	if (p->password != NULL)
		freezero(p->password, strlen(p->password));
	memset(p, 0, sizeof(*p));
}

/* "name:port", "1.2.3.4:port" or "[::1]:port". */
static const char *
split(struct conf_proxy *p, const char *where)
{
	static const char	 wrong[] = "not a host and a port (HOST:PORT)";
	const char		*colon = strrchr(where, ':'), *why;
	struct addr		 a;
	size_t			 len;
	bool			 v6;

	if (colon == NULL)
		return wrong;
	p->port = (uint16_t)strtonum(colon + 1, 1, UINT16_MAX, &why);
	if (why != NULL)
		return wrong;
	len = (size_t)(colon - where);
	v6 = len > 2 && where[0] == '[' && where[len - 1] == ']';
	p->host = v6 ? xstrndup(where + 1, len - 2) : xstrndup(where, len);
	if (addr_parse(&a, p->host, 0) == -1)
		return !v6 && url_host_is_name(p->host) ? NULL : wrong;
	if (v6 != (strchr(p->host, ':') != NULL))
		return "an IPv6 address is to be in brackets, others not";
	return addr_class(&a) == ADDR_UNUSABLE ? "not an address of a proxy" :
	    NULL;
}

const char *
conf_proxy_make(struct conf_proxy *p, const char *kind, const char *where)
{
	uint8_t	i;

	for (i = PROXY_SOCKS5; i <= PROXY_KIND_MAX; i++)
		if (strcmp(kinds[i], kind) == 0)
			break;
	if (i > PROXY_KIND_MAX)
		return "a proxy is socks5 or http";
	p->kind = i;
	return split(p, where);
}

const char *
conf_proxy_login(struct conf_proxy *p, const char *user, const char *password)
{
	if (*user == '\0')
		return "a user without a name";
	if (strlen(user) > PROXY_WORD_MAX || strlen(password) > PROXY_WORD_MAX)
		return "user and password have 255 characters at most";
	p->user = xstrdup(user);
	p->password = xstrdup(password);
	return NULL;
}

const char *
conf_proxy_use(struct conf *conf, const struct conf_proxy *p,
    unsigned int uses)
{
	struct conf_proxy	*to;
	int			 i;

	if (p->kind == PROXY_HTTP && (uses & 1U << PROXY_PEERS))
		return "an http proxy is for trackers alone, socks5 for peers";
	for (i = 0; i < PROXY_USES; i++) {
		to = &conf->proxies[i];
		if ((uses & 1U << i) == 0)
			continue;
		if (to->kind != PROXY_NONE)
			return i == PROXY_PEERS ? "peers have a proxy already" :
			    "trackers have a proxy already";
		*to = *p;
		to->host = xstrdup(p->host);
		if (p->user != NULL) {
			to->user = xstrdup(p->user);
			to->password = xstrdup(p->password);
		}
	}
	return NULL;
}

static void
print(const struct conf_proxy *p, const char *use, FILE *fp)
{
	fprintf(fp, strchr(p->host, ':') != NULL ? "proxy %s [%s]:%u" :
	    "proxy %s %s:%u", kinds[p->kind], p->host, p->port);
	if (p->user != NULL) {
		fputs(" user ", fp);
		conf_print_quoted(p->user, fp);
		fputs(" password \"" HIDDEN "\"", fp);
	}
	fprintf(fp, " for %s\n", use);
}

void
conf_proxy_print(const struct conf *conf, FILE *fp)
{
	static const char *const	uses[PROXY_USES] = {
		[PROXY_TRACKERS] = "trackers", [PROXY_PEERS] = "peers"
	};
	int				 i;

	for (i = 0; i < PROXY_USES; i++)
		if (conf->proxies[i].kind != PROXY_NONE)
			print(&conf->proxies[i], uses[i], fp);
}
