/* SPDX-License-Identifier: ISC */
#ifndef PEER_SCRIPT_H
#define PEER_SCRIPT_H

#include "peer/wire.h"
#include "peer_world.h"

/* Other peers: scripts in processes of their own, with blocking sockets. */

static inline void
put(int fd, const void *p, size_t n)
{
	size_t	off = 0;
	ssize_t	k;

	for (; off < n; off += (size_t)k)
		if ((k = write(fd, (const uint8_t *)p + off, n - off)) <= 0)
			_exit(10);
}

/* -1 at the end of the stream. */
static inline int
get(int fd, void *p, size_t n)
{
	size_t	off = 0;
	ssize_t	k;

	for (; off < n; off += (size_t)k)
		if ((k = read(fd, (uint8_t *)p + off, n - off)) <= 0)
			return -1;
	return 0;
}

static inline void
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

static inline void
hello(int fd, const char *id)
{
	hello_as(fd, id, true);
}

static inline void
put_plain(int fd, enum wire_id id)
{
	uint8_t	buf[5];

	put(fd, buf, wire_put_plain(buf, id));
}

static inline void
put_bitfield(int fd)
{
	uint8_t	buf[5 + 64] = { 0 };
	size_t	n = bitfield_size(geom.npieces);

	wire_put_bitfield(buf, (uint32_t)n);
	memset(buf + 5, 0xff, n);	/* spare bits are set, too */
	put(fd, buf, 5 + n);
}

/* Reads a message into buf; its length or -1. */
static inline ssize_t
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

static inline void
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
static inline void
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

static inline pid_t
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

static inline int
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
static inline void
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

static inline pid_t
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

#endif /* PEER_SCRIPT_H */
