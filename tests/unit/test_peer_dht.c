/* SPDX-License-Identifier: ISC */
/*
 * What the peer role has to do with the DHT: nodes that peers tell each other
 * of by PORT, and the UDP socket that is not the DHT's.  The test is its
 * parent and its peers.
 */
#include <sys/socket.h>
#include <sys/wait.h>

#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "addr.h"
#include "bound.h"
#include "chan.h"
#include "child.h"
#include "loop.h"
#include "peer/wire.h"

#define PUBLIC	1U
#define PRIVATE	2U
#define PORT	51413U		/* of our node */
#define WAIT_MS	20000		/* for what is to come */

static const uint8_t	hashes[][20] = {
	[PUBLIC] = "a public info-hash!", [PRIVATE] = "a private info-hash"
};

static struct loop	*loop;
static struct chan	*parent;	/* our end */
static pid_t		 pid;
static uint16_t		 port;		/* where it listens */
static struct addr	 nodes[8];	/* that it told of */
static uint32_t		 nnodes, awaited;

/* ---- the parent ---- */

static void
on_nodes(struct chan *c, const struct msg_peer_nodes *m, void *arg)
{
	uint32_t	i;

	(void)c;
	(void)arg;
	for (i = 0; i < m->nodes.n; i++) {
		assert_true(nnodes < sizeof(nodes) / sizeof(nodes[0]));
		memcpy(nodes[nnodes].ip, m->nodes.v[i].ip, 16);
		nodes[nnodes++].port = m->nodes.v[i].port;
	}
	if (awaited != 0 && nnodes >= awaited)
		loop_stop(loop);
}

static void
on_pieces(struct chan *c, const struct msg_pieces_told *m, void *arg)
{
	(void)c;
	(void)m;
	(void)arg;
	loop_stop(loop);
}

static const union msg_fn	parent_fns[MSG_COUNT] = {
	[MSG_PEER_NODES] = { .peer_nodes = on_nodes },
	[MSG_PIECES_TOLD] = { .pieces_told = on_pieces },
};

static void
on_closed(struct chan *c, const char *why, void *arg)
{
	(void)c;
	(void)arg;
	fail_msg("channel lost: %s", why == NULL ? "end of file" : why);
}

static void
on_other(struct chan *c, void *arg)
{
	(void)c;
	(void)arg;
}

/* Until it has seen all that it was told. */
static void
settle(void)
{
	struct msg_pieces_ask	m = { .id = PUBLIC, .client = 1 };

	chan_send(parent, MSG_PIECES_ASK, &m);
	loop_run(loop);
}

static void
on_late(void *arg)
{
	(void)arg;
	fail_msg("waited in vain");
}

static void
await_nodes(uint32_t n)
{
	struct loop_timer	*late = loop_timer_new(loop, on_late, NULL);

	loop_timer_set(late, WAIT_MS);
	awaited = n;
	if (nnodes < n)
		loop_run(loop);
	awaited = 0;
	loop_timer_free(late);
}

static void
tell_port(uint16_t node)
{
	struct msg_peer_dht	m = { .port = node };

	chan_send(parent, MSG_PEER_DHT, &m);
	settle();
}

static void
tell_conf(bool allow_local)
{
	struct msg_peer_conf	m = {
		.max_peers = 50, .max_peers_torrent = 50,
		.allow_local = allow_local, .peer_id = "-Mi0100-abcdefghijk"
	};

	chan_send(parent, MSG_PEER_CONF, &m);
	settle();
}

/* A magnet link: nothing but the hash is known. */
static void
run_torrent(uint32_t id)
{
	struct msg_swarm_run	m = { .id = id, .private = id == PRIVATE };

	memcpy(m.infohash, hashes[id], sizeof(m.infohash));
	chan_send(parent, MSG_SWARM_RUN, &m);
}

/* A socket of 127.0.0.1, and its port. */
static int
bound(int type, uint16_t *to)
{
	struct sockaddr_in	sin = { .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t		len = sizeof(sin);
	int			fd = socket(AF_INET, type | SOCK_NONBLOCK, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&sin, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sin, &len), 0);
	*to = ntohs(sin.sin_port);
	return fd;
}

/* ---- the peer role ---- */

static void
self_closed(struct chan *c, const char *why, void *arg)
{
	(void)c;
	(void)why;
	(void)arg;
	_exit(0);
}

static void
be_peer(int fd)
{
	static struct child	self;
	void			*arg;

	self.loop = loop_new();
	bound_set(&(struct bound){ .usable = { true, true } });
	arg = peer_ops.start(&self);
	self.parent = chan_new(self.loop, fd, ROLE_PEER, ROLE_PARENT, false,
	    peer_ops.fns, self_closed, arg);
	peer_ops.warm(arg, NULL);
	peer_ops.run(arg);
	loop_run(self.loop);
	_exit(1);
}

static int
set_up(void **state)
{
	struct msg_peer_listen	m = { .datagrams = false };
	int			fds[2], fd;

	(void)state;
	nnodes = 0;
	assert_int_equal(chan_pair(fds), 0);
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		close(fds[0]);
		be_peer(fds[1]);
	}
	close(fds[1]);
	loop = loop_new();
	parent = chan_new(loop, fds[0], ROLE_PARENT, ROLE_PEER, false,
	    parent_fns, on_closed, NULL);
	chan_on_unhandled(parent, on_other);
	fd = bound(SOCK_STREAM, &port);
	assert_int_equal(listen(fd, 8), 0);
	m.port = port;
	chan_send_fd(parent, MSG_PEER_LISTEN, &m, fd);
	run_torrent(PUBLIC);
	run_torrent(PRIVATE);
	tell_conf(true);
	return 0;
}

static int
tear_down(void **state)
{
	int	status;

	(void)state;
	chan_free(parent);
	loop_free(loop);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	return 0;
}

/* ---- peers ---- */

static void
get(int fd, void *p, size_t n)
{
	assert_int_equal(recv(fd, p, n, MSG_WAITALL), (ssize_t)n);
}

/* Shake hands from 127.0.0.host; its reserved bits are in speaks. */
static int
meet(uint8_t host, uint32_t torrent, bool dht, uint8_t *speaks)
{
	struct sockaddr_in	sin = { .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK - 1 + host) };
	struct timeval		tv = { .tv_sec = WAIT_MS / 1000 };
	uint8_t			hs[WIRE_HANDSHAKE], id[20] = "-TT0001-";
	int			fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&sin, sizeof(sin)), 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv,
	    sizeof(tv)), 0);
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	sin.sin_port = htons(port);
	assert_int_equal(connect(fd, (struct sockaddr *)&sin, sizeof(sin)),
	    0);
	id[19] = host;
	wire_handshake(hs, hashes[torrent], id, dht);
	assert_int_equal(write(fd, hs, sizeof(hs)), sizeof(hs));
	get(fd, hs, sizeof(hs));
	*speaks = wire_speaks(hs);
	return fd;
}

/* The next PORT that it says, 0 if it hangs up before. */
static uint16_t
next_port(int fd)
{
	uint8_t	head[4], body[1024];
	size_t	n;

	for (;;) {
		if (recv(fd, head, sizeof(head), MSG_WAITALL) !=
		    sizeof(head))
			return 0;
		if ((n = wire_get32(head)) == 0)
			continue;
		assert_true(n <= sizeof(body));
		get(fd, body, n);
		if (body[0] != WIRE_PORT)
			continue;
		assert_int_equal(n, WIRE_PORT_SIZE - 4);
		return (uint16_t)(body[1] << 8 | body[2]);
	}
}

static void
say_port(int fd, uint16_t node)
{
	uint8_t	msg[WIRE_PORT_SIZE];

	wire_put_port(msg, node);
	assert_int_equal(write(fd, msg, sizeof(msg)), sizeof(msg));
}

/* Say what ends the connection; no PORT was said up to there. */
static void
part(int fd)
{
	static const uint8_t	bad[] = { 0, 0, 0, 2, WIRE_PORT, 0 };

	assert_int_equal(write(fd, bad, sizeof(bad)), sizeof(bad));
	assert_int_equal(next_port(fd), 0);
	close(fd);
}

static void
assert_node(uint32_t i, const char *host, uint16_t node)
{
	struct addr	want;

	assert_int_equal(addr_parse(&want, host, node), 0);
	assert_true(i < nnodes);
	assert_int_equal(addr_cmp(&nodes[i], &want), 0);
}

/* ---- the tests ---- */

/* Said to those who want to know, in torrents that are not private. */
static void
test_ours(void **state)
{
	uint8_t	speaks;
	int	fd;

	(void)state;
	fd = meet(1, PUBLIC, true, &speaks);
	assert_int_equal(speaks & WIRE_SPEAKS_DHT, 0);
	part(fd);
	tell_port(PORT);
	fd = meet(1, PUBLIC, true, &speaks);
	assert_int_equal(speaks & WIRE_SPEAKS_DHT, WIRE_SPEAKS_DHT);
	assert_int_equal(next_port(fd), PORT);
	part(fd);
	fd = meet(1, PUBLIC, false, &speaks);
	assert_int_equal(speaks & WIRE_SPEAKS_DHT, WIRE_SPEAKS_DHT);
	part(fd);
	fd = meet(1, PRIVATE, true, &speaks);
	assert_int_equal(speaks & WIRE_SPEAKS_DHT, 0);
	part(fd);
	tell_port(0);
	fd = meet(1, PUBLIC, true, &speaks);
	assert_int_equal(speaks & WIRE_SPEAKS_DHT, 0);
	part(fd);
}

/* Told on but for private torrents and port 0, and each host once. */
static void
test_theirs(void **state)
{
	uint8_t	speaks;
	int	fd;

	(void)state;
	tell_port(PORT);
	fd = meet(2, PRIVATE, true, &speaks);
	say_port(fd, 1002);
	part(fd);
	fd = meet(3, PUBLIC, true, &speaks);
	say_port(fd, 0);
	assert_int_equal(next_port(fd), PORT);
	part(fd);
	fd = meet(4, PUBLIC, true, &speaks);
	say_port(fd, 1004);
	say_port(fd, 1005);
	assert_int_equal(next_port(fd), PORT);
	part(fd);
	await_nodes(1);
	fd = meet(5, PUBLIC, false, &speaks);
	say_port(fd, 1006);
	await_nodes(2);
	close(fd);
	assert_int_equal(nnodes, 2);
	assert_node(0, "127.0.0.4", 1004);
	assert_node(1, "127.0.0.5", 1006);
}

/* Nobody leads our node to this machine itself. */
static void
test_loopback(void **state)
{
	uint8_t	speaks;
	int	fd;

	(void)state;
	tell_port(PORT);
	tell_conf(false);
	fd = meet(2, PUBLIC, false, &speaks);
	say_port(fd, 1002);
	part(fd);
	tell_conf(true);
	fd = meet(3, PUBLIC, false, &speaks);
	say_port(fd, 1003);
	await_nodes(1);
	close(fd);
	assert_int_equal(nnodes, 1);
	assert_node(0, "127.0.0.3", 1003);
}

/* Who is connected already learns of a node that comes, or moves. */
static void
test_later(void **state)
{
	uint8_t	speaks;
	int	fd, private;

	(void)state;
	fd = meet(1, PUBLIC, true, &speaks);
	private = meet(2, PRIVATE, true, &speaks);
	say_port(private, 1002);
	say_port(fd, 1001);
	/* It answers a handshake in time, so it has read this, too. */
	close(meet(3, PUBLIC, true, &speaks));
	tell_port(PORT);
	assert_int_equal(next_port(fd), PORT);
	await_nodes(1);
	assert_node(0, "127.0.0.1", 1001);
	tell_port(PORT);
	tell_port(PORT + 1);
	assert_int_equal(next_port(fd), PORT + 1);
	part(private);
	part(fd);
	assert_int_equal(nnodes, 1);
}

static int
has_answer(int fd, int ms)
{
	struct pollfd	p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, ms);
}

/* An attempt of uTP is refused; nothing else is answered. */
static void
test_datagrams(void **state)
{
	static const uint8_t	syn[20] = { 0x41, 0, 0xab, 0xcd,
	    [16] = 0x9a, 0xbc }, reset[20] = { 0x31, 0, 0xab, 0xcd,
	    [18] = 0x9a, 0xbc };
	struct msg_peer_unlisten none = { .port = 0 };
	struct msg_peer_listen	m = { .datagrams = true };
	struct sockaddr_in	sin = { .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	uint8_t			buf[64];
	uint16_t		mine;
	int			fd = bound(SOCK_DGRAM, &m.port);

	(void)state;
	sin.sin_port = htons(m.port);
	chan_send_fd(parent, MSG_PEER_LISTEN, &m, fd);
	settle();
	fd = bound(SOCK_DGRAM, &mine);
	assert_int_equal(connect(fd, (struct sockaddr *)&sin, sizeof(sin)),
	    0);
	send(fd, syn, 0, 0);
	send(fd, syn, 19, 0);
	send(fd, reset, sizeof(reset), 0);
	send(fd, "\x01 some data of uTP ", 20, 0);
	send(fd, syn, sizeof(syn), 0);
	assert_int_equal(has_answer(fd, WAIT_MS), 1);
	assert_int_equal(recv(fd, buf, sizeof(buf), 0), sizeof(reset));
	assert_memory_equal(buf, reset, sizeof(reset));
	assert_int_equal(has_answer(fd, 0), 0);
	/* The port is TCP's as before. */
	close(meet(1, PUBLIC, true, buf));
	/* No socket is left. */
	chan_send(parent, MSG_PEER_UNLISTEN, &none);
	settle();
	assert_int_equal(send(fd, syn, sizeof(syn), 0), sizeof(syn));
	assert_int_equal(has_answer(fd, WAIT_MS), 1);
	assert_int_equal(recv(fd, buf, sizeof(buf), 0), -1);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test_setup_teardown(test_ours, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_theirs, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(test_loopback, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(test_later, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(test_datagrams, set_up,
		    tear_down),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
