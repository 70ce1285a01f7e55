/* SPDX-License-Identifier: ISC */
#include <unistd.h>

#include "dgram.h"
#include "krpc.h"
#include "own.h"

/* What cannot be sent now is lost, as on the way: who asks, asks again. */
void
own_socket_send(const struct own_socket *s, const struct addr *to,
    const uint8_t *p, size_t n)
{
	if (s->fd != -1)
		dgram_send(s->fd, p, n, to);
}

/* What is longer than a message may be is cut, and then none. */
static void
on_readable(int fd, int what, void *arg)
{
	struct own_socket	*s = arg;
	struct own		*own = s->node->own;
	struct addr		 from;
	uint64_t		 now = loop_now(own->child->loop);
	uint8_t			 buf[KRPC_READ_MAX + 1];
	ssize_t			 n;
	int			 i;

	(void)what;
	for (i = 0; i < OWN_BATCH; i++) {
		if ((n = dgram_recv(fd, buf, sizeof(buf), &from)) == -1)
			break;
		dht_input(s->node->dht, &from, buf, (size_t)n, now);
	}
	own_run(own);
}

void
own_socket_open(struct own_socket *s, int fd, const struct addr *addr)
{
	s->fd = fd;
	s->addr = *addr;
	s->io = loop_io_new(s->node->own->child->loop, fd, on_readable, s);
	loop_io_want(s->io, LOOP_READ);
}

void
own_socket_close(struct own_socket *s)
{
	if (s->fd == -1)
		return;
	loop_io_free(s->io);
	close(s->fd);
	s->io = NULL;
	s->fd = -1;
}
