/* SPDX-License-Identifier: ISC */
/* The DHT child's nodes, on real sockets: what they keep when those change. */
#include <sys/socket.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "bound.h"
#include "dht/node.h"
#include "dht/own.h"
#include "mem.h"

#define WAIT_MS	20000	/* for what takes milliseconds */

static const uint8_t	hash[ID_LEN] = "12345678901234567890";
static const uint8_t	other[ID_LEN] = "abcdefghijabcdefghij";

/* A child, and what its parent hears. */
struct party {
	struct own	own;
	struct child	child;
	struct chan	*parent;
	struct addr	at;
	uint32_t	wants, saves, saved, peers_id, externals;
	struct addr	external;
	uint8_t		saved_id4[ID_LEN];
	struct addr	peer;		/* the last that was found */
};

static struct loop		*loop;
static struct loop_timer	*poll_timer;
static uint64_t			 give_up;
static bool			(*until)(void);
static struct party		*a, *b, *c;

/* ---- what the parent hears ---- */

static void
on_want(struct chan *ch, const struct msg_dht_want *m, void *arg)
{
	(void)ch;
	(void)m;
	((struct party *)arg)->wants++;
}

static void
on_nodes(struct chan *ch, const struct msg_dht_nodes *m, void *arg)
{
	struct party	*s = arg;

	(void)ch;
	s->saves++;
	s->saved = m->nodes.n;
	memcpy(s->saved_id4, m->id4, ID_LEN);
}

static void
on_peers(struct chan *ch, const struct msg_dht_peers *m, void *arg)
{
	struct party	*s = arg;

	(void)ch;
	s->peers_id = m->id;
	memcpy(s->peer.ip, m->peers.v[0].ip, sizeof(s->peer.ip));
	s->peer.port = m->peers.v[0].port;
}

static void
on_external(struct chan *ch, const struct msg_dht_external *m, void *arg)
{
	struct party	*s = arg;

	(void)ch;
	s->externals++;
	memcpy(s->external.ip, m->ip, sizeof(s->external.ip));
}

static void
on_closed(struct chan *ch, const char *why, void *arg)
{
	(void)ch;
	(void)arg;
	assert_null(why);
}

static const union msg_fn	fns[MSG_COUNT] = {
	[MSG_DHT_WANT] = { .dht_want = on_want },
	[MSG_DHT_NODES] = { .dht_nodes = on_nodes },
	[MSG_DHT_PEERS] = { .dht_peers = on_peers },
	[MSG_DHT_EXTERNAL] = { .dht_external = on_external },
};
static const union msg_fn	no_fns[MSG_COUNT];

/* ---- the world ---- */

/* A socket of the loopback network, and where it is. */
static int
open_socket(const char *host, struct addr *at)
{
	struct sockaddr_storage	ss;
	socklen_t		len;
	int			fd;

	assert_int_equal(addr_parse(at, host, 0), 0);
	len = addr_to_sockaddr(at, &ss);
	fd = socket(ss.ss_family, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&ss, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&ss, &len), 0);
	assert_int_equal(addr_from_sockaddr(at, (struct sockaddr *)&ss), 0);
	return fd;
}

/* Sockets of these families for its first node. */
static void
sockets(struct party *s, bool v4, bool v6)
{
	int		fds[2] = { -1, -1 };
	struct addr	at[2] = { 0 };

	if (v4)
		fds[0] = open_socket("127.0.0.1", &at[0]);
	if (v6)
		fds[1] = open_socket("::1", &at[1]);
	own_set_sockets(&s->own, 0, fds, at);
	if (v4)
		s->at = at[0];
	own_run(&s->own);
}

static struct party *
side_new(void)
{
	struct party	*s = xcalloc(1, sizeof(*s));
	int		 fds[2];

	assert_int_equal(chan_pair(fds), 0);
	s->child.loop = loop;
	s->child.parent = chan_new(loop, fds[0], ROLE_DHT, ROLE_PARENT, false,
	    no_fns, on_closed, s);
	s->parent = chan_new(loop, fds[1], ROLE_PARENT, ROLE_DHT, false, fns,
	    on_closed, s);
	own_init(&s->own, &s->child);
	sockets(s, true, false);
	return s;
}

static void
side_free(struct party *s)
{
	const int		none[2] = { -1, -1 };
	const struct addr	nowhere[2] = { 0 };
	uint32_t		i;

	for (i = 0; i < DHT_NODES_MAX; i++) {
		own_set_sockets(&s->own, i, none, nowhere);
		dht_free(s->own.nodes[i].dht);
	}
	tolds_clear(&s->own.torrents);
	loop_timer_free(s->own.run);
	chan_free(s->parent);
	chan_free(s->child.parent);
	free(s);
}

static void
look(void *arg)
{
	(void)arg;
	if (until() || loop_now(loop) > give_up)
		loop_stop(loop);
	else
		loop_timer_set(poll_timer, 5);
}

static void
wait_for(bool (*what)(void))
{
	until = what;
	give_up = loop_now(loop) + WAIT_MS;
	loop_timer_set(poll_timer, 0);
	loop_run(loop);
	assert_true(what());
}

static int
setup(void **state)
{
	(void)state;
	bound_set(&(struct bound){ .usable = { true, true } });
	loop = loop_new();
	poll_timer = loop_timer_new(loop, look, NULL);
	a = side_new();
	b = side_new();
	c = side_new();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	side_free(a);
	side_free(b);
	side_free(c);
	loop_timer_free(poll_timer);
	loop_free(loop);
	return 0;
}

/* ---- tests ---- */

static struct dht_stats
stats(struct party *s)
{
	struct dht_stats	st;

	dht_stats(s->own.nodes[0].dht, loop_now(loop), &st);
	return st;
}

static bool
wanted(void)
{
	return a->wants > 0;
}

static bool
met(void)
{
	return stats(a).side[0].table.good > 0;
}

static bool
announced(void)
{
	return stats(c).peers > 0;
}

static bool
found(void)
{
	return b->peers_id != 0;
}

static void
meet(struct party *s)
{
	own_add_contact(&s->own, NULL, &c->at, false);
	own_run(&s->own);
}

/* Who knows nobody asks the parent; then one finds what another announced. */
static void
test_torrent(void **state)
{
	(void)state;
	wait_for(wanted);
	meet(a);
	own_torrent(&a->own, 7, hash, false);
	wait_for(announced);
	meet(b);
	own_torrent(&b->own, 9, hash, true);
	wait_for(found);
	assert_int_equal(b->peers_id, 9);
	assert_int_equal(addr_cmp(&b->peer, &a->at), 0);
	own_forget(&a->own, 7);
	assert_int_equal(stats(a).torrents, 0);
	/* One number for another torrent: the old one is gone. */
	own_torrent(&b->own, 9, other, false);
	assert_int_equal(stats(b).torrents, 1);
	own_torrent(&b->own, 10, other, false);
	assert_int_equal(stats(b).torrents, 1);
	assert_null(tolds_find(&b->own.torrents, 9));
}

static bool
saved(void)
{
	return a->saves > 0;
}

static void
test_sockets(void **state)
{
	struct dht	*dht;
	uint8_t		 id[ID_LEN];

	(void)state;
	meet(a);
	wait_for(met);
	own_torrent(&a->own, 7, hash, false);
	dht = a->own.nodes[0].dht;
	memcpy(id, dht_id(dht, false), ID_LEN);
	/* Another port, or none for a while: the same node. */
	sockets(a, true, false);
	assert_ptr_equal(a->own.nodes[0].dht, dht);
	sockets(a, false, false);
	assert_ptr_equal(a->own.nodes[0].dht, dht);
	sockets(a, true, false);
	assert_ptr_equal(a->own.nodes[0].dht, dht);
	assert_int_equal(stats(a).side[0].table.good, 1);
	/* A family more: another, which knows what that one knew. */
	sockets(a, true, true);
	assert_true(a->own.nodes[0].families[1]);
	assert_memory_equal(dht_id(a->own.nodes[0].dht, false), id, ID_LEN);
	assert_int_equal(stats(a).torrents, 1);
	wait_for(met);
	/* What it knows is told, once. */
	own_save(&a->own);
	own_save(&a->own);
	wait_for(saved);
	assert_int_equal(a->saves, 1);
	assert_int_equal(a->saved, 1);
	assert_memory_equal(a->saved_id4, id, ID_LEN);
}

static bool
seen(void)
{
	return a->externals > 0;
}

/* Where others see us is told once, when they agree. */
static void
test_external(void **state)
{
	struct addr	voter, ip;
	uint8_t		i;

	(void)state;
	assert_int_equal(addr_parse(&ip, "203.0.113.9", 0), 0);
	assert_int_equal(addr_parse(&voter, "8.0.0.8", 6881), 0);
	for (i = 0; i < NODE_VOTES; i++) {
		own_tell_external(&a->own);
		voter.ip[13] = i;
		upkeep_on_vote(a->own.nodes[0].dht, &voter, &ip,
		    loop_now(loop));
	}
	own_tell_external(&a->own);
	own_tell_external(&a->own);
	wait_for(seen);
	assert_int_equal(a->externals, 1);
	assert_int_equal(addr_cmp_ip(&a->external, &ip), 0);
}

/* Our id is one for our address, which the router knows (BEP 42). */
static void
test_address(void **state)
{
	struct addr	 at;
	uint8_t		 before[ID_LEN];
	const uint8_t	*id;

	(void)state;
	memcpy(before, dht_id(a->own.nodes[0].dht, false), ID_LEN);
	assert_int_equal(addr_parse(&at, "192.168.0.1", 0), 0);
	own_set_address(&a->own, &at);
	id = dht_id(a->own.nodes[0].dht, false);
	assert_memory_equal(id, before, ID_LEN);
	assert_int_equal(addr_parse(&at, "8.7.6.5", 0), 0);
	own_set_address(&a->own, &at);
	assert_true(id_fits(id, &at));
	/* Also one that begins later. */
	sockets(a, true, true);
	assert_true(id_fits(dht_id(a->own.nodes[0].dht, false), &at));
}

/* The first node gets the id of an earlier life; all share the rate. */
static void
test_several(void **state)
{
	struct party	*s = side_new();
	struct addr	 at[2] = { 0 };
	int		 fds[2] = { -1, -1 };

	(void)state;
	sockets(s, false, false);
	memset(s->own.ids[1], 7, ID_LEN);
	s->own.rate = 100;
	sockets(s, false, true);
	assert_memory_equal(dht_id(s->own.nodes[0].dht, true), s->own.ids[1],
	    ID_LEN);
	fds[0] = open_socket("127.0.0.2", &at[0]);
	own_set_sockets(&s->own, 1, fds, at);
	own_configure(&s->own);
	assert_false(s->own.nodes[1].families[1]);
	own_torrent(&s->own, 1, hash, false);
	assert_int_equal(stats(s).torrents, 1);
	side_free(s);
}

int
main(void)
{
#define TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest	tests[] = {
		TEST(test_torrent),
		TEST(test_sockets),
		TEST(test_external),
		TEST(test_address),
		TEST(test_several)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
