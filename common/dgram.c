/* SPDX-License-Identifier: ISC */
#include "dgram.h"

#include <sys/socket.h>

#include <errno.h>

ssize_t
dgram_recv(int fd, void *buf, size_t size, struct addr *from)
{
	struct sockaddr_storage	ss;
	socklen_t		len = sizeof(ss);
	ssize_t			n;

	n = recvfrom(fd, buf, size, 0, (struct sockaddr *)&ss, &len);
	if (n != -1 && addr_from_sockaddr(from, (struct sockaddr *)&ss) == -1) {
		errno = EAFNOSUPPORT;
		return -1;
	}
	return n;
}

ssize_t
dgram_send(int fd, const void *p, size_t n, const struct addr *to)
{
	struct sockaddr_storage	ss;
	socklen_t		len = addr_to_sockaddr(to, &ss);

	return sendto(fd, p, n, 0, (struct sockaddr *)&ss, len);
}
