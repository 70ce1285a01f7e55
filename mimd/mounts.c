/* SPDX-License-Identifier: ISC */
#include "mounts.h"

#include <sys/epoll.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "loop.h"
#include "mem.h"

#define MOUNTINFO	"/proc/self/mountinfo"
#define SETTLE_MS	200U	/* a volume is seldom mounted in one step */

struct mounts {
	int			 fd, epoll;
	struct loop_io		*io;
	struct loop_timer	*settle;
	void			(*fn)(void *);
	void			*arg;
};

/* ---- the text ---- */

/* A line: number, parent's number, device, root, mount point, ... */
struct line {
	int64_t		 id, parent;
	const char	*point;		/* in the text, escaped */
};

static const char *
next_line(const char *s)
{
	s += strcspn(s, "\n");
	return *s == '\n' ? s + 1 : s;
}

static bool
parse_line(const char *s, struct line *l)
{
	char	*end;
	int	 i;

	l->id = strtoll(s, &end, 10);
	if (end == s || *end != ' ')
		return false;
	s = end + 1;
	l->parent = strtoll(s, &end, 10);
	if (end == s || *end != ' ')
		return false;
	s = end + 1;
	for (i = 0; i < 2; i++) {
		s += strcspn(s, " \n");
		if (*s++ != ' ')
			return false;
	}
	l->point = s;
	return *s == '/';
}

/* Octal escapes stand for blanks, newlines and backslashes. */
static int
unescape(const char **s)
{
	const char	*p = *s;

	if (p[0] == '\\' && p[1] >= '0' && p[1] <= '3' && p[2] >= '0' &&
	    p[2] <= '7' && p[3] >= '0' && p[3] <= '7') {
		*s += 4;
		return (p[1] - '0') << 6 | (p[2] - '0') << 3 | (p[3] - '0');
	}
	return (unsigned char)*(*s)++;
}

/* How much of path the mount point covers; -1: it is elsewhere. */
static int64_t
covers(const char *point, const char *path)
{
	const char	*p = path;

	if (point[0] == '/' && (point[1] == ' ' || point[1] == '\n'))
		return 0;
	while (*point != ' ' && *point != '\n' && *point != '\0') {
		if (unescape(&point) != (unsigned char)*p)
			return -1;
		p++;
	}
	return *p == '\0' || *p == '/' ? p - path : -1;
}

/*
 * From the mount at "/" on, to the one that is mounted on it nearest to the
 * start of what is left of the path, and so on: what a mount hides does not
 * count.  Of several at one point each is mounted on the one before.
 */
int64_t
mounts_holding(const char *text, const char *path)
{
	struct line	 l;
	const char	*s;
	int64_t		 now = -1, next, at = 0, best, n;
	int		 steps;

	for (steps = 0; steps < 4096; steps++) {
		next = -1;
		best = INT64_MAX;
		for (s = text; *s != '\0'; s = next_line(s)) {
			if (!parse_line(s, &l))
				return -1;
			n = covers(l.point, path);
			/* The first has a parent that is not ours to see. */
			if (n < at || n >= best || l.id == now ||
			    (now == -1 ? n != 0 : l.parent != now))
				continue;
			next = l.id;
			best = n;
		}
		if (next == -1)
			return now;
		now = next;
		at = best;
	}
	return -1;
}

/* ---- the system ---- */

static void
on_settled(void *arg)
{
	struct mounts	*m = arg;

	m->fn(m->arg);
}

static void
on_change(int fd, int what, void *arg)
{
	struct epoll_event	 ev;
	struct mounts		*m = arg;

	(void)what;
	epoll_wait(fd, &ev, 1, 0);
	if (!loop_timer_pending(m->settle))
		loop_timer_set(m->settle, SETTLE_MS);
}

/*
 * mountinfo is always readable; what tells of a change is an exceptional
 * condition, which an epoll of its own translates.
 */
struct mounts *
mounts_new(struct loop *loop, void (*fn)(void *), void *arg)
{
	struct epoll_event	 ev = { .events = EPOLLPRI };
	struct mounts		*m = xcalloc(1, sizeof(*m));

	m->fd = open(MOUNTINFO, O_RDONLY | O_CLOEXEC);
	m->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (m->fd == -1 || m->epoll == -1 ||
	    epoll_ctl(m->epoll, EPOLL_CTL_ADD, m->fd, &ev) == -1) {
		if (m->fd != -1)
			close(m->fd);
		if (m->epoll != -1)
			close(m->epoll);
		free(m);
		return NULL;
	}
	m->fn = fn;
	m->arg = arg;
	m->settle = loop_timer_new(loop, on_settled, m);
	m->io = loop_io_new(loop, m->epoll, on_change, m);
	loop_io_want(m->io, LOOP_READ);
	return m;
}

void
mounts_again(struct mounts *m, uint64_t ms)
{
	if (m != NULL)
		loop_timer_set(m->settle, ms);
}

void
mounts_free(struct mounts *m)
{
	if (m == NULL)
		return;
	loop_io_free(m->io);
	loop_timer_free(m->settle);
	close(m->epoll);
	close(m->fd);
	free(m);
}

static char *
read_file(const char *path, size_t max)
{
	char	*buf = NULL;
	size_t	 len = 0, size = 0;
	ssize_t	 n = 1;
	int	 fd;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		return NULL;
	while (n > 0 && len < max) {
		if (size - len < 4096) {
			size = size == 0 ? 16384 : 2 * size;
			buf = xreallocarray(buf, size, 1);
		}
		n = read(fd, buf + len, size - len - 1);
		if (n > 0)
			len += (size_t)n;
		else if (n == -1 && errno == EINTR)
			n = 1;
	}
	close(fd);
	if (n != 0) {
		free(buf);
		return NULL;
	}
	buf[len] = '\0';
	return buf;
}

char *
mounts_read(void)
{
	return read_file(MOUNTINFO, MOUNTS_SIZE_MAX);
}

int64_t
mounts_of(int fd, char *path, uint32_t size)
{
	char	 name[64], *text, *s;
	int64_t	 id = -1;
	ssize_t	 n;

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	if ((n = readlink(name, path, size)) == -1 || n >= (ssize_t)size)
		return -1;
	path[n] = '\0';
	snprintf(name, sizeof(name), "/proc/self/fdinfo/%d", fd);
	if ((text = read_file(name, 65536)) == NULL)
		return -1;
	if ((s = strstr(text, "mnt_id:")) != NULL)
		id = strtoll(s + strlen("mnt_id:"), NULL, 10);
	free(text);
	return id;
}
