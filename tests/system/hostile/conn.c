/* SPDX-License-Identifier: ISC */
#include <sys/socket.h>
#include <sys/time.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bitfield.h"
#include "hostile.h"

#define CONNECT_MS	3000
#define GREET_MS	5000
#define SEND_MS		1000

/* Connections: blocking ones, a thread each; and what is said on them. */
uint64_t
hostile_now(void)
{
	struct timespec	ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

void
hostile_sleep(uint32_t ms)
{
	struct timespec	ts = { ms / 1000, ms % 1000 * 1000000L };

	nanosleep(&ts, NULL);
}

/* splitmix64 */
uint32_t
hostile_random(struct peer *p)
{
	uint64_t	z = p->rng += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (uint32_t)((z ^ z >> 31) >> 16);
}

void
hostile_fill(struct peer *p, void *buf, size_t n)
{
	uint8_t	*b = buf;

	while (n-- > 0)
		*b++ = (uint8_t)hostile_random(p);
}

int
hostile_open(const struct target *t)
{
	struct sockaddr_in	sin = { .sin_family = AF_INET };
	struct timeval		tv = { SEND_MS / 1000, 0 };
	int			fd, one = 1, size = 1 << 16;

	if ((fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) == -1)
		return -1;
	sin.sin_addr.s_addr = htonl(hostile_address());
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (bind(fd, (struct sockaddr *)&sin, sizeof(sin)) == -1)
		err(1, "bind");
	sin.sin_addr.s_addr = htonl(t->addr);
	sin.sin_port = htons(t->port);
	if (connect(fd, (struct sockaddr *)&sin, sizeof(sin)) == -1) {
		close(fd);
		return -1;
	}
	return fd;
}

/* ---- sending ---- */

bool
peer_flush(struct peer *p)
{
	size_t	off = 0;
	ssize_t	n;

	while (off < p->nout && !p->gone) {
		n = send(p->fd, p->out + off, p->nout - off, MSG_NOSIGNAL);
		if (n > 0)
			off += (size_t)n;
		else if (errno != EAGAIN && errno != EINTR)
			p->gone = true;
		else if (hostile_now() > p->until && p->ended)
			break;
		else if (!p->script->deaf)
			peer_drain(p);
	}
	p->bytes += off;
	p->nout = 0;
	return !p->gone;
}

void
peer_put(struct peer *p, const void *buf, size_t n)
{
	const uint8_t	*b = buf;
	size_t		 k;

	while (n > 0 && !p->gone) {
		k = HOSTILE_HEAP - p->nout;
		if (k > n)
			k = n;
		memcpy(p->out + p->nout, b, k);
		p->nout += k;
		b += k;
		n -= k;
		if (p->nout == HOSTILE_HEAP)
			peer_flush(p);
	}
}

/* A message that says it is so long. */
void
peer_head(struct peer *p, uint32_t len, uint8_t id)
{
	uint8_t	head[5];

	wire_put32(head, len);
	head[4] = id;
	p->messages++;
	peer_put(p, head, sizeof(head));
}

void
peer_plain(struct peer *p, uint8_t id)
{
	peer_head(p, 1, id);
}

void
peer_index(struct peer *p, uint8_t id, uint32_t piece)
{
	uint8_t	b[4];

	wire_put32(b, piece);
	peer_head(p, 5, id);
	peer_put(p, b, sizeof(b));
}

void
peer_range(struct peer *p, uint8_t id, uint32_t piece, uint32_t begin,
    uint32_t length)
{
	uint8_t	b[12];

	wire_put32(b, piece);
	wire_put32(b + 4, begin);
	wire_put32(b + 8, length);
	peer_head(p, 13, id);
	peer_put(p, b, sizeof(b));
}

void
peer_ext(struct peer *p, uint8_t ext, const void *body, size_t n)
{
	peer_head(p, (uint32_t)n + 2, WIRE_EXTENDED);
	peer_put(p, &ext, 1);
	peer_put(p, body, n);
}

void
peer_bitfield(struct peer *p, bool all)
{
	uint32_t	 n = p->target->npieces;
	size_t		 size = bitfield_size(n);
	uint8_t		*bits = calloc(1, size);

	if (bits == NULL)
		err(1, NULL);
	if (all)
		memset(bits, 0xff, size);
	bitfield_trim(bits, n);
	peer_head(p, (uint32_t)size + 1, WIRE_BITFIELD);
	peer_put(p, bits, size);
	free(bits);
}

/* ---- receiving ---- */

static bool
readable(struct peer *p, uint64_t end)
{
	struct pollfd	pfd = { p->fd, POLLIN, 0 };
	uint64_t	now = hostile_now();

	return now < end && poll(&pfd, 1, (int)(end - now)) > 0;
}

bool
peer_read(struct peer *p, void *buf, size_t n, uint32_t ms)
{
	uint64_t	end = hostile_now() + ms;
	uint8_t		*b = buf;
	ssize_t		k;

	while (n > 0 && !p->gone && readable(p, end)) {
		k = recv(p->fd, b, n, 0);
		if (k <= 0) {
			p->gone = true;
			break;
		}
		b += k;
		n -= (size_t)k;
	}
	return n == 0;
}

static bool
skip(struct peer *p, uint32_t n, uint32_t ms)
{
	uint8_t		scrap[4096];
	uint32_t	k;

	for (; n > 0; n -= k) {
		k = n < sizeof(scrap) ? n : sizeof(scrap);
		if (!peer_read(p, scrap, k, ms))
			return false;
	}
	return true;
}

int
peer_message(struct peer *p, uint8_t *body, uint32_t cap, uint32_t *n,
    uint32_t ms)
{
	uint8_t		head[5];
	uint32_t	len;

	do {
		if (!peer_read(p, head, 4, ms))
			return -1;
	} while ((len = wire_get32(head)) == 0);
	if (!peer_read(p, head + 4, 1, ms))
		return -1;
	len--;
	*n = len < cap ? len : cap;
	if (!peer_read(p, body, *n, ms) || !skip(p, len - *n, ms))
		return -1;
	return head[4];
}

void
peer_drain(struct peer *p)
{
	static _Thread_local uint8_t	scrap[1 << 16];
	ssize_t				n;

	while ((n = recv(p->fd, scrap, sizeof(scrap), MSG_DONTWAIT)) > 0)
		;
	if (n == 0 || (errno != EAGAIN && errno != EINTR))
		p->gone = true;
}

bool
peer_await_end(struct peer *p, uint32_t ms)
{
	uint64_t	end = hostile_now() + ms;

	while (!p->gone && readable(p, end))
		peer_drain(p);
	return p->gone;
}

/* ---- handshakes ---- */

void
hostile_handshake(struct peer *p, uint8_t out[WIRE_HANDSHAKE], bool plain)
{
	uint8_t	id[20] = "-TT0001-";

	hostile_fill(p, id + 8, 12);
	wire_handshake(out, p->target->infohash, id, false);
	if (plain)
		memset(out + WIRE_PROTOCOL_LEN, 0, 8);
}

bool
peer_greet(struct peer *p)
{
	uint8_t	hs[WIRE_HANDSHAKE];

	hostile_handshake(p, hs, p->script->plain);
	peer_put(p, hs, sizeof(hs));
	return peer_flush(p) && peer_read(p, hs, sizeof(hs), GREET_MS) &&
	    wire_handshake_check(hs, sizeof(hs)) == 0;
}

bool
peer_learn(struct peer *p)
{
	static const char	ours[] = "d1:md11:lt_donthavei5e11:upload_only"
	    "i3e12:ut_holepunchi4e11:ut_metadatai2e6:ut_pexi1eee";
	struct ext_peer		e;
	uint8_t			body[2048];
	uint32_t		n;
	int			id;

	peer_ext(p, 0, ours, sizeof(ours) - 1);
	if (!peer_flush(p))
		return false;
	while ((id = peer_message(p, body, sizeof(body), &n, GREET_MS)) != -1) {
		if (id != WIRE_EXTENDED || n == 0 || body[0] != 0)
			continue;
		ext_peer_init(&e);
		if (ext_parse(&e, body + 1, n - 1) == -1)
			return false;
		memcpy(p->ids, e.ids, sizeof(p->ids));
		return true;
	}
	return false;
}
