/* SPDX-License-Identifier: ISC */
/*
 * limit: what a download costs at least in mim's shape.
 *
 * A sender, a network process that receives pieces into memory it shares, and
 * disk processes that each take a piece, copy it out, hash the copy and write
 * it; no protocol, nothing else.  Prints seconds from the first byte to the
 * last write, then CPU seconds of the sender, of the network and of the disk
 * processes.
 */

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <openssl/evp.h>

#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench.h"

#define PIECE		(1U << 20)
#define SLOTS		8U
#define JOBS_MAX	16U

struct order {
	uint32_t	 slot, piece;
};

static uint8_t	*arena;			/* SLOTS pieces */
static double	*begin;			/* shared, too: the first byte came */

static void *
shared(size_t len)
{
	void	*p;

	p = mmap(NULL, len, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		err(1, "mmap");
	return p;
}

static void
run_sender(const struct sockaddr_in *to, uint32_t npieces)
{
	uint8_t		*buf;
	uint32_t	 i, at;
	ssize_t		 n;
	int		 fd;

	if ((buf = malloc(PIECE)) == NULL ||
	    (fd = socket(AF_INET, SOCK_STREAM, 0)) == -1 ||
	    connect(fd, (const struct sockaddr *)to, sizeof(*to)) == -1)
		err(1, "sender");
	for (i = 0; i < PIECE; i++)
		buf[i] = (uint8_t)(i * 2654435761U >> 24);
	for (i = 0; i < npieces; i++) {
		for (at = 0; at < PIECE; at += (uint32_t)n)
			if ((n = write(fd, buf + at, PIECE - at)) <= 0)
				err(1, "write");
	}
}

static void
receive_piece(int fd, uint8_t *slot)
{
	uint32_t	at;
	ssize_t		n;

	for (at = 0; at < PIECE; at += (uint32_t)n) {
		if ((n = recv(fd, slot + at, PIECE - at, 0)) <= 0)
			err(1, "recv");
		if (*begin == 0)
			*begin = now();
	}
}

static void
run_network(int fd, int disk, uint32_t npieces)
{
	struct order	o;
	uint32_t	i;

	for (i = 0; i < npieces; i++) {
		o.slot = i;
		if (i >= SLOTS && recv(disk, &o, sizeof(o), 0) != sizeof(o))
			err(1, "recv");
		receive_piece(fd, arena + o.slot * PIECE);
		o.piece = i;
		if (send(disk, &o, sizeof(o), 0) != sizeof(o))
			err(1, "send");
	}
}

static void
run_disk(int network, int file)
{
	unsigned char	 hash[EVP_MAX_MD_SIZE];
	struct order	 o;
	uint8_t		*copy;

	if ((copy = malloc(PIECE)) == NULL)
		err(1, NULL);
	while (recv(network, &o, sizeof(o), 0) == sizeof(o)) {
		memcpy(copy, arena + o.slot * PIECE, PIECE);
		/* The slot is free; the network process may have ended. */
		(void)send(network, &o, sizeof(o), MSG_NOSIGNAL);
		if (EVP_Digest(copy, PIECE, hash, NULL, EVP_sha1(),
		    NULL) != 1)
			errx(1, "EVP_Digest");
		if (pwrite(file, copy, PIECE, (off_t)o.piece * PIECE) !=
		    (ssize_t)PIECE)
			err(1, "pwrite");
	}
}

static pid_t
fork_or_die(void)
{
	pid_t	pid;

	if ((pid = fork()) == -1)
		err(1, "fork");
	return pid;
}

/* CPU seconds of a process that has ended. */
static double
bury(pid_t pid)
{
	struct rusage	ru;
	int		status;

	if (wait4(pid, &status, 0, &ru) == -1 || status != 0)
		errx(1, "a process failed");
	return (double)(ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) +
	    (double)(ru.ru_utime.tv_usec + ru.ru_stime.tv_usec) / 1e6;
}

static int
make_listener(struct sockaddr_in *sin)
{
	socklen_t	len = sizeof(*sin);
	int		fd;

	*sin = address_at("127.0.0.1", 0, 0);
	if ((fd = socket(AF_INET, SOCK_STREAM, 0)) == -1 ||
	    bind(fd, (struct sockaddr *)sin, sizeof(*sin)) == -1 ||
	    listen(fd, 1) == -1 ||
	    getsockname(fd, (struct sockaddr *)sin, &len) == -1)
		err(1, "listen");
	return fd;
}

int
main(int argc, char *argv[])
{
	struct sockaddr_in	sin;
	uint32_t		npieces, njobs, i;
	double			cpu[3] = { 0 };
	pid_t			sender, network, disks[JOBS_MAX];
	int			pair[2], listener, file, fd;

	if (argc != 4 || (npieces = (uint32_t)atoi(argv[2])) == 0 ||
	    (njobs = (uint32_t)atoi(argv[3])) == 0 || njobs > JOBS_MAX) {
		fprintf(stderr, "usage: limit file MiB jobs\n");
		return 2;
	}
	file = open(argv[1], O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (file == -1)
		err(1, "%s", argv[1]);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == -1)
		err(1, "socketpair");
	arena = shared((size_t)SLOTS * PIECE);
	begin = shared(sizeof(*begin));
	listener = make_listener(&sin);
	if ((sender = fork_or_die()) == 0) {
		run_sender(&sin, npieces);
		_exit(0);
	}
	if ((fd = accept(listener, NULL, NULL)) == -1)
		err(1, "accept");
	for (i = 0; i < njobs; i++) {
		if ((disks[i] = fork_or_die()) == 0) {
			close(pair[0]);
			run_disk(pair[1], file);
			_exit(0);
		}
	}
	if ((network = fork_or_die()) == 0) {
		run_network(fd, pair[0], npieces);
		_exit(0);
	}
	close(pair[0]);
	close(pair[1]);
	cpu[0] = bury(sender);
	cpu[1] = bury(network);
	for (i = 0; i < njobs; i++)
		cpu[2] += bury(disks[i]);
	printf("%.6f %.6f %.6f %.6f\n", now() - *begin, cpu[0], cpu[1],
	    cpu[2]);
	return 0;
}
