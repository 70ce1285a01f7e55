/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fmt.h"
#include "igd.h"
#include "late.h"
#include "url.h"

#define BODY_MAX	2048U
#define SOAP_BEGIN	"<?xml version=\"1.0\"?>\r\n"			\
	"<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" " \
	"s:encodingStyle=\"http://schemas.xmlsoap.org/soap/encoding/\">" \
	"<s:Body><u:%s xmlns:u=\"%s\">"
#define SOAP_END	"</u:%s></s:Body></s:Envelope>\r\n"

/* Errors of WANIPConnection:1 that mean something to us. */
#define ERROR_ACTION_FAILED	501
#define ERROR_NO_SUCH_ENTRY	714
#define ERROR_CONFLICT		718
#define ERROR_ONLY_PERMANENT	725

static const char *const	actions[] = {
	[GATE_ADDRESS] = "GetExternalIPAddress",
	[GATE_MAP] = "AddPortMapping",
	[GATE_LOOK] = "GetSpecificPortMappingEntry",
	[GATE_UNMAP] = "DeletePortMapping"
};

/* ---- the description ---- */

long
igd_get(char buf[IGD_REQUEST_MAX], const char *location, struct addr *to)
{
	struct url	 u;
	const char	*err;
	int		 n;

	if (url_parse(&u, location, &err) == -1 ||
	    addr_parse(to, u.host, u.port) == -1)
		return -1;
	n = snprintf(buf, IGD_REQUEST_MAX, "GET %s HTTP/1.0\r\n"
	    "Host: %s:%u\r\n"
	    "Connection: close\r\n"
	    "\r\n", u.target, u.host, u.port);
	return n < 0 || (unsigned int)n >= IGD_REQUEST_MAX ? -1 : n;
}

/* It is said back to the device: nothing that would end a line there. */
static bool
is_connection(const char *type)
{
	static const char *const kinds[] = {
		"urn:schemas-upnp-org:service:WANIPConnection:",
		"urn:schemas-upnp-org:service:WANPPPConnection:"
	};
	size_t			 i, n;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		n = strlen(kinds[i]);
		if (strncmp(type, kinds[i], n) == 0 && type[n] != '\0' &&
		    strspn(type + n, "0123456789") == strlen(type + n))
			return true;
	}
	return false;
}

static void
add_service(struct igd *igd, const struct url *base,
    const struct IGDdatas_service *s)
{
	struct igd_service	*service = &igd->services[igd->n];
	struct addr		 a;
	struct url		 u;
	const char		*err;

	if (!is_connection(s->servicetype) || s->controlurl[0] == '\0' ||
	    url_join(&u, base, s->controlurl, &err) == -1 ||
	    strcmp(u.scheme, "http") != 0 || u.port == 0 ||
	    addr_parse(&a, u.host, u.port) == -1 ||
	    addr_cmp_ip(&a, &igd->addr) != 0 ||
	    strlcpy(service->path, u.target, sizeof(service->path)) >=
	    sizeof(service->path) ||
	    strlcpy(service->type, s->servicetype, sizeof(service->type)) >=
	    sizeof(service->type))
		return;
	service->port = u.port;
	igd->n++;
}

int
igd_describe(struct igd *igd, const char *location, const char *body,
    size_t len, const char **error)
{
	struct IGDdatas	 data;
	struct url	 base;
	const char	*err;

	memset(igd, 0, sizeof(*igd));
	memset(&data, 0, sizeof(data));
	if (url_parse(&base, location, &err) == -1 ||
	    addr_parse(&igd->addr, base.host, base.port) == -1) {
		*error = "its description is nowhere";
		return -1;
	}
	late_upnpc.parserootdesc(body, (int)len, &data);
	if (data.urlbase[0] != '\0' &&
	    url_parse(&base, data.urlbase, &err) == -1) {
		*error = "its description makes no sense";
		return -1;
	}
	add_service(igd, &base, &data.first);
	add_service(igd, &base, &data.second);
	*error = "it is no router";
	return igd->n > 0 ? 0 : -1;
}

/* ---- questions ---- */

static int
put_arguments(char *buf, size_t size, const struct gate_ask *ask,
    const char *client)
{
	int	n, more;

	if (ask->op == GATE_ADDRESS)
		return 0;
	n = snprintf(buf, size, "<NewRemoteHost></NewRemoteHost>"
	    "<NewExternalPort>%u</NewExternalPort>"
	    "<NewProtocol>%s</NewProtocol>", ask->external,
	    ask->udp ? "UDP" : "TCP");
	if (ask->op != GATE_MAP)
		return n;
	more = snprintf(buf + n, size - (size_t)n,
	    "<NewInternalPort>%u</NewInternalPort>"
	    "<NewInternalClient>%s</NewInternalClient>"
	    "<NewEnabled>1</NewEnabled>"
	    "<NewPortMappingDescription>mim</NewPortMappingDescription>"
	    "<NewLeaseDuration>%u</NewLeaseDuration>", ask->port, client,
	    ask->lease);
	return n + more;
}

size_t
igd_ask(char buf[IGD_REQUEST_MAX], const struct igd *igd,
    unsigned int service, const struct gate_ask *ask,
    const struct addr *client)
{
	const struct igd_service	*s = &igd->services[service];
	const char			*action = actions[ask->op];
	char				 body[BODY_MAX], host[ADDR_STRLEN];
	int				 n;

	n = snprintf(body, sizeof(body), SOAP_BEGIN, action, s->type);
	n += put_arguments(body + n, sizeof(body) - (size_t)n, ask,
	    addr_host(client, host));
	n += snprintf(body + n, sizeof(body) - (size_t)n, SOAP_END, action);
	n = snprintf(buf, IGD_REQUEST_MAX, "POST %s HTTP/1.0\r\n"
	    "Host: %s:%u\r\n"
	    "Content-Type: text/xml; charset=\"utf-8\"\r\n"
	    "Content-Length: %d\r\n"
	    "SOAPAction: \"%s#%s\"\r\n"
	    "Connection: close\r\n"
	    "\r\n"
	    "%s", s->path, addr_host(&igd->addr, host), s->port, n, s->type,
	    action, body);
	return (size_t)n;
}

/* ---- answers ---- */

static long
number_of(struct NameValueParserData *values, const char *name)
{
	const char	*s = late_upnpc.GetValueFromNameValueList(values, name);
	char		*end;
	long		 n;

	if (s == NULL)
		return -1;
	n = strtol(s, &end, 10);
	return end == s || n < 0 || n > UINT16_MAX ? -1 : n;
}

/* Whose is that port now?  Another's is as good as none. */
static bool
is_ours(struct NameValueParserData *values, const struct gate_ask *ask,
    const struct addr *client)
{
	const char	*s;
	struct addr	 a;

	s = late_upnpc.GetValueFromNameValueList(values, "NewInternalClient");
	return s != NULL && addr_parse(&a, s, 0) == 0 &&
	    addr_cmp_ip(&a, client) == 0 &&
	    number_of(values, "NewInternalPort") == ask->port;
}

static void
on_success(struct gate_answer *a, struct NameValueParserData *values,
    const struct gate_ask *ask, const struct addr *client)
{
	const char	*s;

	a->result = GATE_OK;
	a->external = ask->external;
	a->lease = ask->lease;
	if (ask->op == GATE_LOOK && !is_ours(values, ask, client))
		a->result = GATE_GONE;
	if (ask->op != GATE_ADDRESS)
		return;
	s = late_upnpc.GetValueFromNameValueList(values,
	    "NewExternalIPAddress");
	if (s == NULL || addr_parse(&a->address, s, 0) == -1 ||
	    !addr_is_v4(&a->address))
		a->result = GATE_REFUSED;
}

static enum gate_result
result_of(enum gate_op op, long code)
{
	if (op == GATE_LOOK && code == ERROR_NO_SUCH_ENTRY)
		return GATE_GONE;
	if (op != GATE_MAP)
		return GATE_REFUSED;
	switch (code) {
	case ERROR_ACTION_FAILED:	/* some say this instead */
	case ERROR_CONFLICT:
		return GATE_TAKEN;
	case ERROR_ONLY_PERMANENT:
		return GATE_PERMANENT;
	default:
		return GATE_REFUSED;
	}
}

void
igd_answer(struct gate_answer *a, const struct gate_ask *ask,
    const struct addr *client, int status, const char *body, size_t len)
{
	struct NameValueParserData	 values;
	const char			*s;
	char				 text[64];
	long				 code;

	memset(a, 0, sizeof(*a));
	late_upnpc.ParseNameValue(body, (int)len, &values);
	code = number_of(&values, "errorCode");
	if (status == 200 && code == -1)
		on_success(a, &values, ask, client);
	else if (code == -1) {
		a->result = GATE_REFUSED;
		snprintf(a->error, sizeof(a->error),
		    "the router refuses: HTTP status %d", status);
	} else {
		a->result = result_of(ask->op, code);
		s = late_upnpc.GetValueFromNameValueList(&values,
		    "errorDescription");
		if (s == NULL)
			s = "no reason given";
		snprintf(a->error, sizeof(a->error),
		    "the router refuses: error %ld, %s", code,
		    fmt_safe(s, strlen(s), text, sizeof(text)));
	}
	late_upnpc.ClearNameValueList(&values);
}
