/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "addr.h"
#include "daemon.h"
#include "mem.h"
#include "mimctl.h"
#include "role.h"
#include "show.h"
#include "show_mapping.h"
#include "table.h"
#include "text.h"

/*
 * Where mimd listens, and the proof that its sockets are bound as they are to
 * be: what each process found when it asked the kernel about all it has.
 */

struct ports {
	const struct mimctl	*ctx;
	json_t			*all;	/* of -j */
	json_t			*sockets;
	struct table		*table;
};

static const struct table_column columns[] = {
	{ "PROCESS", TABLE_LEFT },
	{ "SOCKETS", TABLE_RIGHT },
	{ "USE", TABLE_LEFT },
	{ "DEVICE", TABLE_LEFT },
	{ "ADDRESS", TABLE_LEFT },
	{ "BOUND", TABLE_LEFT }
};

/* Local discovery's sockets are bound to its group. */
static bool
is_multicast(const uint8_t ip[16])
{
	static const uint8_t	v4[12] = { [10] = 0xff, [11] = 0xff };

	if (memcmp(ip, v4, sizeof(v4)) == 0)
		return (ip[12] & 0xf0) == 0xe0;
	return ip[0] == 0xff;
}

static const char *
use_of_peer(const struct rec_ctl_socket *s)
{
	if (s->stream)
		return "peers";
	return is_multicast(s->ip) ? "local discovery" : "uTP (refused)";
}

/* What a process has such a socket for. */
static const char *
use_of(uint8_t role, const struct rec_ctl_socket *s)
{
	if (s->listening)
		return "listening";
	switch (role) {
	case ROLE_PEER:
		return use_of_peer(s);
	case ROLE_TRACKER:
		return s->stream ? "trackers, web seeds" : "UDP trackers";
	case ROLE_RESOLVER:
		return "names";
	case ROLE_PORTMAP:
		return "port mapping";
	case ROLE_DHT:
		return "DHT";
	default:
		return s->stream ? "TCP" : "UDP";
	}
}

/* ---- where we listen ---- */

/* What may be empty: for people nothing, in a row "-". */
static char *
word(const struct mimctl *ctx, const char *s)
{
	return ctx->headerless ? text_field(s) : text_safe(s);
}

static void
print_listening(const struct mimctl *ctx, const struct rec_listening *l)
{
	char	buf[ADDR_STRLEN], *error;

	error = word(ctx, l->error);
	if (ctx->headerless)
		printf("listen\t%s\t%u\t%s\n", text_host(l->ip, buf), l->port,
		    error);
	else
		printf("%slistening at %s port %u%s%s\n",
		    *error == '\0' ? "" : "not ", !l->any ?
		    text_host(l->ip, buf) : l->v6 ? "any IPv6 address" :
		    "any IPv4 address", l->port, *error == '\0' ? "" : ": ",
		    error);
	free(error);
}

static const char *
kind_of(const struct rec_ctl_proxy *p)
{
	return p->kind == PROXY_HTTP ? "http" : "socks5";
}

/* "peers" or what goes with trackers. */
static const char *
proxied_of(const struct rec_ctl_proxy *p)
{
	return p->use == PROXY_PEERS ? "peers" : "trackers, web seeds";
}

static void
print_proxy(const struct mimctl *ctx, const struct rec_ctl_proxy *p)
{
	bool	 v6 = strchr(p->host, ':') != NULL;
	char	*host = text_safe(p->host), *error = word(ctx, p->error);

	if (ctx->headerless)
		printf("proxy\t%s\t%s\t%s\t%u\t%s\n", proxied_of(p),
		    kind_of(p), host, p->port, error);
	else
		printf("%s go through %s proxy %s%s%s port %u alone%s%s\n",
		    proxied_of(p), kind_of(p), v6 ? "[" : "", host,
		    v6 ? "]" : "", p->port, *error != '\0' ? "; " : "", error);
	free(host);
	free(error);
}

static void
print_ports(const struct mimctl *ctx, const struct msg_ctl_ports_now *m)
{
	char		 buf[ADDR_STRLEN], *text;
	uint32_t	 i;

	for (i = 0; i < m->listens.n; i++)
		print_listening(ctx, &m->listens.v[i]);
	if (m->listens.n == 0 && !ctx->headerless)
		printf("not listening\n");
	for (i = 0; i < m->proxies.n; i++)
		print_proxy(ctx, &m->proxies.v[i]);
	if (ctx->headerless) {
		printf("announced\t%u\n", m->announced);
		return;
	}
	if (m->announced != 0)
		printf("others are told port %u\n", m->announced);
	if (m->device[0] != '\0') {
		text = text_safe(m->device);
		printf("bound to device %s\n", text);
		free(text);
	}
	for (i = 0; i < m->addrs.n; i++)
		printf("bound to address %s\n",
		    text_host(m->addrs.v[i].ip, buf));
	if (m->network[0] != '\0') {
		text = text_safe(m->network);
		printf("%s: nothing is sent or received\n", text);
		free(text);
	}
}

static json_t *
proxies_json(const struct msg_ctl_ports_now *m)
{
	json_t				*list = json_array(), *j;
	const struct rec_ctl_proxy	*p;

	for (p = m->proxies.v; p < m->proxies.v + m->proxies.n; p++) {
		j = json_object();
		json_object_set_new(j, "use", json_string(proxied_of(p)));
		json_object_set_new(j, "kind", json_string(kind_of(p)));
		json_object_set_new(j, "host", json_string(p->host));
		json_object_set_new(j, "port", json_integer(p->port));
		json_object_set_new(j, "error", text_json_or_null(p->error));
		json_array_append_new(list, j);
	}
	return list;
}

static json_t *
ports_json(const struct msg_ctl_ports_now *m)
{
	json_t		*all = json_object(), *list = json_array(), *j;
	char		 buf[ADDR_STRLEN];
	uint32_t	 i;

	json_object_set_new(all, "device", text_json_or_null(m->device));
	for (i = 0; i < m->addrs.n; i++)
		json_array_append_new(list,
		    json_string(text_host(m->addrs.v[i].ip, buf)));
	json_object_set_new(all, "addresses", list);
	json_object_set_new(all, "network", text_json_or_null(m->network));
	json_object_set_new(all, "announced_port", m->announced == 0 ?
	    json_null() : json_integer(m->announced));
	list = json_array();
	for (i = 0; i < m->listens.n; i++) {
		j = json_object();
		json_object_set_new(j, "address",
		    json_string(text_host(m->listens.v[i].ip, buf)));
		json_object_set_new(j, "port",
		    json_integer(m->listens.v[i].port));
		json_object_set_new(j, "error",
		    text_json_or_null(m->listens.v[i].error));
		json_array_append_new(list, j);
	}
	json_object_set_new(all, "listening", list);
	json_object_set_new(all, "mapping", json_null());
	json_object_set_new(all, "proxies", proxies_json(m));
	return all;
}

/* ---- the sockets ---- */

static json_t *
socket_json(uint8_t role, const struct rec_ctl_socket *s)
{
	json_t	*j = json_object();
	char	 buf[ADDR_STRLEN];

	json_object_set_new(j, "process", json_string(role_name(role)));
	json_object_set_new(j, "use", json_string(use_of(role, s)));
	json_object_set_new(j, "protocol",
	    json_string(s->stream ? "tcp" : "udp"));
	json_object_set_new(j, "sockets", json_integer(s->count));
	json_object_set_new(j, "device", text_json_or_null(s->device));
	json_object_set_new(j, "address", text_any_host(s->ip) ? json_null() :
	    json_string(text_host(s->ip, buf)));
	json_object_set_new(j, "bound", json_boolean(s->fits));
	return j;
}

static void
add_socket(struct ports *p, uint8_t role, const struct rec_ctl_socket *s)
{
	char	buf[ADDR_STRLEN], *device;

	device = text_safe(s->device[0] == '\0' ? "any" : s->device);
	if (text_any_host(s->ip))
		strlcpy(buf, "any", sizeof(buf));
	else
		text_host(s->ip, buf);
	if (p->ctx->headerless)
		printf("%s\t%u\t%s\t%s\t%s\t%s\n", role_name(role),
		    s->count, use_of(role, s), device, buf,
		    s->fits ? "yes" : "no");
	else {
		table_add(p->table, role_name(role));
		table_addf(p->table, "%u", s->count);
		table_add(p->table, use_of(role, s));
		table_add(p->table, device);
		table_add(p->table, buf);
		table_add(p->table, s->fits ? "yes" : "NO");
	}
	free(device);
}

static void
on_message(const struct msg_in *in, void *arg)
{
	struct ports			*p = arg;
	const struct msg_ctl_sockets	*m = &in->body.ctl_sockets;
	uint32_t			 i;

	if (in->type == MSG_CTL_PORTS_NOW) {
		if (p->ctx->json)
			p->all = ports_json(&in->body.ctl_ports_now);
		else
			print_ports(p->ctx, &in->body.ctl_ports_now);
	}
	if (in->type == MSG_CTL_MAPPING) {
		if (p->ctx->json)
			json_object_set_new(p->all, "mapping",
			    mapping_json(&in->body.ctl_mapping));
		else
			mapping_print(p->ctx, &in->body.ctl_mapping);
	}
	if (in->type != MSG_CTL_SOCKETS)
		return;
	for (i = 0; i < m->rows.n; i++) {
		if (p->ctx->json)
			json_array_append_new(p->sockets,
			    socket_json(m->role, &m->rows.v[i]));
		else
			add_socket(p, m->role, &m->rows.v[i]);
	}
}

int
show_ports(const struct mimctl *ctx)
{
	struct ports	p = { .ctx = ctx, .sockets = json_array() };
	int		status;

	p.table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
	status = daemon_query(ctx, MSG_CTL_PORTS,
	    &(struct msg_ctl_ports){ 0 }, on_message, &p);
	if (p.all != NULL) {
		json_object_set(p.all, "sockets", p.sockets);
		text_json_print(p.all);
	} else if (!ctx->headerless && (status == CTL_OK ||
	    status == CTL_PARTIAL))
		table_print(p.table, stdout, 0, 0);
	json_decref(p.sockets);
	table_free(p.table);
	return status;
}
