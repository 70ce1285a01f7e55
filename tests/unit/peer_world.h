/* SPDX-License-Identifier: ISC */
#ifndef PEER_WORLD_H
#define PEER_WORLD_H

#include <sys/socket.h>
#include <sys/wait.h>

#include <netinet/in.h>
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
#include "arena.h"
#include "bitfield.h"
#include "bound.h"
#include "chan.h"
#include "child.h"
#include "geom.h"
#include "loop.h"
#include "mem.h"

/*
 * The peer role in a process of its own, between a parent and a disk that
 * the test plays.
 */

#define SIZE		((64U << 20) - 12345)
#define PIECE		(1U << 20)
#define SLOTS		512U
#define TORRENT		7U

static const uint8_t	 infohash[20] = "an infohash of tests";
static uint8_t		*content;
static struct geom	 geom;

/* ---- the world around it ---- */

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

static inline uint32_t
block_index(uint32_t piece, uint32_t begin)
{
	return piece * (PIECE / BLOCK_SIZE) + begin / BLOCK_SIZE;
}

static inline void
tell_pieces(struct world *w, uint32_t serial)
{
	struct msg_data_have	have = {
		.torrent = TORRENT, .serial = serial,
		.bits = { w->have, (uint32_t)bitfield_size(geom.npieces) },
	};

	chan_send(w->data, MSG_DATA_HAVE, &have);
}

static inline void
tell_open_end(struct world *w, uint32_t serial)
{
	struct msg_data_open_end	end = {
		.torrent = TORRENT, .serial = serial,
	};

	chan_send(w->data, MSG_DATA_OPEN_END, &end);
}

static inline void
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

static inline void
disk_close(struct chan *c, const struct msg_data_close *m, void *arg)
{
	(void)c;
	(void)m;
	(void)arg;
}

/* All of a piece is there: judge it. */
static inline void
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

static inline void
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

static inline void
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
static inline void
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

static inline void
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

static inline void
parent_rows(struct chan *c, const struct msg_peer_rows *m, void *arg)
{
	(void)c;
	((struct world *)arg)->rows += m->peers.n;
}

static inline void
parent_gone(struct chan *c, const struct msg_peer_gone *m, void *arg)
{
	(void)c;
	(void)m;
	(void)arg;
}

static inline void
parent_hungry(struct chan *c, const struct msg_swarm_hungry *m, void *arg)
{
	(void)c;
	(void)m;
	((struct world *)arg)->hungry++;
}

static inline void
parent_halted(struct chan *c, const struct msg_swarm_halted *m, void *arg)
{
	struct world	*w = arg;

	(void)c;
	assert_int_equal(m->id, TORRENT);
	w->halted = true;
	loop_stop(w->loop);
}

static inline void
parent_broken(struct chan *c, const struct msg_data_broken *m, void *arg)
{
	(void)c;
	(void)arg;
	assert_true(m->closed);
}

/* The arena as it is told must add up. */
static inline void
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

static inline void
world_closed(struct chan *c, const char *why, void *arg)
{
	(void)c;
	(void)arg;
	fail_msg("channel lost: %s", why == NULL ? "end of file" : why);
}

/* ---- the peer process ---- */

static struct child	self;
static void		*self_arg;

static inline void
self_closed(struct chan *c, const char *why, void *arg)
{
	(void)c;
	(void)why;
	(void)arg;
	_exit(0);
}

static inline pid_t
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

static inline void
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

static inline int
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

static inline void
world_run_swarm(struct world *w)
{
	struct msg_swarm_run	run = { .id = TORRENT, .size = SIZE,
	    .piece_length = PIECE, .npieces = geom.npieces };

	memcpy(run.infohash, infohash, sizeof(run.infohash));
	chan_send(w->peer, MSG_SWARM_RUN, &run);
}

static inline struct world *
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

static inline void
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

static inline void
world_timeout(void *arg)
{
	loop_stop(((struct world *)arg)->loop);
}

static inline void
world_run(struct world *w, uint64_t ms)
{
	loop_timer_free(w->timer);
	w->timer = loop_timer_new(w->loop, world_timeout, w);
	loop_timer_set(w->timer, ms);
	loop_run(w->loop);
}

static inline void
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
static inline int
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

static inline int
world_set_up(void **state)
{
	uint32_t	i, x = 1;

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	geom = (struct geom){ SIZE, PIECE, geom_npieces(SIZE, PIECE) };
	content = xcalloc(geom.npieces, PIECE);
	for (i = 0; i < SIZE / 4; i++, x = x * 1664525 + 1013904223)
		memcpy(content + (size_t)i * 4, &x, 4);
	return 0;
}

static inline int
world_tear_down(void **state)
{
	(void)state;
	free(content);
	return 0;
}

#endif /* PEER_WORLD_H */
