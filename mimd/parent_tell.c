/* SPDX-License-Identifier: ISC */
#include <fcntl.h>
#include <string.h>

#include "parent.h"
#include "device.h"
#include "log.h"

void
parent_set_log_level(struct parent *parent, uint8_t level)
{
	struct msg_log_level	m = { .level = level };
	enum role		role;

	log_set_level((enum log_level)level);
	for (role = ROLE_CHILD_FIRST; role <= ROLE_CHILD_LAST; role++)
		proc_send(parent_child(parent, role), MSG_LOG_LEVEL, &m);
}

int
parent_copy_fd(int fd)
{
	int	copy;

	if ((copy = fcntl(fd, F_DUPFD_CLOEXEC, 0)) == -1)
		fatal("out of descriptors");
	return copy;
}

void
parent_send_disk_conf(struct parent *parent)
{
	struct msg_disk_conf	m = {
		.keep_free = parent->conf->keep_free,
		.allocate = parent->conf->allocate,
		.write_shared = parent->conf->write_shared,
		.scrub = parent->conf->scrub,
		.page_cache = parent->conf->page_cache,
	};

	proc_send(parent_child(parent, ROLE_DISK), MSG_DISK_CONF, &m);
}

static void
setup_disk(struct parent *parent, struct proc *p)
{
	struct msg_disk_state_dir	dir = { 0 };
	struct msg_disk_root		root = { 0 };
	struct msg_disk_root_gone	gone = { 0 };
	const struct parent_root	*r;
	uint32_t			i;

	parent_send_disk_conf(parent);
	proc_send_fd(p, MSG_DISK_STATE_DIR, &dir,
	    parent_copy_fd(parent->state_fd));
	for (i = 0; i < parent->conf->nroots; i++) {
		r = &parent->roots[i];
		root.index = gone.index = i;
		root.path = gone.path = parent->conf->roots[i];
		if (r->fd == -1) {
			gone.why = strerror(r->error);
			proc_send(p, MSG_DISK_ROOT_GONE, &gone);
			continue;
		}
		parent->devices[i] = parent->conf->root_devices[i];
		if (parent->devices[i] == DEVICE_UNKNOWN)
			parent->devices[i] = device_kind(r->fd);
		root.device = (uint8_t)parent->devices[i];
		proc_send_fd(p, MSG_DISK_ROOT, &root, parent_copy_fd(r->fd));
	}
}

static void
setup_tracker(struct parent *parent, struct proc *p)
{
	struct msg_tracker_conf	m = {
		.key = parent->key,
		.ca_file = parent->conf->ca_file == NULL ? "" :
		    parent->conf->ca_file,
		.allow_local = parent->conf->allow_local,
		.local = { parent->conf->local, parent->conf->nlocal },
	};

	memcpy(m.peer_id, parent->peer_id, sizeof(m.peer_id));
	proc_send(p, MSG_TRACKER_CONF, &m);
	parent_send_habit(parent);
}

void
parent_send_habit(struct parent *parent)
{
	struct msg_tracker_habit	m = {
		.first = parent->conf->announce_first,
		.rate = parent->conf->announce_rate,
	};

	proc_send(parent_child(parent, ROLE_TRACKER), MSG_TRACKER_HABIT, &m);
}

static void
setup_resolver(struct parent *parent, struct proc *p)
{
	struct msg_resolver_conf	m = {
		.allow_local = parent->conf->allow_local,
		.local = { parent->conf->local, parent->conf->nlocal },
	};

	proc_send(p, MSG_RESOLVER_CONF, &m);
}

void
parent_send_peer_conf(struct parent *parent)
{
	struct msg_peer_conf	m = {
		.max_peers = parent->limits.max_peers,
		.max_peers_torrent = parent->conf->max_peers_torrent,
		.encryption = parent->conf->encryption,
		.allow_local = parent->conf->allow_local,
		.pex = parent->conf->pex,
	};

	memcpy(m.peer_id, parent->peer_id, sizeof(m.peer_id));
	proc_send(parent_child(parent, ROLE_PEER), MSG_PEER_CONF, &m);
}

void
parent_send_filters(struct parent *parent)
{
	struct msg_filter_files	 files = { .n = parent->filters.n };
	struct msg_filter_file	 m;
	struct proc		*p = parent_child(parent, ROLE_PEER);
	uint32_t		 i;

	proc_send(p, MSG_FILTER_FILES, &files);
	for (i = 0; i < parent->filters.n; i++) {
		m.path = parent->filters.v[i].path;
		m.allow = parent->filters.v[i].allow;
		proc_send_fd(p, MSG_FILTER_FILE, &m,
		    parent_copy_fd(parent->filters.v[i].fd));
	}
}

void
parent_ban(struct parent *parent, const struct addr *addr)
{
	struct msg_peer_ban	m = { .lift = false };

	banned_add(&parent->banned, addr->ip, loop_now(parent->loop));
	memcpy(m.ip, addr->ip, sizeof(m.ip));
	proc_send(parent_child(parent, ROLE_PEER), MSG_PEER_BAN, &m);
}

bool
parent_unban(struct parent *parent, const struct addr *addr)
{
	struct msg_peer_ban	m = { .lift = true };

	if (!banned_del(&parent->banned, addr->ip, loop_now(parent->loop)))
		return false;
	memcpy(m.ip, addr->ip, sizeof(m.ip));
	proc_send(parent_child(parent, ROLE_PEER), MSG_PEER_BAN, &m);
	return true;
}

static void
send_bans(struct parent *parent)
{
	struct rec_ban		 list[BANNED_MAX];
	struct msg_peer_bans	 m = { .bans = { list, 0 } };

	m.bans.n = banned_list(&parent->banned, loop_now(parent->loop), list);
	if (m.bans.n > 0)
		proc_send(parent_child(parent, ROLE_PEER), MSG_PEER_BANS, &m);
}

void
parent_tell(struct parent *parent, struct proc *p)
{
	struct msg_log_level	 level = { .level = (uint8_t)log_level() };
	struct msg_conf_end	 end = { .relaxed = parent->conf->relaxed };

	proc_send(p, MSG_LOG_LEVEL, &level);
	if (p->role != ROLE_DISK)
		network_send(p);
	proxies_send(parent, p);
	if (p->role == ROLE_DISK)
		setup_disk(parent, p);
	else if (p->role == ROLE_TRACKER)
		setup_tracker(parent, p);
	else if (p->role == ROLE_RESOLVER)
		setup_resolver(parent, p);
	else if (p->role == ROLE_PEER) {
		parent_send_peer_conf(parent);
		parent_send_rates(parent);
	} else if (p->role == ROLE_DHT)
		nodes_setup(parent);
	proc_send(p, MSG_CONF_END, &end);

	if (p->role == ROLE_PEER) {
		send_bans(parent);
		parent_send_filters(parent);
		network_send_sockets(parent);
	} else if (p->role == ROLE_TRACKER)
		network_send_port(parent);
	else if (p->role == ROLE_RESOLVER) {
		names_replay(&parent->names);
		proxies_replay(parent);
		contacts_replay(parent);
	} else if (p->role == ROLE_PORTMAP)
		mapping_send(parent);
	else if (p->role == ROLE_DHT)
		nodes_send(parent);
}
