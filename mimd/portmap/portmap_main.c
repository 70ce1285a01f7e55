/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "bound.h"
#include "chan.h"
#include "child.h"
#include "late.h"
#include "log.h"
#include "mapper.h"
#include "mem.h"
#include "msg.h"
#include "nat_pmp.h"
#include "upnp.h"

/*
 * The portmap child: asks the router to send on to us what comes to a port of
 * its own.  Whatever a router says is dealt with here.
 */
#define LEAVE_MS	3000U	/* at the end: to unmap */
#define LEAVE_ALONE_MS	800U	/* ... without a parent */

struct state {
	struct child		*child;
	struct mapper		 mapper;
	struct natpmp		*natpmp;
	struct upnp		*upnp;
	struct loop_timer	*timer;
	struct loop_timer	*leave;
	bool			 leaving;
	struct msg_portmap_told	 told;	/* but for its rows: */
	struct rec_mapping	 rows[2];
	char			 error[ERROR_MAX + 1];
};

static void	pump(struct state *);

/* ---- what the parent is told ---- */

static bool
same_rows(const struct state *s, const struct rec_mapping *rows, uint32_t n)
{
	uint32_t	i;

	for (i = 0; i < n; i++) {
		/* It renews: only then it lasts longer than it did. */
		if (rows[i].udp != s->rows[i].udp ||
		    rows[i].port != s->rows[i].port ||
		    rows[i].external != s->rows[i].external ||
		    rows[i].left > s->rows[i].left)
			return false;
	}
	return true;
}

static void
make_told(struct state *s, struct msg_portmap_told *m)
{
	const struct mapper	*mapper = &s->mapper;
	const struct addr	*router = mapper->method == PORTMAP_UPNP ?
				    upnp_router(s->upnp) :
				    &mapper->want.gateway;

	memset(m, 0, sizeof(*m));
	m->state = mapper->state;
	m->method = mapper->method;
	if (router->port != 0)
		memcpy(m->gateway, router->ip, sizeof(m->gateway));
	if (mapper->address.port != 0)
		memcpy(m->address, mapper->address.ip, sizeof(m->address));
	m->error = mapper->state == PORTMAP_FAILED ? mapper->error : "";
}

static void
log_told(const struct state *s)
{
	static const char *const methods[] = { "NAT-PMP", "UPnP" };
	const struct rec_mapping *r;

	/* That there is no network has been said. */
	if (s->told.state == PORTMAP_FAILED && bound_refuses() == NULL)
		log_warnx("port %u is not mapped: %s", s->mapper.want.port,
		    s->error);
	if (s->told.state != PORTMAP_MAPPED)
		return;
	for (r = s->rows; r < s->rows + s->told.mappings.n; r++)
		log_info("port %u %s is mapped by %s to port %u outside",
		    r->port, r->udp ? "UDP" : "TCP",
		    methods[s->told.method], r->external);
}

static void
tell(struct state *s)
{
	struct msg_portmap_told	 m;
	struct rec_mapping	 rows[2];
	uint32_t		 n;
	bool			 news;

	/* In the midst of a round it is neither so nor so. */
	if (!mapper_is_idle(&s->mapper) &&
	    s->mapper.state != PORTMAP_ASKING)
		return;
	make_told(s, &m);
	n = mapper_rows(&s->mapper, loop_now(s->child->loop), rows);
	news = m.state != s->told.state || n != s->told.mappings.n ||
	    strcmp(m.error, s->error) != 0 || (n > 0 &&
	    rows[0].external != s->rows[0].external);
	if (!news && m.method == s->told.method && same_rows(s, rows, n) &&
	    memcmp(m.gateway, s->told.gateway, sizeof(m.gateway)) == 0 &&
	    memcmp(m.address, s->told.address, sizeof(m.address)) == 0)
		return;
	strlcpy(s->error, m.error, sizeof(s->error));
	memcpy(s->rows, rows, sizeof(rows));
	m.error = s->error;
	m.mappings.v = s->rows;
	m.mappings.n = n;
	s->told = m;
	chan_send(s->child->parent, MSG_PORTMAP_TOLD, &m);
	if (news)
		log_told(s);
}

/* ---- asking ---- */

static void
on_answer(void *arg, const struct gate_answer *a)
{
	struct state	*s = arg;

	mapper_answer(&s->mapper, a, loop_now(s->child->loop));
	pump(s);
}

static void
cancel(struct state *s)
{
	natpmp_cancel(s->natpmp);
	upnp_cancel(s->upnp);
}

static void
put(struct state *s, const struct gate_ask *ask)
{
	const struct mapper_want	*w = &s->mapper.want;

	if (s->mapper.method == PORTMAP_NATPMP)
		natpmp_ask(s->natpmp, &w->gateway, ask);
	else
		upnp_ask(s->upnp, &w->gateway, w->index, ask);
}

static void
pump(struct state *s)
{
	struct gate_ask	ask;
	uint64_t	now = loop_now(s->child->loop), due;

	if (mapper_next(&s->mapper, now, &ask))
		put(s, &ask);
	if (s->leaving) {
		if (mapper_is_idle(&s->mapper))
			child_exit(s->child);
		return;
	}
	tell(s);
	due = mapper_due(&s->mapper);
	if (due == UINT64_MAX)
		loop_timer_clear(s->timer);
	else
		loop_timer_set(s->timer, due > now ? due - now : 0);
}

static void
on_timer(void *arg)
{
	pump(arg);
}

static void
want(struct state *s, const struct mapper_want *w)
{
	if (w->index != s->mapper.want.index)
		upnp_forget(s->upnp);
	if (mapper_want(&s->mapper, w, loop_now(s->child->loop)))
		cancel(s);
	pump(s);
}

/* ---- life ---- */

static void *
portmap_start(struct child *child)
{
	struct state	*s = xcalloc(1, sizeof(*s));

	s->child = child;
	mapper_init(&s->mapper, arc4random_uniform);
	return s;
}

static int
portmap_warm(void *arg, struct child_path *paths)
{
	(void)arg;
	(void)paths;
	late_load();
	return 0;
}

static void
on_leave(void *arg)
{
	struct state	*s = arg;

	child_exit(s->child);
}

static void
portmap_run(void *arg)
{
	struct state	*s = arg;

	s->timer = loop_timer_new(s->child->loop, on_timer, s);
	s->leave = loop_timer_new(s->child->loop, on_leave, s);
	s->natpmp = natpmp_new(s->child->loop, on_answer, s);
	s->upnp = upnp_new(s->child->loop, on_answer, s);
}

/* Its sockets are for a question each: what was asked is asked anew. */
static void
portmap_rebound(void *arg)
{
	struct state		*s = arg;
	struct mapper_want	 none = { .port = 0 }, was = s->mapper.want;

	cancel(s);
	upnp_forget(s->upnp);
	mapper_want(&s->mapper, &none, loop_now(s->child->loop));
	want(s, &was);
}

static void
portmap_shutdown(void *arg, bool parent_gone)
{
	struct state		*s = arg;
	struct mapper_want	 none = s->mapper.want;

	s->leaving = true;
	loop_timer_set(s->leave, parent_gone ? LEAVE_ALONE_MS : LEAVE_MS);
	none.port = 0;
	want(s, &none);
}

static void
portmap_on_want(struct chan *c, const struct msg_portmap_want *m, void *arg)
{
	static const uint8_t	nobody[16];
	struct state		*s = arg;
	struct mapper_want	 w = {
		.methods = { [PORTMAP_NATPMP] = m->natpmp,
		    [PORTMAP_UPNP] = m->upnp },
		.port = m->port, .external = m->external, .index = m->index,
	};

	(void)c;
	if (s->leaving)
		return;
	memcpy(w.gateway.ip, m->gateway, sizeof(w.gateway.ip));
	w.gateway.port = memcmp(m->gateway, nobody, sizeof(nobody)) != 0;
	want(s, &w);
}

static const union msg_fn portmap_fns[MSG_COUNT] = {
	[MSG_PORTMAP_WANT] = { .portmap_want = portmap_on_want },
};

const struct child_ops portmap_ops = {
	.role = ROLE_PORTMAP,
	.fns = portmap_fns,
	.start = portmap_start,
	.warm = portmap_warm,
	.run = portmap_run,
	.rebound = portmap_rebound,
	.shutdown = portmap_shutdown,
};
