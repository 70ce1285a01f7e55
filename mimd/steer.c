/* SPDX-License-Identifier: ISC */
#include <sys/socket.h>

#include <linux/filter.h>
#include <netinet/in.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "steer.h"

static int
set(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value));
}

static int
open_one(const struct sockaddr_storage *ss, socklen_t len, const char *device,
    int shared)
{
	int	fd, saved;

	fd = socket(ss->ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    IPPROTO_UDP);
	if (fd == -1)
		return -1;
	if ((device[0] == '\0' || setsockopt(fd, SOL_SOCKET,
	    SO_BINDTODEVICE, device, (socklen_t)strlen(device)) == 0) &&
	    (ss->ss_family != AF_INET6 ||
	    set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) == 0) &&
	    set(fd, SOL_SOCKET, SO_REUSEPORT, shared) == 0 &&
	    bind(fd, (const struct sockaddr *)ss, len) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

/*
 * Is nobody there?  Sockets that share the port with others of this user
 * would count among the two, whose order tells them apart, and when those
 * others end, it would change.
 */
static int
is_free(const struct sockaddr_storage *ss, socklen_t len, const char *device)
{
	int	fd = open_one(ss, len, device, 0);

	return fd == -1 ? -1 : close(fd);
}

/*
 * Which socket of the port is to have a datagram, by the order in which they
 * were bound.  A third one, of whoever else, never gets any.  A datagram
 * without a first byte ends the program and goes to the first socket.
 */
static int
attach(int fd)
{
	struct sock_filter	code[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 'd', 0, 1),
		BPF_STMT(BPF_RET | BPF_K, STEER_DHT),
		BPF_STMT(BPF_RET | BPF_K, STEER_PEER)
	};
	struct sock_fprog	program = {
		.len = sizeof(code) / sizeof(code[0]), .filter = code
	};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program,
	    sizeof(program));
}

int
steer_open(const struct addr *a, const char *device, int fds[STEER_SOCKETS])
{
	struct sockaddr_storage	ss;
	socklen_t		len = addr_to_sockaddr(a, &ss);
	int			saved;

	fds[STEER_DHT] = fds[STEER_PEER] = -1;
	if (is_free(&ss, len, device) == -1)
		return -1;
	if ((fds[STEER_DHT] = open_one(&ss, len, device, 1)) == -1)
		return -1;
	/* With the port that it got, if any would do. */
	if (attach(fds[STEER_DHT]) == 0 && getsockname(fds[STEER_DHT],
	    (struct sockaddr *)&ss, &len) == 0 &&
	    (fds[STEER_PEER] = open_one(&ss, len, device, 1)) != -1)
		return 0;
	saved = errno;
	close(fds[STEER_DHT]);
	fds[STEER_DHT] = -1;
	errno = saved;
	return -1;
}
