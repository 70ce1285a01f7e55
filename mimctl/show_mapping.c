/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "addr.h"
#include "mimctl.h"
#include "show_mapping.h"
#include "text.h"

static const char *const	states[] = {
	[PORTMAP_OFF] = "off", [PORTMAP_ASKING] = "asking",
	[PORTMAP_MAPPED] = "mapped", [PORTMAP_FAILED] = "failed"
};
static const char *const	methods[] = {
	[PORTMAP_NATPMP] = "nat-pmp", [PORTMAP_UPNP] = "upnp"
};
static const char *const	method_names[] = {
	[PORTMAP_NATPMP] = "NAT-PMP", [PORTMAP_UPNP] = "UPnP"
};

/* NULL if it is not known. */
static const char *
host_of(const uint8_t ip[16], char buf[ADDR_STRLEN])
{
	static const uint8_t	none[16];
	struct addr		a = { .port = 0 };

	if (memcmp(ip, none, sizeof(none)) == 0)
		return NULL;
	memcpy(a.ip, ip, sizeof(a.ip));
	return addr_host(&a, buf);
}

static json_t *
host_json(const uint8_t ip[16])
{
	char		 buf[ADDR_STRLEN];
	const char	*host = host_of(ip, buf);

	return host == NULL ? json_null() : json_string(host);
}

json_t *
mapping_json(const struct msg_ctl_mapping *m)
{
	const struct rec_mapping	*r;
	json_t				*j = json_object(), *row;
	json_t				*list = json_array();

	json_object_set_new(j, "state", json_string(states[m->state]));
	json_object_set_new(j, "method", m->mappings.n == 0 ? json_null() :
	    json_string(methods[m->method]));
	json_object_set_new(j, "router", host_json(m->gateway));
	json_object_set_new(j, "address", host_json(m->address));
	json_object_set_new(j, "error", text_json_or_null(m->error));
	for (r = m->mappings.v; r < m->mappings.v + m->mappings.n; r++) {
		row = json_object();
		json_object_set_new(row, "protocol",
		    json_string(r->udp ? "udp" : "tcp"));
		json_object_set_new(row, "port", json_integer(r->port));
		json_object_set_new(row, "external_port",
		    json_integer(r->external));
		json_object_set_new(row, "left", r->left == PORTMAP_FOREVER ?
		    json_null() : json_integer(r->left));
		json_array_append_new(list, row);
	}
	json_object_set_new(j, "ports", list);
	return j;
}

static void
print_rows(const struct msg_ctl_mapping *m)
{
	const struct rec_mapping	*r;
	char				 address[ADDR_STRLEN];
	char				 router[ADDR_STRLEN];

	printf("mapping\t%s\t%s\t%s\t%s\n", states[m->state],
	    m->mappings.n == 0 ? "" : methods[m->method],
	    host_of(m->gateway, router) == NULL ? "" : router,
	    host_of(m->address, address) == NULL ? "" : address);
	for (r = m->mappings.v; r < m->mappings.v + m->mappings.n; r++) {
		printf("mapped\t%s\t%u\t%u\t", r->udp ? "udp" : "tcp",
		    r->port, r->external);
		if (r->left == PORTMAP_FOREVER)
			printf("-\n");
		else
			printf("%u\n", r->left);
	}
}

static void
print_mapped(const struct mimctl *ctx, const struct msg_ctl_mapping *m,
    const struct rec_mapping *r)
{
	char	address[ADDR_STRLEN], router[ADDR_STRLEN], left[TEXT_LEN];

	if (host_of(m->address, address) == NULL)
		strlcpy(address, "the router", sizeof(address));
	if (host_of(m->gateway, router) == NULL)
		strlcpy(router, "?", sizeof(router));
	printf("mapped: %s port %u %s, by %s of %s", address, r->external,
	    r->udp ? "UDP" : "TCP", method_names[m->method], router);
	if (r->left == PORTMAP_FOREVER)
		printf(", without a limit\n");
	else
		printf(", for %s\n", text_duration(ctx, r->left, left));
}

/* Has the router itself an address that others translate? */
static bool
is_behind(const uint8_t ip[16], char buf[ADDR_STRLEN])
{
	struct addr	a = { .port = 0 };

	if (host_of(ip, buf) == NULL)
		return false;
	memcpy(a.ip, ip, sizeof(a.ip));
	return addr_class(&a) != ADDR_GLOBAL;
}

void
mapping_print(const struct mimctl *ctx, const struct msg_ctl_mapping *m)
{
	char		 address[ADDR_STRLEN], *error;
	uint32_t	 i;

	if (ctx->headerless) {
		print_rows(m);
		return;
	}
	for (i = 0; i < m->mappings.n; i++)
		print_mapped(ctx, m, &m->mappings.v[i]);
	if (m->mappings.n > 0 && is_behind(m->address, address))
		printf("%s is no address of the internet: the router is "
		    "behind another one\n", address);
	if (m->state == PORTMAP_ASKING)
		printf("mapped: %s\n", m->mappings.n == 0 ?
		    "not yet, a router is asked" : "a router is asked anew");
	else if (m->state == PORTMAP_OFF)
		printf("mapped: nothing\n");
	else if (m->state == PORTMAP_FAILED) {
		error = text_safe(m->error);
		printf("not mapped%s: %s\n", m->mappings.n > 0 ? " anew" : "",
		    error);
		free(error);
	}
}
