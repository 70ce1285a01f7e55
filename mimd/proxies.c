/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "addr.h"
#include "log.h"
#include "parent.h"
#include "proxies.h"

/* Who uses it. */
static const enum role	roles[PROXY_USES] = {
	[PROXY_TRACKERS] = ROLE_TRACKER, [PROXY_PEERS] = ROLE_PEER
};

static int
use_of(const struct proc *p)
{
	int	use;

	for (use = 0; use < PROXY_USES; use++)
		if (roles[use] == p->role)
			return use;
	return -1;
}

/* ---- to the children ---- */

static void
tell(struct parent *parent, int use)
{
	const struct conf_proxy	*c = &parent->conf->proxies[use];
	struct proxy_state	*s = &parent->proxies.v[use];
	struct msg_proxy_set	 m = { .host = "", .user = "", .password = "",
				    .error = s->missing };

	if (c->kind != PROXY_NONE) {
		m.kind = c->kind;
		m.host = c->host;
		m.port = c->port;
		m.addrs.v = s->addrs;
		m.addrs.n = s->naddrs;
	}
	if (c->user != NULL) {
		m.user = c->user;
		m.password = c->password;
	}
	proc_send(parent_child(parent, roles[use]), MSG_PROXY_SET, &m);
}

void
proxies_send(struct parent *parent, struct proc *p)
{
	int	use = use_of(p);

	if (use != -1)
		tell(parent, use);
}

/* ---- what there is ---- */

/* There is no address, for this reason. */
static void
miss(struct proxy_state *s, const struct conf_proxy *c, const char *why)
{
	snprintf(s->missing, sizeof(s->missing), "proxy %s:%u: %.200s",
	    c->host, c->port, why);
}

/* Numeric addresses need nobody. */
static void
begin(struct parent *parent, int use)
{
	const struct conf_proxy	*c = &parent->conf->proxies[use];
	struct proxy_state	*s = &parent->proxies.v[use];
	struct addr		 a;

	memset(s, 0, sizeof(*s));
	s->due = UINT64_MAX;
	if (c->kind == PROXY_NONE)
		return;
	if (addr_parse(&a, c->host, c->port) == -1) {
		s->due = 0;
		miss(s, c, "its address is not known yet");
		return;
	}
	memcpy(s->addrs[0].ip, a.ip, sizeof(a.ip));
	s->naddrs = 1;
}

void
proxies_open(struct parent *parent)
{
	int	use;

	for (use = 0; use < PROXY_USES; use++)
		begin(parent, use);
}

static bool
same_word(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool
same(const struct conf_proxy *a, const struct conf_proxy *b)
{
	return a->kind == b->kind && a->port == b->port &&
	    same_word(a->host, b->host) && same_word(a->user, b->user) &&
	    same_word(a->password, b->password);
}

void
proxies_reloaded(struct parent *parent, const struct conf *old)
{
	bool	changed = false;
	int	use;

	for (use = 0; use < PROXY_USES; use++) {
		if (same(&old->proxies[use], &parent->conf->proxies[use]))
			continue;
		changed = true;
		begin(parent, use);
		/* Nothing more goes out the old way, not even a farewell. */
		network_cut(parent_child(parent, roles[use]));
	}
	/* Nor any name that is being looked up; what must be is asked anew. */
	if (changed)
		network_cut(parent_child(parent, ROLE_RESOLVER));
	else
		proxies_tick(parent);
}

/* ---- names ---- */

/* Beyond those of names.c, and another each time. */
static uint32_t
next_query(struct proxies *proxies)
{
	if (proxies->last_query++ == PROXIES_QUERY_MAX - NAMES_QUERY_MAX)
		proxies->last_query = 1;
	return NAMES_QUERY_MAX + proxies->last_query;
}

void
proxies_tick(struct parent *parent)
{
	struct proxy_state	*s;
	struct msg_resolve	 m = { .trusted = true };
	int			 use;

	for (use = 0; use < PROXY_USES; use++) {
		s = &parent->proxies.v[use];
		if (s->query != 0 || loop_now(parent->loop) < s->due)
			continue;
		m.query = s->query = next_query(&parent->proxies);
		m.host = parent->conf->proxies[use].host;
		proc_send(parent_child(parent, ROLE_RESOLVER), MSG_RESOLVE,
		    &m);
	}
}

void
proxies_replay(struct parent *parent)
{
	int	use;

	for (use = 0; use < PROXY_USES; use++)
		parent->proxies.v[use].query = 0;
	proxies_tick(parent);
}

/* Addresses that were right are used until there are others. */
static void
take(struct proxy_state *s, const struct conf_proxy *c,
    const struct msg_resolved *m)
{
	if (m->addrs.n > 0) {
		s->naddrs = m->addrs.n;
		memcpy(s->addrs, m->addrs.v,
		    m->addrs.n * sizeof(s->addrs[0]));
		s->missing[0] = '\0';
	} else if (s->naddrs == 0)
		miss(s, c, m->error);
}

bool
proxies_on_resolved(struct parent *parent, const struct msg_resolved *m)
{
	struct proxy_state	*s;
	uint32_t		 ttl = m->ttl;
	int			 use;

	if (m->query <= NAMES_QUERY_MAX || m->query > PROXIES_QUERY_MAX)
		return false;
	for (use = 0; use < PROXY_USES; use++)
		if (parent->proxies.v[use].query == m->query)
			break;
	if (use == PROXY_USES)	/* it has another name by now */
		return true;
	s = &parent->proxies.v[use];
	s->query = 0;
	ttl = m->addrs.n == 0 ? PROXIES_RETRY : ttl < PROXIES_TTL_MIN ?
	    PROXIES_TTL_MIN : ttl > PROXIES_TTL_MAX ? PROXIES_TTL_MAX : ttl;
	s->due = loop_now(parent->loop) + ttl * UINT64_C(1000);
	take(s, &parent->conf->proxies[use], m);
	tell(parent, use);
	return true;
}

/* ---- for the user ---- */

void
proxies_on_told(struct parent *parent, struct proc *p,
    const struct msg_proxy_told *m)
{
	int			 use = use_of(p);
	const struct conf_proxy	*c = &parent->conf->proxies[use];
	const char		*other;

	/* It was told to end: there is another one, or none. */
	if (c->kind == PROXY_NONE)
		return;
	/* One line of a proxy that is both's. */
	other = parent->proxies.v[1 - use].error;
	if (*m->error == '\0' && *other == '\0' && proc_may_log(p))
		log_info("proxy %s:%u works again", c->host, c->port);
	else if (*m->error != '\0' && strcmp(m->error, other) != 0 &&
	    proc_may_log(p))
		log_warnx("%s", m->error);
	strlcpy(parent->proxies.v[use].error, m->error,
	    sizeof(parent->proxies.v[use].error));
}

void
proxies_on_down(struct parent *parent, const struct proc *p)
{
	int	use = use_of(p);

	if (use != -1)
		parent->proxies.v[use].error[0] = '\0';
}

static const char *
error_of(const struct proxy_state *s)
{
	return s->missing[0] != '\0' ? s->missing : s->error;
}

uint32_t
proxies_list(const struct parent *parent,
    struct rec_ctl_proxy rows[PROXY_USES])
{
	const struct conf_proxy	*c;
	uint32_t		 n = 0;
	int			 use;

	for (use = 0; use < PROXY_USES; use++) {
		c = &parent->conf->proxies[use];
		if (c->kind == PROXY_NONE)
			continue;
		rows[n].use = (uint8_t)use;
		rows[n].kind = c->kind;
		rows[n].host = c->host;
		rows[n].port = c->port;
		rows[n++].error = error_of(&parent->proxies.v[use]);
	}
	return n;
}

/* Once, if it is the same of both. */
void
proxies_error(const struct parent *parent, char text[2 * ERROR_MAX + 1])
{
	const struct proxies	*p = &parent->proxies;
	const char		*a = error_of(&p->v[PROXY_TRACKERS]);
	const char		*b = error_of(&p->v[PROXY_PEERS]);

	strlcpy(text, a, 2 * ERROR_MAX + 1);
	if (*b == '\0' || strcmp(a, b) == 0)
		return;
	if (*a != '\0')
		strlcat(text, "; ", 2 * ERROR_MAX + 1);
	strlcat(text, b, 2 * ERROR_MAX + 1);
}
