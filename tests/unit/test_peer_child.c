/* SPDX-License-Identifier: ISC */
/*
 * The peer role in a process of its own, between a parent and a disk played
 * by the test and peers that are scripts in further processes.
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

#include "bound.h"
#include "addr.h"
#include "arena.h"
#include "bitfield.h"
#include "chan.h"
#include "child.h"
#include "geom.h"
#include "log.h"
#include "loop.h"
#include "mem.h"
#include "peer/wire.h"

#define SIZE		((64U << 20) - 12345)
#define PIECE		(1U << 20)
#define SLOTS		512U
#define TORRENT		7U

static const uint8_t	 infohash[20] = "an infohash of tests";
static uint8_t		*content;
static struct geom	 geom;

/* ---- the world around the peer process ---- */

struct world {
	struct loop	*loop;
	struct chan	*peer, *data;
	struct arena	 arena;
	struct loop_timer *timer;
	pid_t		 pid;
	uint16_t	 port;
	uint8_t		*have;		/* pieces on our disk */
	uint32_t	*left;		/* blocks to come, by piece */
	uint8_t		*blocks;	/* set: written */
	uint8_t		*bad;		/* a block of the piece is wrong */
	uint32_t	 npieces, nbad, reads, writes;
	uint32_t	 hungry, rows;
	uint64_t	 downloaded, uploaded, wasted;
	uint32_t	 opens[2], nopens;	/* unanswered, while deaf */
	bool		 slow, halted, done_when_complete, deaf;
};

static uint32_t
block_index(uint32_t piece, uint32_t begin)
{
	return piece * (PIECE / BLOCK_SIZE) + begin / BLOCK_SIZE;
}

static void
tell_pieces(struct world *w, uint32_t serial)
{
	struct msg_data_have	have = {
		.torrent = TORRENT, .serial = serial,
		.bits = { w->have, (uint32_t)bitfield_size(geom.npieces) },
	};

	chan_send(w->data, MSG_DATA_HAVE, &have);
}

static void
tell_open_end(struct world *w, uint32_t serial)
{
	struct msg_data_open_end	end = {
		.torrent = TORRENT, .serial = serial,
	};

	chan_send(w->data, MSG_DATA_OPEN_END, &end);
}

static void
disk_open(struct chan *c, const struct msg_data_open *m, void *arg)
{
	struct world	*w = arg;
	uint32_t	 i;

	(void)c;
	assert_int_equal(m->torrent, TORRENT);
	if (w->deaf) {
		assert_true(w->nopens < 2);
		w->opens[w->nopens++] = m->serial;
		loop_stop(w->loop);
		return;
	}
	memset(w->blocks, 0, bitfield_size(geom.npieces * 64));
	memset(w->bad, 0, geom.npieces);
	for (i = 0; i < geom.npieces; i++)
		w->left[i] = geom_nblocks(&geom, i);
	tell_pieces(w, m->serial);
	tell_open_end(w, m->serial);
}

static void
disk_close(struct chan *c, const struct msg_data_close *m, void *arg)
{
	(void)c;
	(void)m;
	(void)arg;
}

/* All of a piece is there: judge it. */
static void
disk_piece(struct world *w, uint32_t piece)
{
	struct rec_piece_result	 r = { TORRENT, piece, !w->bad[piece],
		false };
	struct msg_data_pieces	 m = { .pieces = { &r, 1 } };
	uint32_t		 i;

	if (r.good) {
		bitfield_set(w->have, piece);
		if (++w->npieces == geom.npieces && w->done_when_complete)
			loop_stop(w->loop);
	} else {
		w->nbad++;
		w->bad[piece] = 0;
		w->left[piece] = geom_nblocks(&geom, piece);
		for (i = 0; i < w->left[piece]; i++)
			bitfield_clear(w->blocks,
			    block_index(piece, i * BLOCK_SIZE));
	}
	chan_send(w->data, MSG_DATA_PIECES, &m);
}

static void
disk_write(struct chan *c, const struct msg_data_write *m, void *arg)
{
	struct world		*w = arg;
	struct rec_slot_result	 r[256];
	struct msg_data_written	 done = { .slots = { r, m->blocks.n } };
	const struct rec_block	*b;
	uint32_t		 i;

	for (i = 0; i < m->blocks.n; i++) {
		b = &m->blocks.v[i];
		assert_int_equal(b->torrent, TORRENT);
		assert_true(geom_has(&geom, b->piece, b->begin, b->length));
		assert_int_equal(b->begin % BLOCK_SIZE, 0);
		assert_int_equal(b->length, geom_block_len(&geom, b->piece,
		    b->begin / BLOCK_SIZE));
		assert_true(b->slot < SLOTS);
		/* Nothing comes twice and nothing that is there. */
		assert_false(bitfield_get(w->have, b->piece));
		assert_false(bitfield_get(w->blocks,
		    block_index(b->piece, b->begin)));
		bitfield_set(w->blocks, block_index(b->piece, b->begin));
		if (memcmp(arena_slot(&w->arena, b->slot), content +
		    (size_t)b->piece * PIECE + b->begin, b->length) != 0)
			w->bad[b->piece] = 1;
		w->left[b->piece]--;
		w->writes++;
		r[i] = (struct rec_slot_result){ b->slot, b->gen, SLOT_OK };
	}
	chan_send(c, MSG_DATA_WRITTEN, &done);
	for (i = 0; i < m->blocks.n; i++)
		if (w->left[m->blocks.v[i].piece] == 0 &&
		    !bitfield_get(w->have, m->blocks.v[i].piece))
			disk_piece(w, m->blocks.v[i].piece);
}

static void
disk_read(struct chan *c, const struct msg_data_read *m, void *arg)
{
	struct world		 *w = arg;
	struct rec_slot_result	  r[256];
	struct msg_data_read_done done = { .slots = { r, m->blocks.n } };
	const struct rec_block	 *b;
	uint32_t		  i;

	for (i = 0; i < m->blocks.n; i++) {
		b = &m->blocks.v[i];
		assert_true(geom_has(&geom, b->piece, b->begin, b->length));
		assert_true(bitfield_get(w->have, b->piece));
		memcpy(arena_slot(&w->arena, b->slot), content +
		    (size_t)b->piece * PIECE + b->begin, b->length);
		r[i] = (struct rec_slot_result){ b->slot, b->gen, SLOT_OK };
		w->reads++;
	}
	chan_send(c, MSG_DATA_READ_DONE, &done);
}

/* This disk never has the bytes any more. */
static void
disk_digest(struct chan *c, const struct msg_data_digest *m, void *arg)
{
	struct msg_data_digests	r = { .tag = m->tag, .first = m->first };

	(void)arg;
	assert_int_equal(m->torrent, TORRENT);
	assert_true(m->first + m->n <= geom_nblocks(&geom, m->piece));
	chan_send(c, MSG_DATA_DIGESTS, &r);
}

static const union msg_fn disk_fns[MSG_COUNT] = {
	[MSG_DATA_OPEN] = { .data_open = disk_open },
	[MSG_DATA_CLOSE] = { .data_close = disk_close },
	[MSG_DATA_WRITE] = { .data_write = disk_write },
	[MSG_DATA_READ] = { .data_read = disk_read },
	[MSG_DATA_DIGEST] = { .data_digest = disk_digest },
};

static void
parent_stats(struct chan *c, const struct msg_swarm_stats *m, void *arg)
{
	struct world	*w = arg;
	uint32_t	 i;

	(void)c;
	for (i = 0; i < m->swarms.n; i++) {
		w->downloaded += m->swarms.v[i].downloaded;
		w->uploaded += m->swarms.v[i].uploaded;
		w->wasted += m->swarms.v[i].wasted;
	}
}

static void
parent_rows(struct chan *c, const struct msg_peer_rows *m, void *arg)
{
	(void)c;
	((struct world *)arg)->rows += m->peers.n;
}

static void
parent_gone(struct chan *c, const struct msg_peer_gone *m, void *arg)
{
	(void)c;
	(void)m;
	(void)arg;
}

static void
parent_hungry(struct chan *c, const struct msg_swarm_hungry *m, void *arg)
{
	(void)c;
	(void)m;
	((struct world *)arg)->hungry++;
}

static void
parent_halted(struct chan *c, const struct msg_swarm_halted *m, void *arg)
{
	struct world	*w = arg;

	(void)c;
	assert_int_equal(m->id, TORRENT);
	w->halted = true;
	loop_stop(w->loop);
}

static void
parent_broken(struct chan *c, const struct msg_data_broken *m, void *arg)
{
	(void)c;
	(void)arg;
	assert_true(m->closed);
}

/* The arena as it is told must add up. */
static void
parent_arena(struct chan *c, const struct msg_arena_tally *m, void *arg)
{
	(void)c;
	(void)arg;
	assert_true(m->used <= m->slots);
	assert_true(m->cached + m->reading + m->writing <= m->used);
}

static const union msg_fn parent_fns[MSG_COUNT] = {
	[MSG_DATA_BROKEN] = { .data_broken = parent_broken },
	[MSG_ARENA_TALLY] = { .arena_tally = parent_arena },
	[MSG_SWARM_STATS] = { .swarm_stats = parent_stats },
	[MSG_PEER_ROWS] = { .peer_rows = parent_rows },
	[MSG_PEER_GONE] = { .peer_gone = parent_gone },
	[MSG_SWARM_HUNGRY] = { .swarm_hungry = parent_hungry },
	[MSG_SWARM_HALTED] = { .swarm_halted = parent_halted },
};

static void
world_closed(struct chan *c, const char *why, void *arg)
{
	(void)c;
	(void)arg;
	fail_msg("channel lost: %s", why == NULL ? "end of file" : why);
}

/* ---- the peer process ---- */

static struct child	self;
static void		*self_arg;

static void
self_closed(struct chan *c, const char *why, void *arg)
{
	(void)c;
	(void)why;
	(void)arg;
	_exit(0);
}

static pid_t
peer_fork(int fds[2])
{
	pid_t	pid = fork();

	assert_true(pid != -1);
	if (pid != 0)
		return pid;
	close(fds[0]);
	signal(SIGPIPE, SIG_IGN);
	self.loop = loop_new();
	bound_set(&(struct bound){ .usable = { true, true } });
	self_arg = peer_ops.start(&self);
	self.parent = chan_new(self.loop, fds[1], ROLE_PEER, ROLE_PARENT,
	    false, peer_ops.fns, self_closed, self_arg);
	peer_ops.warm(self_arg, NULL);
	peer_ops.run(self_arg);
	loop_run(self.loop);
	_exit(1);
}

static void
world_connect_disk(struct world *w)
{
	struct msg_data_arena	am = { .nslots = SLOTS };
	struct msg_data_channel	cm = { 0 };
	int			fd, fds[2];

	chan_free(w->data);
	if (w->arena.base != NULL)
		arena_unmap(&w->arena);
	fd = arena_create(SLOTS);
	assert_int_not_equal(fd, -1);
	assert_int_equal(arena_map(&w->arena, dup(fd), SLOTS), 0);
	assert_int_equal(chan_pair(fds), 0);
	w->data = chan_new(w->loop, fds[0], ROLE_DISK, ROLE_PEER, false,
	    disk_fns, world_closed, w);
	chan_send_fd(w->peer, MSG_DATA_ARENA, &am, fd);
	chan_send_fd(w->peer, MSG_DATA_CHANNEL, &cm, fds[1]);
}

static int
tcp_listen(uint16_t *port)
{
	struct sockaddr_in	sin = { .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t		len = sizeof(sin);
	int			fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&sin, len), 0);
	assert_int_equal(listen(fd, 128), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sin, &len), 0);
	*port = ntohs(sin.sin_port);
	return fd;
}

static void
world_run_swarm(struct world *w)
{
	struct msg_swarm_run	run = { .id = TORRENT, .size = SIZE,
	    .piece_length = PIECE, .npieces = geom.npieces };

	memcpy(run.infohash, infohash, sizeof(run.infohash));
	chan_send(w->peer, MSG_SWARM_RUN, &run);
}

static struct world *
world_new(bool seed)
{
	struct world		*w = xcalloc(1, sizeof(*w));
	struct msg_peer_conf	 conf = { .max_peers = 200,
	    .max_peers_torrent = 100, .allow_local = true,
	    .peer_id = "-Mi0100-abcdefghijk" };
	struct msg_peer_listen	 lm = { .datagrams = false };
	int			 fds[2], fd;

	w->have = xcalloc(1, bitfield_size(geom.npieces));
	w->blocks = xcalloc(1, bitfield_size(geom.npieces * 64));
	w->left = xcalloc(geom.npieces, sizeof(*w->left));
	w->bad = xcalloc(1, geom.npieces);
	if (seed) {
		memset(w->have, 0xff, bitfield_size(geom.npieces));
		bitfield_trim(w->have, geom.npieces);
	}
	assert_int_equal(chan_pair(fds), 0);
	w->pid = peer_fork(fds);
	close(fds[1]);
	w->loop = loop_new();
	w->peer = chan_new(w->loop, fds[0], ROLE_PARENT, ROLE_PEER, false,
	    parent_fns, world_closed, w);
	chan_send(w->peer, MSG_PEER_CONF, &conf);
	fd = tcp_listen(&w->port);
	lm.port = w->port;
	chan_send_fd(w->peer, MSG_PEER_LISTEN, &lm, fd);
	world_connect_disk(w);
	world_run_swarm(w);
	return w;
}

static void
world_free(struct world *w)
{
	int	status;

	chan_free(w->data);
	chan_free(w->peer);
	/* The end of its parent ends it. */
	assert_int_equal(waitpid(w->pid, &status, 0), w->pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	arena_unmap(&w->arena);
	loop_timer_free(w->timer);
	loop_free(w->loop);
	free(w->have);
	free(w->blocks);
	free(w->left);
	free(w->bad);
	free(w);
}

static void
world_timeout(void *arg)
{
	loop_stop(((struct world *)arg)->loop);
}

static void
world_run(struct world *w, uint64_t ms)
{
	loop_timer_free(w->timer);
	w->timer = loop_timer_new(w->loop, world_timeout, w);
	loop_timer_set(w->timer, ms);
	loop_run(w->loop);
}

static void
world_add_peer(struct world *w, uint16_t port)
{
	struct rec_addr		 a;
	struct msg_peers_found	 m = { .id = TORRENT,
	    .source = PEER_SOURCE_USER, .peers = { &a, 1 } };
	struct addr		 addr;

	addr_parse(&addr, "127.0.0.1", port);
	memcpy(a.ip, addr.ip, sizeof(a.ip));
	a.port = port;
	chan_send(w->peer, MSG_PEERS_FOUND, &m);
}

/* Poll a script until it ends; the loop runs meanwhile. */
static int
world_wait_script(struct world *w, pid_t pid, uint64_t ms)
{
	uint64_t	t;
	int		status;

	for (t = 0; t < ms; t += 20) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
		world_run(w, 20);
	}
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return -1;
}

/* ---- scripts: the other ends, with blocking sockets ---- */

static void
put(int fd, const void *p, size_t n)
{
	size_t	off = 0;
	ssize_t	k;

	for (; off < n; off += (size_t)k)
		if ((k = write(fd, (const uint8_t *)p + off, n - off)) <= 0)
			_exit(10);
}

/* -1 at the end of the stream. */
static int
get(int fd, void *p, size_t n)
{
	size_t	off = 0;
	ssize_t	k;

	for (; off < n; off += (size_t)k)
		if ((k = read(fd, (uint8_t *)p + off, n - off)) <= 0)
			return -1;
	return 0;
}

static void
hello_as(int fd, const char *id, bool extended)
{
	uint8_t	hs[WIRE_HANDSHAKE], theirs[WIRE_HANDSHAKE];

	wire_handshake(hs, infohash, (const uint8_t *)id, false);
	if (!extended)
		memset(hs + WIRE_PROTOCOL_LEN, 0, 8);
	put(fd, hs, sizeof(hs));
	if (get(fd, theirs, sizeof(theirs)) == -1 ||
	    wire_handshake_check(theirs, sizeof(theirs)) == -1 ||
	    memcmp(theirs + WIRE_OFF_HASH, infohash, 20) != 0)
		_exit(11);
}

static void
hello(int fd, const char *id)
{
	hello_as(fd, id, true);
}

static void
put_plain(int fd, enum wire_id id)
{
	uint8_t	buf[5];

	put(fd, buf, wire_put_plain(buf, id));
}

static void
put_bitfield(int fd)
{
	uint8_t	buf[5 + 64] = { 0 };
	size_t	n = bitfield_size(geom.npieces);

	wire_put_bitfield(buf, (uint32_t)n);
	memset(buf + 5, 0xff, n);	/* spare bits are set, too */
	put(fd, buf, 5 + n);
}

/* Reads a message into buf; its length or -1. */
static ssize_t
get_message(int fd, uint8_t *buf, size_t size)
{
	uint32_t	len;

	if (get(fd, buf, 4) == -1)
		return -1;
	len = wire_get32(buf);
	if (len > size - 4 || get(fd, buf + 4, len) == -1)
		return -1;
	return (ssize_t)len;
}

static void
put_block(int fd, const uint8_t *req, bool lie)
{
	static uint8_t	buf[WIRE_HEAD_PIECE + WIRE_BLOCK_MAX];
	uint32_t	piece = wire_get32(req), begin = wire_get32(req + 4);
	uint32_t	length = wire_get32(req + 8);

	if (!geom_has(&geom, piece, begin, length))
		_exit(12);
	wire_put_piece(buf, piece, begin, length);
	memcpy(buf + WIRE_HEAD_PIECE, content + (size_t)piece * PIECE + begin,
	    length);
	if (lie)
		buf[WIRE_HEAD_PIECE] ^= 1;
	put(fd, buf, WIRE_HEAD_PIECE + length);
}

/* Serve until the other side closes. */
static void
serve(int fd, bool lie, bool noisy)
{
	uint8_t	buf[1024], have[9];

	put_bitfield(fd);
	put_plain(fd, WIRE_UNCHOKE);
	while (get_message(fd, buf, sizeof(buf)) >= 0) {
		if (wire_get32(buf) == 0 || buf[4] != WIRE_REQUEST)
			continue;
		/* Things between blocks that a guess cannot foresee. */
		if (noisy && arc4random_uniform(4) == 0)
			put(fd, have, wire_put_index(have, WIRE_HAVE, 3));
		put_block(fd, buf + 5, lie);
		if (noisy && arc4random_uniform(40) == 0)
			put_block(fd, buf + 5, true);
	}
}

static pid_t
script_seed(uint16_t *port, const char *id, bool lie, bool noisy)
{
	int	fd = tcp_listen(port), s;
	pid_t	pid = fork();

	if (pid != 0) {
		close(fd);
		return pid;
	}
	while ((s = accept(fd, NULL, NULL)) != -1) {
		hello(s, id);
		serve(s, lie, noisy);
		close(s);
	}
	_exit(0);
}

static int
script_connect(uint16_t port)
{
	struct sockaddr_in	sin = { .sin_family = AF_INET,
	    .sin_port = htons(port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int			fd = socket(AF_INET, SOCK_STREAM, 0);

	if (connect(fd, (struct sockaddr *)&sin, sizeof(sin)) == -1)
		_exit(13);
	return fd;
}

/* Fetch everything, depth requests at a time, and compare. */
static void
fetch(int fd, uint32_t depth)
{
	static uint8_t	buf[4 + 9 + WIRE_BLOCK_MAX];
	uint8_t		req[WIRE_HEAD_MAX];
	uint32_t	nblocks = (SIZE + BLOCK_SIZE - 1) / BLOCK_SIZE;
	uint32_t	asked = 0, got = 0, piece, begin, length;
	bool		unchoked = false;

	put_plain(fd, WIRE_INTERESTED);
	while (got < nblocks) {
		for (; unchoked && asked < nblocks && asked < got + depth;
		    asked++) {
			piece = asked / 64;
			put(fd, req, wire_put_range(req, WIRE_REQUEST, piece,
			    asked % 64 * BLOCK_SIZE, geom_block_len(&geom,
			    piece, asked % 64)));
		}
		if (get_message(fd, buf, sizeof(buf)) < 1)
			_exit(14);
		if (buf[4] == WIRE_UNCHOKE)
			unchoked = true;
		if (buf[4] != WIRE_PIECE)
			continue;
		piece = wire_get32(buf + 5);
		begin = wire_get32(buf + 9);
		length = wire_get32(buf) - 9;
		if (!geom_has(&geom, piece, begin, length) ||
		    memcmp(buf + 13, content + (size_t)piece * PIECE + begin,
		    length) != 0)
			_exit(15);
		got++;
	}
	_exit(0);
}

static pid_t
script_leech(uint16_t port, const char *id, uint32_t depth)
{
	pid_t	pid = fork();
	int	fd;

	if (pid != 0)
		return pid;
	fd = script_connect(port);
	hello(fd, id);
	fetch(fd, depth);
	_exit(1);
}

/* ---- the tests ---- */

static void
end_script(pid_t pid)
{
	int	status;

	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
}

static void
leech_from(bool noisy)
{
	struct world	*w = world_new(false);
	struct msg_swarm_halt halt = { .id = TORRENT };
	uint16_t	 port;
	pid_t		 pid;

	pid = script_seed(&port, "-XX0001-seedseedseed", false, noisy);
	w->done_when_complete = true;
	world_add_peer(w, port);
	world_run(w, 20000);
	assert_int_equal(w->npieces, geom.npieces);
	assert_int_equal(w->nbad, 0);
	end_script(pid);
	chan_send(w->peer, MSG_SWARM_HALT, &halt);
	world_run(w, 5000);
	assert_true(w->halted);
	assert_true(w->downloaded == SIZE);
	assert_true(noisy || w->wasted == 0);
	world_free(w);
}

static void
test_leech(void **state)
{
	(void)state;
	leech_from(false);
}

static void
test_leech_noisy(void **state)
{
	(void)state;
	leech_from(true);
}

static void
test_seed(void **state)
{
	struct world	*w = world_new(true);
	pid_t		 pid[3];
	int		 i;

	(void)state;
	world_run(w, 100);
	pid[0] = script_leech(w->port, "-XX0001-leechleech00", 200);
	pid[1] = script_leech(w->port, "-XX0001-leechleech01", 5);
	pid[2] = script_leech(w->port, "-XX0001-leechleech02", 4000);
	for (i = 0; i < 3; i++)
		assert_int_equal(world_wait_script(w, pid[i], 20000), 0);
	world_free(w);
}

static void
test_liar(void **state)
{
	struct world	*w = world_new(false);
	struct addr	 addr;
	struct rec_addr	 a;
	struct msg_peers_found m = { .id = TORRENT,
	    .source = PEER_SOURCE_USER, .peers = { &a, 1 } };
	uint16_t	 liar, honest;
	pid_t		 pids[2];

	(void)state;
	pids[0] = script_seed(&liar, "-XX0001-liarliarliar", true, false);
	pids[1] = script_seed(&honest, "-XX0001-honesthonest", false, false);
	w->done_when_complete = true;
	/* The same host by two addresses, so that a ban hits one only. */
	addr_parse(&addr, "127.0.0.2", liar);
	memcpy(a.ip, addr.ip, sizeof(a.ip));
	a.port = liar;
	chan_send(w->peer, MSG_PEERS_FOUND, &m);
	world_add_peer(w, honest);
	world_run(w, 20000);
	assert_int_equal(w->npieces, geom.npieces);
	end_script(pids[0]);
	end_script(pids[1]);
	world_free(w);
}

/* With nobody to ask, it says so: once, not at every turn. */
static void
test_hungry(void **state)
{
	struct world	*w = world_new(false);

	(void)state;
	world_run(w, 1500);
	assert_int_equal(w->hungry, 1);
	world_free(w);
}

static void
test_disk_restart(void **state)
{
	struct world	*w = world_new(false);
	uint16_t	 port;
	pid_t		 pid;
	int		 i;

	(void)state;
	pid = script_seed(&port, "-XX0001-seedseedseed", false, false);
	w->done_when_complete = true;
	world_add_peer(w, port);
	for (i = 0; i < 10 && w->npieces < geom.npieces; i++) {
		world_run(w, 2);
		world_connect_disk(w);
	}
	world_run(w, 20000);
	assert_int_equal(w->npieces, geom.npieces);
	end_script(pid);
	world_free(w);
}

/*
 * Halted and started again before disk answers: what it says of the first
 * time, of which the pages came while nobody listened, is not of the second.
 */
static void
test_late_answer(void **state)
{
	struct world		*w = world_new(true);
	struct msg_swarm_halt	 halt = { .id = TORRENT };
	pid_t			 pid;

	(void)state;
	w->deaf = true;
	world_run(w, 5000);
	chan_send(w->peer, MSG_SWARM_HALT, &halt);
	world_run(w, 5000);
	assert_true(w->halted);
	world_run_swarm(w);
	world_run(w, 5000);
	assert_int_equal(w->nopens, 2);
	tell_open_end(w, w->opens[0]);
	tell_pieces(w, w->opens[1]);
	tell_open_end(w, w->opens[1]);
	pid = script_leech(w->port, "-XX0001-leechleech00", 200);
	assert_int_equal(world_wait_script(w, pid, 20000), 0);
	world_free(w);
}

/* Each is sent after the handshake; the connection must be closed. */
static const struct {
	const char	*what;
	uint8_t		 bytes[20];
	size_t		 n;
} hostile[] = {
	{ "length of 4 GiB", { 0xff, 0xff, 0xff, 0xff, 7 }, 5 },
	{ "piece of 1 MiB", { 0, 0x10, 0, 9, 7 }, 5 },
	{ "piece without data fields", { 0, 0, 0, 5, 7, 0, 0, 0, 0 }, 9 },
	{ "choke of two bytes", { 0, 0, 0, 2, 0, 0 }, 6 },
	{ "have of a piece there is not", { 0, 0, 0, 5, 4, 0, 1, 0, 0 }, 9 },
	{ "bitfield too short", { 0, 0, 0, 2, 5, 0xff }, 6 },
	{ "bitfield too long", { 0, 0, 1, 2, 5, 0xff }, 6 },
	{ "request of a piece there is not",
	    { 0, 0, 0, 13, 6, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x40, 0 }, 17 },
	{ "piece beyond the end",
	    { 0, 0, 0x40, 9, 7, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff }, 13 },
	{ "unknown message", { 0, 0, 0, 1, 99 }, 5 },
	{ "suggest too short", { 0, 0, 0, 4, 13 }, 5 },
	{ "suggest of a piece there is not",
	    { 0, 0, 0, 5, 13, 0, 0, 0, 64 }, 9 },
	{ "have all of two bytes", { 0, 0, 0, 2, 14, 0 }, 6 },
	{ "have all, both being seeds", { 0, 0, 0, 1, 14 }, 5 },
	{ "have none of five bytes", { 0, 0, 0, 5, 15 }, 5 },
	{ "reject too short", { 0, 0, 0, 5, 16 }, 5 },
	{ "reject of a piece there is not",
	    { 0, 0, 0, 13, 16, 0, 0, 0, 64, 0, 0, 0, 0, 0, 0, 0x40, 0 }, 17 },
	{ "allowed fast too long", { 0, 0, 0, 6, 17 }, 5 },
	{ "allowed fast of a piece there is not",
	    { 0, 0, 0, 5, 17, 0xff, 0, 0, 0 }, 9 },
	{ "extended without an id", { 0, 0, 0, 1, 20 }, 5 },
	{ "extended beyond any use", { 0, 1, 0, 3, 20, 0 }, 6 },
};

/* Legal only after the handshakes said so. */
static const struct {
	const char	*what;
	uint8_t		 bytes[20];
	size_t		 n;
} unasked[] = {
	{ "suggest", { 0, 0, 0, 5, 13, 0, 0, 0, 1 }, 9 },
	{ "have all", { 0, 0, 0, 1, 14 }, 5 },
	{ "have none", { 0, 0, 0, 1, 15 }, 5 },
	{ "reject",
	    { 0, 0, 0, 13, 16, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0x40, 0 }, 17 },
	{ "allowed fast", { 0, 0, 0, 5, 17, 0, 0, 0, 1 }, 9 },
};

static pid_t
script_hostile(uint16_t port, const uint8_t *bytes, size_t n, bool bits)
{
	pid_t	pid = fork();
	uint8_t	buf[4096];
	int	fd;

	if (pid != 0)
		return pid;
	fd = script_connect(port);
	hello_as(fd, "-XX0001-hostilehosti", bits);
	put(fd, bytes, n);
	/* Whatever it says first: it hangs up. */
	while (read(fd, buf, sizeof(buf)) > 0)
		continue;
	_exit(0);
}

static void
test_hostile(void **state)
{
	struct world	*w = world_new(true);
	size_t		 i;
	pid_t		 pid;

	(void)state;
	world_run(w, 100);
	for (i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
		pid = script_hostile(w->port, hostile[i].bytes, hostile[i].n,
		    true);
		if (world_wait_script(w, pid, 3000) != 0)
			fail_msg("not closed: %s", hostile[i].what);
	}
	for (i = 0; i < sizeof(unasked) / sizeof(unasked[0]); i++) {
		pid = script_hostile(w->port, unasked[i].bytes, unasked[i].n,
		    false);
		if (world_wait_script(w, pid, 3000) != 0)
			fail_msg("not closed: %s unasked", unasked[i].what);
	}
	pid = script_leech(w->port, "-XX0001-leechleech00", 50);
	assert_int_equal(world_wait_script(w, pid, 20000), 0);
	world_free(w);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_leech),
		cmocka_unit_test(test_leech_noisy),
		cmocka_unit_test(test_seed),
		cmocka_unit_test(test_liar),
		cmocka_unit_test(test_hungry),
		cmocka_unit_test(test_disk_restart),
		cmocka_unit_test(test_late_answer),
		cmocka_unit_test(test_hostile),
	};
	uint32_t	i, x = 1;
	int		r;

	signal(SIGPIPE, SIG_IGN);
	geom = (struct geom){ SIZE, PIECE, geom_npieces(SIZE, PIECE) };
	content = xcalloc(geom.npieces, PIECE);
	for (i = 0; i < SIZE / 4; i++, x = x * 1664525 + 1013904223)
		memcpy(content + (size_t)i * 4, &x, 4);
	r = cmocka_run_group_tests(tests, NULL, NULL);
	free(content);
	return r;
}
