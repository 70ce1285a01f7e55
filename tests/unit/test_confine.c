/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "confine.h"
#include "landlock.h"
#include "sanitizer.h"

#define KILLED	256	/* by SIGSYS */

/*
 * Run one attempt in a child of its own.  Returns its value, 0 for done or
 * an errno, or KILLED.
 */
static int
attempt(int (*confine)(const char *), int (*fn)(const char *),
    const char *arg)
{
	pid_t	pid;
	int	status, error;

	fflush(NULL);
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		error = confine(arg);
		_exit(error != 0 ? error : fn(arg));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFSIGNALED(status)) {
		assert_int_equal(WTERMSIG(status), SIGSYS);
		return KILLED;
	}
	return WEXITSTATUS(status);
}

static int
result(int value)
{
	return value == -1 ? errno : 0;
}

static int
as_parser(const char *arg)
{
	(void)arg;
	confine_parser();
	return 0;
}

static int
try_memory(const char *arg)
{
	char	*p = malloc(8 << 20);

	(void)arg;
	if (p == NULL)
		return ENOMEM;
	memset(p, 1, 8 << 20);
	p = realloc(p, 16 << 20);
	free(p);
	return p == NULL ? ENOMEM : 0;
}

static int
try_write(const char *arg)
{
	(void)arg;
	return result((int)write(STDERR_FILENO, "", 0));
}

static int
try_open(const char *arg)
{
	(void)arg;
	return result(open("/etc/passwd", O_RDONLY));
}

static int
try_stat(const char *arg)
{
	struct stat	st;

	(void)arg;
	return result(stat("/etc/passwd", &st));
}

static int
try_socket(const char *arg)
{
	(void)arg;
	return result(socket(AF_INET, SOCK_STREAM, 0));
}

static int
try_exec(const char *arg)
{
	(void)arg;
	execl("/bin/true", "true", (char *)NULL);
	return errno;
}

static int
try_fork(const char *arg)
{
	(void)arg;
	return result(fork());
}

static int
try_kill(const char *arg)
{
	(void)arg;
	return result(kill(getppid(), 0));
}

static int
try_code(const char *arg)
{
	(void)arg;
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? errno : 0;
}

static int
try_prctl(const char *arg)
{
	(void)arg;
	return result(prctl(PR_GET_DUMPABLE));
}

static void
test_parser(void **state)
{
#ifdef SANITIZED
	return;		/* there, what is forbidden fails but does not kill */
#endif
	(void)state;
	assert_int_equal(attempt(as_parser, try_memory, NULL), 0);
	assert_int_equal(attempt(as_parser, try_write, NULL), 0);
	assert_int_equal(attempt(as_parser, try_open, NULL), EACCES);
	assert_int_equal(attempt(as_parser, try_stat, NULL), EACCES);
	assert_int_equal(attempt(as_parser, try_socket, NULL), KILLED);
	assert_int_equal(attempt(as_parser, try_exec, NULL), KILLED);
	assert_int_equal(attempt(as_parser, try_fork, NULL), KILLED);
	assert_int_equal(attempt(as_parser, try_kill, NULL), KILLED);
	assert_int_equal(attempt(as_parser, try_code, NULL), KILLED);
	assert_int_equal(attempt(as_parser, try_prctl, NULL), KILLED);
}

/* Landlock alone: the directory arg may be written, /etc read. */
static int
beneath(const char *arg)
{
	struct landlock_path	paths[2];

	paths[0].fd = open(arg, O_PATH | O_DIRECTORY | O_CLOEXEC);
	paths[0].write = true;
	paths[1].fd = open("/etc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	paths[1].write = false;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return errno;
	return result(landlock_restrict(paths, 2, LANDLOCK_NO_TCP));
}

static int
try_create(const char *arg)
{
	char	from[256], to[256];
	int	fd;

	snprintf(from, sizeof(from), "%s/from", arg);
	snprintf(to, sizeof(to), "%s/to", arg);
	fd = open(from, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd == -1 || ftruncate(fd, 100) == -1 ||
	    rename(from, to) == -1 || unlink(to) == -1)
		return errno;
	return 0;
}

static int
try_symlink(const char *arg)
{
	char	path[256];

	snprintf(path, sizeof(path), "%s/link", arg);
	return result(symlink("/etc/passwd", path));
}

static int
try_create_etc(const char *arg)
{
	(void)arg;
	return result(open("/etc/mim-test", O_RDWR | O_CREAT | O_EXCL |
	    O_CLOEXEC, 0600));
}

static int
try_read_outside(const char *arg)
{
	(void)arg;
	return result(open("/bin/true", O_RDONLY | O_CLOEXEC));
}

static int
try_bind(const char *arg)
{
	struct sockaddr	sa = { .sa_family = AF_INET };
	int		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)arg;
	return fd == -1 ? errno : result(bind(fd, &sa, 16));
}

static void
test_landlock(void **state)
{
	char	dir[] = "/tmp/mim-landlock.XXXXXX";
	int	abi = landlock_abi();

	(void)state;
	if (abi < 3)
		return;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(attempt(beneath, try_create, dir), 0);
	assert_int_equal(attempt(beneath, try_symlink, dir), EACCES);
	assert_int_equal(attempt(beneath, try_open, dir), 0);
	assert_int_equal(attempt(beneath, try_create_etc, dir), EACCES);
	assert_int_equal(attempt(beneath, try_read_outside, dir), EACCES);
	assert_int_equal(attempt(beneath, try_exec, dir), EACCES);
	if (abi >= 4)
		assert_int_equal(attempt(beneath, try_bind, dir), EACCES);
	if (abi >= 6)
		assert_int_equal(attempt(beneath, try_kill, dir), EPERM);
	assert_int_equal(rmdir(dir), 0);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_parser),
		cmocka_unit_test(test_landlock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
