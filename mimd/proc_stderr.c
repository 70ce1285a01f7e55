/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "proc.h"
#include "log.h"

static void
stderr_read(int fd, int what, void *arg)
{
	struct proc	*p = arg;
	char		 buf[512], *rest = buf, *line;
	ssize_t		 n;

	(void)what;
	if ((n = read(fd, buf, sizeof(buf) - 1)) <= 0) {
		if (n == 0 || errno != EAGAIN)
			proc_stderr_close(p);
		return;
	}
	buf[n] = '\0';
	while ((line = strsep(&rest, "\n")) != NULL) {
		if (*line != '\0')
			log_warnx("%s: %s", role_name(p->role), line);
	}
	if ((size_t)n >= p->err_left)
		proc_stderr_close(p);
	else
		p->err_left -= (size_t)n;
}

int
proc_stderr_open(struct proc *p, struct loop *loop)
{
	int	fds[2];

	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) == -1)
		return -1;
	p->err_fd = fds[0];
	p->err_left = PROC_STDERR_MAX;
	p->err_io = loop_io_new(loop, fds[0], stderr_read, p);
	loop_io_want(p->err_io, LOOP_READ);
	return fds[1];
}

void
proc_stderr_close(struct proc *p)
{
	if (p->err_fd == -1)
		return;
	loop_io_free(p->err_io);
	close(p->err_fd);
	p->err_io = NULL;
	p->err_fd = -1;
}

void
proc_stderr_finish(struct proc *p)
{
	size_t	left = SIZE_MAX;

	while (p->err_fd != -1 && p->err_left < left) {
		left = p->err_left;
		stderr_read(p->err_fd, LOOP_READ, p);
	}
	proc_stderr_close(p);
}
