/* SPDX-License-Identifier: ISC */
#include <sys/socket.h>

#include <netinet/in.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "listen.h"
#include "bound.h"

/* ---- what to listen on ---- */

static int
family_of(const struct addr *a)
{
	return addr_is_v4(a) ? AF_INET : AF_INET6;
}

static bool
same(const struct listen *a, const struct listen *b)
{
	return a->any == b->any && a->family == b->family &&
	    addr_cmp(&a->addr, &b->addr) == 0;
}

/* Once each: with a port that mimctl set, two may have become one. */
static void
plan_add(struct listens *ls, const struct listen *l)
{
	uint32_t	i;

	for (i = 0; i < ls->n; i++) {
		if (same(&ls->v[i], l))
			return;
	}
	ls->v[ls->n] = *l;
	ls->v[ls->n++].fd = -1;
}

/* "*", of one family. */
static void
plan_any(struct listens *ls, int family, uint16_t port)
{
	const struct bound	*b = bound_get();
	struct listen		 l = { .family = family };
	int			 i = family == AF_INET6 ? BOUND_V6 : BOUND_V4;

	if (bound_has_addrs()) {
		if (!b->has_addr[i])
			return;
		l.addr = b->addrs[i];
	} else {
		addr_parse(&l.addr, family == AF_INET6 ? "::" : "0.0.0.0", 0);
		l.any = true;
		l.optional = family == AF_INET6;
	}
	l.addr.port = port;
	plan_add(ls, &l);
}

static int
plan_host(struct listens *ls, const char *host, uint16_t port)
{
	const struct bound	*b = bound_get();
	struct listen		 l = { .any = false };
	int			 i;

	if (addr_parse(&l.addr, host, port) == -1)
		return -1;
	l.family = family_of(&l.addr);
	i = l.family == AF_INET6 ? BOUND_V6 : BOUND_V4;
	if (bound_has_addrs() && (!b->has_addr[i] ||
	    addr_cmp_ip(&b->addrs[i], &l.addr) != 0))
		return -1;
	plan_add(ls, &l);
	return 0;
}

int
listens_plan(struct listens *ls, const struct conf *conf,
    const struct listen_ports *ports, char *err, size_t errsize)
{
	const struct conf_listen	*want;
	uint16_t			 port;
	uint32_t			 i;

	ls->n = 0;
	for (i = 0; i < conf->nlistens; i++) {
		want = &conf->listens[i];
		port = ports->set != 0 ? ports->set :
		    want->port == CONF_PORT_RANDOM ? ports->random :
		    want->port;
		if (want->host == NULL) {
			plan_any(ls, AF_INET, port);
			plan_any(ls, AF_INET6, port);
		} else if (plan_host(ls, want->host, port) == -1) {
			snprintf(err, errsize, "listen on %s port %u: not "
			    "the address of \"bind address\"", want->host,
			    port);
			return -1;
		}
	}
	return 0;
}

/* ---- sockets ---- */

static int
set(int fd, int level, int option)
{
	int	on = 1;

	return setsockopt(fd, level, option, &on, sizeof(on));
}

/* May there be a socket of its family now? */
static bool
is_usable(const struct listen *l)
{
	return bound_get()->usable[l->family == AF_INET6 ? BOUND_V6 :
	    BOUND_V4];
}

/* Not bound_socket(), as its address is to have a port. */
static int
listen_socket(const struct listen *l)
{
	const struct bound	*b = bound_get();
	struct sockaddr_storage	 ss;
	socklen_t		 len;
	int			 fd, saved;

	if (!is_usable(l)) {
		errno = ENETDOWN;
		return -1;
	}
	fd = socket(l->family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    IPPROTO_TCP);
	if (fd == -1)
		return -1;
	len = addr_to_sockaddr(&l->addr, &ss);
	if ((b->device[0] == '\0' || setsockopt(fd, SOL_SOCKET,
	    SO_BINDTODEVICE, b->device, (socklen_t)strlen(b->device)) == 0) &&
	    set(fd, SOL_SOCKET, SO_REUSEADDR) == 0 &&
	    (l->family != AF_INET6 ||
	    set(fd, IPPROTO_IPV6, IPV6_V6ONLY) == 0) &&
	    bind(fd, (struct sockaddr *)&ss, len) == 0 &&
	    listen(fd, LISTEN_BACKLOG) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

static int
find_open(const struct listens *ls, const struct listen *l)
{
	uint32_t	i;

	for (i = 0; ls != NULL && i < ls->n; i++) {
		if (same(&ls->v[i], l) && ls->v[i].fd != -1 &&
		    ls->v[i].index == l->index && bound_fits(ls->v[i].fd))
			return ls->v[i].fd;
	}
	return -1;
}

static bool
has_fd(const struct listens *ls, int fd)
{
	uint32_t	i;

	for (i = 0; ls != NULL && i < ls->n; i++) {
		if (ls->v[i].fd == fd)
			return true;
	}
	return false;
}

/* Is it the network that lacks something, which may still come? */
static bool
may_come(const struct listen *l)
{
	switch (l->error) {
	case ENETDOWN:
	case ENODEV:
		return true;
	case EAFNOSUPPORT:
	case EADDRNOTAVAIL:
		return l->optional || bound_has_addrs();
	default:
		return false;
	}
}

int
listens_open(struct listens *ls, const struct listens *old, char *err,
    size_t errsize)
{
	struct listen	*l;
	char		 host[ADDR_STRLEN];
	int		 error;

	for (l = ls->v; l < ls->v + ls->n; l++) {
		l->index = bound_get()->index;
		if ((l->fd = find_open(old, l)) != -1)
			continue;
		if ((l->fd = listen_socket(l)) != -1)
			continue;
		l->error = errno;
		if (may_come(l))
			continue;
		snprintf(err, errsize, "listen on %s port %u: %s",
		    l->any ? "*" : addr_host(&l->addr, host), l->addr.port,
		    strerror(l->error));
		error = l->error;
		listens_close(ls, old);
		errno = error;
		return -1;
	}
	return 0;
}

bool
listens_renew(struct listens *ls)
{
	struct listen	*l;
	bool		 changed = false;

	for (l = ls->v; l < ls->v + ls->n; l++) {
		if (l->fd != -1 && (l->index != bound_get()->index ||
		    !bound_fits(l->fd))) {
			/* Peer has it, too, and it is in the way of the new. */
			shutdown(l->fd, SHUT_RDWR);
			close(l->fd);
			l->fd = -1;
			changed = true;
		}
		if (l->fd != -1)
			continue;
		l->index = bound_get()->index;
		if ((l->fd = listen_socket(l)) == -1)
			l->error = errno;
		else
			changed = true;
	}
	return changed;
}

bool
listens_lack(const struct listens *ls)
{
	const struct listen	*l;

	for (l = ls->v; l < ls->v + ls->n; l++) {
		if (l->fd == -1 && !l->optional && is_usable(l))
			return true;
	}
	return false;
}

void
listens_close(struct listens *ls, const struct listens *kept)
{
	uint32_t	i;

	for (i = 0; i < ls->n; i++) {
		if (ls->v[i].fd != -1 && !has_fd(kept, ls->v[i].fd))
			close(ls->v[i].fd);
	}
	ls->n = 0;
}

uint16_t
listens_port(const struct listens *ls)
{
	return ls->n > 0 ? ls->v[0].addr.port : 0;
}
