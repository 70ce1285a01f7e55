/* SPDX-License-Identifier: ISC */
#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "loop.h"
#include "mem.h"
#include "net.h"
#include "proxy.h"
#include "socks.h"
#include "via.h"

/* The state of a connection until the proxy has connected us to the peer. */
struct via {
	bool		connected;	/* to the proxy */
	bool		blamed;		/* the proxy failed */
	struct socks	socks;
};

const struct addr *
via_address(struct net *net, const struct addr *addr)
{
	const struct proxy	*p = proxy_get();

	if (!proxy_used())
		return addr;
	if (proxy_refuses() != NULL)
		return NULL;
	return &p->addrs[net->next_via % p->naddrs];
}

bool
via_down(struct net *net, int error)
{
	if (!proxy_used())
		return false;
	net->next_via++;
	proxy_failed(strerror(error));
	return true;
}

void
via_begin(struct conn *c)
{
	const struct proxy	*p = proxy_get();

	if (!proxy_used())
		return;
	c->via = xcalloc(1, sizeof(*c->via));
	socks_connect(&c->via->socks, &c->addr, p->user, p->password);
	conn_update_io(c);
}

void
via_clear(struct conn *c)
{
	free(c->via);
	c->via = NULL;
}

int
via_events(const struct conn *c)
{
	const struct via	*v = c->via;

	return !v->connected || v->socks.len > 0 ? LOOP_WRITE : LOOP_READ;
}

/* It is of no use to anybody now. */
static bool
broken(struct conn *c, const char *why)
{
	c->via->blamed = true;
	c->net->next_via++;
	conn_close(c, proxy_failed(why));
	return false;
}

static bool
check_connected(struct conn *c)
{
	int		error = 0;
	socklen_t	len = sizeof(error);

	if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1)
		error = errno;
	if (error != 0)
		return broken(c, strerror(error));
	c->via->connected = true;
	return true;
}

/* Hanging up on a request is how some proxies say that they cannot. */
static void
lost(struct conn *c, const char *why)
{
	if (c->via->socks.answered)
		conn_close(c, why);
	else
		broken(c, why);
}

static void
send_out(struct conn *c)
{
	struct socks	*s = &c->via->socks;
	ssize_t		 n;

	n = send(c->fd, s->out + s->off, s->len - s->off, 0);
	if (n >= 0)
		socks_sent(s, (size_t)n);
	else if (errno != EAGAIN && errno != EINTR)
		lost(c, strerror(errno));
}

static void
take_in(struct conn *c)
{
	struct socks	*s = &c->via->socks;
	uint8_t		 buf[SOCKS_WORD_MAX + 2];
	ssize_t		 n;

	n = recv(c->fd, buf, socks_room(s), 0);
	if (n > 0)
		socks_feed(s, buf, (size_t)n);
	else if (n == 0)
		lost(c, "closes the connection");
	else if (errno != EAGAIN && errno != EINTR)
		lost(c, strerror(errno));
}

bool
via_event(struct conn *c, int what)
{
	struct via	*v = c->via;

	if (!v->connected && !check_connected(c))
		return false;
	if (what & LOOP_READ && v->socks.len == 0)
		take_in(c);
	else if (v->socks.len > 0)
		send_out(c);
	if (c->state == CONN_DEAD)
		return false;
	switch (v->socks.want) {
	case SOCKS_DONE:
		proxy_worked();
		via_clear(c);
		return true;
	case SOCKS_REFUSED:
		proxy_worked();
		conn_close(c, v->socks.why);
		break;
	case SOCKS_FAILED:
		return broken(c, v->socks.why);
	default:
		break;
	}
	return false;
}

void
via_silent(const struct conn *c)
{
	if (c->via != NULL && !c->via->socks.answered)
		proxy_failed("no answer");
}

/* Nobody asked the peer yet. */
bool
via_is_to_blame(const struct conn *c)
{
	return c->via != NULL && (c->via->blamed ||
	    !c->via->socks.answered);
}
