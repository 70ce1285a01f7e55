/* SPDX-License-Identifier: ISC */
#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "clock.h"
#include "mem.h"
#include "packet.h"

struct client {
	int		 fd;
	struct msg_in	*in;
	const char	*why;		/* of CLIENT_INVALID */
	uint8_t		 buf[MSG_SIZE_MAX];
};

static int	client_wait(struct client *c, short events, uint64_t until);
static enum client_result client_read(struct client *c);

struct client *
client_open(const char *path)
{
	struct sockaddr_un	 sun = { .sun_family = AF_UNIX };
	struct client		*c;
	int			 fd, saved;

	if (strlcpy(sun.sun_path, path, sizeof(sun.sun_path)) >=
	    sizeof(sun.sun_path)) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return NULL;
	if (connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == -1) {
		saved = errno;
		close(fd);
		errno = saved;
		return NULL;
	}
	c = xcalloc(1, sizeof(*c));
	c->fd = fd;
	c->in = msg_in_new();
	return c;
}

void
client_close(struct client *c)
{
	if (c == NULL)
		return;
	close(c->fd);
	msg_in_free(c->in);
	free(c);
}

int
client_send(struct client *c, enum msg_type type, const void *body, int fd)
{
	ssize_t	len, n;

	len = msg_encode(type, body, c->buf, sizeof(c->buf));
	if (len == -1) {
		errno = EMSGSIZE;
		return -1;
	}
	do
		n = packet_send(c->fd, c->buf, (size_t)len, fd);
	while (n == -1 && errno == EINTR);
	return n == -1 ? -1 : 0;
}

enum client_result
client_recv(struct client *c, int timeout_ms, const struct msg_in **in)
{
	enum client_result	result;
	uint64_t		until;

	until = timeout_ms < 0 ? UINT64_MAX : clock_ms() + (uint64_t)timeout_ms;
	if (client_wait(c, POLLIN, until) == -1)
		return CLIENT_TIMEOUT;
	result = client_read(c);
	*in = c->in;
	return result;
}

const char *
client_strerror(const struct client *c, enum client_result result)
{
	switch (result) {
	case CLIENT_OK:
		break;
	case CLIENT_CLOSED:
		return "mimd hung up";
	case CLIENT_TIMEOUT:
		return "mimd does not answer";
	case CLIENT_INVALID:
		return c->why;
	}
	return "no error";
}

/* -1 if nothing came in time. */
static int
client_wait(struct client *c, short events, uint64_t until)
{
	struct pollfd	pfd = { .fd = c->fd, .events = events };
	uint64_t	now;
	int		n, ms;

	for (;;) {
		now = clock_ms();
		if (until == UINT64_MAX)
			ms = -1;
		else if (now >= until)
			ms = 0;
		else
			ms = until - now > 60000 ? 60000 : (int)(until - now);
		n = poll(&pfd, 1, ms);
		if (n > 0)
			return 0;
		if (n == -1 && errno != EINTR)
			return 0;	/* let the read report it */
		if (n == 0 && now >= until)
			return -1;
	}
}

/*
 * No message to mimctl carries a descriptor: without room for control data
 * the kernel drops any that would come.
 */
static enum client_result
client_read(struct client *c)
{
	struct iovec	 iov = { c->buf, sizeof(c->buf) };
	struct msghdr	 mh = { .msg_iov = &iov, .msg_iovlen = 1 };
	const char	*why;
	ssize_t		 n;

	do
		n = recvmsg(c->fd, &mh, 0);
	while (n == -1 && errno == EINTR);
	if (n <= 0)
		return CLIENT_CLOSED;
	if ((mh.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
		c->why = "not a message";
		return CLIENT_INVALID;
	}
	if (msg_decode(c->in, c->buf, (size_t)n, &why) == -1 ||
	    msg_allowed(c->in->type, ROLE_PARENT, ROLE_CTL, PHASE_RUN, false,
	    &why) == -1) {
		c->why = why;
		return CLIENT_INVALID;
	}
	return CLIENT_OK;
}
