/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "binding.h"
#include "listen.h"
#include "port.h"

/* What is wanted, and what there is. */
static struct conf_bind	want;
static struct ifaces	ifs;

static int
reset(void **state)
{
	(void)state;
	memset(&want, 0, sizeof(want));
	memset(&ifs, 0, sizeof(ifs));
	bound_set(&(struct bound){ .usable = { true, true } });
	return 0;
}

static void
want_address(const char *host)
{
	struct addr	a;

	assert_int_equal(addr_parse(&a, host, 0), 0);
	want.addrs[addr_is_v4(&a) ? BOUND_V4 : BOUND_V6] = a;
	want.has_addr[addr_is_v4(&a) ? BOUND_V4 : BOUND_V6] = true;
}

static void
have(const char *name, const char *host, bool usable)
{
	struct iface_addr	*a = &ifs.v[ifs.n++];

	strlcpy(a->name, name, sizeof(a->name));
	assert_int_equal(addr_parse(&a->addr, host, 0), 0);
	a->family = addr_is_v4(&a->addr) ? AF_INET : AF_INET6;
	a->usable = usable;
}

static struct bound
decide(uint32_t index, bool up)
{
	struct bound	b;

	binding_decide(&b, &want, index, up, &ifs);
	return b;
}

static void
test_nothing_wanted(void **state)
{
	struct bound	b = decide(0, false);

	(void)state;
	assert_true(b.usable[BOUND_V4] && b.usable[BOUND_V6]);
	assert_string_equal(b.why, "");
}

static void
test_device(void **state)
{
	struct bound	there, gone, anew;

	(void)state;
	strlcpy(want.device, "wg0", sizeof(want.device));
	there = decide(7, true);
	assert_true(there.usable[BOUND_V4] && there.usable[BOUND_V6]);
	assert_int_equal(there.index, 7);
	gone = decide(0, false);
	assert_false(gone.usable[BOUND_V4] || gone.usable[BOUND_V6]);
	assert_string_equal(gone.why, "wg0 is not there");
	assert_int_equal(gone.index, 0);
	gone = decide(7, false);
	assert_false(gone.usable[BOUND_V4] || gone.usable[BOUND_V6]);
	assert_string_equal(gone.why, "wg0 is down");
	/* Deleted and made again between two looks. */
	anew = decide(8, true);
	assert_false(binding_same(&there, &anew));
	assert_true(binding_same(&there, &there));
	assert_false(binding_same(&there, &gone));
}

static void
test_address(void **state)
{
	struct bound	b;

	(void)state;
	want_address("10.0.0.5");
	b = decide(0, false);
	assert_false(b.usable[BOUND_V4] || b.usable[BOUND_V6]);
	assert_string_equal(b.why, "10.0.0.5 is not there");
	have("eth0", "10.0.0.5", false);	/* but the device is down */
	b = decide(0, false);
	assert_false(b.usable[BOUND_V4]);
	have("eth1", "10.0.0.5", true);
	b = decide(0, false);
	assert_true(b.usable[BOUND_V4]);
	/* A family that was not named is not used. */
	assert_false(b.usable[BOUND_V6]);
	want_address("fd00::5");
	b = decide(0, false);
	assert_true(b.usable[BOUND_V4] && !b.usable[BOUND_V6]);
	have("eth1", "fd00::5", true);
	b = decide(0, false);
	assert_true(b.usable[BOUND_V4] && b.usable[BOUND_V6]);
	ifs.n = 0;
	b = decide(0, false);
	assert_string_equal(b.why, "10.0.0.5 and fd00::5 are not there");
}

/* The address is to be on that device. */
static void
test_both(void **state)
{
	struct bound	b;

	(void)state;
	strlcpy(want.device, "wg0", sizeof(want.device));
	want_address("10.0.0.5");
	have("eth0", "10.0.0.5", true);
	b = decide(7, true);
	assert_false(b.usable[BOUND_V4]);
	assert_string_equal(b.why, "10.0.0.5 is not there, on wg0");
	have("wg0", "10.0.0.5", true);
	b = decide(7, true);
	assert_true(b.usable[BOUND_V4]);
}

static uint32_t
reach(struct reach *r, uint32_t index)
{
	struct bound	b = decide(index, index != 0);

	binding_reach(r, &b, &ifs);
	return r->n;
}

static void
test_reach(void **state)
{
	struct reach	was, now;

	(void)state;
	have("lo", "127.0.0.1", true);
	have("eth0", "192.0.2.1", true);
	have("eth0", "fe80::1", true);
	have("wg0", "10.0.0.5", true);
	have("wg0", "fd00::5", false);
	assert_int_equal(reach(&was, 0), 2);
	/* Their order is the kernel's. */
	ifs.n = 0;
	have("wg0", "10.0.0.5", true);
	have("eth0", "192.0.2.1", true);
	assert_int_equal(reach(&now, 0), 2);
	assert_true(binding_same_reach(&was, &now));
	have("eth0", "192.0.2.2", true);
	reach(&now, 0);
	assert_false(binding_same_reach(&was, &now));
	/* What others get is no matter of ours. */
	strlcpy(want.device, "wg0", sizeof(want.device));
	assert_int_equal(reach(&now, 7), 1);
	assert_int_equal(reach(&now, 0), 0);
}

static struct conf *
conf_of(const char *text)
{
	struct conf	*conf = conf_read_buffer("t", text, strlen(text), NULL,
			    0);

	assert_non_null(conf);
	return conf;
}

/* "address port", each. */
static void
check_plan(const char *text, struct listen_ports ports, const char *expected)
{
	struct conf	*conf = conf_of(text);
	struct listens	 ls;
	struct bound	 b;
	char		 err[ERROR_MAX] = "", list[512] = "";
	char		 one[ADDR_STRLEN];
	uint32_t	 i;

	binding_decide(&b, &conf->bind, 7, true, &ifs);
	bound_set(&b);
	if (listens_plan(&ls, conf, &ports, err, sizeof(err)) == -1)
		strlcpy(list, err, sizeof(list));
	else for (i = 0; i < ls.n; i++) {
		assert_int_equal(ls.v[i].fd, -1);
		strlcat(list, i > 0 ? " " : "", sizeof(list));
		strlcat(list, addr_str(&ls.v[i].addr, one), sizeof(list));
	}
	assert_string_equal(list, expected);
	conf_free(conf);
}

static void
test_plan(void **state)
{
	const struct listen_ports	none = { 0, 50000 }, set = { 9, 50000 };

	(void)state;
	check_plan("", none, "0.0.0.0:6881 [::]:6881");
	check_plan("listen on * port random\nlisten on ::1 port 2", none,
	    "0.0.0.0:50000 [::]:50000 [::1]:2");
	check_plan("listen on * port 1\nlisten on * port 2", set,
	    "0.0.0.0:9 [::]:9");
	check_plan("bind device wg0", none, "0.0.0.0:6881 [::]:6881");
	check_plan("bind address 10.0.0.5", none, "10.0.0.5:6881");
	check_plan("bind address 10.0.0.5\nbind address fd00::5", none,
	    "10.0.0.5:6881 [fd00::5]:6881");
	check_plan("bind address 10.0.0.5\nlisten on 10.0.0.5 port 3", none,
	    "10.0.0.5:3");
	check_plan("bind address 10.0.0.5\nlisten on 10.0.0.6 port 3", none,
	    "listen on 10.0.0.6 port 3: not the address of "
	    "\"bind address\"");
	check_plan("bind address 10.0.0.5\nlisten on ::1 port 3", none,
	    "listen on ::1 port 3: not the address of \"bind address\"");
}

static void
write_file(const char *dir, const char *text)
{
	char	path[64];
	FILE	*fp;

	snprintf(path, sizeof(path), "%s/port", dir);
	assert_non_null(fp = fopen(path, "w"));
	fputs(text, fp);
	fclose(fp);
}

static void
test_port(void **state)
{
	static const char *const	bad[] = { "", "\n", "0\n", "80\n",
		"65536\n", "-1\n", "5e4\n", "123456789012345\n", "5\0001" };
	char				dir[] = "/tmp/mim-port-XXXXXX";
	char				path[64];
	uint16_t			port;
	size_t				i;
	int				fd;

	(void)state;
	assert_non_null(mkdtemp(dir));
	fd = open(dir, O_PATH | O_DIRECTORY);
	assert_int_not_equal(fd, -1);
	assert_int_equal(port_load(fd), 0);
	for (i = 0; i < 1000; i++) {
		port = port_pick();
		assert_true(port >= CONF_RANDOM_FIRST);
	}
	assert_int_equal(port_save(fd, port), 0);
	assert_int_equal(port_load(fd), port);
	assert_int_equal(port_save(fd, 65535), 0);
	assert_int_equal(port_load(fd), 65535);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		write_file(dir, bad[i]);
		assert_int_equal(port_load(fd), 0);
	}
	close(fd);
	snprintf(path, sizeof(path), "%s/port", dir);
	unlink(path);
	assert_int_equal(rmdir(dir), 0);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test_setup(test_nothing_wanted, reset),
		cmocka_unit_test_setup(test_device, reset),
		cmocka_unit_test_setup(test_address, reset),
		cmocka_unit_test_setup(test_both, reset),
		cmocka_unit_test_setup(test_reach, reset),
		cmocka_unit_test_setup(test_plan, reset),
		cmocka_unit_test_setup(test_port, reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
