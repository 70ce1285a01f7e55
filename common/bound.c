/* SPDX-License-Identifier: ISC */
#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "bound.h"

#define FDS_MAX		((int)PEERS_MAX + 64)	/* no role has more */

/* One for the process, as all of its sockets are alike in this. */
static struct bound	bound;

/* ---- what holds ---- */

void
bound_set(const struct bound *b)
{
	bound = *b;
}

const struct bound *
bound_get(void)
{
	return &bound;
}

void
bound_from_msg(struct bound *b, const struct msg_bind *m)
{
	struct addr	a = { .port = 0 };
	uint32_t	i;

	memset(b, 0, sizeof(*b));
	strlcpy(b->device, m->device, sizeof(b->device));
	b->index = m->index;
	for (i = 0; i < m->addrs.n; i++) {
		memcpy(a.ip, m->addrs.v[i].ip, sizeof(a.ip));
		b->addrs[addr_is_v4(&a) ? BOUND_V4 : BOUND_V6] = a;
		b->has_addr[addr_is_v4(&a) ? BOUND_V4 : BOUND_V6] = true;
	}
	b->usable[BOUND_V4] = m->v4;
	b->usable[BOUND_V6] = m->v6;
	strlcpy(b->why, m->why, sizeof(b->why));
}

const char *
bound_refuses(void)
{
	if (bound.usable[BOUND_V4] || bound.usable[BOUND_V6])
		return NULL;
	return bound.why;
}

bool
bound_has_addrs(void)
{
	return bound.has_addr[BOUND_V4] || bound.has_addr[BOUND_V6];
}

/* ---- making sockets ---- */

static int
option(int fd, int name)
{
	int		value = -1;
	socklen_t	len = sizeof(value);

	if (getsockopt(fd, SOL_SOCKET, name, &value, &len) == -1)
		return -1;
	return value;
}

static int
bind_address(int fd, const struct addr *addr)
{
	struct sockaddr_storage	ss;
	socklen_t		len = addr_to_sockaddr(addr, &ss);
	int			on = 1;

	/* ip(7): the port is chosen when the other end is known. */
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
	return bind(fd, (struct sockaddr *)&ss, len);
}

int
bound_apply(int fd)
{
	int	i = option(fd, SO_DOMAIN) == AF_INET6 ? BOUND_V6 : BOUND_V4;

	if (!bound.usable[i]) {
		errno = ENETDOWN;
		return -1;
	}
	/* By name: socket(7) then says if there is no such device. */
	if (bound.device[0] != '\0' && setsockopt(fd, SOL_SOCKET,
	    SO_BINDTODEVICE, bound.device,
	    (socklen_t)strlen(bound.device)) == -1)
		return -1;
	return bound.has_addr[i] ? bind_address(fd, &bound.addrs[i]) : 0;
}

int
bound_socket(int family, int type, int protocol)
{
	int	fd, saved;

	if (!bound.usable[family == AF_INET6 ? BOUND_V6 : BOUND_V4]) {
		errno = ENETDOWN;
		return -1;
	}
	fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
	if (fd == -1 || bound_apply(fd) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

/* ---- looking at them ---- */

static bool
local_address(int fd, struct addr *addr)
{
	struct sockaddr_storage	ss;
	socklen_t		len = sizeof(ss);

	return getsockname(fd, (struct sockaddr *)&ss, &len) == 0 &&
	    addr_from_sockaddr(addr, (struct sockaddr *)&ss) == 0;
}

static bool
is_multicast(const struct addr *a)
{
	return addr_is_v4(a) ? (a->ip[12] & 0xf0) == 0xe0 : a->ip[0] == 0xff;
}

/* Nothing is asked for: spare the calls. */
static bool
is_free(void)
{
	return bound.device[0] == '\0' && !bound_has_addrs() &&
	    bound.usable[BOUND_V4] && bound.usable[BOUND_V6];
}

bool
bound_fits(int fd)
{
	struct addr	a;
	int		i;

	if (is_free())
		return true;
	i = option(fd, SO_DOMAIN) == AF_INET6 ? BOUND_V6 : BOUND_V4;
	if (!bound.usable[i])
		return false;
	if (bound.device[0] != '\0' &&
	    option(fd, SO_BINDTOIFINDEX) != (int)bound.index)
		return false;
	if (!bound.has_addr[i])
		return true;
	/* What is bound to a group only hears by that address. */
	return local_address(fd, &a) && (is_multicast(&a) ||
	    addr_cmp_ip(&a, &bound.addrs[i]) == 0);
}

static bool
is_internet(int fd)
{
	int	domain = option(fd, SO_DOMAIN);

	return domain == AF_INET || domain == AF_INET6;
}

/*
 * Nothing of it stays in the kernel, which would else go on to send what is
 * not acknowledged.
 */
static void
break_socket(int fd)
{
	struct sockaddr	none = { .sa_family = AF_UNSPEC };

	if (option(fd, SO_TYPE) == SOCK_STREAM)
		connect(fd, &none, sizeof(none));
	else
		shutdown(fd, SHUT_RDWR);
}

void
bound_sweep(void)
{
	int	fd;

	if (is_free())
		return;
	for (fd = 0; fd < FDS_MAX; fd++) {
		if (is_internet(fd) && !bound_fits(fd))
			break_socket(fd);
	}
}

/* A TCP socket that is not connected or was broken: it carries nothing. */
static bool
is_idle(int fd)
{
	struct tcp_info	info = { .tcpi_state = 0 };
	socklen_t	len = sizeof(info);

	return option(fd, SO_TYPE) == SOCK_STREAM &&
	    getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) == 0 &&
	    info.tcpi_state == TCP_CLOSE;
}

static bool
alike(const struct rec_socket *a, const struct rec_socket *b)
{
	return a->stream == b->stream && a->listening == b->listening &&
	    a->index == b->index && a->fits == b->fits &&
	    memcmp(a->ip, b->ip, sizeof(a->ip)) == 0;
}

static void
describe(int fd, struct rec_socket *row)
{
	struct addr	a = { .port = 0 };
	int		index = option(fd, SO_BINDTOIFINDEX);

	memset(row, 0, sizeof(*row));
	row->stream = option(fd, SO_TYPE) == SOCK_STREAM;
	row->listening = option(fd, SO_ACCEPTCONN) == 1;
	row->index = index > 0 ? (uint32_t)index : 0;
	row->fits = bound_fits(fd);
	row->count = 1;
	local_address(fd, &a);
	memcpy(row->ip, a.ip, sizeof(row->ip));
}

/* One row more, or the last takes what does not fit any. */
static uint32_t
add_row(struct rec_socket *rows, uint32_t n, const struct rec_socket *r)
{
	if (n < SOCKET_ROWS_MAX) {
		rows[n] = *r;
		return n + 1;
	}
	rows[n - 1].count++;
	rows[n - 1].fits = rows[n - 1].fits && r->fits;
	memset(rows[n - 1].ip, 0, sizeof(rows[n - 1].ip));
	return n;
}

uint32_t
bound_list(struct rec_socket rows[SOCKET_ROWS_MAX])
{
	struct rec_socket	r;
	uint32_t		i, n = 0;
	int			fd;

	for (fd = 0; fd < FDS_MAX; fd++) {
		if (!is_internet(fd) || is_idle(fd))
			continue;
		describe(fd, &r);
		for (i = 0; i < n && !alike(&rows[i], &r); i++)
			;
		if (i < n)
			rows[i].count++;
		else
			n = add_row(rows, n, &r);
	}
	return n;
}
