/* SPDX-License-Identifier: ISC */
#include <sys/resource.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "acceptor.h"
#include "ban.h"
#include "child.h"
#include "choker.h"
#include "connect.h"
#include "datagrams.h"
#include "dataplane.h"
#include "dhtport.h"
#include "discovery.h"
#include "exchange.h"
#include "filter.h"
#include "hash.h"
#include "loop.h"
#include "mem.h"
#include "net.h"
#include "newcomers.h"
#include "proxy.h"
#include "reveal.h"
#include "room.h"
#include "send.h"
#include "stats.h"
#include "throttle.h"
#include "usage.h"
#include "webseed.h"

/* The peer child: what the parent tells it, and the turns of its loop. */

static void
peer_on_conf(struct chan *c, const struct msg_peer_conf *m, void *arg)
{
	struct net	*net = arg;

	(void)c;
	memcpy(net->peer_id, m->peer_id, sizeof(net->peer_id));
	net->max_peers = m->max_peers;
	if (net->max_peers > net->sockets_max) {
		log_warnx("max peers %u: descriptors for %u only "
		    "(RLIMIT_NOFILE)", m->max_peers, net->sockets_max);
		net->max_peers = net->sockets_max;
	}
	net->max_peers_torrent = m->max_peers_torrent;
	net->allow_local = m->allow_local;
	exchange_set(net, m->pex);
	crypt_configure(net, m->encryption);
}

static void
peer_on_rates(struct chan *c, const struct msg_peer_rates *m, void *arg)
{
	(void)c;
	throttle_on_rates(arg, m);
}

static void
peer_on_swarm_modes(struct chan *c, const struct msg_swarm_modes *m,
    void *arg)
{
	struct swarm	*s = swarm_find(arg, m->id);

	(void)c;
	if (s == NULL)
		return;
	swarm_set_mode(s, (m->modes & TMODE_SEQUENTIAL) != 0,
	    (m->modes & TMODE_FIRST_LAST) != 0);
	superseed_enable(s, (m->modes & TMODE_SUPER) != 0);
}

static void
peer_on_swarm_files(struct chan *c, const struct msg_swarm_files *m,
    void *arg)
{
	struct swarm	*s = swarm_find(arg, m->id);
	uint32_t	 i;

	(void)c;
	for (i = 0; i < m->files.n && s != NULL; i++)
		swarm_add_file(s, m->files.v[i].first, m->files.v[i].last);
}

static void
peer_on_swarm_prios(struct chan *c, const struct msg_swarm_prios *m,
    void *arg)
{
	struct swarm	*s = swarm_find(arg, m->id);
	uint32_t	 i, end;
	const uint8_t	*v = m->prios.p;

	(void)c;
	for (i = 0; i < m->prios.len && s != NULL; i = end) {
		for (end = i + 1; end < m->prios.len && v[end] == v[i]; )
			end++;
		if (v[i] <= FILE_PRIO_MAX)
			swarm_set_priority(s, m->first + i, m->first + end - 1,
			    (enum picker_prio)v[i]);
	}
	if (s != NULL && s->picker != NULL) {
		swarm_recount(s);
		swarm_wants_changed(s);
	}
}

static void
peer_on_bans(struct chan *c, const struct msg_peer_bans *m, void *arg)
{
	(void)c;
	ban_replay(arg, m);
}

static void
peer_on_swarm_limits(struct chan *c, const struct msg_swarm_limits *m,
    void *arg)
{
	struct swarm	*s = swarm_find(arg, m->id);

	(void)c;
	if (s == NULL)
		return;
	s->max_peers = m->peers;
	throttle_on_limits(s, m);
	room_fit(s);
}

static void
peer_on_ban(struct chan *c, const struct msg_peer_ban *m, void *arg)
{
	(void)c;
	if (m->lift)
		ban_lift(arg, m->ip);
	else
		ban_address(arg, m->ip, "the user says so");
}

static void
peer_on_unlisten(struct chan *c, const struct msg_peer_unlisten *m, void *arg)
{
	struct net	*net = arg;

	(void)c;
	net->port = m->port;
	net->listen_port = 0;
	acceptor_drop_all(net);
	datagrams_drop_all(net);
}

static void
peer_on_listen(struct chan *c, const struct msg_peer_listen *m, void *arg)
{
	struct net	*net = arg;

	if (m->datagrams) {
		datagrams_add(net, chan_take_fd(c));
		return;
	}
	if (net->port == 0)
		net->port = m->port;
	if (net->listen_port == 0)
		net->listen_port = m->port;
	acceptor_add(net, chan_take_fd(c));
}

static void
peer_on_dht(struct chan *c, const struct msg_peer_dht *m, void *arg)
{
	(void)c;
	dhtport_set(arg, m->port);
}

static void
peer_on_filter_files(struct chan *c, const struct msg_filter_files *m,
    void *arg)
{
	(void)c;
	filter_begin(arg, m->n);
}

static void
peer_on_filter_file(struct chan *c, const struct msg_filter_file *m,
    void *arg)
{
	filter_file(arg, chan_take_fd(c), m->path, m->allow);
}

static void
peer_on_lsd_close(struct chan *c, const struct msg_lsd_close *m, void *arg)
{
	(void)c;
	(void)m;
	discovery_close(arg);
}

static void
peer_on_lsd_socket(struct chan *c, const struct msg_lsd_socket *m, void *arg)
{
	discovery_add(arg, chan_take_fd(c), m);
}

static void
peer_on_arena(struct chan *c, const struct msg_data_arena *m, void *arg)
{
	data_arena(arg, chan_take_fd(c), m->nslots);
}

static void
peer_on_data_channel(struct chan *c, const struct msg_data_channel *m,
    void *arg)
{
	struct net	*net = arg;
	int		 fd = chan_take_fd(c);

	if (net->arena.base == NULL) {
		log_warnx("data channel without an arena");
		close(fd);
		return;
	}
	data_start(net, fd, m->link);
}

static void
peer_on_swarm_run(struct chan *c, const struct msg_swarm_run *m, void *arg)
{
	struct net	*net = arg;
	struct swarm	*s = swarm_find(net, m->id);

	(void)c;
	if (m->npieces > 0 && (m->piece_length == 0 ||
	    geom_npieces(m->size, m->piece_length) != m->npieces))
		fatalx("torrent %u: %u pieces do not fit its size", m->id,
		    m->npieces);
	if (s != NULL && swarm_is_bare(s) && m->npieces > 0 &&
	    memcmp(s->infohash, m->infohash, sizeof(s->infohash)) == 0) {
		swarm_learn(s, m);
		return;
	}
	if (s != NULL ||
	    swarm_by_hash(net, m->infohash) != NULL) {
		log_warnx("torrent %u: runs already", m->id);
		return;
	}
	swarm_new(net, m);
}

static void
peer_on_swarm_halt(struct chan *c, const struct msg_swarm_halt *m, void *arg)
{
	struct net		*net = arg;
	struct swarm		*s = swarm_find(net, m->id);
	struct msg_swarm_halted	 halted = { .id = m->id };
	const struct rate	 none = { 0 };
	struct conn		*conn;

	if (s != NULL) {
		while ((conn = TAILQ_FIRST(&s->conns)) != NULL)
			conn_close(conn, "torrent stopped");
		if (s->traffic != NULL)
			s->traffic->down = s->traffic->up = none;
		s->changed = true;
		stats_swarm(s, loop_now(net->loop));
		swarm_free(s);
	}
	chan_send(c, MSG_SWARM_HALTED, &halted);
}

static void
peer_on_peers_found(struct chan *c, const struct msg_peers_found *m,
    void *arg)
{
	struct swarm	*s = swarm_find(arg, m->id);

	(void)c;
	if (s != NULL)
		swarm_add_peers(s, m);
}

static void
peer_on_pieces_ask(struct chan *c, const struct msg_pieces_ask *m, void *arg)
{
	struct msg_pieces_told	 none = {
		.id = m->id,
		.client = m->client,
		.first = m->first,
	};
	struct swarm		*s = swarm_find(arg, m->id);

	if (s != NULL && s->known && m->first < s->geom.npieces)
		pieces_tell(s, m->client, m->first);
	else
		chan_send(c, MSG_PIECES_TOLD, &none);
}

static void
peer_on_seed_ask(struct chan *c, const struct msg_seed_ask *m, void *arg)
{
	(void)c;
	webseed_on_ask(arg, m);
}

static void
peer_on_seed_drop(struct chan *c, const struct msg_seed_drop *m, void *arg)
{
	(void)c;
	webseed_on_drop(arg, m);
}

static void
peer_on_seed_reset(struct chan *c, const struct msg_seed_reset *m, void *arg)
{
	(void)c;
	(void)m;
	webseed_reset(arg);
}

static void
peer_on_external(struct chan *c, const struct msg_peer_external *m, void *arg)
{
	struct net	*net = arg;
	struct addr	 voter = { .port = 0 };

	(void)c;
	memcpy(voter.ip, m->voter, sizeof(voter.ip));
	external_vote(&net->external, &voter, m->ip);
}

static const union msg_fn peer_fns[MSG_COUNT] = {
	[MSG_PEER_EXTERNAL] = { .peer_external = peer_on_external },
	[MSG_SEED_ASK] = { .seed_ask = peer_on_seed_ask },
	[MSG_SEED_DROP] = { .seed_drop = peer_on_seed_drop },
	[MSG_SEED_RESET] = { .seed_reset = peer_on_seed_reset },
	[MSG_PROXY_SET] = { .proxy_set = proxy_on_msg },
	[MSG_PEER_CONF] = { .peer_conf = peer_on_conf },
	[MSG_PEER_RATES] = { .peer_rates = peer_on_rates },
	[MSG_SWARM_MODES] = { .swarm_modes = peer_on_swarm_modes },
	[MSG_SWARM_FILES] = { .swarm_files = peer_on_swarm_files },
	[MSG_SWARM_PRIOS] = { .swarm_prios = peer_on_swarm_prios },
	[MSG_PEER_BANS] = { .peer_bans = peer_on_bans },
	[MSG_SWARM_LIMITS] = { .swarm_limits = peer_on_swarm_limits },
	[MSG_PEER_BAN] = { .peer_ban = peer_on_ban },
	[MSG_PEER_UNLISTEN] = { .peer_unlisten = peer_on_unlisten },
	[MSG_PEER_LISTEN] = { .peer_listen = peer_on_listen },
	[MSG_PEER_DHT] = { .peer_dht = peer_on_dht },
	[MSG_FILTER_FILES] = { .filter_files = peer_on_filter_files },
	[MSG_FILTER_FILE] = { .filter_file = peer_on_filter_file },
	[MSG_LSD_CLOSE] = { .lsd_close = peer_on_lsd_close },
	[MSG_LSD_SOCKET] = { .lsd_socket = peer_on_lsd_socket },
	[MSG_DATA_ARENA] = { .data_arena = peer_on_arena },
	[MSG_DATA_CHANNEL] = { .data_channel = peer_on_data_channel },
	[MSG_SWARM_RUN] = { .swarm_run = peer_on_swarm_run },
	[MSG_SWARM_HALT] = { .swarm_halt = peer_on_swarm_halt },
	[MSG_PIECES_ASK] = { .pieces_ask = peer_on_pieces_ask },
	[MSG_PEERS_FOUND] = { .peers_found = peer_on_peers_found },
};

void
net_turn_soon(struct net *net)
{
	if (!loop_timer_pending(net->turn))
		loop_timer_set(net->turn, 0);
}

/* Uploads that found no slot free try again. */
static void
net_feed_starved(struct net *net)
{
	struct swarm	*s;
	struct conn	*c;

	if (!net->starved || net->data == NULL ||
	    !data_cache_slots(net))
		return;
	net->starved = false;
	TAILQ_FOREACH(s, &net->busy, busy_link)
		TAILQ_FOREACH(c, &s->conns, link)
			if (c->in.n > 0 && !c->blocked)
				conn_send_soon(c);
}

/*
 * The end of a turn: what its handlers gathered goes out, each connection
 * with one write, disk with one message of each kind.
 */
static void
net_turn(void *arg)
{
	struct net	*net = arg;
	struct conn	*c;
	uint32_t	 n;

	data_flush(net);
	/* Each once; what is added meanwhile may have to wait. */
	for (n = net->nconns; n > 0; n--) {
		if ((c = TAILQ_FIRST(&net->turns)) == NULL)
			break;
		TAILQ_REMOVE(&net->turns, c, turn_link);
		c->in_turn = false;
		if (!c->blocked || c->overflow)
			send_flush(c);
	}
	if (!TAILQ_EMPTY(&net->turns))
		net_turn_soon(net);
	conn_resume(net);
	net_feed_starved(net);
	data_flush(net);
	conn_free_dead(net);
}

static void
net_tick(void *arg)
{
	swarm_run_due(arg);
}

/* Give back what was not used lately; go on while something is in use. */
static void
net_idle(void *arg)
{
	struct net	*net = arg;
	uint64_t	 now = loop_now(net->loop);
	uint32_t	 from = 0, n;

	newcomers_tick(net, now);
	if (net->data != NULL) {
		slots_expire(&net->slots, now, SLOTS_KEEP_MS);
		while ((n = slots_idle_run(&net->slots, now, &from)) > 0) {
			arena_release(&net->arena, from, n);
			from += n;
		}
	}
	if (net->nnewcomers > 0 || (net->data != NULL && net->slots.high > 0))
		loop_timer_set(net->idle, SLOTS_KEEP_MS / 2);
}

/* Handshakes that go on take descriptors, too. */
static uint32_t
sockets_max(void)
{
	struct rlimit	rl;
	rlim_t		n;

	if (getrlimit(RLIMIT_NOFILE, &rl) == -1 ||
	    rl.rlim_max > PEERS_MAX + 2 * NET_FILES_SPARE)
		return PEERS_MAX;
	n = rl.rlim_max > NET_FILES_SPARE ? rl.rlim_max - NET_FILES_SPARE : 1;
	return (uint32_t)(n - n / 8);
}

static void
peer_again(void *arg)
{
	connect_again(arg);
}

static void *
peer_start(struct child *child)
{
	struct net	*net = xcalloc(1, sizeof(*net));

	net->child = child;
	net->loop = child->loop;
	net->started = loop_now(net->loop);
	net->max_peers = net->max_peers_torrent = 1;
	net->sockets_max = sockets_max();
	net->unchoke_slots = CHOKER_SLOTS_MAX;
	RB_INIT(&net->swarms);
	RB_INIT(&net->hashes);
	RB_INIT(&net->req2s);
	RB_INIT(&net->due);
	TAILQ_INIT(&net->busy);
	TAILQ_INIT(&net->listeners);
	TAILQ_INIT(&net->newcomers);
	TAILQ_INIT(&net->waiting);
	TAILQ_INIT(&net->turns);
	TAILQ_INIT(&net->dead);
	blame_init(&net->blame);
	TAILQ_INIT(&net->crypt_queue);
	discovery_start(net);
	datagrams_start(net);
	dhtport_init(net);
	net->tick = loop_timer_new(net->loop, net_tick, net);
	net->turn = loop_timer_new(net->loop, net_turn, net);
	net->idle = loop_timer_new(net->loop, net_idle, net);
	net->crypt_timer = loop_timer_new(net->loop, crypt_run, net);
	proxy_init(child, peer_again, net);
	throttle_init(net);
	usage_init(net);
	return net;
}

static int
peer_warm(void *arg, struct child_path *paths)
{
	struct net	*net = arg;
	const char	*why;

	(void)paths;
	/* Seed the generator while it may still look for its source. */
	hash_init();
	net->next_conn = arc4random_uniform(1U << 16);
	self_init(net);
	why = crypt_load();
	if (why != NULL && net->encryption != ENCRYPTION_OFF)
		fatalx("encryption: OpenSSL's RC4 (its legacy module) cannot "
		    "be loaded: %s; \"encryption off\" does without", why);
	net->sealed = true;
	return 0;
}

static void
peer_run(void *arg)
{
	(void)arg;
}

static void
peer_rebound(void *arg)
{
	connect_rebound(arg);
}

static void
peer_shutdown(void *arg, bool parent_gone)
{
	struct net	*net = arg;
	struct swarm	*s;

	acceptor_drop_all(net);
	datagrams_drop_all(net);
	discovery_close(net);
	while ((s = RB_ROOT(&net->swarms)) != NULL) {
		if (!parent_gone)
			stats_swarm(s, loop_now(net->loop));
		swarm_free(s);
	}
	child_exit(net->child);
}

const struct child_ops peer_ops = {
	.role = ROLE_PEER,
	.fns = peer_fns,
	.start = peer_start,
	.warm = peer_warm,
	.run = peer_run,
	.rebound = peer_rebound,
	.shutdown = peer_shutdown,
};
