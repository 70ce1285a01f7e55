/* SPDX-License-Identifier: ISC */
#include <sys/socket.h>

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "network.h"
#include "log.h"
#include "parent.h"
#include "port.h"

static const enum role	roles[] = {
	ROLE_PEER, ROLE_TRACKER, ROLE_RESOLVER, ROLE_PORTMAP, ROLE_DHT
};

/* ---- to the children ---- */

static void
tell_bind(struct proc *p, const struct bound *b)
{
	struct rec_ip	addrs[2];
	struct msg_bind	m = {
		.device = b->device,
		.index = b->index,
		.addrs = { addrs, 0 },
		.v4 = b->usable[BOUND_V4],
		.v6 = b->usable[BOUND_V6],
		.why = b->why,
	};
	int		i;

	for (i = BOUND_V4; i <= BOUND_V6; i++) {
		if (b->has_addr[i])
			memcpy(addrs[m.addrs.n++].ip, b->addrs[i].ip,
			    sizeof(addrs[0].ip));
	}
	proc_send(p, MSG_BIND, &m);
}

void
network_send(struct proc *p)
{
	tell_bind(p, bound_get());
}

void
network_cut(struct proc *p)
{
	struct bound	none = { .why = "the configuration changes" };

	tell_bind(p, &none);
	proc_leave(p);
}

uint16_t
network_port_apart(const struct parent *parent)
{
	if (parent->conf->announce_port != 0)
		return parent->conf->announce_port;
	return mapping_port(&parent->network.mapping);
}

void
network_send_listens(struct parent *parent)
{
	struct msg_peer_unlisten	 none = {
		.port = network_port_apart(parent)
	};
	struct msg_peer_listen		 m;
	struct proc			*p = parent_child(parent, ROLE_PEER);
	const struct listen		*l;

	proc_send(p, MSG_PEER_UNLISTEN, &none);
	for (l = parent->listens.v; l < parent->listens.v + parent->listens.n;
	    l++) {
		if (l->fd == -1)
			continue;
		m.port = l->addr.port;
		m.datagrams = false;
		proc_send_fd(p, MSG_PEER_LISTEN, &m, parent_copy_fd(l->fd));
	}
	nodes_send_peer(parent);
}

static void
send_multicast(struct parent *parent)
{
	struct msg_lsd_close	none = { 0 };
	struct msg_lsd_socket	m;
	struct proc		*p = parent_child(parent, ROLE_PEER);
	uint32_t		 i;

	proc_send(p, MSG_LSD_CLOSE, &none);
	for (i = 0; i < parent->multicast.n; i++) {
		if (parent->multicast.v[i].fd == -1)
			continue;
		m.v6 = parent->multicast.v[i].family == AF_INET6;
		m.subnets.v = parent->multicast.v[i].subnets;
		m.subnets.n = parent->multicast.v[i].nsubnets;
		proc_send_fd(p, MSG_LSD_SOCKET, &m,
		    parent_copy_fd(parent->multicast.v[i].fd));
	}
}

void
network_send_sockets(struct parent *parent)
{
	network_send_listens(parent);
	send_multicast(parent);
}

uint16_t
network_port(const struct parent *parent)
{
	uint16_t	apart = network_port_apart(parent);

	return apart != 0 ? apart : listens_port(&parent->listens);
}

static void
send_port(struct parent *parent, bool again)
{
	struct msg_tracker_port	m = {
		.port = network_port(parent),
		.again = again,
	};

	proc_send(parent_child(parent, ROLE_TRACKER), MSG_TRACKER_PORT, &m);
}

void
network_send_port(struct parent *parent)
{
	send_port(parent, false);
}

void
network_mapped(struct parent *parent)
{
	if (parent->conf->announce_port != 0)
		return;
	nodes_update(parent);
	network_send_listens(parent);
	send_port(parent, true);
}

/* ---- how it is now ---- */

static void
decide(struct network *n, const struct conf *conf, struct bound *b)
{
	uint32_t	index = 0;
	bool		up = false;

	ifaces_look(&n->ifs);
	if (conf->bind.device[0] != '\0')
		index = ifaces_device(conf->bind.device, &up);
	binding_decide(b, &conf->bind, index, up, &n->ifs);
}

/* Once for each change, to be read by whoever wonders. */
static void
say(const struct bound *was, const struct bound *b)
{
	bool	off = !b->usable[BOUND_V4] && !b->usable[BOUND_V6];
	bool	was_off = !was->usable[BOUND_V4] && !was->usable[BOUND_V6];

	if (off)
		log_warnx("%s: nothing is sent or received", b->why);
	else if (was_off)
		log_info("%s%sthe network is there again", b->device,
		    b->device[0] != '\0' ? ": " : "");
	else
		log_info("%s%sthe network has changed", b->device,
		    b->device[0] != '\0' ? ": " : "");
}

/* Trackers are told a little later: changes seldom come alone. */
static void
settle_soon(struct network *n)
{
	struct reach	now;

	binding_reach(&now, bound_get(), &n->ifs);
	if (!binding_same_reach(&now, &n->told)) {
		n->told = now;
		n->again = true;
	}
	if (n->again && bound_refuses() == NULL &&
	    !loop_timer_pending(n->settle))
		loop_timer_set(n->settle, NETWORK_SETTLE_MS);
}

static void
on_settle(void *arg)
{
	struct parent	*parent = arg;

	if (bound_refuses() != NULL)
		return;
	parent->network.again = false;
	log_info("the network has changed: trackers are told again");
	send_port(parent, true);
}

/* anew: what peer has does not fit in any case. */
static void
update_multicast(struct parent *parent, bool anew)
{
	if (anew)
		multicast_close(&parent->multicast);
	if (multicast_update(&parent->multicast, &parent->network.ifs,
	    parent->conf->lsd ? &parent->listens : NULL) || anew)
		send_multicast(parent);
}

/* Look, and have all follow what is seen; told: something did change. */
static void
look(struct parent *parent, bool told)
{
	struct network	*n = &parent->network;
	struct bound	 was = *bound_get(), b;
	size_t		 i;
	bool		 changed, renewed;

	decide(n, parent->conf, &b);
	changed = !binding_same(&was, &b);
	if (changed) {
		say(&was, &b);
		bound_set(&b);
		for (i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
			network_send(parent_child(parent, roles[i]));
		n->again = true;
	}
	renewed = listens_renew(&parent->listens);
	if (nodes_update(parent) || renewed)
		network_send_listens(parent);
	update_multicast(parent, changed);
	mapping_update(parent, told);
	settle_soon(n);
}

/* ---- listening ---- */

static bool
is_random(const struct conf *conf)
{
	uint32_t	i;

	for (i = 0; i < conf->nlistens; i++) {
		if (conf->listens[i].port == CONF_PORT_RANDOM)
			return true;
	}
	return false;
}

static int
try_listen(struct parent *parent, const struct conf *conf,
    struct listens *ls, char *err, size_t errsize)
{
	if (listens_plan(ls, conf, &parent->network.ports, err,
	    errsize) == -1) {
		errno = EINVAL;
		return -1;
	}
	return listens_open(ls, &parent->listens, err, errsize);
}

/* The random port is the one that was kept, unless another has it. */
static int
listen_random(struct parent *parent, const struct conf *conf,
    struct listens *ls, char *err, size_t errsize)
{
	struct listen_ports	*ports = &parent->network.ports;
	uint16_t		 kept = ports->random;
	int			 i;

	if (kept == 0)
		ports->random = port_pick();
	for (i = 0; try_listen(parent, conf, ls, err, errsize) == -1; i++) {
		if (errno != EADDRINUSE || i == NETWORK_PORTS)
			return -1;
		ports->random = port_pick();
	}
	if (ports->random == kept)
		return 0;
	log_info("listen on port %u, by chance", ports->random);
	if (port_save(parent->state_fd, ports->random) == -1)
		log_warn("the random port is not kept for the next start");
	return 0;
}

static int
have_listens(struct parent *parent, const struct conf *conf,
    struct listens *ls, char *err, size_t errsize)
{
	parent->network.ports.set = 0;
	if (is_random(conf))
		return listen_random(parent, conf, ls, err, errsize);
	return try_listen(parent, conf, ls, err, errsize);
}

int
network_open(struct parent *parent, char *err, size_t errsize)
{
	struct network	*n = &parent->network;
	struct bound	 b;

	n->fd = -1;
	/* Root may read it only now; a reload may ask for it. */
	n->ports.random = port_load(parent->state_fd);
	decide(n, parent->conf, &b);
	bound_set(&b);
	if (bound_refuses() != NULL)
		log_warnx("%s: nothing is sent or received", b.why);
	binding_reach(&n->told, &b, &n->ifs);
	return have_listens(parent, parent->conf, &parent->listens, err,
	    errsize);
}

int
network_set_port(struct parent *parent, uint16_t port, char *err,
    size_t errsize)
{
	struct listen_ports	*ports = &parent->network.ports;
	struct listen_ports	 old = *ports;
	struct listens		 ls;

	if (parent->conf->nlistens == 0) {
		strlcpy(err, "peers are reached by a proxy: there is no "
		    "\"listen on\" whose port could be set", errsize);
		return -1;
	}
	ports->set = port;
	if (try_listen(parent, parent->conf, &ls, err, errsize) == -1) {
		*ports = old;
		return -1;
	}
	listens_close(&parent->listens, &ls);
	parent->listens = ls;
	log_info("listen on port %u, until the next reload", port);
	mapping_update(parent, false);
	nodes_update(parent);
	network_send_listens(parent);
	send_port(parent, parent->conf->announce_port == 0);
	return 0;
}

/* ---- another configuration ---- */

static bool
same_bind(const struct conf_bind *a, const struct conf_bind *b)
{
	int	i;

	for (i = BOUND_V4; i <= BOUND_V6; i++) {
		if (a->has_addr[i] != b->has_addr[i] || (a->has_addr[i] &&
		    addr_cmp_ip(&a->addrs[i], &b->addrs[i]) != 0))
			return false;
	}
	return strcmp(a->device, b->device) == 0;
}

int
network_reload(struct parent *parent, const struct conf *conf,
    struct listens *ls, char *err, size_t errsize)
{
	struct network		*n = &parent->network;
	struct listen_ports	 ports = n->ports;
	struct bound		 was = *bound_get(), b;
	bool			 rebind;

	rebind = !same_bind(&conf->bind, &parent->conf->bind);
	if (rebind) {
		decide(n, conf, &b);
		bound_set(&b);
		/* Those of the old device are in the way of the new. */
		listens_renew(&parent->listens);
	}
	if (have_listens(parent, conf, ls, err, errsize) == 0)
		return 0;
	n->ports = ports;
	if (rebind) {
		bound_set(&was);
		listens_renew(&parent->listens);
		nodes_update(parent);
		network_send_listens(parent);
	}
	return -1;
}

void
network_reloaded(struct parent *parent, const struct conf *old)
{
	size_t		i;
	bool		rebind;

	rebind = !same_bind(&old->bind, &parent->conf->bind);
	if (rebind) {
		if (bound_refuses() != NULL)
			log_warnx("%s: nothing is sent or received",
			    bound_refuses());
		/* Their filters know whether they are to have addresses. */
		for (i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
			network_cut(parent_child(parent, roles[i]));
	}
	ifaces_look(&parent->network.ifs);
	mapping_update(parent, true);
	nodes_update(parent);
	network_send_listens(parent);
	update_multicast(parent, rebind);
	network_send_port(parent);
}

/* ---- changes ---- */

static void
on_look(void *arg)
{
	struct parent	*parent = arg;

	if (parent->phase <= PARENT_RUNNING)
		look(parent, true);
}

/* What it says does not matter: all is looked at anew. */
static void
on_netlink(int fd, int what, void *arg)
{
	struct parent	*parent = arg;
	char		 buf[4096];

	(void)what;
	while (recv(fd, buf, sizeof(buf), 0) > 0 || errno == ENOBUFS)
		;
	if (!loop_timer_pending(parent->network.look))
		loop_timer_set(parent->network.look, NETWORK_LOOK_MS);
}

static int
open_netlink(void)
{
	struct sockaddr_nl	snl = {
		.nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR |
		    RTMGRP_IPV6_IFADDR,
	};
	int			fd;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    NETLINK_ROUTE);
	if (fd == -1)
		return -1;
	if (bind(fd, (struct sockaddr *)&snl, sizeof(snl)) == 0)
		return fd;
	close(fd);
	return -1;
}

void
network_watch(struct parent *parent)
{
	struct network	*n = &parent->network;

	n->look = loop_timer_new(parent->loop, on_look, parent);
	n->settle = loop_timer_new(parent->loop, on_settle, parent);
	if ((n->fd = open_netlink()) == -1)
		log_debug("no rtnetlink: the network is looked at each "
		    "second");
	else {
		n->io = loop_io_new(parent->loop, n->fd, on_netlink, parent);
		loop_io_want(n->io, LOOP_READ);
	}
	/* It may have changed since the start. */
	look(parent, false);
}

void
network_tick(struct parent *parent)
{
	struct network	*n = &parent->network;

	if (n->fd == -1 || (bound_refuses() == NULL &&
	    listens_lack(&parent->listens)))
		look(parent, false);
	else if (n->mapping.state != PORTMAP_MAPPED)
		mapping_update(parent, false);
}

void
network_close(struct parent *parent)
{
	struct network	*n = &parent->network;

	loop_io_free(n->io);
	if (n->fd != -1)
		close(n->fd);
	loop_timer_free(n->look);
	loop_timer_free(n->settle);
	listens_close(&parent->listens, NULL);
	multicast_close(&parent->multicast);
}
