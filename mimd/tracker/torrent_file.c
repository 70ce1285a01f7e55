/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chan.h"
#include "child.h"
#include "hosts.h"
#include "loop.h"
#include "mem.h"
#include "metainfo.h"
#include "msg.h"
#include "torrent_file.h"
#include "transfer.h"

struct torrent_file {
	TAILQ_ENTRY(torrent_file) link;		/* torrent_files::all */
	struct torrent_files	*of;
	uint32_t		 id;
	int			 fd;
	size_t			 len;		/* written */
	const char		*why;	/* it is no good, or NULL */
	struct http_req		 req;		/* transfer's: any family */
	struct transfer		*transfer;
};

static void	 on_header(struct transfer *, const char *, size_t);
static size_t	 on_body(struct transfer *, const uint8_t *, size_t);
static void	 on_end(struct transfer *, const char *);

static const struct transfer_sink sink = {
	.header = on_header, .body = on_body, .end = on_end
};

void
torrent_files_init(struct torrent_files *tf, struct child *child)
{
	tf->child = child;
	TAILQ_INIT(&tf->all);
}

/* error: NULL if all is there. */
static void
finish(struct torrent_file *f, const char *error)
{
	struct msg_torrent_fetched	 m = { .fetch = f->id };
	struct transfer			*t = f->transfer;
	char				 text[HTTP_ERROR_MAX] = "";

	/* The user knows which host he named. */
	if (error != NULL && t->redirects > 0)
		snprintf(text, sizeof(text), "%s: %s", t->url.host, error);
	else if (error != NULL)
		strlcpy(text, error, sizeof(text));
	hosts_cancel(&t->wait);
	transfer_free(t);
	TAILQ_REMOVE(&f->of->all, f, link);
	close(f->fd);
	m.error = text;
	chan_send(f->of->child->parent, MSG_TORRENT_FETCHED, &m);
	free(f);
}

static void
on_timeout(void *arg)
{
	struct torrent_file	*f = arg;

	finish(f, f->len > 0 ? "took too long" :
	    transfer_timeout_text(f->transfer));
}

/* ---- hops ---- */

static void
on_host(struct host_wait *w, const struct addr *addrs, unsigned int n,
    const char *error)
{
	struct transfer		*t = (struct transfer *)((char *)w -
				    offsetof(struct transfer, wait));
	const char		*why = error;

	if (why == NULL)
		why = transfer_go(t, addrs, n);
	if (why != NULL)
		finish(t->owner, why);
}

/* Go to the transfer's URL: its addresses first. */
static void
hop(struct torrent_file *f)
{
	struct transfer	*t = f->transfer;
	const char	*why;

	if ((why = transfer_check_url(t)) != NULL)
		finish(f, why);
	else
		hosts_ask(f->of->hosts, &t->wait, t->url.host, on_host,
		    loop_now(f->of->child->loop));
}

static void
redirect(struct torrent_file *f)
{
	struct transfer	*t = f->transfer;
	const char	*why;

	if (strncasecmp(t->redirect, "magnet:", 7) == 0)
		finish(f, "leads to a magnet link: add that");
	else if ((why = transfer_redirect(t)) != NULL)
		finish(f, why);
	else
		hop(f);
}

static const char *
status_text(long status, char *text, size_t size)
{
	const char	*word = status == 404 || status == 410 ?
			    "not found" : status == 401 || status == 403 ?
			    "access denied" : "no file";

	snprintf(text, size, "%s (HTTP %ld)", word, status);
	return text;
}

static void
on_end(struct transfer *t, const char *error)
{
	struct torrent_file	*f = t->owner;
	char			 text[64];

	if (error != NULL)
		hosts_doubt(f->of->hosts, t->url.host);
	if (f->why != NULL)
		finish(f, f->why);
	else if (error == NULL && t->redirect[0] != '\0')
		redirect(f);
	else if (t->status != 200 && t->status != 0)
		finish(f, status_text(t->status, text, sizeof(text)));
	else if (error == NULL && f->len == 0)
		finish(f, "the answer is empty");
	else
		finish(f, error);
}

/* ---- its bytes ---- */

static void
on_header(struct transfer *t, const char *line, size_t len)
{
	(void)t;
	(void)line;
	(void)len;
}

static int
write_all(int fd, const uint8_t *p, size_t len)
{
	ssize_t	n;

	for (; len > 0; p += n, len -= (size_t)n)
		if ((n = write(fd, p, len)) == -1)
			return -1;
	return 0;
}

static size_t
on_body(struct transfer *t, const uint8_t *p, size_t len)
{
	struct torrent_file	*f = t->owner;
	long			 status = transfer_status(t);

	if (status >= 300 && status <= 399)
		return (t->len += len) > HTTP_HEADER_MAX ? 0 : len;
	if (status != 200)
		return 0;
	/* Of what does not begin as one, not all of it need come. */
	if (f->len == 0 && len > 0 && *p != 'd')
		f->why = "not a .torrent file";
	else if (len > METAINFO_SIZE_MAX - f->len)
		f->why = "larger than 32 MiB: not a .torrent file";
	else if (write_all(f->fd, p, len) == -1)
		f->why = strerror(errno);
	if (f->why != NULL)
		return 0;
	f->len += len;
	return len;
}

void
torrent_file_fetch(struct torrent_files *tf, uint32_t id, const char *url,
    int fd)
{
	struct torrent_file	*f = xcalloc(1, sizeof(*f));
	struct transfer		*t = transfer_new(tf->fetcher, &f->req);
	const char		*why;

	f->of = tf;
	f->id = id;
	f->fd = fd;
	f->transfer = t;
	t->owner = f;
	t->sink = &sink;
	t->deadline = loop_timer_new(tf->child->loop, on_timeout, f);
	loop_timer_set(t->deadline, TORRENT_FILE_MS);
	TAILQ_INSERT_TAIL(&tf->all, f, link);
	if (url_parse(&t->url, url, &why) == -1)
		finish(f, why);
	else
		hop(f);
}
