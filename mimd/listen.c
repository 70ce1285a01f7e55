/* SPDX-License-Identifier: ISC */
#include <sys/socket.h>

#include <netinet/in.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "listen.h"
#include "addr.h"
#include "mem.h"

static int
listen_bind(const struct sockaddr_storage *ss, socklen_t len)
{
	int	fd, on = 1, saved;

	fd = socket(ss->ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    IPPROTO_TCP);
	if (fd == -1)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
	    (ss->ss_family != AF_INET6 || setsockopt(fd, IPPROTO_IPV6,
	    IPV6_V6ONLY, &on, sizeof(on)) == 0) &&
	    bind(fd, (const struct sockaddr *)ss, len) == 0 &&
	    listen(fd, LISTEN_BACKLOG) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

/* The address to bind for host, a number or NULL for any. */
static socklen_t
listen_address(const char *host, uint16_t port, int family,
    struct sockaddr_storage *ss)
{
	struct sockaddr_in	*sin = (struct sockaddr_in *)ss;
	struct sockaddr_in6	*sin6 = (struct sockaddr_in6 *)ss;
	struct addr		 a;

	memset(ss, 0, sizeof(*ss));
	if (host != NULL) {
		if (addr_parse(&a, host, port) == -1)
			return 0;
		return addr_to_sockaddr(&a, ss);
	}
	ss->ss_family = (sa_family_t)family;
	if (family == AF_INET) {
		sin->sin_port = htons(port);
		return sizeof(*sin);
	}
	sin6->sin6_port = htons(port);
	return sizeof(*sin6);
}

static int
listen_find(const struct listens *ls, const char *host, uint16_t port,
    int family)
{
	uint32_t	i;

	for (i = 0; ls != NULL && i < ls->n; i++) {
		if (ls->v[i].port != port || ls->v[i].family != family ||
		    (host == NULL) != (ls->v[i].host == NULL) ||
		    (host != NULL && strcmp(host, ls->v[i].host) != 0))
			continue;
		return ls->v[i].fd;
	}
	return -1;
}

static bool
listen_has_fd(const struct listens *ls, int fd)
{
	uint32_t	i;

	for (i = 0; ls != NULL && i < ls->n; i++) {
		if (ls->v[i].fd == fd)
			return true;
	}
	return false;
}

static int
listen_add(struct listens *ls, const struct conf_listen *want, int family,
    const struct listens *old)
{
	struct sockaddr_storage	ss;
	socklen_t		len;
	int			fd;

	len = listen_address(want->host, want->port, family, &ss);
	if (len == 0) {
		errno = EINVAL;
		return -1;
	}
	if ((fd = listen_find(old, want->host, want->port,
	    ss.ss_family)) == -1 && (fd = listen_bind(&ss, len)) == -1)
		return -1;
	ls->v[ls->n].host = want->host == NULL ? NULL : xstrdup(want->host);
	ls->v[ls->n].port = want->port;
	ls->v[ls->n].family = ss.ss_family;
	ls->v[ls->n].fd = fd;
	ls->n++;
	return 0;
}

/* Both families for "*"; a machine without IPv6 does with IPv4. */
static int
listen_open(struct listens *ls, const struct conf_listen *want,
    const struct listens *old)
{
	if (listen_add(ls, want, AF_INET, old) == -1)
		return -1;
	if (want->host != NULL || listen_add(ls, want, AF_INET6, old) == 0)
		return 0;
	return errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL ? 0 : -1;
}

int
listens_open(struct listens *ls, const struct conf *conf,
    const struct listens *old, char *err, size_t errsize)
{
	const struct conf_listen	*want;
	uint32_t			 i;

	ls->n = 0;
	for (i = 0; i < conf->nlistens; i++) {
		want = &conf->listens[i];
		if (listen_open(ls, want, old) == 0)
			continue;
		snprintf(err, errsize, "listen on %s port %u: %s",
		    want->host == NULL ? "*" : want->host, want->port,
		    strerror(errno));
		listens_close(ls, old);
		return -1;
	}
	return 0;
}

void
listens_close(struct listens *ls, const struct listens *kept)
{
	uint32_t	i;

	for (i = 0; i < ls->n; i++) {
		free(ls->v[i].host);
		if (!listen_has_fd(kept, ls->v[i].fd))
			close(ls->v[i].fd);
	}
	ls->n = 0;
}

uint16_t
listens_port(const struct listens *ls)
{
	return ls->n > 0 ? ls->v[0].port : 0;
}
