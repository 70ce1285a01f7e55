/* SPDX-License-Identifier: ISC */
#include <sys/socket.h>

#include <netinet/in.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "bound.h"

static const struct bound	free_ = { .usable = { true, true } };

/* To the loopback device, or to its address. */
static struct bound
to_device(void)
{
	struct bound	b = free_;

	strlcpy(b.device, "lo", sizeof(b.device));
	b.index = if_nametoindex("lo");
	return b;
}

static struct bound
to_address(void)
{
	struct bound	b = free_;

	assert_int_equal(addr_parse(&b.addrs[BOUND_V4], "127.0.0.1", 0), 0);
	b.has_addr[BOUND_V4] = true;
	b.usable[BOUND_V6] = false;
	return b;
}

static int
device_of(int fd)
{
	int		index = -1;
	socklen_t	len = sizeof(index);

	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &index,
	    &len), 0);
	return index;
}

static void
set(struct bound b)
{
	bound_set(&b);
}

/* Runs first: nobody has said anything yet. */
static void
test_closed_at_first(void **state)
{
	(void)state;
	assert_int_equal(bound_socket(AF_INET, SOCK_STREAM, 0), -1);
	assert_int_equal(errno, ENETDOWN);
	assert_int_equal(bound_socket(AF_INET6, SOCK_DGRAM, 0), -1);
	assert_int_equal(errno, ENETDOWN);
	assert_non_null(bound_refuses());
}

static void
test_device(void **state)
{
	struct bound	b = to_device();
	int		fd;

	(void)state;
	bound_set(&b);
	assert_null(bound_refuses());
	fd = bound_socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
	assert_int_not_equal(fd, -1);
	assert_int_equal(device_of(fd), b.index);
	assert_true(bound_fits(fd));

	/* It was made anew: another index. */
	b.index++;
	bound_set(&b);
	assert_false(bound_fits(fd));
	close(fd);

	strlcpy(b.device, "no-such", sizeof(b.device));
	bound_set(&b);
	assert_int_equal(bound_socket(AF_INET, SOCK_DGRAM, 0), -1);
	assert_int_equal(errno, ENODEV);
}

static void
test_address(void **state)
{
	struct sockaddr_in	sin;
	socklen_t		len = sizeof(sin);
	int			fd, foreign;

	(void)state;
	set(to_address());
	assert_true(bound_has_addrs());
	fd = bound_socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
	assert_int_not_equal(fd, -1);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sin, &len), 0);
	assert_int_equal(ntohl(sin.sin_addr.s_addr), INADDR_LOOPBACK);
	assert_true(bound_fits(fd));
	close(fd);
	/* Of this family there is no address. */
	assert_int_equal(bound_socket(AF_INET6, SOCK_STREAM, 0), -1);
	assert_int_equal(errno, ENETDOWN);

	foreign = socket(AF_INET, SOCK_DGRAM, 0);
	assert_false(bound_fits(foreign));
	assert_int_equal(bound_apply(foreign), 0);
	assert_true(bound_fits(foreign));
	close(foreign);
}

/* A connection, ours and the other's end. */
static void
connect_pair(int fds[2])
{
	struct sockaddr_in	sin = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t		len = sizeof(sin);
	int			l = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(l, (struct sockaddr *)&sin, len), 0);
	assert_int_equal(listen(l, 1), 0);
	assert_int_equal(getsockname(l, (struct sockaddr *)&sin, &len), 0);
	fds[0] = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(fds[0], (struct sockaddr *)&sin, len), 0);
	fds[1] = accept(l, NULL, NULL);
	assert_int_not_equal(fds[1], -1);
	close(l);
}

static void
test_sweep(void **state)
{
	struct rec_socket	rows[SOCKET_ROWS_MAX];
	char			c;
	int			fds[2], channel[2];

	(void)state;
	set(free_);
	connect_pair(fds);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, channel), 0);
	bound_sweep();
	assert_int_equal(bound_list(rows), 1);
	assert_true(rows[0].stream && rows[0].fits && rows[0].count == 2);
	assert_int_equal(write(fds[0], "x", 1), 1);
	assert_int_equal(read(fds[1], &c, 1), 1);

	/* Away: none of the network's may live, channels may. */
	set((struct bound){ .device = "lo", .why = "lo is away" });
	assert_string_equal(bound_refuses(), "lo is away");
	bound_sweep();
	assert_int_equal(bound_list(rows), 0);
	assert_int_equal(read(fds[0], &c, 1), -1);
	assert_int_equal(send(fds[0], "x", 1, MSG_NOSIGNAL), -1);
	assert_int_equal(write(channel[0], "x", 1), 1);
	assert_int_equal(read(channel[1], &c, 1), 1);
	close(fds[0]);
	close(fds[1]);
	close(channel[0]);
	close(channel[1]);
}

static void
test_list(void **state)
{
	struct rec_socket	rows[SOCKET_ROWS_MAX];
	struct bound		b = to_device();
	int			fds[4], idle;
	uint32_t		i, n;

	(void)state;
	set(b);
	assert_int_equal(bound_list(rows), 0);
	for (i = 0; i < 3; i++)
		fds[i] = bound_socket(AF_INET, SOCK_DGRAM, 0);
	/* One that is not connected carries nothing. */
	idle = bound_socket(AF_INET, SOCK_STREAM, 0);
	fds[3] = socket(AF_INET, SOCK_DGRAM, 0);
	n = bound_list(rows);
	assert_int_equal(n, 2);
	assert_int_equal(rows[0].count, 3);
	assert_true(rows[0].fits && !rows[0].stream && !rows[0].listening);
	assert_int_equal(rows[0].index, b.index);
	close(idle);
	/* One that was made past us is found out. */
	assert_int_equal(rows[1].count, 1);
	assert_false(rows[1].stream || rows[1].fits);
	assert_int_equal(rows[1].index, 0);
	for (i = 0; i < 4; i++)
		close(fds[i]);
}

/* More kinds than rows: nothing that strays is lost from sight. */
static void
test_list_full(void **state)
{
	struct rec_socket	rows[SOCKET_ROWS_MAX];
	struct sockaddr_in	sin = { .sin_family = AF_INET };
	int			fds[SOCKET_ROWS_MAX + 8];
	uint32_t		i, n, total = 0;

	(void)state;
	set(to_device());
	for (i = 0; i < SOCKET_ROWS_MAX + 8; i++) {
		sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK + i);
		fds[i] = i + 1 < SOCKET_ROWS_MAX + 8 ?
		    bound_socket(AF_INET, SOCK_DGRAM, 0) :
		    socket(AF_INET, SOCK_DGRAM, 0);
		assert_int_equal(bind(fds[i], (struct sockaddr *)&sin,
		    sizeof(sin)), 0);
	}
	n = bound_list(rows);
	assert_int_equal(n, SOCKET_ROWS_MAX);
	for (i = 0; i < n; i++)
		total += rows[i].count;
	assert_int_equal(total, SOCKET_ROWS_MAX + 8);
	assert_false(rows[n - 1].fits);
	for (i = 0; i < SOCKET_ROWS_MAX + 8; i++)
		close(fds[i]);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_closed_at_first),
		cmocka_unit_test(test_device),
		cmocka_unit_test(test_address),
		cmocka_unit_test(test_sweep),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_list_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
