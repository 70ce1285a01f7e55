/* SPDX-License-Identifier: ISC */
/* Which node of ours has which address, and the sockets it has there. */
#include <sys/socket.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "bound.h"
#include "log.h"
#include "pairs.h"

static struct listens	ls;
static struct pairs	ps;
static char		logged[256];

static void
note(enum log_level level, const char *line, void *arg)
{
	(void)level;
	(void)arg;
	strlcpy(logged, line, sizeof(logged));
}

static int
setup(void **state)
{
	(void)state;
	memset(&ls, 0, sizeof(ls));
	memset(&ps, 0, sizeof(ps));
	logged[0] = '\0';
	log_set_sink(note, NULL);
	bound_set(&(struct bound){ .usable = { true, true } });
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	pairs_update(&ps, NULL);
	return 0;
}

/* As if there were a listener; only whether it is there matters. */
static struct listen *
listen_at(const char *host, uint16_t port)
{
	struct listen	*l = &ls.v[ls.n++];

	assert_int_equal(addr_parse(&l->addr, host, port), 0);
	l->fd = 0;
	return l;
}

/* "node address", each. */
static void
expect_plan(const char *want)
{
	char		list[512] = "", one[ADDR_STRLEN], part[80];
	uint32_t	i;

	pairs_plan(&ps, &ls);
	for (i = 0; i < ps.n; i++) {
		assert_false(pair_is_open(&ps.v[i]));
		snprintf(part, sizeof(part), "%s%u %s", i > 0 ? ", " : "",
		    ps.v[i].node, addr_str(&ps.v[i].addr, one));
		strlcat(list, part, sizeof(list));
	}
	assert_string_equal(list, want);
}

static void
test_plan(void **state)
{
	(void)state;
	expect_plan("");
	listen_at("0.0.0.0", 6881);
	listen_at("::", 6881);
	expect_plan("0 0.0.0.0:6881, 0 [::]:6881");
	/* Another port of an address is no other node. */
	listen_at("0.0.0.0", 6882);
	listen_at("::", 6882);
	expect_plan("0 0.0.0.0:6881, 0 [::]:6881");
	ls.n = 0;
	listen_at("192.0.2.1", 1);
	listen_at("192.0.2.2", 1);
	listen_at("2001:db8::1", 1);
	listen_at("192.0.2.1", 2);
	listen_at("2001:db8::2", 1);
	listen_at("192.0.2.3", 1);
	expect_plan("0 192.0.2.1:1, 1 192.0.2.2:1, 0 [2001:db8::1]:1, "
	    "1 [2001:db8::2]:1, 2 192.0.2.3:1");
	/* One that cannot be had now keeps its place. */
	ls.v[0].fd = -1;
	pairs_plan(&ps, &ls);
	assert_false(ps.v[0].up);
	assert_int_equal(ps.v[0].node, 0);
	assert_int_equal(ps.v[1].node, 1);
}

static void
test_most(void **state)
{
	char	host[ADDR_STRLEN];
	int	i;

	(void)state;
	for (i = 0; i < CONF_LISTENS_MAX; i++) {
		snprintf(host, sizeof(host), "192.0.2.%d", i);
		listen_at(host, 1);
		snprintf(host, sizeof(host), "2001:db8::%x", i);
		listen_at(host, 1);
	}
	pairs_plan(&ps, &ls);
	assert_int_equal(ps.n, LISTEN_SOCKETS_MAX);
	for (i = 0; i < LISTEN_SOCKETS_MAX; i++)
		assert_int_equal(ps.v[i].node, i / 2);
}

/* A port that nobody has, at an address that only this test uses. */
static uint16_t
free_port(const char *host)
{
	struct addr		a;
	struct sockaddr_storage	ss;
	socklen_t		len;
	int			fd;

	assert_int_equal(addr_parse(&a, host, 0), 0);
	len = addr_to_sockaddr(&a, &ss);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&ss, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&ss, &len), 0);
	close(fd);
	addr_from_sockaddr(&a, (struct sockaddr *)&ss);
	return a.port;
}

#define HOST	"127.7.6.5"
#define OTHER	"127.7.6.6"

static void
test_follow(void **state)
{
	uint16_t	port = free_port(HOST);
	int		fds[2];

	(void)state;
	assert_false(pairs_update(&ps, &ls));
	listen_at(HOST, port);
	assert_true(pairs_update(&ps, &ls));
	assert_true(pair_is_open(&ps.v[0]));
	memcpy(fds, ps.v[0].fds, sizeof(fds));
	/* What fits stays, in another place, too. */
	ls.n = 0;
	listen_at(OTHER, free_port(OTHER));
	listen_at(HOST, port);
	assert_true(pairs_update(&ps, &ls));
	assert_int_equal(ps.n, 2);
	assert_int_equal(ps.v[1].node, 1);
	assert_memory_equal(fds, ps.v[1].fds, sizeof(fds));
	assert_false(pairs_update(&ps, &ls));
	/* A listener is away, and back: the sockets stay for it. */
	ls.v[1].fd = -1;
	assert_true(pairs_update(&ps, &ls));
	assert_false(pair_is_open(&ps.v[1]));
	ls.v[1].fd = 0;
	assert_true(pairs_update(&ps, &ls));
	assert_memory_equal(fds, ps.v[1].fds, sizeof(fds));
	/* What is wanted no more is closed. */
	ls.n = 1;
	assert_true(pairs_update(&ps, &ls));
	assert_int_equal(fcntl(fds[0], F_GETFD), -1);
	assert_int_equal(fcntl(fds[1], F_GETFD), -1);
	assert_true(pairs_update(&ps, NULL));
	assert_int_equal(ps.n, 0);
	assert_false(pairs_update(&ps, NULL));
}

/* The device is another now, of whatever name: so are the sockets. */
static void
test_device(void **state)
{
	struct bound	b = { .usable = { true, true } };

	(void)state;
	listen_at(HOST, free_port(HOST));
	pairs_update(&ps, &ls);
	strlcpy(b.device, "lo", sizeof(b.device));
	b.index = 1;
	bound_set(&b);
	assert_true(pairs_update(&ps, &ls));
	assert_true(pair_is_open(&ps.v[0]));
	assert_int_equal(ps.v[0].index, 1);
	assert_true(bound_fits(ps.v[0].fds[STEER_DHT]));
	assert_true(bound_fits(ps.v[0].fds[STEER_PEER]));
}

/* Somebody has the port: that is said once, and only if it stays so. */
static void
test_taken(void **state)
{
	struct sockaddr_storage	ss;
	socklen_t		len;
	uint8_t			tries;
	int			fd, i, on = 1;

	(void)state;
	listen_at(HOST, free_port(HOST));
	len = addr_to_sockaddr(&ls.v[0].addr, &ss);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	/* Also one of ours who would share it. */
	setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
	assert_int_equal(bind(fd, (struct sockaddr *)&ss, len), 0);
	for (i = 1; i < PAIR_TRIES; i++) {
		assert_false(pairs_update(&ps, &ls));
		assert_true(pairs_lack(&ps, &tries));
		assert_int_equal(tries, i);
		assert_string_equal(logged, "");
	}
	assert_false(pairs_update(&ps, &ls));
	assert_true(pairs_lack(&ps, &tries));
	assert_int_equal(tries, PAIR_TRIES);
	assert_non_null(strstr(logged, "no DHT there"));
	logged[0] = '\0';
	assert_false(pairs_update(&ps, &ls));
	assert_string_equal(logged, "");
	close(fd);
	assert_true(pairs_update(&ps, &ls));
	assert_false(pairs_lack(&ps, &tries));
}

int
main(void)
{
#define TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest	tests[] = {
		TEST(test_plan),
		TEST(test_most),
		TEST(test_follow),
		TEST(test_device),
		TEST(test_taken)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
