/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "gateway.h"
#include "log.h"
#include "mapping.h"
#include "parent.h"

static bool
is_wanted(const struct parent *parent)
{
	return parent->conf->mapping[PORTMAP_NATPMP] ||
	    parent->conf->mapping[PORTMAP_UPNP];
}

/* What is wished for outside: what others know already, if they do. */
static uint16_t
wished_port(const struct parent *parent)
{
	const struct mapping	*mapping = &parent->network.mapping;
	uint16_t		 port = mapping_port(mapping);

	if (parent->conf->announce_port != 0)
		return parent->conf->announce_port;
	return port != 0 ? port : mapping->want.port;
}

/* That of the configuration, or of the default route. */
static void
find_router(const struct parent *parent, struct gateway *g)
{
	const struct bound	*b = bound_get();

	if (parent->conf->router.port == 0) {
		gateway_find(g, b, &parent->network.ifs);
		return;
	}
	g->addr = parent->conf->router;
	strlcpy(g->device, b->device, sizeof(g->device));
}

/* False if it is as it was. */
static bool
decide(const struct parent *parent, struct msg_portmap_want *m)
{
	struct msg_portmap_want	was = *m;
	struct gateway		g;

	memset(m, 0, sizeof(*m));
	m->external = was.external;
	find_router(parent, &g);
	m->natpmp = parent->conf->mapping[PORTMAP_NATPMP];
	m->upnp = parent->conf->mapping[PORTMAP_UPNP];
	m->port = listens_port(&parent->listens);
	memcpy(m->gateway, g.addr.ip, sizeof(m->gateway));
	if (g.device[0] != '\0')
		m->index = if_nametoindex(g.device);
	return m->natpmp != was.natpmp || m->upnp != was.upnp ||
	    m->port != was.port || m->index != was.index ||
	    memcmp(m->gateway, was.gateway, sizeof(was.gateway)) != 0;
}

static void
forget(struct mapping *mapping)
{
	mapping->nrows = 0;
	mapping->state = PORTMAP_OFF;
	mapping->error[0] = '\0';
}

void
mapping_send(struct parent *parent)
{
	struct mapping	*mapping = &parent->network.mapping;

	mapping->want.external = wished_port(parent);
	proc_send(parent_child(parent, ROLE_PORTMAP), MSG_PORTMAP_WANT,
	    &mapping->want);
}

void
mapping_update(struct parent *parent, bool again)
{
	struct mapping	*mapping = &parent->network.mapping;
	struct proc	*p = parent_child(parent, ROLE_PORTMAP);
	bool		 want = is_wanted(parent);

	if (!want || mapping->want.port != listens_port(&parent->listens))
		forget(mapping);
	if (want && (decide(parent, &mapping->want) || again) && proc_up(p))
		mapping_send(parent);
	proc_want(p, want);
}

uint16_t
mapping_port(const struct mapping *mapping)
{
	uint32_t	i;

	for (i = 0; i < mapping->nrows; i++) {
		if (!mapping->rows[i].udp &&
		    mapping->rows[i].port != mapping->rows[i].external)
			return mapping->rows[i].external;
	}
	return 0;
}

void
mapping_on_told(struct parent *parent, const struct msg_portmap_told *m)
{
	struct mapping	*mapping = &parent->network.mapping;
	uint16_t	 before = mapping_port(mapping);
	uint32_t	 i;

	if (!is_wanted(parent))
		return;
	mapping->state = m->state;
	mapping->method = m->method;
	memcpy(mapping->gateway, m->gateway, sizeof(mapping->gateway));
	if (memcmp(mapping->address, m->address,
	    sizeof(mapping->address)) != 0) {
		memcpy(mapping->address, m->address,
		    sizeof(mapping->address));
		nodes_send_address(parent);
	}
	strlcpy(mapping->error, m->error, sizeof(mapping->error));
	/* A child that has just begun does not know what there is. */
	if (m->state == PORTMAP_ASKING && m->mappings.n == 0)
		return;
	mapping->nrows = 0;
	mapping->at = loop_now(parent->loop);
	for (i = 0; i < m->mappings.n; i++) {
		/* Of a port that we have left meanwhile: not for others. */
		if (m->mappings.v[i].port == mapping->want.port)
			mapping->rows[mapping->nrows++] = m->mappings.v[i];
	}
	if (mapping_port(mapping) != before)
		network_mapped(parent);
}

void
mapping_on_down(struct parent *parent)
{
	if (is_wanted(parent))
		parent->network.mapping.state = PORTMAP_ASKING;
}

bool
mapping_tell(const struct parent *parent, struct msg_ctl_mapping *m,
    struct rec_mapping rows[2])
{
	const struct mapping	*mapping = &parent->network.mapping;
	uint64_t		 passed;
	uint32_t		 i;

	if (!is_wanted(parent))
		return false;
	passed = (loop_now(parent->loop) - mapping->at) / 1000;
	for (i = 0; i < mapping->nrows; i++) {
		rows[i] = mapping->rows[i];
		if (rows[i].left != PORTMAP_FOREVER)
			rows[i].left -= passed < rows[i].left ?
			    (uint32_t)passed : rows[i].left;
	}
	m->mappings.v = rows;
	m->mappings.n = mapping->nrows;
	m->state = mapping->state;
	m->method = mapping->method;
	m->error = mapping->error;
	memcpy(m->gateway, mapping->gateway, sizeof(m->gateway));
	memcpy(m->address, mapping->address, sizeof(m->address));
	return true;
}
