/* SPDX-License-Identifier: ISC */
/*
 * The escape matrix: enter each role by the functions of production, try one
 * thing, and compare with the table of its subject (attempt_*.c).  A forbidden
 * act is never run outside the jail.
 */
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "attempt.h"
#include "child.h"
#include "log.h"
#include "sandbox.h"

#define REPORT_FD	CHILD_FD
#define ATTEMPT_SECONDS	20

static const enum role	roles[] = {
	ROLE_PEER, ROLE_DISK, ROLE_TRACKER, ROLE_RESOLVER, ROLE_PORTMAP,
	ROLE_DHT
};
#define NROLES		(sizeof(roles) / sizeof(roles[0]))

static const struct attempt *const	subjects[] = {
	attempts_kernel, attempts_files, attempts_sockets,
	attempts_processes, attempts_memory
};
#define NSUBJECTS	(sizeof(subjects) / sizeof(subjects[0]))

static struct attempt_env	env;
static char			base[] = "/tmp/mim-attempt.XXXXXX";
static unsigned int		ntests, nfailed;

/* ---- the jail ---- */

int
attempt_closed(int fd)
{
	if (fd == -1)
		return -1;
	close(fd);
	return 0;
}

/* Open what an attempt may use; not sealed yet. */
static void
prepare(void)
{
	struct sockaddr_in	sin = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)
	};
	char			buf[4096];
	ssize_t			n;
	int			from;

	env.root = -1;
	env.arena = arena_create(ATTEMPT_SLOTS);
	/* Made of a file that every system has. */
	env.memfd = memfd_create("image", 0);
	from = open("/bin/true", O_RDONLY | O_CLOEXEC);
	while ((n = read(from, buf, sizeof(buf))) > 0) {
		if (write(env.memfd, buf, (size_t)n) != n)
			break;
	}
	close(from);
	env.datagram = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	env.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(env.listener, (struct sockaddr *)&sin, sizeof(sin)) == -1 ||
	    listen(env.listener, 8) == -1)
		abort();
}

static int
role_paths(enum role role, struct child_path *paths)
{
	if (role == ROLE_DISK) {
		env.root = paths[0].fd = open(env.root_path,
		    O_PATH | O_DIRECTORY | O_CLOEXEC);
		paths[0].write = true;
		return 1;
	}
	if (role == ROLE_RESOLVER) {
		paths[0].fd = open("/etc", O_PATH | O_DIRECTORY | O_CLOEXEC);
		paths[0].write = false;
		return 1;
	}
	return 0;
}

/* Tell errno, 0 for success; or die trying. */
static void
jailed(enum role role, const struct attempt *a, int report_fd)
{
	struct child_path	paths[CHILD_PATHS_MAX];
	struct sandbox_report	report;
	int			n, error;

	if (dup2(report_fd, REPORT_FD) == -1)
		_exit(3);
	sandbox_drop(role, REPORT_FD);
	/* After the drop, which closes all; before the seal, as warm() does. */
	prepare();
	n = role_paths(role, paths);
	sandbox_seal(role, paths, n, false, NULL, NULL, &report);
	if (a->fn == NULL)
		error = (report.walls & ~WALL_CHROOT & ~WALL_USER) ==
		    (WALLS_ALL & ~WALL_CHROOT & ~WALL_USER) ? 0 : EPERM;
	else
		error = a->fn(&env) == -1 ? errno : 0;
	if (write(REPORT_FD, &error, sizeof(error)) != sizeof(error))
		_exit(3);
	_exit(0);
}

/* What became of it: OK, an errno or, for a signal, DIES. */
static int
try(enum role role, const struct attempt *a)
{
	int	fds[2], error = -1, status;
	pid_t	pid;

	if (pipe(fds) == -1 || (pid = fork()) == -1)
		fatal("fork");
	if (pid == 0) {
		alarm(ATTEMPT_SECONDS);
		jailed(role, a, fds[1]);
	}
	close(fds[1]);
	if (read(fds[0], &error, sizeof(error)) != sizeof(error))
		error = -1;
	close(fds[0]);
	if (waitpid(pid, &status, 0) == -1)
		fatal("waitpid");
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
		return DIES;
	if (WIFSIGNALED(status) && WTERMSIG(status) == a->signal)
		return DIES;
	return error;
}

static const char *
outcome(int result)
{
	if (result == 0)
		return "works";
	if (result == DIES)
		return "dies";
	return result == -1 ? "unknown end" : strerror(result);
}

/* What an expectation of the table admits. */
static bool
meets(enum expect expect, int result)
{
	switch (expect) {
	case WORKS:
		return result == 0;
	case FAILS:
		return result > 0 || result == DIES;
	case KILLED:
		return result == DIES;
	}
	return false;
}

static void
check(enum role role, const struct attempt *a, enum expect expect)
{
	int	result = try(role, a);
	bool	good = meets(expect, result);

	ntests++;
	if (!good)
		nfailed++;
	printf("%sok %u - %s: %s: %s\n", good ? "" : "not ", ntests,
	    role_name(role), a->name, outcome(result));
	fflush(stdout);
}

/* ---- the ground ---- */

/* Another process of the same user, not sealed, for others to attack. */
static void
start_sibling(void)
{
	if ((env.sibling = fork()) == -1)
		fatal("fork");
	if (env.sibling == 0) {
		alarm(600);
		sandbox_drop(ROLE_DISK, REPORT_FD);
		for (;;)
			pause();
	}
}

static void
make_ground(void)
{
	char	path[128];
	FILE	*fp;

	umask(0);
	if (mkdtemp(base) == NULL || chmod(base, 0777) == -1)
		fatal("mkdtemp");
	snprintf(env.root_path, sizeof(env.root_path), "%s/root", base);
	snprintf(env.outside, sizeof(env.outside), "%s/outside", base);
	snprintf(path, sizeof(path), "%s/root/link", base);
	if (mkdir(env.root_path, 0777) == -1 ||
	    chmod(env.root_path, 0777) == -1 ||
	    symlink(env.outside, path) == -1 ||
	    (fp = fopen(env.outside, "w")) == NULL)
		fatal("%s", base);
	fputs("outside\n", fp);
	fclose(fp);
	chmod(env.outside, 0666);
	start_sibling();
}

static void
clear_ground(void)
{
	static const char *const	names[] = {
		"root/link", "root/inside", "root", "outside", "created"
	};
	char				path[128];
	size_t				i;

	kill(env.sibling, SIGKILL);
	waitpid(env.sibling, NULL, 0);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", base, names[i]);
		remove(path);
	}
	rmdir(base);
}

int
main(void)
{
	const struct attempt	*a;
	size_t			 s, r;

	make_ground();
	for (s = 0; s < NSUBJECTS; s++)
		for (a = subjects[s]; a->name != NULL; a++)
			for (r = 0; r < NROLES; r++)
				check(roles[r], a, a->expect[r]);
	printf("1..%u\n", ntests);
	clear_ground();
	return nfailed != 0;
}
