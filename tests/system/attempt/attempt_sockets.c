/* SPDX-License-Identifier: ISC */
/* Sockets. */
#include <sys/socket.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>

#include "attempt.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP	262
#endif

static int
try_tcp(const struct attempt_env *env)
{
	(void)env;
	return attempt_closed(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK |
	    SOCK_CLOEXEC, IPPROTO_TCP));
}

static int
try_tcp6(const struct attempt_env *env)
{
	int	fd;

	(void)env;
	fd = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0);
	/* A machine without IPv6 says so. */
	return fd == -1 && errno == EAFNOSUPPORT ? 0 : attempt_closed(fd);
}

static int
try_connect(const struct attempt_env *env)
{
	struct sockaddr_in	sin;
	socklen_t		len = sizeof(sin);
	int			fd;

	if (getsockname(env->listener, (struct sockaddr *)&sin, &len) == -1 ||
	    (fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) == -1)
		return -1;
	return connect(fd, (struct sockaddr *)&sin, len);
}

static int
try_accept(const struct attempt_env *env)
{
	int	fd;

	/* Who may make no socket is still to see what this call does. */
	try_connect(env);
	fd = accept4(env->listener, NULL, NULL, SOCK_CLOEXEC);
	return attempt_closed(fd);
}

static int
try_fastopen(const struct attempt_env *env)
{
	struct sockaddr_in	sin = {
		.sin_family = AF_INET, .sin_port = htons(9),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)
	};
	int			fd;

	(void)env;
	if ((fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) == -1)
		return -1;
	return (int)sendto(fd, "x", 1, MSG_FASTOPEN | MSG_NOSIGNAL,
	    (struct sockaddr *)&sin, sizeof(sin));
}

static int
try_udp(const struct attempt_env *env)
{
	(void)env;
	return attempt_closed(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
}

static int
try_multicast(const struct attempt_env *env)
{
	struct ip_mreqn	mreq = { .imr_ifindex = 0 };

	return setsockopt(env->datagram, IPPROTO_IP, IP_MULTICAST_IF, &mreq,
	    sizeof(mreq));
}

static int
try_join(const struct attempt_env *env)
{
	struct ip_mreqn	mreq = {
		.imr_multiaddr.s_addr = htonl(0xeffffffa)
	};

	return setsockopt(env->datagram, IPPROTO_IP, IP_ADD_MEMBERSHIP, &mreq,
	    sizeof(mreq));
}

static int
try_unix(const struct attempt_env *env)
{
	(void)env;
	return attempt_closed(socket(AF_UNIX, SOCK_STREAM, 0));
}

static int
try_netlink(const struct attempt_env *env)
{
	(void)env;
	return attempt_closed(socket(AF_NETLINK, SOCK_RAW, 0));
}

static int
try_packet(const struct attempt_env *env)
{
	(void)env;
	return attempt_closed(socket(AF_PACKET, SOCK_RAW, 0));
}

static int
try_raw(const struct attempt_env *env)
{
	(void)env;
	return attempt_closed(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
}

static int
try_mptcp(const struct attempt_env *env)
{
	(void)env;
	return attempt_closed(socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP));
}

static int
try_bind(const struct attempt_env *env)
{
	struct sockaddr_in	sin = { .sin_family = AF_INET };

	return bind(env->listener, (struct sockaddr *)&sin, sizeof(sin));
}

static int
try_listen(const struct attempt_env *env)
{
	return listen(env->listener, 8);
}

const struct attempt	attempts_sockets[] = {
	/* peer, disk, tracker, resolver, portmap, dht; signal */
	{ "TCP socket", try_tcp,
	    { WORKS, FAILS, WORKS, WORKS, WORKS, FAILS }, 0 },
	{ "TCP socket of IPv6", try_tcp6,
	    { WORKS, FAILS, WORKS, WORKS, KILLED, FAILS }, 0 },
	{ "connect", try_connect,
	    { WORKS, KILLED, WORKS, WORKS, WORKS, FAILS }, 0 },
	{ "accept", try_accept,
	    { WORKS, KILLED, KILLED, KILLED, KILLED, KILLED }, 0 },
	{ "connect by MSG_FASTOPEN", try_fastopen,
	    { KILLED, FAILS, KILLED, KILLED, KILLED, FAILS }, 0 },
	{ "UDP socket", try_udp,
	    { FAILS, FAILS, WORKS, WORKS, WORKS, FAILS }, 0 },
	{ "choose a device for multicasts", try_multicast,
	    { KILLED, KILLED, KILLED, KILLED, WORKS, KILLED }, 0 },
	{ "join a group", try_join,
	    { KILLED, KILLED, KILLED, KILLED, KILLED, KILLED }, 0 },
	{ "UNIX socket", try_unix,
	    { FAILS, FAILS, FAILS, FAILS, FAILS, FAILS }, 0 },
	{ "NETLINK socket", try_netlink,
	    { FAILS, FAILS, FAILS, FAILS, FAILS, FAILS }, 0 },
	{ "PACKET socket", try_packet,
	    { FAILS, FAILS, FAILS, FAILS, FAILS, FAILS }, 0 },
	{ "RAW socket", try_raw,
	    { KILLED, FAILS, KILLED, KILLED, KILLED, FAILS }, 0 },
	{ "MPTCP socket", try_mptcp,
	    { KILLED, FAILS, KILLED, KILLED, KILLED, FAILS }, 0 },
	{ "bind", try_bind,
	    { KILLED, KILLED, KILLED, KILLED, KILLED, KILLED }, 0 },
	{ "listen", try_listen,
	    { KILLED, KILLED, KILLED, KILLED, KILLED, KILLED }, 0 },
	{ .name = NULL }
};
