/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "log.h"
#include "proxied.h"
#include "proxy.h"

/*
 * A name that stands for the proxy: its addresses are pinned to it, whatever
 * it is called in mimd.conf(5).
 */
#define PROXY_HOST	"proxy.invalid"

#define CHECK(call)	do {						\
	if ((call) != 0)						\
		fatalx("libcurl refuses %s", #call);			\
} while (0)

void
proxied_set(CURL *e)
{
	const struct proxy	*p = proxy_get();
	char			 url[64];

	if (!proxy_used()) {
		/* Nor is the environment's used. */
		CHECK(curl_easy_setopt(e, CURLOPT_PROXY, ""));
		return;
	}
	/* "socks5h": the proxy, too, resolves names. */
	snprintf(url, sizeof(url), "%s://" PROXY_HOST ":%u",
	    p->kind == PROXY_HTTP ? "http" : "socks5h", p->port);
	CHECK(curl_easy_setopt(e, CURLOPT_PROXY, url));
	CHECK(curl_easy_setopt(e, CURLOPT_NOPROXY, ""));
	CHECK(curl_easy_setopt(e, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L));
	if (p->user[0] == '\0')
		return;
	CHECK(curl_easy_setopt(e, CURLOPT_PROXYUSERNAME, p->user));
	CHECK(curl_easy_setopt(e, CURLOPT_PROXYPASSWORD, p->password));
}

struct curl_slist *
proxied_pin(void)
{
	const struct proxy	*p = proxy_get();
	struct curl_slist	*pins;
	char			 line[64 + PROXY_ADDRS_MAX *
				    (ADDR_STRLEN + 3)];
	char			 host[ADDR_STRLEN];
	uint32_t		 i;
	size_t			 len;

	len = (size_t)snprintf(line, sizeof(line), PROXY_HOST ":%u:",
	    p->port);
	for (i = 0; i < p->naddrs; i++) {
		addr_host(&p->addrs[i], host);
		len += (size_t)snprintf(line + len, sizeof(line) - len,
		    addr_is_v4(&p->addrs[i]) ? "%s%s" : "%s[%s]",
		    i > 0 ? "," : "", host);
	}
	if ((pins = curl_slist_append(NULL, line)) == NULL)
		fatalx("curl_slist_append");
	return pins;
}

/* It answered: the other end is to blame, if anybody. */
static const char *
said(const char *text)
{
	proxy_worked();
	return text;
}

static const char *
socks_error(CURL *e)
{
	long	px = CURLPX_OK;

	curl_easy_getinfo(e, CURLINFO_PROXY_ERROR, &px);
	switch (px) {
	case CURLPX_REPLY_ADDRESS_TYPE_NOT_SUPPORTED:
		return said("the proxy has no addresses of that family");
	case CURLPX_REPLY_CONNECTION_REFUSED:
		return said("connection refused, says the proxy");
	case CURLPX_REPLY_GENERAL_SERVER_FAILURE:
	case CURLPX_REPLY_UNASSIGNED:
	case CURLPX_RECV_REQACK:	/* some just hang up */
		return said("cannot connect, says the proxy");
	case CURLPX_REPLY_HOST_UNREACHABLE:
		return said("host unreachable, says the proxy");
	case CURLPX_REPLY_NETWORK_UNREACHABLE:
		return said("network unreachable, says the proxy");
	case CURLPX_REPLY_NOT_ALLOWED:
		return said("not allowed, says the proxy");
	case CURLPX_REPLY_TTL_EXPIRED:
		return said("no answer in time, says the proxy");
	case CURLPX_NO_AUTH:
		return proxy_failed(proxy_get()->user[0] != '\0' ?
		    "takes no user and password" :
		    "wants a user and a password");
	case CURLPX_USER_REJECTED:
		return proxy_failed("refuses the user or password");
	case CURLPX_CLOSED:
	case CURLPX_RECV_CONNECT:
		return proxy_failed("closes the connection");
	case CURLPX_REPLY_COMMAND_NOT_SUPPORTED:
		return proxy_failed("does not do CONNECT");
	default:
		return proxy_failed("its answer is not SOCKS 5");
	}
}

/* What an HTTP proxy answered to CONNECT, if it was not yes. */
static const char *
connect_error(CURL *e)
{
	static char	text[64];
	long		status = 0;

	curl_easy_getinfo(e, CURLINFO_HTTP_CONNECTCODE, &status);
	if (status == 407)
		return proxy_failed(proxy_get()->user[0] != '\0' ?
		    "refuses the user or password" :
		    "wants a user and a password");
	if (status == 0 || status / 100 == 2)
		return NULL;
	snprintf(text, sizeof(text), "HTTP %ld from the proxy", status);
	return said(text);
}

const char *
proxied_error(CURL *e, CURLcode code)
{
	long	error = 0;

	switch (code) {
	case CURLE_PROXY:
		return socks_error(e);
	case CURLE_COULDNT_RESOLVE_PROXY:
		return proxy_failed("its address is not known");
	case CURLE_COULDNT_CONNECT:
		curl_easy_getinfo(e, CURLINFO_OS_ERRNO, &error);
		return proxy_failed(error != 0 ? strerror((int)error) :
		    "cannot connect");
	case CURLE_RECV_ERROR:
	case CURLE_GOT_NOTHING:
		return connect_error(e);
	default:
		return NULL;
	}
}
