/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "notify.h"
#include "log.h"

/* Bind a datagram socket to a name, '@' standing for the abstract ones. */
static int
receiver(const char *name)
{
	struct sockaddr_un	sun = { .sun_family = AF_UNIX };
	size_t			len = strlen(name);
	int			fd;

	memcpy(sun.sun_path, name, len);
	if (*name == '@')
		sun.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	assert_int_not_equal(fd, -1);
	assert_int_equal(bind(fd, (struct sockaddr *)&sun,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)), 0);
	return fd;
}

static void
try_socket(const char *name)
{
	char	buf[64];
	int	fd = receiver(name);

	setenv("NOTIFY_SOCKET", name, 1);
	notify_init();
	assert_null(getenv("NOTIFY_SOCKET"));
	notify_send("STATUS=%d torrents", 3);
	memset(buf, 0, sizeof(buf));
	assert_int_equal(recv(fd, buf, sizeof(buf), 0), 17);
	assert_string_equal(buf, "STATUS=3 torrents");
	close(fd);
}

static void
test_abstract(void **state)
{
	char	name[64];

	(void)state;
	snprintf(name, sizeof(name), "@mim-notify-%d", (int)getpid());
	try_socket(name);
}

static void
test_path(void **state)
{
	char	dir[] = "/tmp/mim-notify-XXXXXX", name[64];

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(name, sizeof(name), "%s/s", dir);
	try_socket(name);
	unlink(name);
	rmdir(dir);
}

static unsigned int	lines;

static void
count(enum log_level level, const char *line, void *arg)
{
	(void)level;
	(void)line;
	(void)arg;
	lines++;
}

static void
test_nobody(void **state)
{
	(void)state;
	unsetenv("NOTIFY_SOCKET");
	notify_init();
	notify_send("READY=1");
	assert_int_equal(lines, 0);
	/* Not a socket's name, then one that nobody listens to. */
	setenv("NOTIFY_SOCKET", "relative", 1);
	notify_init();
	notify_send("READY=1");
	assert_int_equal(lines, 1);
	setenv("NOTIFY_SOCKET", "/nonexistent/socket", 1);
	notify_init();
	notify_send("READY=1");
	assert_int_equal(lines, 2);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_abstract),
		cmocka_unit_test(test_path),
		cmocka_unit_test(test_nobody),
	};

	log_set_sink(count, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
