/* SPDX-License-Identifier: ISC */
#include "child.h"
#include "item.h"
#include "mem.h"

/*
 * The DHT child: our nodes, on sockets that the parent gives it.  It has no
 * file and can make no socket.
 */
struct state {
	struct child	*child;
};

static void *
dht_start(struct child *child)
{
	struct state	*s = xcalloc(1, sizeof(*s));

	s->child = child;
	return s;
}

static int
dht_warm(void *arg, struct child_path *paths)
{
	(void)arg;
	(void)paths;
	item_init();
	return 0;
}

static void
dht_run_child(void *arg)
{
	(void)arg;
}

static void
dht_shutdown(void *arg, bool parent_gone)
{
	struct state	*s = arg;

	(void)parent_gone;
	child_exit(s->child);
}

static const union msg_fn dht_fns[MSG_COUNT] = { { 0 } };

const struct child_ops dht_ops = {
	.role = ROLE_DHT,
	.fns = dht_fns,
	.start = dht_start,
	.warm = dht_warm,
	.run = dht_run_child,
	.shutdown = dht_shutdown,
};
