/* SPDX-License-Identifier: ISC */
#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bare.h"
#include "bitfield.h"
#include "bound.h"
#include "connect.h"
#include "dataplane.h"
#include "dhtport.h"
#include "exchange.h"
#include "loop.h"
#include "mem.h"
#include "meta.h"
#include "net.h"
#include "newcomers.h"
#include "patience.h"
#include "proto.h"
#include "recv.h"
#include "request.h"
#include "reveal.h"
#include "room.h"
#include "rx.h"
#include "send.h"
#include "stats.h"
#include "throttle.h"
#include "unchoke.h"
#include "upload.h"
#include "via.h"

/* The life of a connection: connect or accept, handshake, work, end. */

void
conn_handshake(const struct conn *c, uint8_t out[WIRE_HANDSHAKE])
{
	wire_handshake(out, c->swarm->infohash, c->net->peer_id,
	    dhtport_allowed(c->swarm));
}

static void
conn_on_connected(struct conn *c)
{
	uint8_t		hs[WIRE_HANDSHAKE];
	int		err = 0;
	socklen_t	len = sizeof(err);

	if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &err, &len) == -1)
		err = errno;
	if (err != 0) {
		conn_close(c, strerror(err));
		return;
	}
	c->net->nhalf_open--;
	c->swarm->nhalf_open--;
	c->state = CONN_HANDSHAKE;
	c->started = loop_now(c->net->loop);
	if (crypt_connect(c)) {
		c->answered = true;
		return;
	}
	conn_handshake(c, hs);
	send_bytes(c, hs, sizeof(hs));
	c->answered = true;
	send_flush(c);
}

static void
conn_event(int fd, int what, void *arg)
{
	struct conn	*c = arg;

	(void)fd;
	if (c->state == CONN_CONNECTING) {
		if (c->via == NULL || via_event(c, what))
			conn_on_connected(c);
	} else {
		if (what & LOOP_READ)
			recv_ready(c);
		if (c->state != CONN_DEAD && (what & LOOP_WRITE)) {
			c->blocked = false;
			send_flush(c);
		}
	}
	if (c->state != CONN_DEAD)
		conn_update_io(c);
	/* Half a readv's blocks are worth a message; fewer wait. */
	if (c->net->nwrites >= CONN_READ_BLOCKS / 2 || c->net->nreads > 0)
		data_flush(c->net);
	/* A slot may have come free. */
	if (c->net->starved || !TAILQ_EMPTY(&c->net->waiting))
		net_turn_soon(c->net);
}

void
conn_update_io(struct conn *c)
{
	int	want = 0;

	if (c->state == CONN_CONNECTING)
		want = c->via != NULL ? via_events(c) : LOOP_WRITE;
	else {
		if (!c->waiting && !c->held && !crypt_waits(c) &&
		    !c->rx_line.waiting)
			want |= LOOP_READ;
		if (c->blocked)
			want |= LOOP_WRITE;
	}
	loop_io_want(c->io, want);
}

static void
conn_enter(struct conn *c, struct swarm *s)
{
	c->swarm = s;
	c->parole = bans_has(&c->net->paroles, c->addr.ip, c->started);
	TAILQ_INSERT_TAIL(&s->conns, c, link);
	if (s->nconns++ == 0)
		TAILQ_INSERT_TAIL(&c->net->busy, s, busy_link);
	swarm_need_traffic(s);
}

struct conn *
conn_new(struct net *net, int fd, const struct addr *addr, struct swarm *swarm)
{
	struct conn	*c = xcalloc(1, sizeof(*c));
	int		 one = 1;

	/*
	 * Messages are gathered and written together at the end of a turn,
	 * so Nagle could only delay the last of them.  Buffer sizes are left
	 * to the kernel: a fixed one turns its tuning off and is slower.
	 */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	c->net = net;
	c->fd = fd;
	c->addr = *addr;
	if (++net->next_conn == 0)
		net->next_conn = 1;
	c->id = net->next_conn;
	c->started = c->received = c->sent = loop_now(net->loop);
	c->am_choking = c->peer_choking = true;
	c->last_piece = PICKER_NONE;
	c->rx.slot = c->tx.slot = c->wait_slot = SLOT_NONE;
	c->ahead = 4;
	pipeline_init(&c->pipeline);
	throttle_enter(c);
	c->io = loop_io_new(net->loop, fd, conn_event, c);
	net->nconns++;
	if (swarm != NULL) {
		conn_enter(c, swarm);
	} else {
		TAILQ_INSERT_TAIL(&net->newcomers, c, link);
		net->nnewcomers++;
		c->incoming = true;
		c->source = PEER_SOURCE_INCOMING;
		c->state = CONN_HANDSHAKE;
	}
	conn_update_io(c);
	return c;
}

static bool
is_shortage(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS ||
	    error == ENOMEM || error == EAGAIN ||
	    error == EADDRNOTAVAIL || error == ENODEV;
}

enum connect_result
conn_connect(struct swarm *s, const struct addr *addr, uint8_t source)
{
	const struct addr	*to = via_address(s->net, addr);
	struct sockaddr_storage	 ss;
	socklen_t		 len;
	struct conn		*c;
	int			 fd, error;

	if (to == NULL)
		return CONNECT_NO_SOCKET;
	len = addr_to_sockaddr(to, &ss);
	fd = bound_socket(ss.ss_family, SOCK_STREAM, IPPROTO_TCP);
	if (fd == -1)
		return is_shortage(errno) ? CONNECT_NO_SOCKET :
		    CONNECT_FAILED;
	if (connect(fd, (struct sockaddr *)&ss, len) == -1 &&
	    errno != EINPROGRESS) {
		error = errno;
		close(fd);
		return is_shortage(error) || via_down(s->net, error) ?
		    CONNECT_NO_SOCKET : CONNECT_FAILED;
	}
	c = conn_new(s->net, fd, addr, s);
	c->source = source;
	s->net->nhalf_open++;
	s->nhalf_open++;
	via_begin(c);
	return CONNECT_BEGUN;
}

static void
conn_leave_lists(struct conn *c)
{
	struct net	*net = c->net;

	if (c->waiting)
		TAILQ_REMOVE(&net->waiting, c, wait_link);
	if (c->in_turn)
		TAILQ_REMOVE(&net->turns, c, turn_link);
	c->waiting = c->in_turn = false;
	if (c->state == CONN_CONNECTING) {
		net->nhalf_open--;
		c->swarm->nhalf_open--;
	}
	if (c->swarm == NULL) {
		TAILQ_REMOVE(&net->newcomers, c, link);
		net->nnewcomers--;
	} else {
		TAILQ_REMOVE(&c->swarm->conns, c, link);
		if (--c->swarm->nconns == 0)
			TAILQ_REMOVE(&net->busy, c->swarm, busy_link);
	}
}

static void
conn_leave_swarm(struct conn *c)
{
	struct swarm	*s = c->swarm;

	if (c->state == CONN_UP) {
		fetch_gone(c);
		reveal_end(c);
		request_drop_all(c, false);
		if (s->picker != NULL) {
			picker_disown(s->picker, c->id);
			picker_del_set(s->picker, &c->has);
		}
		if (conn_is_seed(c))
			s->nseeds--;
		s->nup--;
		s->changed = true;
		exchange_end(c);
		unchoke_on_gone(c);
	}
	connect_ended(c);
	swarm_wake(s, 100);
}

void
conn_close(struct conn *c, const char *why)
{
	char	host[ADDR_STRLEN];

	if (c->state == CONN_DEAD)
		return;
	log_debug("%s: closed: %s", addr_str(&c->addr, host), why);
	stats_gone(c);
	throttle_leave(c);
	upload_clear(c);
	bare_clear(c);
	rx_clear(c);
	send_clear(c);
	if (c->swarm != NULL)
		conn_leave_swarm(c);
	crypt_clear(c);
	via_clear(c);
	conn_leave_lists(c);
	loop_io_free(c->io);
	close(c->fd);
	c->io = NULL;
	c->fd = -1;
	c->state = CONN_DEAD;
	c->net->nconns--;
	TAILQ_INSERT_TAIL(&c->net->dead, c, link);
	net_turn_soon(c->net);
}

void
conn_part(struct conn *c, const char *why)
{
	send_flush(c);
	conn_close(c, why);
}

void
conn_free_dead(struct net *net)
{
	struct conn	*c;

	while ((c = TAILQ_FIRST(&net->dead)) != NULL) {
		TAILQ_REMOVE(&net->dead, c, link);
		reqs_clear(&c->asked);
		reqs_clear(&c->limbo);
		free(c->has.bits);
		free(c->meta);
		free(c->ext);
		free(c->fast);
		free(c);
	}
}

/* An incoming peer names its torrent. */
static bool
conn_join(struct conn *c)
{
	struct net	*net = c->net;
	struct swarm	*s = swarm_by_hash(net, c->rx.head + WIRE_OFF_HASH);
	uint8_t		 hs[WIRE_HANDSHAKE];

	if (newcomer_must_wait(c, s)) {
		newcomer_hold(c);
		return false;
	}
	if (s == NULL || !swarm_accepts(s, &c->addr) ||
	    !room_for_one(s, &c->addr, true)) {
		conn_close(c, s == NULL ? "unknown torrent" : "not now");
		return false;
	}
	TAILQ_REMOVE(&net->newcomers, c, link);
	net->nnewcomers--;
	conn_enter(c, s);
	swarm_wake(s, 1000);
	conn_handshake(c, hs);
	send_bytes(c, hs, sizeof(hs));
	c->answered = true;
	return true;
}

/*
 * The same peer twice.  If both were begun at the same time, that one stays
 * which was begun by the side with the larger id, so that both ends close the
 * same one.  Else the old one does: an id can be copied to have it closed.
 */
static bool
conn_is_duplicate(struct conn *c)
{
	uint64_t	 now = loop_now(c->net->loop);
	struct conn	*o;
	bool		 ours;

	TAILQ_FOREACH(o, &c->swarm->conns, link) {
		if (o == c || o->state != CONN_UP ||
		    memcmp(o->peer_id, c->peer_id, 20) != 0)
			continue;
		ours = memcmp(c->net->peer_id, c->peer_id, 20) > 0;
		if (o->incoming == c->incoming || c->incoming == ours ||
		    now - o->started > CONN_MEET_MS ||
		    o->downloaded + o->uploaded > 0) {
			c->twice = true;
			return true;
		}
		o->twice = true;
		conn_close(o, "connected twice");
		return false;
	}
	return false;
}

static void
conn_tell_pieces(struct conn *c)
{
	struct swarm	*s = c->swarm;
	uint32_t	 n = (uint32_t)bitfield_size(s->geom.npieces);
	uint8_t		*buf;
	bool		 none;

	if (reveal_active(s)) {
		reveal_start(c);
		return;
	}
	/* Nothing to tell; without a picker, nothing is known yet. */
	none = !s->complete && (s->picker == NULL ||
	    picker_left(s->picker) == s->geom.npieces);
	if (c->speaks & WIRE_SPEAKS_FAST && (none || s->complete)) {
		send_plain(c, none ? WIRE_HAVE_NONE : WIRE_HAVE_ALL);
		return;
	}
	if (none)
		return;
	buf = xcalloc(1, 5 + n);
	wire_put_bitfield(buf, n);
	if (s->complete) {
		memset(buf + 5, 0xff, n);
		bitfield_trim(buf + 5, s->geom.npieces);
	} else {
		memcpy(buf + 5, picker_have_bits(s->picker), n);
	}
	send_bytes(c, buf, 5 + n);
	free(buf);
}

static void
conn_up(struct conn *c)
{
	struct swarm	*s = c->swarm;

	memcpy(c->peer_id, c->rx.head + WIRE_OFF_ID, 20);
	c->speaks = wire_speaks(c->rx.head);
	/* Our id goes out before we part: only so the other end knows, too. */
	if (memcmp(c->peer_id, c->net->peer_id, 20) == 0) {
		candidates_mark(&s->cands, &c->addr, CAND_SELF);
		if (!c->incoming)
			self_met(c->net, &c->addr);
		conn_part(c, "that is ourselves");
		return;
	}
	if (conn_is_duplicate(c)) {
		conn_part(c, "connected already");
		return;
	}
	c->rx.hlen = 0;
	c->state = CONN_UP;
	c->changed = true;
	s->nup++;
	s->changed = true;
	exchange_start(c);
	ext_start(c);
	conn_tell_pieces(c);
	dhtport_start(c);
	swarm_wake(s, 1000);
}

void
conn_on_handshake(struct conn *c)
{
	if (wire_handshake_check(c->rx.head, c->rx.hlen) == -1) {
		if (!crypt_accept(c))
			conn_close(c, "not BitTorrent");
		return;
	}
	if (crypt_plain_refused(c)) {
		conn_close(c, "not encrypted");
		return;
	}
	if (c->rx.hlen < WIRE_HANDSHAKE_HASH)
		return;
	if (c->swarm == NULL && !conn_join(c))
		return;
	if (memcmp(c->rx.head + WIRE_OFF_HASH, c->swarm->infohash, 20) != 0) {
		conn_close(c, "another torrent");
		return;
	}
	if (c->rx.hlen == WIRE_HANDSHAKE)
		conn_up(c);
	if (c->state != CONN_DEAD)
		conn_send_soon(c);
}

void
conn_wait(struct conn *c)
{
	if (c->waiting)
		return;
	c->waiting = true;
	c->held_at = loop_now(c->net->loop);
	TAILQ_INSERT_TAIL(&c->net->waiting, c, wait_link);
	conn_update_io(c);
}

void
conn_resume(struct net *net)
{
	struct conn	*c, *next;
	uint32_t	 n;

	/* As many as there is room for; the others keep their place. */
	if (TAILQ_EMPTY(&net->waiting) || (n = data_room(net)) == 0)
		return;
	for (c = TAILQ_FIRST(&net->waiting); c != NULL && n > 0; c = next) {
		next = TAILQ_NEXT(c, wait_link);
		if (!c->swarm->open ||
		    (c->rx.state != RX_DATA && !data_slots(net)))
			continue;
		n--;
		TAILQ_REMOVE(&net->waiting, c, wait_link);
		c->waiting = false;
		conn_update_io(c);
	}
}

void
conn_send_soon(struct conn *c)
{
	if (c->in_turn || c->state == CONN_DEAD)
		return;
	c->in_turn = true;
	TAILQ_INSERT_TAIL(&c->net->turns, c, turn_link);
	net_turn_soon(c->net);
}

void
conn_tick(struct conn *c, uint64_t now)
{
	static const uint8_t	keepalive[4];
	struct patience		p = conn_patience(c);
	const char		*why;

	switch (patience_check(&p, now, &why)) {
	case PATIENCE_OVER:
		via_silent(c);
		conn_close(c, why);
		return;
	case PATIENCE_KEEPALIVE:
		send_bytes(c, keepalive, sizeof(keepalive));
		conn_send_soon(c);
		break;
	case PATIENCE_OK:
		break;
	}
	if (c->rx.state == RX_EXT && now - c->rx.since > CONN_BODY_MS) {
		conn_close(c, "a message too slow");
		return;
	}
	if (c->state != CONN_UP)
		return;
	request_tick(c, now);
	exchange_tick(c, now);
	reveal_tick(c, now);
}
