/* SPDX-License-Identifier: ISC */
/*
 * burst: K peers that connect to a seed at once, each from an address of its
 * own, and ask for one block as soon as they are unchoked.  Prints for each,
 * in milliseconds since the first began to connect, when it had its block.
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
#define IN_LEN		(BLOCK_LEN + 4096U)	/* a block, or a bitfield */
#define PEERS_MAX	1000

enum stage { CONNECTING, SHAKING, CHOKED, ASKED, SERVED };

struct peer {
	int		 fd;
	enum stage	 stage;
	uint8_t		 in[IN_LEN];
	uint32_t	 in_len;
};

static struct {
	struct peer	 peers[PEERS_MAX];
	uint8_t		 infohash[20];
	uint32_t	 npieces;
	int		 epoll;
	int		 left;		/* without their block */
	double		 begin;
} burst;

static void
peer_send(struct peer *p, const void *buf, size_t len)
{
	if (send(p->fd, buf, len, MSG_NOSIGNAL) != (ssize_t)len)
		err(1, "send");
}

static void
peer_connect(struct peer *p, const char *base, int i, const char *host,
    uint16_t port)
{
	struct sockaddr_in	from = address_at(base, i, 0);
	struct sockaddr_in	to = address_at(host, 0, port);
	struct epoll_event	ev = { .events = EPOLLOUT, .data.ptr = p };
	int			on = 1;

	p->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    0);
	if (p->fd == -1)
		err(1, "socket");
	setsockopt(p->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (bind(p->fd, (struct sockaddr *)&from, sizeof(from)) == -1)
		err(1, "bind");
	if (connect(p->fd, (struct sockaddr *)&to, sizeof(to)) == -1 &&
	    errno != EINPROGRESS)
		err(1, "connect");
	if (epoll_ctl(burst.epoll, EPOLL_CTL_ADD, p->fd, &ev) == -1)
		err(1, "epoll_ctl");
}

static void
peer_on_connected(struct peer *p)
{
	struct epoll_event	ev = { .events = EPOLLIN, .data.ptr = p };
	uint8_t			hello[HANDSHAKE_LEN];

	put_handshake(hello, burst.infohash, "BU", (int)(p - burst.peers));
	peer_send(p, hello, sizeof(hello));
	p->stage = SHAKING;
	if (epoll_ctl(burst.epoll, EPOLL_CTL_MOD, p->fd, &ev) == -1)
		err(1, "epoll_ctl");
}

static void
peer_on_message(struct peer *p, const uint8_t *msg, uint32_t len)
{
	uint8_t		request[17];
	uint32_t	piece = (uint32_t)(p - burst.peers) % burst.npieces;

	if (len == 0)
		return;
	if (msg[0] == MSG_UNCHOKE && p->stage == CHOKED) {
		put_request(request, piece, 0, BLOCK_LEN);
		peer_send(p, request, sizeof(request));
		p->stage = ASKED;
	} else if (msg[0] == MSG_CHOKE && p->stage == ASKED) {
		p->stage = CHOKED;
	} else if (msg[0] == MSG_PIECE && p->stage == ASKED) {
		if (len != 9 + BLOCK_LEN || get32(msg + 1) != piece)
			errx(1, "not the block that was asked for");
		printf("%.3f\n", (now() - burst.begin) * 1000);
		p->stage = SERVED;
		burst.left--;
	}
}

/* Take what is complete off the input. */
static void
peer_parse(struct peer *p)
{
	static const uint8_t	interested[5] = { 0, 0, 0, 1, MSG_INTERESTED };
	uint32_t		at = 0, len;

	if (p->stage == SHAKING) {
		if (p->in_len < HANDSHAKE_LEN)
			return;
		peer_send(p, interested, sizeof(interested));
		p->stage = CHOKED;
		at = HANDSHAKE_LEN;
	}
	while (p->in_len - at >= 4) {
		len = get32(p->in + at);
		if (len > IN_LEN - 4)
			errx(1, "a message of %u bytes", len);
		if (p->in_len - at - 4 < len)
			break;
		peer_on_message(p, p->in + at + 4, len);
		at += 4 + len;
	}
	memmove(p->in, p->in + at, p->in_len - at);
	p->in_len -= at;
}

static void
peer_read(struct peer *p)
{
	ssize_t	n;

	n = recv(p->fd, p->in + p->in_len, IN_LEN - p->in_len, 0);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0 && p->stage != SERVED)
		errx(1, "the seed hung up");
	if (n <= 0) {
		close(p->fd);
		return;
	}
	p->in_len += (uint32_t)n;
	peer_parse(p);
}

int
main(int argc, char *argv[])
{
	struct epoll_event	 ev[64];
	struct peer		*p;
	int			 i, got, n;

	if (argc != 7 || (n = atoi(argv[6])) < 1 || n > PEERS_MAX) {
		fprintf(stderr, "usage: burst host port infohash pieces "
		    "address connections\n");
		return 2;
	}
	parse_infohash(burst.infohash, argv[3]);
	if ((burst.npieces = (uint32_t)atoi(argv[4])) == 0)
		errx(2, "pieces out of range");
	if ((burst.epoll = epoll_create1(EPOLL_CLOEXEC)) == -1)
		err(1, "epoll");
	burst.left = n;
	burst.begin = now();
	for (i = 0; i < n; i++)
		peer_connect(&burst.peers[i], argv[5], i, argv[1],
		    (uint16_t)atoi(argv[2]));
	while (burst.left > 0) {
		if ((got = epoll_wait(burst.epoll, ev, 64, -1)) == -1)
			err(1, "epoll_wait");
		for (i = 0; i < got; i++) {
			p = ev[i].data.ptr;
			if (p->stage == CONNECTING)
				peer_on_connected(p);
			else
				peer_read(p);
		}
	}
	return 0;
}
