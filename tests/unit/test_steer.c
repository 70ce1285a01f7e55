/* SPDX-License-Identifier: ISC */
/* Which of a port's two sockets gets which datagram. */
#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "steer.h"

#define CLIENTS	50

/* One datagram is there, and this is it; or none. */
static void
assert_gets(int fd, const char *want, size_t n)
{
	struct pollfd	p = { .fd = fd, .events = POLLIN };
	char		buf[64];

	if (want == NULL) {
		assert_int_equal(recv(fd, buf, sizeof(buf), 0), -1);
		return;
	}
	assert_int_equal(poll(&p, 1, 10000), 1);
	assert_int_equal(recv(fd, buf, sizeof(buf), 0), (ssize_t)n);
	assert_memory_equal(buf, want, n);
}

static void
steered(const char *host)
{
	static const struct {
		const char	*data;
		size_t		 n;
		int		 to;
	}	v[] = {
		{ "d1:ad2:id20:", 12, STEER_DHT }, { "d", 1, STEER_DHT },
		{ "\x41\0\x12\x34", 4, STEER_PEER }, { "D", 1, STEER_PEER },
		{ "\x01", 1, STEER_PEER }, { "xd", 2, STEER_PEER }
	};
	struct sockaddr_storage	ss;
	struct addr		a;
	socklen_t		len = sizeof(ss);
	int			fds[STEER_SOCKETS], fds2[STEER_SOCKETS];
	int			other, c, i, on = 1;
	size_t			k;

	assert_int_equal(addr_parse(&a, host, 0), 0);
	assert_int_equal(steer_open(&a, "", fds), 0);
	assert_int_equal(getsockname(fds[STEER_PEER],
	    (struct sockaddr *)&ss, &len), 0);
	addr_from_sockaddr(&a, (struct sockaddr *)&ss);
	/* Nobody else opens such a pair, and who comes by himself ... */
	assert_int_equal(steer_open(&a, "", fds2), -1);
	assert_int_equal(errno, EADDRINUSE);
	other = socket(ss.ss_family, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	setsockopt(other, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
	assert_int_equal(bind(other, (struct sockaddr *)&ss, len), 0);
	/* Any client, of which hashing would send half to each. */
	for (i = 0; i < CLIENTS; i++) {
		c = socket(ss.ss_family, SOCK_DGRAM, 0);
		assert_int_not_equal(c, -1);
		assert_int_equal(connect(c, (struct sockaddr *)&ss, len), 0);
		for (k = 0; k < sizeof(v) / sizeof(v[0]); k++) {
			assert_int_equal(send(c, v[k].data, v[k].n, 0),
			    (ssize_t)v[k].n);
			assert_gets(fds[v[k].to], v[k].data, v[k].n);
			assert_gets(fds[!v[k].to], NULL, 0);
		}
		close(c);
	}
	/* ... gets nothing. */
	assert_gets(other, NULL, 0);
	close(other);
	for (i = 0; i < STEER_SOCKETS; i++)
		close(fds[i]);
}

static void
test_ipv4(void **state)
{
	(void)state;
	steered("127.0.0.1");
}

static void
test_ipv6(void **state)
{
	(void)state;
	steered("::1");
}

static void
test_refused(void **state)
{
	struct addr	a;
	int		fds[STEER_SOCKETS];

	(void)state;
	/* TEST-NET-1 is nobody's. */
	assert_int_equal(addr_parse(&a, "192.0.2.1", 6881), 0);
	assert_int_equal(steer_open(&a, "", fds), -1);
	assert_int_equal(fds[STEER_DHT], -1);
	assert_int_equal(addr_parse(&a, "127.0.0.1", 0), 0);
	assert_int_equal(steer_open(&a, "no-such-dev", fds), -1);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_ipv4),
		cmocka_unit_test(test_ipv6),
		cmocka_unit_test(test_refused)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
