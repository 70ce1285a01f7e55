/* SPDX-License-Identifier: ISC */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "chan.h"
#include "child.h"
#include "guard.h"
#include "log.h"
#include "mem.h"
#include "msg.h"
#include "resolver.h"

/*
 * The resolver child: the one place where names become addresses.  It reads
 * /etc and asks name servers, nothing else.
 */
struct state {
	struct child	*child;
	struct resolver	*resolver;
	struct guard	 guard;
};

static void *
resolver_start(struct child *child)
{
	struct state	*s = xcalloc(1, sizeof(*s));

	s->child = child;
	return s;
}

static void
on_resolved(void *arg, uint32_t query, const struct addr *addrs,
    unsigned int n, uint32_t ttl, const char *error)
{
	struct state		*s = arg;
	struct rec_ip		 ips[RESOLVER_ADDRS_MAX];
	struct msg_resolved	 m = {
		.query = query, .addrs = { ips, n }, .ttl = ttl,
		.error = error
	};
	unsigned int		 i;

	for (i = 0; i < n; i++)
		memcpy(ips[i].ip, addrs[i].ip, sizeof(ips[i].ip));
	chan_send(s->child->parent, MSG_RESOLVED, &m);
}

static void
add_path(struct child_path *paths, int *n, const char *dir)
{
	int	fd;

	if ((fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC)) == -1) {
		log_warn("%s", dir);
		return;
	}
	paths[*n].fd = fd;
	paths[(*n)++].write = false;
}

/* /etc, and where /etc/resolv.conf leads if that is elsewhere. */
static int
resolver_warm(void *arg, struct child_path *paths)
{
	struct state	*s = arg;
	char		*real, *slash;
	int		 n = 0;

	add_path(paths, &n, "/etc");
	if ((real = realpath("/etc/resolv.conf", NULL)) != NULL &&
	    strncmp(real, "/etc/", 5) != 0 &&
	    (slash = strrchr(real, '/')) != NULL && slash != real) {
		*slash = '\0';
		add_path(paths, &n, real);
	}
	free(real);
	s->resolver = resolver_new(s->child->loop, &s->guard,
	    on_resolved, s);
	return n;
}

static void
resolver_run(void *arg)
{
	(void)arg;
}

static void
resolver_on_rebound(void *arg)
{
	struct state	*s = arg;

	resolver_rebound(s->resolver);
}

static void
resolver_shutdown(void *arg, bool parent_gone)
{
	struct state	*s = arg;

	(void)parent_gone;
	child_exit(s->child);
}

static void
resolver_on_conf(struct chan *c, const struct msg_resolver_conf *m, void *arg)
{
	struct state	*s = arg;

	(void)c;
	guard_set(&s->guard, m->allow_local, m->local.v, m->local.n);
}

static void
resolver_on_resolve(struct chan *c, const struct msg_resolve *m, void *arg)
{
	struct state	*s = arg;

	(void)c;
	resolver_query(s->resolver, m->query, m->host, m->trusted);
}

static const union msg_fn resolver_fns[MSG_COUNT] = {
	[MSG_RESOLVER_CONF] = { .resolver_conf = resolver_on_conf },
	[MSG_RESOLVE] = { .resolve = resolver_on_resolve },
};

const struct child_ops resolver_ops = {
	.role = ROLE_RESOLVER,
	.fns = resolver_fns,
	.start = resolver_start,
	.warm = resolver_warm,
	.run = resolver_run,
	.rebound = resolver_on_rebound,
	.shutdown = resolver_shutdown,
};
