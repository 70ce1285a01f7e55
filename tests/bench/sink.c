/* SPDX-License-Identifier: ISC */
/*
 * sink: an ideal leech to measure seeds with.
 *
 * K connections from K addresses ask for every piece once, with a given
 * number of requests outstanding on each, and throw the data away.  Prints
 * "first T" when it sends the first request and "done T BYTES" when it has
 * all, T being CLOCK_MONOTONIC in seconds.
 */

#include <sys/epoll.h>
#include <sys/socket.h>

#include <netinet/tcp.h>

#include <err.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

#define BLOCK_LEN	16384U
#define REQUEST_LEN	17U
#define BUF_LEN		(256U << 10)
#define DEPTH_MAX	1024U
#define CONNS_MAX	4096
#define MSG_LEN_MAX	(1U << 20)

struct conn {
	int		 fd;
	int		 shaken, unchoked;
	uint8_t		 head[HANDSHAKE_LEN];	/* of a message, partial */
	uint32_t	 head_len;
	uint32_t	 body;		/* bytes of a message still to come */
	int		 wanted;	/* and they are a block asked for */
	uint32_t	 asked[DEPTH_MAX];	/* blocks outstanding */
	uint32_t	 nasked;
};

static struct {
	uint64_t	 size;
	uint32_t	 piece_length, per_piece;	/* blocks */
	uint32_t	 nblocks, next, got;
	uint32_t	*returned;	/* asked for in vain; ask again */
	uint32_t	 nreturned;
	uint32_t	 depth;
	uint8_t		 infohash[20];
	int		 epoll, first, live;
	uint64_t	 bytes;
} sink = { .first = 1 };

/* Small and rare: what is sent always fits the socket's buffer. */
static void
conn_send(struct conn *c, const void *p, size_t len)
{
	if (send(c->fd, p, len, MSG_NOSIGNAL) != (ssize_t)len)
		err(1, "send");
}

static uint32_t
block_len(uint32_t block)
{
	uint64_t	at, left, in_piece;
	uint32_t	piece = block / sink.per_piece;

	at = (uint64_t)(block % sink.per_piece) * BLOCK_LEN;
	in_piece = sink.piece_length - at;
	left = sink.size - (uint64_t)piece * sink.piece_length - at;
	if (left > in_piece)
		left = in_piece;
	return left < BLOCK_LEN ? (uint32_t)left : BLOCK_LEN;
}

static int
next_block(uint32_t *block)
{
	if (sink.nreturned > 0)
		*block = sink.returned[--sink.nreturned];
	else if (sink.next < sink.nblocks)
		*block = sink.next++;
	else
		return 0;
	return 1;
}

/* Fill the pipeline, with one system call. */
static void
conn_ask(struct conn *c)
{
	uint8_t		 buf[DEPTH_MAX * REQUEST_LEN], *p = buf;
	uint32_t	 block;

	/* Refill in halves: a system call for each block would cost more. */
	if (!c->unchoked || c->nasked > sink.depth / 2)
		return;
	while (c->nasked < sink.depth && next_block(&block)) {
		c->asked[c->nasked++] = block;
		put_request(p, block / sink.per_piece,
		    block % sink.per_piece * BLOCK_LEN, block_len(block));
		p += REQUEST_LEN;
	}
	if (p == buf)
		return;
	if (sink.first) {
		sink.first = 0;
		printf("first %.6f\n", now());
		fflush(stdout);
	}
	conn_send(c, buf, (size_t)(p - buf));
}

static void
conn_on_choke(struct conn *c)
{
	c->unchoked = 0;
	while (c->nasked > 0)
		sink.returned[sink.nreturned++] = c->asked[--c->nasked];
}

/* A block begins: it must be one that was asked for. */
static void
conn_on_block(struct conn *c, uint32_t piece, uint32_t begin, uint32_t len)
{
	uint32_t	i, block = piece * sink.per_piece + begin / BLOCK_LEN;

	for (i = 0; i < c->nasked && c->asked[i] != block; i++)
		continue;
	if (i == c->nasked) {
		if (c->unchoked)
			errx(1, "a block that was not asked for");
		return;		/* was on its way when we were choked */
	}
	if (begin % BLOCK_LEN != 0 || len != block_len(block))
		errx(1, "a block of the wrong size");
	memmove(&c->asked[i], &c->asked[i + 1],
	    (c->nasked - i - 1) * sizeof(c->asked[0]));
	c->nasked--;
	c->wanted = 1;
	sink.bytes += len;
}

/* A message, but for a block's data; returns how much of that follows. */
static uint32_t
conn_on_message(struct conn *c, const uint8_t *p, uint32_t len)
{
	if (len == 0)
		return 0;
	switch (p[0]) {
	case MSG_CHOKE:
		conn_on_choke(c);
		break;
	case MSG_UNCHOKE:
		c->unchoked = 1;
		break;
	case MSG_PIECE:
		if (len < 9)
			errx(1, "a short message");
		conn_on_block(c, get32(p + 1), get32(p + 5), len - 9);
		return len - 9;
	}
	return len - 1;
}

/* How many bytes of head are needed to say what comes. */
static uint32_t
conn_wanted(const struct conn *c)
{
	uint32_t	len;

	if (!c->shaken)
		return HANDSHAKE_LEN;
	if (c->head_len < 4)
		return 4;
	len = get32(c->head);
	if (len > MSG_LEN_MAX)
		errx(1, "a message of %u bytes", len);
	if (len == 0)
		return 4;
	if (c->head_len < 5)
		return 5;
	return c->head[4] == MSG_PIECE ? 13 : 5;
}

static void
conn_on_head(struct conn *c)
{
	static const uint8_t	interested[5] = { 0, 0, 0, 1, MSG_INTERESTED };

	if (!c->shaken) {
		c->shaken = 1;
		conn_send(c, interested, sizeof(interested));
	} else
		c->body = conn_on_message(c, c->head + 4, get32(c->head));
	c->head_len = 0;
}

static void
conn_parse(struct conn *c, const uint8_t *p, uint32_t len)
{
	uint32_t	n;

	while (len > 0) {
		if (c->body > 0) {
			n = len < c->body ? len : c->body;
			c->body -= n;
			if (c->body == 0) {
				sink.got += (uint32_t)c->wanted;
				c->wanted = 0;
			}
		} else {
			n = conn_wanted(c) - c->head_len;
			if (n > len)
				n = len;
			memcpy(c->head + c->head_len, p, n);
			c->head_len += n;
			if (c->head_len == conn_wanted(c))
				conn_on_head(c);
		}
		p += n;
		len -= n;
	}
}

/* Returns -1 when the other side has hung up. */
static int
conn_read(struct conn *c)
{
	static uint8_t	buf[BUF_LEN];
	ssize_t		n;

	n = recv(c->fd, buf, sizeof(buf), MSG_DONTWAIT);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0)
		return -1;
	conn_parse(c, buf, (uint32_t)n);
	conn_ask(c);
	return 0;
}

/* The other side hung up: others must fetch what was asked of it. */
static void
conn_end(struct conn *c)
{
	if (c->wanted)
		errx(1, "the seed hung up in the middle of a block");
	conn_on_choke(c);
	close(c->fd);
	if (--sink.live == 0)
		errx(1, "the seed hung up");
}

/* Connect from the address that is number i after base. */
static struct conn *
conn_new(const char *base, int i, const char *host, uint16_t port)
{
	struct sockaddr_in	 from = address_at(base, i, 0);
	struct sockaddr_in	 to = address_at(host, 0, port);
	struct epoll_event	 ev = { .events = EPOLLIN };
	struct conn		*c;
	uint8_t			 hello[HANDSHAKE_LEN];
	int			 on = 1;

	if ((c = calloc(1, sizeof(*c))) == NULL)
		err(1, NULL);
	if ((c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) == -1)
		err(1, "socket");
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (bind(c->fd, (struct sockaddr *)&from, sizeof(from)) == -1)
		err(1, "bind");
	if (connect(c->fd, (struct sockaddr *)&to, sizeof(to)) == -1)
		err(1, "connect");
	put_handshake(hello, sink.infohash, "SK", i);
	conn_send(c, hello, HANDSHAKE_LEN);
	ev.data.ptr = c;
	if (epoll_ctl(sink.epoll, EPOLL_CTL_ADD, c->fd, &ev) == -1)
		err(1, "epoll_ctl");
	sink.live++;
	return c;
}

static void
plan(const char *size, const char *piece_length, const char *depth)
{
	sink.size = strtoull(size, NULL, 10);
	sink.piece_length = (uint32_t)strtoul(piece_length, NULL, 10);
	sink.depth = (uint32_t)strtoul(depth, NULL, 10);
	if (sink.size == 0 || sink.piece_length % BLOCK_LEN != 0 ||
	    sink.piece_length == 0 || sink.depth < 1 ||
	    sink.depth > DEPTH_MAX)
		errx(2, "size, piece length or depth out of range");
	sink.per_piece = sink.piece_length / BLOCK_LEN;
	sink.nblocks = (uint32_t)((sink.size + BLOCK_LEN - 1) / BLOCK_LEN);
	sink.returned = calloc(sink.nblocks, sizeof(sink.returned[0]));
	if (sink.returned == NULL)
		err(1, NULL);
}

int
main(int argc, char *argv[])
{
	struct epoll_event	ev[64];
	struct conn		*conns[CONNS_MAX];
	int			i, n, got;

	if (argc != 9) {
		fprintf(stderr, "usage: sink host port infohash size "
		    "piece-length address connections depth\n");
		return 2;
	}
	parse_infohash(sink.infohash, argv[3]);
	plan(argv[4], argv[5], argv[8]);
	n = atoi(argv[7]);
	if (n < 1 || n > CONNS_MAX)
		errx(2, "connections out of range");
	if ((sink.epoll = epoll_create1(EPOLL_CLOEXEC)) == -1)
		err(1, "epoll");
	for (i = 0; i < n; i++)
		conns[i] = conn_new(argv[6], i, argv[1],
		    (uint16_t)atoi(argv[2]));
	while (sink.got < sink.nblocks) {
		if ((got = epoll_wait(sink.epoll, ev, 64, -1)) == -1)
			continue;
		for (i = 0; i < got; i++)
			if (conn_read(ev[i].data.ptr) == -1)
				conn_end(ev[i].data.ptr);
		/* Blocks given back by a choked connection find a taker. */
		for (i = 0; sink.nreturned > 0 && i < n; i++)
			conn_ask(conns[i]);
	}
	printf("done %.6f %llu\n", now(), (unsigned long long)sink.bytes);
	return 0;
}
