/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "contacts.h"
#include "log.h"
#include "parent.h"

#define ENOUGH		8U	/* nodes; with fewer the dht child wants more */
#define PATIENCE_MS	10000U	/* with nodes that were known before */

void
contacts_conf(struct parent *parent)
{
	struct contacts		*c = &parent->contacts;
	const struct conf	*conf = parent->conf;

	if (node_hosts_set(&c->hosts, conf->dht_hosts, conf->ndht_hosts) &&
	    c->memory.n < ENOUGH)
		node_hosts_want(&c->hosts);
}

void
contacts_clear(struct parent *parent)
{
	node_hosts_clear(&parent->contacts.hosts);
}

/* ---- nodes ---- */

void
contacts_on_saved(struct parent *parent, const struct msg_nodes_saved *m)
{
	node_memory_saved(&parent->contacts.memory, m);
}

void
contacts_on_up(struct parent *parent)
{
	struct contacts		*c = &parent->contacts;
	struct rec_node		 rows[NODES_PAGE];
	struct msg_dht_contacts	 m = { .nodes = { rows, 0 } };

	m.nodes.n = node_memory_rows(&c->memory, rows);
	if (m.nodes.n > 0)
		proc_send(parent_child(parent, ROLE_DHT), MSG_DHT_CONTACTS,
		    &m);
	node_hosts_anew(&c->hosts, loop_now(parent->loop) +
	    (m.nodes.n > 0 ? PATIENCE_MS : 0));
}

static void
save(struct parent *parent, bool end)
{
	struct node_memory	*mem = &parent->contacts.memory;
	struct rec_node		 rows[NODES_PAGE];
	struct msg_nodes_save	 m = { .nodes = { rows, 0 } };
	struct proc		*disk = parent_child(parent, ROLE_DISK);

	if (!proc_up(disk) ||
	    !node_memory_save(mem, loop_now(parent->loop), end))
		return;
	memcpy(m.id4, mem->id4, sizeof(m.id4));
	memcpy(m.id6, mem->id6, sizeof(m.id6));
	m.nodes.n = node_memory_rows(mem, rows);
	proc_send(disk, MSG_NODES_SAVE, &m);
}

void
contacts_on_nodes(struct parent *parent, const struct msg_dht_nodes *m)
{
	struct contacts	*c = &parent->contacts;

	node_memory_told(&c->memory, m);
	if (m->nodes.n >= ENOUGH)
		node_hosts_rest(&c->hosts);
	save(parent, false);
}

void
contacts_on_down(struct parent *parent)
{
	node_memory_lost(&parent->contacts.memory);
}

void
contacts_finish(struct parent *parent)
{
	save(parent, true);
}

/* ---- hosts ---- */

void
contacts_on_torrent(struct parent *parent, const struct msg_torrent_nodes *m)
{
	const struct torrent	*t = registry_find(&parent->registry, m->id);
	uint32_t		 i;

	if (t == NULL || t->private)
		return;
	for (i = 0; i < m->hosts.n; i++)
		node_hosts_add(&parent->contacts.hosts, m->hosts.v[i].host,
		    m->hosts.v[i].port);
}

static void
look_up(struct parent *parent)
{
	const struct node_host	*host;
	struct msg_resolve	 m;
	struct proc		*resolver;

	resolver = parent_child(parent, ROLE_RESOLVER);
	while (proc_up(resolver) && (host = node_hosts_next(
	    &parent->contacts.hosts, loop_now(parent->loop))) != NULL) {
		m.query = PROXIES_QUERY_MAX + host->query;
		m.host = host->host;
		m.trusted = host->router;
		proc_send(resolver, MSG_RESOLVE, &m);
	}
}

void
contacts_on_want(struct parent *parent)
{
	node_hosts_want(&parent->contacts.hosts);
	look_up(parent);
}

void
contacts_tick(struct parent *parent)
{
	if (proc_up(parent_child(parent, ROLE_DHT)))
		look_up(parent);
	save(parent, false);
}

void
contacts_replay(struct parent *parent)
{
	node_hosts_unask(&parent->contacts.hosts);
}

bool
contacts_on_resolved(struct parent *parent, const struct msg_resolved *m)
{
	struct rec_node		 rows[16];
	struct msg_dht_contacts	 to = { .nodes = { rows, 0 } };
	const struct node_host	*host;

	if (m->query <= PROXIES_QUERY_MAX)
		return false;
	host = node_hosts_answer(&parent->contacts.hosts,
	    m->query - PROXIES_QUERY_MAX, m->addrs.n > 0,
	    loop_now(parent->loop));
	if (host == NULL)
		return true;
	/* To fail is no news: there may be no network at all. */
	log_debug("nodes of the DHT at %s: %u addresses%s%s", host->host,
	    m->addrs.n, *m->error != '\0' ? ": " : "", m->error);
	if (m->addrs.n == 0)
		return true;
	to.router = host->router;
	for (; to.nodes.n < m->addrs.n; to.nodes.n++) {
		rows[to.nodes.n] = (struct rec_node){ .port = host->port };
		memcpy(rows[to.nodes.n].ip, m->addrs.v[to.nodes.n].ip,
		    sizeof(rows[0].ip));
	}
	proc_send(parent_child(parent, ROLE_DHT), MSG_DHT_CONTACTS, &to);
	return true;
}
