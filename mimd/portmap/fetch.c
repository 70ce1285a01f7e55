/* SPDX-License-Identifier: ISC */
#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bound.h"
#include "fetch.h"
#include "head.h"
#include "loop.h"
#include "mem.h"

struct fetch {
	struct loop		*loop;
	fetch_fn		 fn;
	void			*arg;
	struct loop_timer	*timer;	/* too late, or it could not begin */
	int			 error;	/* errno of the latter, or 0 */
	int			 fd;	/* -1: nothing goes on */
	struct loop_io		*io;
	char			*out;	/* what is to be sent */
	size_t			 out_len, out_done;
	char			*in;	/* FETCH_MAX bytes */
	size_t			 in_len;
};

static void	on_io(int, int, void *);
static void	on_timer(void *);

struct fetch *
fetch_new(struct loop *loop, fetch_fn fn, void *arg)
{
	struct fetch	*f = xcalloc(1, sizeof(*f));

	f->loop = loop;
	f->fn = fn;
	f->arg = arg;
	f->fd = -1;
	f->timer = loop_timer_new(loop, on_timer, f);
	return f;
}

void
fetch_cancel(struct fetch *f)
{
	loop_timer_clear(f->timer);
	loop_io_free(f->io);
	f->io = NULL;
	if (f->fd != -1)
		close(f->fd);
	f->fd = -1;
	free(f->out);
	free(f->in);
	f->out = f->in = NULL;
}

static int
begin(struct fetch *f, const struct addr *to)
{
	struct sockaddr_storage	ss;
	socklen_t		len = addr_to_sockaddr(to, &ss);

	f->fd = bound_socket(ss.ss_family, SOCK_STREAM, 0);
	if (f->fd == -1)
		return -1;
	f->io = loop_io_new(f->loop, f->fd, on_io, f);
	loop_io_want(f->io, LOOP_WRITE);
	if (connect(f->fd, (struct sockaddr *)&ss, len) == -1 &&
	    errno != EINPROGRESS)
		return -1;
	return 0;
}

void
fetch_begin(struct fetch *f, const struct addr *to, const char *request,
    size_t len)
{
	fetch_cancel(f);
	f->out = xmalloc(len);
	memcpy(f->out, request, len);
	f->out_len = len;
	f->in = xmalloc(FETCH_MAX);
	f->out_done = f->in_len = 0;
	f->error = begin(f, to) == -1 ? errno : 0;
	if (f->error != 0 && f->io != NULL)
		loop_io_want(f->io, 0);
	loop_timer_set(f->timer, f->error != 0 ? 0 : FETCH_MS);
}

static void
fail(struct fetch *f, const char *why)
{
	fetch_cancel(f);
	f->fn(f->arg, 0, NULL, 0, why);
}

static void
on_timer(void *arg)
{
	struct fetch	*f = arg;

	if (f->error == 0)
		fail(f, "the router does not answer in time");
	else if (bound_refuses() != NULL)
		fail(f, bound_refuses());
	else
		fail(f, strerror(f->error));
}

/* Whole, or ended by its end; whoever called may begin another in fn. */
static void
finish(struct fetch *f, const struct head *h)
{
	char	*in = f->in;
	long	 len = (long)(f->in_len - h->size);

	f->in = NULL;
	fetch_cancel(f);
	if (h->chunked)
		len = head_join(in + h->size, (size_t)len);
	else if (h->sized)
		len = (size_t)len < h->length ? -1 : (long)h->length;
	if (len == -1)
		f->fn(f->arg, 0, NULL, 0, "the router's answer is cut off");
	else
		f->fn(f->arg, h->status, in + h->size, (size_t)len, NULL);
	free(in);
}

static void
look(struct fetch *f, bool ended)
{
	struct head	h;
	int		r = head_parse(&h, f->in, f->in_len);

	if (r == 1 && (ended || (h.sized && !h.chunked &&
	    f->in_len - h.size >= h.length)))
		finish(f, &h);
	else if (r == -1 || ended)
		fail(f, "the router does not answer by HTTP");
	else if (f->in_len == FETCH_MAX)
		fail(f, "the router's answer is too long");
}

static void
on_readable(struct fetch *f)
{
	ssize_t	n;

	n = recv(f->fd, f->in + f->in_len, FETCH_MAX - f->in_len, 0);
	if (n == -1) {
		if (errno != EAGAIN && errno != EINTR)
			fail(f, strerror(errno));
		return;
	}
	f->in_len += (size_t)n;
	look(f, n == 0);
}

static void
on_writable(struct fetch *f)
{
	ssize_t	n;

	n = send(f->fd, f->out + f->out_done, f->out_len - f->out_done,
	    MSG_NOSIGNAL);
	if (n == -1) {
		if (errno != EAGAIN && errno != EINTR)
			fail(f, strerror(errno));
		return;
	}
	f->out_done += (size_t)n;
	if (f->out_done == f->out_len)
		loop_io_want(f->io, LOOP_READ);
}

static void
on_io(int fd, int what, void *arg)
{
	struct fetch	*f = arg;

	(void)fd;
	if (what & LOOP_READ)
		on_readable(f);
	else
		on_writable(f);
}
