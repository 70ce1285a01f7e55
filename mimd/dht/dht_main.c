/* SPDX-License-Identifier: ISC */
#include <string.h>
#include <unistd.h>

#include "item.h"
#include "mem.h"
#include "own.h"

/*
 * The DHT child: our nodes, on sockets that the parent gives it.  It has no
 * file and can make no socket.
 */
struct state {
	struct own	own;
	/* The sockets that are to be, until all of them are in. */
	uint32_t	wanted, got;
	int		fds[DHT_NODES_MAX][2];
	struct addr	addrs[DHT_NODES_MAX][2];
};

/* ---- life ---- */

static void
forget_fds(struct state *s)
{
	uint32_t	i;

	for (i = 0; i < DHT_NODES_MAX; i++)
		s->fds[i][0] = s->fds[i][1] = -1;
	s->got = 0;
}

static void *
dht_start(struct child *child)
{
	struct state	*s = xcalloc(1, sizeof(*s));

	own_init(&s->own, child);
	forget_fds(s);
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
	struct state	*s = arg;

	own_save_start(&s->own);
}

/* Others follow, from the parent, which makes them. */
static void
dht_rebound(void *arg)
{
	struct state	*s = arg;

	own_drop_unfit(&s->own);
	own_run(&s->own);
}

static void
dht_shutdown(void *arg, bool parent_gone)
{
	struct state	*s = arg;

	if (!parent_gone)
		own_save(&s->own);
	child_exit(s->own.child);
}

/* ---- what the parent says ---- */

static void
dht_on_conf(struct chan *c, const struct msg_dht_conf *m, void *arg)
{
	struct state	*s = arg;

	(void)c;
	memcpy(s->own.ids[0], m->id4, ID_LEN);
	memcpy(s->own.ids[1], m->id6, ID_LEN);
}

static void
dht_on_rate(struct chan *c, const struct msg_dht_rate *m, void *arg)
{
	struct state	*s = arg;

	(void)c;
	s->own.rate = m->rate;
	s->own.read_only = m->read_only;
	own_configure(&s->own);
}

static void
take_over(struct state *s)
{
	uint32_t	i;

	for (i = 0; i < DHT_NODES_MAX; i++)
		own_set_sockets(&s->own, i, s->fds[i], s->addrs[i]);
	forget_fds(s);
	own_configure(&s->own);
	own_run(&s->own);
}

static void
dht_on_sockets(struct chan *c, const struct msg_dht_sockets *m, void *arg)
{
	struct state	*s = arg;
	uint32_t	 i;

	(void)c;
	for (i = 0; i < DHT_NODES_MAX; i++) {
		if (s->fds[i][0] != -1)
			close(s->fds[i][0]);
		if (s->fds[i][1] != -1)
			close(s->fds[i][1]);
	}
	forget_fds(s);
	s->wanted = m->n;
	s->own.port = m->port;
	if (m->n == 0)
		take_over(s);
}

static void
dht_on_socket(struct chan *c, const struct msg_dht_socket *m, void *arg)
{
	struct state	*s = arg;
	struct addr	*a = &s->addrs[m->node][m->v6];
	int		*fd = &s->fds[m->node][m->v6];

	if (s->got == s->wanted || *fd != -1)
		return;
	*fd = chan_take_fd(c);
	memcpy(a->ip, m->ip, sizeof(a->ip));
	a->port = m->port;
	if (++s->got == s->wanted)
		take_over(s);
}

static void
dht_on_address(struct chan *c, const struct msg_dht_address *m, void *arg)
{
	struct state	*s = arg;
	struct addr	 a = { .port = 0 };

	(void)c;
	memcpy(a.ip, m->ip, sizeof(a.ip));
	own_set_address(&s->own, &a);
	own_run(&s->own);
}

static void
dht_on_contacts(struct chan *c, const struct msg_dht_contacts *m, void *arg)
{
	struct state		*s = arg;
	const struct rec_node	*node;
	struct addr		 a;
	uint32_t		 i;

	(void)c;
	for (i = 0; i < m->nodes.n; i++) {
		node = &m->nodes.v[i];
		memcpy(a.ip, node->ip, sizeof(a.ip));
		a.port = node->port;
		own_add_contact(&s->own, node->id.len == ID_LEN ?
		    node->id.p : NULL, &a, m->router);
	}
	own_run(&s->own);
}

static void
dht_on_torrent(struct chan *c, const struct msg_dht_torrent *m, void *arg)
{
	struct state	*s = arg;

	(void)c;
	own_torrent(&s->own, m->id, m->infohash, m->seed);
	own_run(&s->own);
}

static void
dht_on_forget(struct chan *c, const struct msg_dht_forget *m, void *arg)
{
	struct state	*s = arg;

	(void)c;
	own_forget(&s->own, m->id);
}

static void
dht_on_hungry(struct chan *c, const struct msg_dht_hungry *m, void *arg)
{
	struct state	*s = arg;

	(void)c;
	own_hungry(&s->own, m->id);
	own_run(&s->own);
}

static void
dht_on_ask(struct chan *c, const struct msg_dht_ask *m, void *arg)
{
	struct state	*s = arg;

	(void)c;
	own_tell(&s->own, m->client);
}

static void
dht_on_get(struct chan *c, const struct msg_dht_get *m, void *arg)
{
	struct state	*s = arg;

	(void)c;
	own_get(&s->own, m);
}

static void
dht_on_put(struct chan *c, const struct msg_dht_put *m, void *arg)
{
	struct state	*s = arg;

	(void)c;
	own_put(&s->own, m);
}

static const union msg_fn dht_fns[MSG_COUNT] = {
	[MSG_DHT_CONF] = { .dht_conf = dht_on_conf },
	[MSG_DHT_RATE] = { .dht_rate = dht_on_rate },
	[MSG_DHT_SOCKETS] = { .dht_sockets = dht_on_sockets },
	[MSG_DHT_SOCKET] = { .dht_socket = dht_on_socket },
	[MSG_DHT_ADDRESS] = { .dht_address = dht_on_address },
	[MSG_DHT_CONTACTS] = { .dht_contacts = dht_on_contacts },
	[MSG_DHT_TORRENT] = { .dht_torrent = dht_on_torrent },
	[MSG_DHT_FORGET] = { .dht_forget = dht_on_forget },
	[MSG_DHT_HUNGRY] = { .dht_hungry = dht_on_hungry },
	[MSG_DHT_ASK] = { .dht_ask = dht_on_ask },
	[MSG_DHT_GET] = { .dht_get = dht_on_get },
	[MSG_DHT_PUT] = { .dht_put = dht_on_put },
};

const struct child_ops dht_ops = {
	.role = ROLE_DHT,
	.fns = dht_fns,
	.start = dht_start,
	.warm = dht_warm,
	.run = dht_run_child,
	.rebound = dht_rebound,
	.shutdown = dht_shutdown,
};
