/* SPDX-License-Identifier: ISC */
#include <sys/uio.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "loop.h"
#include "mem.h"
#include "mse.h"
#include "net.h"
#include "newcomers.h"
#include "rx.h"

struct crypt {
	TAILQ_ENTRY(crypt) link;	/* net::crypt_queue, if queued */
	struct conn	*c;
	struct mse	*mse;		/* NULL: the handshake is done */
	EVP_CIPHER_CTX	*in, *out;	/* NULL: plain text */
	uint8_t		*pend;		/* as it goes out, not yet taken */
	uint32_t	 off, len;
	bool		 queued;
};

const char *
crypt_load(void)
{
	dh_load();
	return rc4_load();
}

void
crypt_configure(struct net *net, uint8_t encryption)
{
	net->encryption = encryption;
	if (encryption == ENCRYPTION_OFF || !net->sealed || rc4_loaded())
		return;
	log_warnx("encryption stays off: OpenSSL's RC4 was not there at the "
	    "start");
	net->encryption = ENCRYPTION_OFF;
}

/* ---- bytes that go out as they are ---- */

static void
crypt_put(struct crypt *x, const uint8_t *p, size_t n)
{
	if (n == 0)
		return;
	if (x->off > 0) {
		memmove(x->pend, x->pend + x->off, x->len - x->off);
		x->len -= x->off;
		x->off = 0;
	}
	x->pend = xreallocarray(x->pend, x->len + n, 1);
	memcpy(x->pend + x->len, p, n);
	x->len += (uint32_t)n;
	conn_send_soon(x->c);
}

/* -1 with errno, EAGAIN if some are left. */
static int
crypt_flush(struct crypt *x)
{
	ssize_t	n;

	if (x->len == 0)
		return 0;
	n = write(x->c->fd, x->pend + x->off, x->len - x->off);
	if (n == -1)
		return -1;
	x->off += (uint32_t)n;
	if (x->off < x->len) {
		errno = EAGAIN;
		return -1;
	}
	free(x->pend);
	x->pend = NULL;
	x->off = x->len = 0;
	return 0;
}

bool
crypt_pending(const struct conn *c)
{
	return c->crypt != NULL && c->crypt->len > 0;
}

static ssize_t
write_plain(int fd, const struct iovec *iov, int niov, bool *full)
{
	ssize_t	n = writev(fd, iov, niov);
	size_t	total = 0;
	int	i;

	for (i = 0; i < niov; i++)
		total += iov[i].iov_len;
	*full = n >= 0 && (size_t)n < total;
	return n;
}

/* What is encrypted has to be sent as it is: the socket's rest is kept. */
static ssize_t
write_chunk(struct crypt *x, const struct iovec *iov, int niov, bool *full)
{
	static uint8_t	chunk[CRYPT_CHUNK];
	size_t		n = 0, k;
	ssize_t		done;
	int		i;

	for (i = 0; i < niov && n < sizeof(chunk); i++) {
		k = iov[i].iov_len;
		if (k > sizeof(chunk) - n)
			k = sizeof(chunk) - n;
		rc4_apply(x->out, iov[i].iov_base, chunk + n, k);
		n += k;
	}
	done = write(x->c->fd, chunk, n);
	if (done == -1 && errno != EAGAIN && errno != EINTR)
		return -1;
	if (done == -1)
		done = 0;
	*full = (size_t)done < n;
	if (*full)
		crypt_put(x, chunk + done, n - (size_t)done);
	return (ssize_t)n;
}

ssize_t
crypt_writev(struct conn *c, const struct iovec *iov, int niov, bool *full)
{
	struct crypt	*x = c->crypt;

	*full = false;
	if (crypt_flush(x) == -1)
		return -1;
	if (niov == 0)
		return 0;
	if (x->out == NULL)
		return write_plain(c->fd, iov, niov, full);
	return write_chunk(x, iov, niov, full);
}

/* ---- bytes that come in ---- */

void
crypt_open(struct conn *c, const struct iovec *iov, size_t n)
{
	size_t	k;

	if (!crypt_is_on(c))
		return;
	for (; n > 0; n -= k, iov++) {
		k = iov->iov_len < n ? iov->iov_len : n;
		rc4_apply(c->crypt->in, iov->iov_base, iov->iov_base, k);
	}
}

bool
crypt_is_on(const struct conn *c)
{
	return c->crypt != NULL && c->crypt->in != NULL;
}

/* ---- the handshake ---- */

bool
crypt_busy(const struct conn *c)
{
	return c->crypt != NULL && c->crypt->mse != NULL;
}

bool
crypt_waits(const struct conn *c)
{
	return c->crypt != NULL && c->crypt->queued;
}

/* What follows a newcomer's handshake waits until it is let in. */
size_t
crypt_read_max(const struct conn *c)
{
	if (crypt_busy(c))
		return mse_room(c->crypt->mse);
	return c->swarm == NULL ? (size_t)(WIRE_HANDSHAKE - c->rx.hlen) :
	    SIZE_MAX;
}

static void
crypt_queue(struct crypt *x)
{
	struct net	*net = x->c->net;

	x->queued = true;
	TAILQ_INSERT_TAIL(&net->crypt_queue, x, link);
	conn_update_io(x->c);
	if (!loop_timer_pending(net->crypt_timer))
		loop_timer_set(net->crypt_timer, 0);
}

static struct crypt *
crypt_new(struct conn *c)
{
	struct crypt	*x = xcalloc(1, sizeof(*x));

	x->c = c;
	x->mse = xcalloc(1, sizeof(*x->mse));
	c->crypt = x;
	return x;
}

static void
crypt_free_mse(struct crypt *x)
{
	if (x->mse == NULL)
		return;
	mse_clear(x->mse);
	free(x->mse);
	x->mse = NULL;
}

/* The rest of p, n bytes, is payload behind the handshake. */
static void
crypt_done(struct conn *c, uint8_t *p, size_t n)
{
	struct crypt	*x = c->crypt;
	uint8_t		 ia[MSE_IA_MAX];
	uint32_t	 len = 0;

	x->in = x->mse->in;
	x->out = x->mse->out;
	x->mse->in = x->mse->out = NULL;
	if (x->mse->a) {
		candidates_mark(&c->swarm->cands, &c->addr, CAND_CRYPT);
	} else {
		len = x->mse->ia_len;
		memcpy(ia, x->mse->ia, len);
	}
	crypt_free_mse(x);
	if (x->in != NULL)
		rc4_apply(x->in, p, p, n);
	rx_feed(c, ia, len);
}

/* If we do not know the torrent, we may be about to be told of it. */
void
crypt_find_torrent(struct conn *c)
{
	struct mse	*m = c->crypt->mse;
	struct swarm	*s = swarm_by_req2(c->net, m->buf);

	if (s == NULL && newcomer_must_wait(c, NULL)) {
		newcomer_hold(c);
		return;
	}
	c->held = false;
	mse_torrent(m, s == NULL ? NULL : s->infohash);
	if (m->want == MSE_BAD)
		conn_close(c, m->why);
}

bool
crypt_asks_for(const struct conn *c, const struct swarm *s)
{
	return crypt_busy(c) && c->crypt->mse->want == MSE_TORRENT &&
	    memcmp(c->crypt->mse->buf, s->req2, sizeof(s->req2)) == 0;
}

uint32_t
crypt_feed(struct conn *c, uint8_t *p, uint32_t n)
{
	struct crypt	*x = c->crypt;
	struct mse_out	 out;
	size_t		 used = mse_feed(x->mse, p, n, &out);

	crypt_put(x, out.buf, out.len);
	switch (x->mse->want) {
	case MSE_DH:
		crypt_queue(x);
		break;
	case MSE_TORRENT:
		crypt_find_torrent(c);
		break;
	case MSE_DONE:
		crypt_done(c, p + used, n - used);
		break;
	case MSE_BAD:
		conn_close(c, x->mse->why);
		break;
	default:
		break;
	}
	return (uint32_t)used;
}

/* The computation may take a while for all: a few, then others' work. */
void
crypt_run(void *arg)
{
	struct net	*net = arg;
	struct crypt	*x;
	struct conn	*c;
	struct mse_out	 out;
	int		 i;

	for (i = 0; i < CRYPT_DH_TURN; i++) {
		if ((x = TAILQ_FIRST(&net->crypt_queue)) == NULL)
			break;
		TAILQ_REMOVE(&net->crypt_queue, x, link);
		x->queued = false;
		c = x->c;
		mse_dh(x->mse, &out);
		if (x->mse->want == MSE_BAD) {
			conn_close(c, x->mse->why);
			continue;
		}
		crypt_put(x, out.buf, out.len);
		conn_update_io(c);
	}
	if (i > 0)
		loop_timer_set(net->crypt_timer, CRYPT_DH_MS);
}

bool
crypt_connect(struct conn *c)
{
	struct candidate	*cand;
	struct crypt		*x;
	uint8_t			 hs[WIRE_HANDSHAKE], methods = MSE_RC4;

	if (c->net->encryption < ENCRYPTION_PREFER)
		return false;
	if (c->net->encryption == ENCRYPTION_PREFER) {
		cand = candidates_find(&c->swarm->cands, &c->addr);
		if (cand != NULL && (cand->flags & CAND_PLAIN))
			return false;
		methods |= MSE_PLAIN;
	}
	x = crypt_new(c);
	conn_handshake(c, hs);
	mse_connect(x->mse, methods, c->swarm->infohash, hs, sizeof(hs));
	crypt_queue(x);
	return true;
}

bool
crypt_accept(struct conn *c)
{
	struct net	*net = c->net;
	struct crypt	*x;
	uint8_t		 head[WIRE_HANDSHAKE], n = c->rx.hlen;
	uint8_t		 methods = MSE_RC4, prefers = MSE_RC4;

	if (!c->incoming || c->crypt != NULL ||
	    net->encryption == ENCRYPTION_OFF)
		return false;
	if (net->encryption != ENCRYPTION_REQUIRE)
		methods |= MSE_PLAIN;
	if (net->encryption == ENCRYPTION_ALLOW)
		prefers = MSE_PLAIN;
	x = crypt_new(c);
	mse_accept(x->mse, methods, prefers);
	memcpy(head, c->rx.head, n);
	c->rx.hlen = 0;
	crypt_feed(c, head, n);
	return true;
}

bool
crypt_plain_refused(const struct conn *c)
{
	return c->incoming && c->crypt == NULL &&
	    c->rx.hlen >= WIRE_PROTOCOL_LEN &&
	    c->net->encryption == ENCRYPTION_REQUIRE;
}

/*
 * A peer that hangs up on the encrypted handshake, or lets it time out, may
 * know the plain one alone; if that fails, too, both are tried again later.
 */
bool
crypt_falls_back(struct conn *c)
{
	struct candidate	*cand;

	if (c->incoming || c->state != CONN_HANDSHAKE ||
	    (cand = candidates_find(&c->swarm->cands, &c->addr)) == NULL)
		return false;
	if (c->crypt == NULL) {
		cand->flags &= (uint8_t)~CAND_PLAIN;
		return false;
	}
	if (c->crypt->mse == NULL || (cand->flags & CAND_CRYPT) ||
	    c->net->encryption != ENCRYPTION_PREFER)
		return false;
	cand->flags |= CAND_PLAIN;
	cand->flags &= (uint8_t)~CAND_CONNECTED;
	cand->due = loop_now(c->net->loop);
	return true;
}

void
crypt_clear(struct conn *c)
{
	struct crypt	*x = c->crypt;

	if (x == NULL)
		return;
	if (x->queued)
		TAILQ_REMOVE(&c->net->crypt_queue, x, link);
	crypt_free_mse(x);
	rc4_free(x->in);
	rc4_free(x->out);
	free(x->pend);
	free(x);
	c->crypt = NULL;
}
