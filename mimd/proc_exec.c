/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "proc.h"
#include "child.h"
#include "mem.h"
#include "sanitizer.h"

#define PROC_ENV_MAX	8

/* What a child sees of our environment: where it is, what time it is. */
static void
clean_environment(char **envp, size_t max)
{
	static char	 path[] = "PATH=/usr/bin:/bin:/usr/sbin:/sbin";
	static const char *const keep[] = {
		"TZ",
#ifdef SANITIZED
		"ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS",
#endif
	};
	const char	*value;
	size_t		 i, n = 0;

	envp[n++] = path;
	for (i = 0; i < sizeof(keep) / sizeof(keep[0]) && n < max - 1; i++) {
		if ((value = getenv(keep[i])) != NULL)
			envp[n++] = xasprintf("%s=%s", keep[i], value);
	}
	envp[n] = NULL;
}

static void
clean_signals(void)
{
	struct sigaction	sa = { .sa_handler = SIG_DFL };
	sigset_t		none;
	int			signo;

	for (signo = 1; signo < NSIG; signo++)
		sigaction(signo, &sa, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

void
proc_exec(int exe, mode_t mask, enum role role, int fd, int err_fd)
{
	char	 name[] = "mimd", option[] = "-R";
	char	*envp[PROC_ENV_MAX];
	char	*argv[] = { name, option, xstrdup(role_name(role)), NULL };
	int	 null;

	clean_environment(envp, PROC_ENV_MAX);
	/* A terminal's ^C is for the parent; it tells the children. */
	setpgid(0, 0);
	if ((null = open("/dev/null", O_RDWR | O_CLOEXEC)) == -1 ||
	    dup2(null, STDIN_FILENO) == -1 ||
	    dup2(null, STDOUT_FILENO) == -1 ||
	    (err_fd != -1 && dup2(err_fd, STDERR_FILENO) == -1))
		_exit(1);
	if (fd == CHILD_FD) {
		if (fcntl(fd, F_SETFD, 0) == -1)
			_exit(1);
	} else if (dup2(fd, CHILD_FD) == -1)
		_exit(1);
	clean_signals();
	umask(mask);
	fexecve(exe, argv, envp);
	_exit(1);
}
