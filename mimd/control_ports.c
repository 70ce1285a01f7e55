/* SPDX-License-Identifier: ISC */
#include <net/if.h>

#include <stdio.h>
#include <string.h>

#include "bound.h"
#include "control.h"
#include "parent.h"

/*
 * Where we listen, and what all sockets are bound to, as each process tells
 * of its own.
 */

static void
send_ports(struct chan *c, const struct parent *parent)
{
	const struct bound		*b = bound_get();
	const struct listen		*l = parent->listens.v;
	struct rec_listening		 v[LISTEN_SOCKETS_MAX];
	struct rec_ctl_proxy		 proxies[PROXY_USES];
	struct rec_ip			 addrs[2];
	struct msg_ctl_ports_now	 m = {
		.announced = network_port(parent),
		.device = b->device,
		.addrs = { addrs, 0 },
		.network = bound_refuses() != NULL ? bound_refuses() : "",
		.listens = { v, 0 },
		.proxies = { proxies, proxies_list(parent, proxies) },
	};
	int				 i;

	for (i = BOUND_V4; i <= BOUND_V6; i++) {
		if (b->has_addr[i])
			memcpy(addrs[m.addrs.n++].ip, b->addrs[i].ip,
			    sizeof(addrs[0].ip));
	}
	for (; l < parent->listens.v + parent->listens.n; l++) {
		if (l->fd == -1 && l->optional)
			continue;
		v[m.listens.n].any = l->any;
		v[m.listens.n].v6 = l->family == AF_INET6;
		memcpy(v[m.listens.n].ip, l->addr.ip, sizeof(v[0].ip));
		v[m.listens.n].port = l->addr.port;
		v[m.listens.n++].error = l->fd == -1 ? strerror(l->error) :
		    "";
	}
	chan_send(c, MSG_CTL_PORTS_NOW, &m);
}

static void
send_mapping(struct chan *c, const struct parent *parent)
{
	struct rec_mapping	 rows[2];
	struct msg_ctl_mapping	 m = { .mappings = { rows, 0 } };

	if (mapping_tell(parent, &m, rows))
		chan_send(c, MSG_CTL_MAPPING, &m);
}

void
control_on_ports(struct chan *c, const struct msg_ctl_ports *m, void *arg)
{
	static const enum role	 roles[] = { ROLE_PEER, ROLE_TRACKER,
				    ROLE_RESOLVER, ROLE_PORTMAP,
				    ROLE_DHT };
	struct control_conn	*conn = arg;
	struct parent		*parent = control_parent(conn);
	struct msg_sockets_ask	 ask = { .client = conn->client };
	struct proc		*p;
	size_t			 i;

	(void)m;
	control_begin(conn);
	send_ports(c, parent);
	send_mapping(c, parent);
	conn->answers = 0;
	conn->sockets = true;
	for (i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
		p = parent_child(parent, roles[i]);
		if (!proc_up(p) || !p->ready)
			continue;
		proc_send(p, MSG_SOCKETS_ASK, &ask);
		conn->answers++;
	}
	control_wait(conn, CONTROL_PORTS_MS);
	if (conn->answers == 0)
		control_on_wait_over(conn);
}

void
control_sockets_told(struct control *control, enum role role,
    const struct msg_sockets_told *m)
{
	struct control_conn	*conn = control_find(control, m->client);
	struct rec_ctl_socket	 rows[SOCKET_ROWS_MAX];
	char			 names[SOCKET_ROWS_MAX][IF_NAMESIZE];
	const struct rec_socket	*r;
	struct msg_ctl_sockets	 told = {
		.role = (uint8_t)role, .rows = { rows, m->rows.n }
	};
	uint32_t		 i;

	if (conn == NULL || !conn->sockets)
		return;
	for (i = 0; i < m->rows.n; i++) {
		r = &m->rows.v[i];
		if (r->index == 0)
			names[i][0] = '\0';
		else if (if_indextoname(r->index, names[i]) == NULL)
			strlcpy(names[i], "?", sizeof(names[i]));
		rows[i].stream = r->stream;
		rows[i].listening = r->listening;
		rows[i].fits = r->fits;
		rows[i].device = names[i];
		memcpy(rows[i].ip, r->ip, sizeof(rows[i].ip));
		rows[i].count = r->count;
	}
	chan_send(conn->chan, MSG_CTL_SOCKETS, &told);
	if (--conn->answers > 0)
		return;
	conn->sockets = false;
	control_end(conn, CTL_OK, "");
}

void
control_on_set_port(struct chan *c, const struct msg_ctl_set_port *m,
    void *arg)
{
	struct control_conn	*conn = arg;
	char			 err[ERROR_MAX];

	(void)c;
	control_begin(conn);
	if (network_set_port(control_parent(conn), m->port, err,
	    sizeof(err)) == -1)
		control_end(conn, CTL_FAILED, err);
	else
		control_end(conn, CTL_OK, "");
}
