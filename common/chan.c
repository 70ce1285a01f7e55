/* SPDX-License-Identifier: ISC */
#include <sys/queue.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chan.h"
#include "log.h"
#include "loop.h"
#include "mem.h"
#include "packet.h"

#define CHAN_FDS_MAX	4	/* received at most, to be closed if stray */

struct packet {
	TAILQ_ENTRY(packet)	 entry;	/* chan::queue */
	int			 fd;	/* or -1 */
	size_t			 len;
	uint8_t			 data[];
};

struct chan {
	int			 fd;
	enum role		 self, other;
	uint8_t			 tx_phase, rx_phase;
	const union msg_fn	*fns;
	chan_closed_fn		 closed;
	chan_drain_fn		 drain;
	chan_unhandled_fn	 unhandled;	/* or NULL */
	void			*arg;
	struct loop_io		*io;
	struct loop_timer	*broken;	/* reports a failed send */
	const char		*why;
	struct msg_in		*in;
	int			 in_fd;		/* of the message in hand */
	uint8_t			*batch;		/* CHAN_BATCH bytes, or NULL */
	size_t			 batch_len;
	TAILQ_ENTRY(chan)	 batch_link;	/* batching, if batch */
	TAILQ_HEAD(, packet)	 queue;
	size_t			 queued;
	bool			 full, paused, failed, dead;
	bool			 mute;		/* the other end is closed */
	int			 depth;		/* handlers that are running */
};

/* One packet is in hand at a time, in either direction. */
static uint8_t	tx_buf[MSG_SIZE_MAX], rx_buf[MSG_SIZE_MAX];

/* Channels with messages that wait for more, in depth scopes. */
static TAILQ_HEAD(, chan) batching = TAILQ_HEAD_INITIALIZER(batching);
static unsigned int	batch_depth;

static void chan_event(int, int, void *);
static void chan_broken(void *);
static void batch_send(struct chan *);

int
chan_pair(int fds[2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC |
	    SOCK_NONBLOCK, 0, fds);
}

static void
chan_want(struct chan *c)
{
	int	what = 0;

	if (!c->paused)
		what |= LOOP_READ;
	if (!TAILQ_EMPTY(&c->queue))
		what |= LOOP_WRITE;
	loop_io_want(c->io, c->failed ? 0 : what);
}

struct chan *
chan_new(struct loop *loop, int fd, enum role self, enum role other,
    bool setup, const union msg_fn *fns, chan_closed_fn closed, void *arg)
{
	struct chan	*c;

	c = xcalloc(1, sizeof(*c));
	c->fd = fd;
	c->self = self;
	c->other = other;
	c->tx_phase = c->rx_phase = setup ? PHASE_SETUP : PHASE_RUN;
	c->fns = fns;
	c->closed = closed;
	c->arg = arg;
	c->in = msg_in_new();
	c->in_fd = -1;
	TAILQ_INIT(&c->queue);
	if (fcntl(fd, F_SETFL, O_NONBLOCK) == -1)
		fatal("fcntl");
	c->io = loop_io_new(loop, fd, chan_event, c);
	c->broken = loop_timer_new(loop, chan_broken, c);
	chan_want(c);
	return c;
}

void
chan_on_drain(struct chan *c, chan_drain_fn drain)
{
	c->drain = drain;
}

void
chan_on_unhandled(struct chan *c, chan_unhandled_fn unhandled)
{
	c->unhandled = unhandled;
}

static void
packet_free(struct chan *c, struct packet *p)
{
	TAILQ_REMOVE(&c->queue, p, entry);
	c->queued -= p->len;
	if (p->fd != -1)
		close(p->fd);
	free(p);
}

static void
chan_destroy(struct chan *c)
{
	msg_in_free(c->in);
	free(c);
}

void
chan_free(struct chan *c)
{
	struct packet	*p;

	if (c == NULL || c->dead)
		return;
	batch_send(c);
	c->dead = true;
	while ((p = TAILQ_FIRST(&c->queue)) != NULL)
		packet_free(c, p);
	loop_io_free(c->io);
	loop_timer_free(c->broken);
	if (c->in_fd != -1)
		close(c->in_fd);
	c->in_fd = -1;
	close(c->fd);
	if (c->depth == 0)
		chan_destroy(c);
}

bool
chan_full(const struct chan *c)
{
	return c->full;
}

bool
chan_empty(const struct chan *c)
{
	return TAILQ_EMPTY(&c->queue);
}

void
chan_pause(struct chan *c, bool pause)
{
	c->paused = pause;
	if (!c->dead)
		chan_want(c);
}

int
chan_take_fd(struct chan *c)
{
	int	fd = c->in_fd;

	c->in_fd = -1;
	return fd;
}

/* The closed callback must not run inside a send: leave it to the loop. */
static void
chan_fail(struct chan *c, const char *why)
{
	struct packet	*p;

	if (c->failed)
		return;
	c->failed = true;
	c->why = why;
	while ((p = TAILQ_FIRST(&c->queue)) != NULL)
		packet_free(c, p);
	chan_want(c);
	loop_timer_set(c->broken, 0);
}

/*
 * The other end is closed: nothing more can be said, but its last words may
 * still be unread.  After those comes the end of file.
 */
static void
chan_mute(struct chan *c)
{
	struct packet	*p;

	if (c->paused) {
		chan_fail(c, NULL);
		return;
	}
	c->mute = true;
	while ((p = TAILQ_FIRST(&c->queue)) != NULL)
		packet_free(c, p);
	chan_want(c);
}

static void
chan_broken(void *arg)
{
	struct chan	*c = arg;

	c->closed(c, c->why, c->arg);
}

/* ---- sending ---- */

/* 0 sent, -1 try later, -2 the other end is gone. */
static int
send_packet(struct chan *c, const uint8_t *data, size_t len, int fd)
{
	if (packet_send(c->fd, data, len, fd) != -1)
		return 0;
	if (errno == EAGAIN || errno == EINTR || errno == ENOBUFS)
		return -1;
	return -2;
}

static void
queue_packet(struct chan *c, const uint8_t *data, size_t len, int fd)
{
	struct packet	*p;

	if (c->queued + len > CHAN_MAX) {
		if (fd != -1)
			close(fd);
		chan_fail(c, "does not read its messages");
		return;
	}
	p = xmalloc(sizeof(*p) + len);
	p->fd = fd;
	p->len = len;
	memcpy(p->data, data, len);
	TAILQ_INSERT_TAIL(&c->queue, p, entry);
	c->queued += len;
	if (c->queued >= CHAN_HIGH)
		c->full = true;
	chan_want(c);
}

/* A packet that is complete. */
static void
packet_out(struct chan *c, const uint8_t *data, size_t len, int fd)
{
	int	r = -1;

	if (TAILQ_EMPTY(&c->queue))
		r = send_packet(c, data, len, fd);
	if (r == -1) {
		queue_packet(c, data, len, fd);
		return;
	}
	if (fd != -1)
		close(fd);
	if (r == -2)
		chan_mute(c);
}

static void
batch_send(struct chan *c)
{
	uint8_t	*batch = c->batch;

	if (batch == NULL)
		return;
	TAILQ_REMOVE(&batching, c, batch_link);
	c->batch = NULL;
	if (!c->dead && !c->failed && !c->mute)
		packet_out(c, batch, c->batch_len, -1);
	c->batch_len = 0;
	free(batch);
}

static void
batch_add(struct chan *c, size_t len)
{
	if (c->batch != NULL && len > CHAN_BATCH - c->batch_len)
		batch_send(c);
	if (c->batch == NULL) {
		c->batch = xmalloc(CHAN_BATCH);
		TAILQ_INSERT_TAIL(&batching, c, batch_link);
	}
	memcpy(c->batch + c->batch_len, tx_buf, len);
	c->batch_len += len;
}

void
chan_batch_begin(void)
{
	batch_depth++;
}

void
chan_batch_end(void)
{
	struct chan	*c;

	if (--batch_depth > 0)
		return;
	while ((c = TAILQ_FIRST(&batching)) != NULL)
		batch_send(c);
}

/* mimctl reads one message at a time. */
static bool
chan_batches(const struct chan *c)
{
	return c->self != ROLE_CTL && c->other != ROLE_CTL;
}

/* What is in tx_buf. */
static void
chan_transmit(struct chan *c, enum msg_type type, size_t len, int fd,
    bool may_wait)
{
	const struct msg_desc	*d = msg_desc(type);
	const char		*why;

	if (c->dead || c->failed || c->mute) {
		if (fd != -1)
			close(fd);
		return;
	}
	if (msg_allowed(type, c->self, c->other, c->tx_phase, fd != -1,
	    &why) == -1)
		fatalx("%s to %s: %s", d->name, role_name(c->other), why);
	if (d->last_setup)
		c->tx_phase = PHASE_RUN;
	if (may_wait && batch_depth > 0 && fd == -1 && len <= CHAN_BATCH &&
	    chan_batches(c)) {
		batch_add(c, len);
		return;
	}
	batch_send(c);
	packet_out(c, tx_buf, len, fd);
}

void
chan_send_fd(struct chan *c, enum msg_type type, const void *body, int fd)
{
	ssize_t	len;

	if ((len = msg_encode(type, body, tx_buf, sizeof(tx_buf))) == -1)
		fatalx("%s: a field is out of its bounds", msg_name(type));
	chan_transmit(c, type, (size_t)len, fd, true);
}

void
chan_send(struct chan *c, enum msg_type type, const void *body)
{
	chan_send_fd(c, type, body, -1);
}

int
chan_try(struct chan *c, enum msg_type type, const void *body)
{
	ssize_t	len;

	if ((len = msg_encode(type, body, tx_buf, sizeof(tx_buf))) == -1)
		return -1;
	chan_transmit(c, type, (size_t)len, -1, false);
	return 0;
}

void
chan_flush(struct chan *c)
{
	struct packet	*p;
	int		 r = 0;

	batch_send(c);
	if (c->dead || c->failed)
		return;
	while ((p = TAILQ_FIRST(&c->queue)) != NULL) {
		if ((r = send_packet(c, p->data, p->len, p->fd)) != 0)
			break;
		packet_free(c, p);
	}
	if (r == -2) {
		chan_mute(c);
		return;
	}
	chan_want(c);
	if (c->full && c->queued < CHAN_LOW) {
		c->full = false;
		if (c->drain != NULL)
			c->drain(c, c->arg);
	}
}

/* ---- receiving ---- */

/* Keep the first descriptor of a packet, close the rest; -1 if there are. */
static int
take_fds(struct chan *c, struct msghdr *mh)
{
	struct cmsghdr	*cmsg;
	size_t		 i, n;
	int		 fd, stray = 0;

	for (cmsg = CMSG_FIRSTHDR(mh); cmsg != NULL;
	    cmsg = CMSG_NXTHDR(mh, cmsg)) {
		if (cmsg->cmsg_level != SOL_SOCKET ||
		    cmsg->cmsg_type != SCM_RIGHTS)
			continue;
		n = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (i = 0; i < n; i++) {
			memcpy(&fd, CMSG_DATA(cmsg) + i * sizeof(int),
			    sizeof(int));
			if (c->in_fd == -1) {
				c->in_fd = fd;
			} else {
				close(fd);
				stray = 1;
			}
		}
	}
	return stray || (mh->msg_flags & MSG_CTRUNC) ? -1 : 0;
}

/* Bytes read, 0 at the end, -1 try later, -2 with *why for a bad packet. */
static ssize_t
recv_packet(struct chan *c, const char **why)
{
	union {
		struct cmsghdr	hdr;
		char		buf[CMSG_SPACE(CHAN_FDS_MAX * sizeof(int))];
	} control;
	struct iovec	iov = { rx_buf, sizeof(rx_buf) };
	struct msghdr	mh = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = sizeof(control.buf)
	};
	ssize_t		n;

	n = recvmsg(c->fd, &mh, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	/* It ended with messages of ours unread: said once, before its own. */
	if (n == -1 && errno == ECONNRESET)
		n = recvmsg(c->fd, &mh, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	if (n == -1) {
		if (errno == EAGAIN || errno == EINTR)
			return -1;
		*why = NULL;
		return 0;
	}
	if (take_fds(c, &mh) == -1) {
		*why = "too many descriptors";
		return -2;
	}
	if (mh.msg_flags & MSG_TRUNC) {
		*why = "message too long";
		return -2;
	}
	return n;
}

/* The first message in rx_buf from at on; its length, or -1. */
static ssize_t
chan_handle(struct chan *c, size_t at, size_t len, const char **why)
{
	const struct msg_desc	*d;
	ssize_t			 used;

	used = msg_decode_first(c->in, rx_buf + at, len, why);
	if (used == -1 ||
	    msg_allowed(c->in->type, c->other, c->self, c->rx_phase,
	    c->in_fd != -1, why) == -1)
		return -1;
	if ((size_t)used < len && !chan_batches(c)) {
		*why = "malformed frame";
		return -1;
	}
	d = msg_desc(c->in->type);
	if (d->last_setup)
		c->rx_phase = PHASE_RUN;
	if (msg_dispatch(c->fns, c->in, c, c->arg) == -1) {
		if (c->unhandled == NULL) {
			*why = "message without a handler";
			return -1;
		}
		c->unhandled(c, c->arg);
	}
	if (!c->dead && c->in_fd != -1) {
		close(c->in_fd);
		c->in_fd = -1;
	}
	return used;
}

/* All messages of a packet of len bytes; how many, or -1. */
static int
chan_unpack(struct chan *c, size_t len, const char **why)
{
	ssize_t	used;
	size_t	at = 0;
	int	n = 0;
	bool	batch = false;

	do {
		if ((used = chan_handle(c, at, len - at, why)) == -1)
			break;
		at += (size_t)used;
		n++;
		if (at < len && !batch) {
			chan_batch_begin();
			batch = true;
		}
	} while (at < len && !c->dead && !c->failed);
	if (batch)
		chan_batch_end();
	return used == -1 ? -1 : n;
}

static void
chan_receive(struct chan *c)
{
	const char	*why = NULL;
	ssize_t		 n;
	int		 i, r;

	for (i = 0; i < CHAN_BURST && !c->dead && !c->paused && !c->failed;
	    i += r) {
		if ((n = recv_packet(c, &why)) == -1)
			return;
		r = n > 0 ? chan_unpack(c, (size_t)n, &why) : -1;
		if (c->dead)
			return;
		if (r == -1) {
			if (c->in_fd != -1)
				close(c->in_fd);
			c->in_fd = -1;
			loop_io_want(c->io, 0);
			c->failed = true;
			c->closed(c, n == 0 ? NULL : why, c->arg);
			return;
		}
	}
}

static void
chan_event(int fd, int what, void *arg)
{
	struct chan	*c = arg;

	(void)fd;
	c->depth++;
	if (what & LOOP_WRITE)
		chan_flush(c);
	if (!c->dead && (what & LOOP_READ))
		chan_receive(c);
	if (--c->depth == 0 && c->dead)
		chan_destroy(c);
}
