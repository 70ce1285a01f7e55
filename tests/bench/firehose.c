/* SPDX-License-Identifier: ISC */
/*
 * firehose: an ideal seed to measure leeches with.
 *
 * Listens on K addresses, one connection each, and answers requests from
 * memory with as few system calls as it can.  Prints "first T" when the first
 * request arrives and "done T BYTES" when all connections have ended or on
 * SIGTERM, T being CLOCK_MONOTONIC in seconds.
 */

#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include <netinet/tcp.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

#define HEAD_LEN	13		/* of a piece message */
#define QUEUE_LEN	65536U		/* requests of a connection */
#define IN_LEN		65536U		/* bytes of unread input */
#define IOV_LEN		128		/* a head and a block each */
#define CONNS_MAX	4096
#define REQUEST_MAX	(128U << 10)

struct request {
	uint32_t	 piece, begin, length;
};

struct conn {
	int		 fd;
	int		 shaken;	/* handshakes are done */
	uint8_t		 in[IN_LEN];
	uint32_t	 in_len;
	struct request	 queue[QUEUE_LEN];	/* a ring */
	uint32_t	 head, tail;		/* never wrapped */
	uint32_t	 sent;		/* bytes of queue[head]'s answer */
	uint8_t		*hello;		/* handshake, bitfield, unchoke */
	uint32_t	 hello_len, hello_sent;
	int		 want_out;	/* epoll waits for room, too */
};

static struct {
	const uint8_t	*data;
	uint64_t	 size;
	uint32_t	 piece_length, npieces;
	uint8_t		 infohash[20];
	int		 epoll;
	uint64_t	 bytes;
	int		 first;		/* no request seen yet */
	int		 live;		/* connections */
} hose = { .first = 1 };

static volatile sig_atomic_t	quit;

static void
on_signal(int sig)
{
	(void)sig;
	quit = 1;
}

static void
conn_watch(struct conn *c, int out)
{
	struct epoll_event	ev = { .events = EPOLLIN, .data.ptr = c };

	if (c->want_out == out)
		return;
	c->want_out = out;
	if (out)
		ev.events |= EPOLLOUT;
	if (epoll_ctl(hose.epoll, EPOLL_CTL_MOD, c->fd, &ev) == -1)
		err(1, "epoll_ctl");
}

static void
conn_end(struct conn *c)
{
	close(c->fd);
	free(c->hello);
	free(c);
	hose.live--;
}

/* Handshake, a full bitfield and unchoke, ready to be sent. */
static void
conn_make_hello(struct conn *c)
{
	uint32_t	 nbytes = (hose.npieces + 7) / 8;
	uint8_t		*p;

	c->hello_len = HANDSHAKE_LEN + 5 + nbytes + 5;
	if ((p = c->hello = calloc(1, c->hello_len)) == NULL)
		err(1, NULL);
	put_handshake(p, hose.infohash, "FH", c->fd);
	p += HANDSHAKE_LEN;
	put32(p, 1 + nbytes);
	p[4] = MSG_BITFIELD;
	memset(p + 5, 0xff, nbytes);
	if (hose.npieces % 8 != 0)
		p[5 + nbytes - 1] = (uint8_t)(0xff00 >> (hose.npieces % 8));
	p += 5 + nbytes;
	put32(p, 1);
	p[4] = MSG_UNCHOKE;
}

static int
request_ok(const struct request *r)
{
	uint64_t	at = (uint64_t)r->piece * hose.piece_length;

	return r->piece < hose.npieces && r->length <= REQUEST_MAX &&
	    at + r->begin + r->length <= hose.size;
}

static int
conn_on_request(struct conn *c, const uint8_t *p)
{
	struct request	r = { get32(p), get32(p + 4), get32(p + 8) };

	if (hose.first) {
		hose.first = 0;
		printf("first %.6f\n", now());
		fflush(stdout);
	}
	if (!request_ok(&r) || c->tail - c->head == QUEUE_LEN) {
		warnx("a request out of range, or too many");
		return -1;
	}
	c->queue[c->tail++ % QUEUE_LEN] = r;
	return 0;
}

/* Forget a request that is not being answered yet. */
static void
conn_on_cancel(struct conn *c, const uint8_t *p)
{
	struct request	*r;
	uint32_t	 i, at = c->head + (c->sent > 0);

	for (i = at; i != c->tail; i++) {
		r = &c->queue[i % QUEUE_LEN];
		if (r->piece == get32(p) && r->begin == get32(p + 4))
			break;
	}
	if (i == c->tail)
		return;
	for (; i + 1 != c->tail; i++)
		c->queue[i % QUEUE_LEN] = c->queue[(i + 1) % QUEUE_LEN];
	c->tail--;
}

static int
conn_on_message(struct conn *c, const uint8_t *p, uint32_t len)
{
	if (len == 13 && p[0] == MSG_REQUEST)
		return conn_on_request(c, p + 1);
	if (len == 13 && p[0] == MSG_CANCEL)
		conn_on_cancel(c, p + 1);
	return 0;
}

/* Take what is complete off the input. */
static int
conn_parse(struct conn *c)
{
	uint32_t	at = 0, len;

	if (!c->shaken) {
		if (c->in_len < HANDSHAKE_LEN)
			return 0;
		if (memcmp(c->in + 28, hose.infohash, 20) != 0)
			return -1;
		c->shaken = 1;
		conn_make_hello(c);
		at = HANDSHAKE_LEN;
	}
	while (c->in_len - at >= 4) {
		len = get32(c->in + at);
		if (len > IN_LEN - 4)
			return -1;
		if (c->in_len - at - 4 < len)
			break;
		if (len > 0 && conn_on_message(c, c->in + at + 4, len) == -1)
			return -1;
		at += 4 + len;
	}
	memmove(c->in, c->in + at, c->in_len - at);
	c->in_len -= at;
	return 0;
}

static int
conn_read(struct conn *c)
{
	ssize_t	n;

	n = read(c->fd, c->in + c->in_len, IN_LEN - c->in_len);
	if (n == -1)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	if (n == 0)
		return -1;
	c->in_len += (uint32_t)n;
	return conn_parse(c);
}

/* Queue the rest, from byte skip on, of what p holds. */
static void
iov_add(struct iovec *iov, int *n, const uint8_t *p, uint32_t len,
    uint32_t *skip)
{
	uint32_t	cut = *skip < len ? *skip : len;

	*skip -= cut;
	if (cut == len)
		return;
	iov[*n].iov_base = (void *)(uintptr_t)(p + cut);
	iov[(*n)++].iov_len = len - cut;
}

static int
conn_gather(struct conn *c, struct iovec *iov, uint8_t heads[][HEAD_LEN])
{
	const struct request	*r;
	uint32_t		 i, skip = c->sent;
	int			 n = 0, h = 0;

	for (i = c->head; i != c->tail && n + 2 <= IOV_LEN; i++) {
		r = &c->queue[i % QUEUE_LEN];
		put32(heads[h], 9 + r->length);
		heads[h][4] = MSG_PIECE;
		put32(heads[h] + 5, r->piece);
		put32(heads[h] + 9, r->begin);
		iov_add(iov, &n, heads[h++], HEAD_LEN, &skip);
		iov_add(iov, &n, hose.data + (uint64_t)r->piece *
		    hose.piece_length + r->begin, r->length, &skip);
	}
	return n;
}

/* Account for n bytes that the kernel took. */
static void
conn_sent(struct conn *c, uint64_t n)
{
	uint32_t	len;

	n += c->sent;
	while (c->head != c->tail) {
		len = HEAD_LEN + c->queue[c->head % QUEUE_LEN].length;
		if (n < len)
			break;
		n -= len;
		hose.bytes += len - HEAD_LEN;
		c->head++;
	}
	c->sent = (uint32_t)n;
}

static int
conn_write(struct conn *c)
{
	struct iovec	iov[IOV_LEN];
	uint8_t		heads[IOV_LEN / 2 + 1][HEAD_LEN];
	ssize_t		n;
	int		niov;

	while (c->hello_sent < c->hello_len) {
		n = write(c->fd, c->hello + c->hello_sent,
		    c->hello_len - c->hello_sent);
		if (n == -1)
			goto full;
		c->hello_sent += (uint32_t)n;
	}
	while ((niov = conn_gather(c, iov, heads)) > 0) {
		if ((n = writev(c->fd, iov, niov)) == -1)
			goto full;
		conn_sent(c, (uint64_t)n);
	}
	conn_watch(c, 0);
	return 0;
full:
	if (errno != EAGAIN && errno != EINTR)
		return -1;
	conn_watch(c, 1);
	return 0;
}

static void
accept_one(int listener)
{
	struct epoll_event	 ev = { .events = EPOLLIN };
	struct conn		*c;
	int			 fd, on = 1;

	fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd == -1)
		return;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if ((c = calloc(1, sizeof(*c))) == NULL)
		err(1, NULL);
	c->fd = fd;
	ev.data.ptr = c;
	if (epoll_ctl(hose.epoll, EPOLL_CTL_ADD, fd, &ev) == -1)
		err(1, "epoll_ctl");
	hose.live++;
}

/* Listen at the address that is number i after base. */
static int
listen_at(const char *base, int i, uint16_t port)
{
	struct sockaddr_in	sin = address_at(base, i, port);
	int			fd, on = 1;

	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		err(1, "socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&sin, sizeof(sin)) == -1 ||
	    listen(fd, 128) == -1)
		err(1, "listen");
	return fd;
}

static void
map_content(const char *path)
{
	struct stat	 st;
	void		*p;
	int		 fd;

	if ((fd = open(path, O_RDONLY)) == -1 || fstat(fd, &st) == -1)
		err(1, "%s", path);
	p = mmap(NULL, (size_t)st.st_size, PROT_READ,
	    MAP_SHARED | MAP_POPULATE, fd, 0);
	if (p == MAP_FAILED)
		err(1, "mmap");
	close(fd);
	hose.data = p;
	hose.size = (uint64_t)st.st_size;
	hose.npieces = (uint32_t)((hose.size + hose.piece_length - 1) /
	    hose.piece_length);
}

static void
serve(const int *listeners, int n)
{
	struct epoll_event	 ev[64];
	struct conn		*c;
	int			 i, got, alive;

	for (i = 0; i < n; i++) {
		/* A tagged pointer: listeners have the low bit set. */
		ev[0].events = EPOLLIN;
		ev[0].data.u64 = ((uint64_t)listeners[i] << 1) | 1;
		if (epoll_ctl(hose.epoll, EPOLL_CTL_ADD, listeners[i],
		    &ev[0]) == -1)
			err(1, "epoll_ctl");
	}
	while (!quit && (hose.first || hose.live > 0)) {
		if ((got = epoll_wait(hose.epoll, ev, 64, -1)) == -1)
			continue;
		for (i = 0; i < got; i++) {
			if (ev[i].data.u64 & 1) {
				accept_one((int)(ev[i].data.u64 >> 1));
				continue;
			}
			c = ev[i].data.ptr;
			alive = !(ev[i].events & EPOLLIN) ||
			    conn_read(c) == 0;
			if (!alive || conn_write(c) == -1)
				conn_end(c);
		}
	}
}

int
main(int argc, char *argv[])
{
	struct sigaction	sa = { .sa_handler = on_signal };
	int			listeners[CONNS_MAX];
	int			i, n;

	if (argc != 7) {
		fprintf(stderr, "usage: firehose file piece-length infohash "
		    "address port connections\n");
		return 2;
	}
	hose.piece_length = (uint32_t)strtoul(argv[2], NULL, 10);
	n = atoi(argv[6]);
	if (hose.piece_length == 0 || n < 1 || n > CONNS_MAX)
		errx(2, "piece length or connections out of range");
	map_content(argv[1]);
	parse_infohash(hose.infohash, argv[3]);
	sigaction(SIGTERM, &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
	if ((hose.epoll = epoll_create1(EPOLL_CLOEXEC)) == -1)
		err(1, "epoll");
	for (i = 0; i < n; i++)
		listeners[i] = listen_at(argv[4], i,
		    (uint16_t)atoi(argv[5]));
	printf("ready\n");
	fflush(stdout);
	serve(listeners, n);
	printf("done %.6f %llu\n", now(), (unsigned long long)hose.bytes);
	return 0;
}
