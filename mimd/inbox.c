/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "control.h"
#include "parent.h"
#include "fmt.h"
#include "log.h"

/*
 * Where every message of a child arrives, decoded and within the bounds of
 * the table, and is handed to the part of the parent that keeps the matter.
 */

static struct parent *
owner(void *arg)
{
	const struct proc	*p = arg;

	return procs_arg(p->procs);
}

static struct registry *
registry(void *arg)
{
	return &owner(arg)->registry;
}

/* ---- from every child ---- */

static void
parent_on_ready(struct chan *c, const struct msg_ready *m, void *arg)
{
	(void)c;
	proc_on_ready(arg, m);
}

/* An honest child has escaped its line; one that was taken over has not. */
static bool
is_safe(const char *text)
{
	char	plain[LOG_LINE_LEN + 1], safe[LOG_LINE_LEN + 1];
	size_t	i, len;

	len = strlcpy(plain, text, sizeof(plain));
	for (i = 0; i < len; i++) {
		if (plain[i] == '\\')	/* would be doubled */
			plain[i] = '/';
	}
	return strcmp(plain, fmt_safe(plain, len, safe, sizeof(safe))) == 0;
}

static void
parent_on_log(struct chan *c, const struct msg_log *m, void *arg)
{
	struct proc	*p = arg;
	char		 line[LOG_LINE_MAX];

	(void)c;
	if (m->level > log_level() || !proc_may_log(p))
		return;
	if (!is_safe(m->text)) {
		log_warnx("%s: %s", role_name(p->role), m->text);
		return;
	}
	strlcpy(line, role_name(p->role), sizeof(line));
	strlcat(line, ": ", sizeof(line));
	strlcat(line, m->text, sizeof(line));
	log_line((enum log_level)m->level, line);
}

/* ---- from disk, peer and tracker ---- */

static void
parent_on_data_broken(struct chan *c, const struct msg_data_broken *m,
    void *arg)
{
	(void)c;
	links_on_broken(owner(arg), arg, m);
}

/* ---- from peer and tracker ---- */

static void
parent_on_proxy_told(struct chan *c, const struct msg_proxy_told *m,
    void *arg)
{
	(void)c;
	proxies_on_told(owner(arg), arg, m);
}

/* ---- from disk ---- */

static void
parent_on_torrent_meta(struct chan *c, const struct msg_torrent_meta *m,
    void *arg)
{
	(void)c;
	if (registry(arg)->n == TORRENTS_MAX &&
	    registry_find(registry(arg), m->id) == NULL)
		proc_breach(arg, "more torrents than mimd takes");
	else if (registry_on_meta(registry(arg), m) == -1)
		proc_breach(arg, "a torrent of another number or shape");
}

static void
parent_on_torrent_trackers(struct chan *c,
    const struct msg_torrent_trackers *m, void *arg)
{
	(void)c;
	if (registry_on_trackers(registry(arg), m) == -1)
		proc_breach(arg, "too many trackers");
}

static void
parent_on_torrent_peers(struct chan *c, const struct msg_torrent_peers *m,
    void *arg)
{
	(void)c;
	registry_on_disk_peers(registry(arg), m);
}

static void
parent_on_torrent_nodes(struct chan *c, const struct msg_torrent_nodes *m,
    void *arg)
{
	(void)c;
	contacts_on_torrent(owner(arg), m);
}

static void
parent_on_nodes_saved(struct chan *c, const struct msg_nodes_saved *m,
    void *arg)
{
	(void)c;
	contacts_on_saved(owner(arg), m);
}

static void
parent_on_torrent_files(struct chan *c, const struct msg_torrent_files *m,
    void *arg)
{
	(void)c;
	if (registry_on_files(registry(arg), m) == -1)
		proc_breach(arg, "files out of order");
}

static void
parent_on_torrent_loaded(struct chan *c, const struct msg_torrent_loaded *m,
    void *arg)
{
	(void)c;
	if (registry_on_loaded(registry(arg), m->id) == -1)
		proc_breach(arg, "files missing");
}

static void
parent_on_torrent_kept(struct chan *c, const struct msg_torrent_kept *m,
    void *arg)
{
	(void)c;
	registry_on_kept(registry(arg), m->id);
}

static void
parent_on_torrent_refused(struct chan *c,
    const struct msg_torrent_refused *m, void *arg)
{
	(void)c;
	registry_on_refused(registry(arg), m);
}

static void
parent_on_scan_ended(struct chan *c, const struct msg_scan_end *m, void *arg)
{
	(void)c;
	(void)m;
	parent_on_scan_end(owner(arg));
}

static void
parent_on_torrent_moved(struct chan *c, const struct msg_torrent_moved *m,
    void *arg)
{
	(void)c;
	registry_on_moved(registry(arg), m);
}

static void
parent_on_torrent_removed(struct chan *c,
    const struct msg_torrent_removed *m, void *arg)
{
	(void)c;
	registry_on_removed(registry(arg), m);
}

static void
parent_on_disk_state(struct chan *c, const struct msg_disk_state *m,
    void *arg)
{
	const struct torrent	*t;

	(void)c;
	registry_on_disk_state(registry(arg), m);
	if (*m->error != '\0' && (t = registry_find(registry(arg), m->id)) !=
	    NULL)
		storage_on_error(owner(arg), t);
}

static void
parent_on_disk_tally(struct chan *c, const struct msg_disk_tally *m,
    void *arg)
{
	(void)c;
	storage_on_disk(owner(arg), m);
}

static void
parent_on_disk_progress(struct chan *c, const struct msg_disk_progress *m,
    void *arg)
{
	(void)c;
	if (registry_on_progress(registry(arg), m) == -1)
		proc_breach(arg, "progress beyond the torrent");
}

/* ---- from peer ---- */

static void
parent_on_swarm_halted(struct chan *c, const struct msg_swarm_halted *m,
    void *arg)
{
	(void)c;
	registry_on_halted(registry(arg), m->id);
	parent_check_end(owner(arg));
}

static void
parent_on_swarm_stats(struct chan *c, const struct msg_swarm_stats *m,
    void *arg)
{
	(void)c;
	registry_on_stats(registry(arg), m);
}

static void
parent_on_peer_rows(struct chan *c, const struct msg_peer_rows *m, void *arg)
{
	(void)c;
	registry_on_peer_rows(registry(arg), m);
}

static void
parent_on_peer_gone(struct chan *c, const struct msg_peer_gone *m, void *arg)
{
	(void)c;
	registry_on_peer_gone(registry(arg), m);
}

static void
parent_on_pieces_told(struct chan *c, const struct msg_pieces_told *m,
    void *arg)
{
	(void)c;
	if (control_pieces_told(owner(arg)->control, m) == -1)
		proc_breach(arg, "sets of pieces of different lengths");
}

static void
parent_on_sockets_told(struct chan *c, const struct msg_sockets_told *m,
    void *arg)
{
	struct proc	*p = arg;

	(void)c;
	control_sockets_told(owner(p)->control, p->role, m);
}

static void
parent_on_dht_told(struct chan *c, const struct msg_dht_told *m, void *arg)
{
	(void)c;
	control_dht_told(owner(arg)->control, m);
}

static void
parent_on_dht_item(struct chan *c, const struct msg_dht_item *m, void *arg)
{
	(void)c;
	control_dht_item(owner(arg)->control, m);
}

static void
parent_on_peer_banned(struct chan *c, const struct msg_peer_banned *m,
    void *arg)
{
	struct parent	*parent = owner(arg);

	(void)c;
	banned_add(&parent->banned, m->ip, loop_now(parent->loop));
}

/* What peers say of nodes of theirs is asked before it counts. */
static void
parent_on_peer_nodes(struct chan *c, const struct msg_peer_nodes *m,
    void *arg)
{
	struct rec_node		 nodes[PEER_NODES_MAX];
	struct msg_dht_contacts	 to = { .nodes = { nodes, m->nodes.n } };
	uint32_t		 i;

	(void)c;
	memset(nodes, 0, sizeof(nodes));
	for (i = 0; i < m->nodes.n; i++) {
		memcpy(nodes[i].ip, m->nodes.v[i].ip, sizeof(nodes[i].ip));
		nodes[i].port = m->nodes.v[i].port;
	}
	proc_send(parent_child(owner(arg), ROLE_DHT), MSG_DHT_CONTACTS, &to);
}

static void
parent_on_swarm_hungry(struct chan *c, const struct msg_swarm_hungry *m,
    void *arg)
{
	(void)c;
	registry_on_hungry(registry(arg), m->id);
}

static void
parent_on_arena_tally(struct chan *c, const struct msg_arena_tally *m,
    void *arg)
{
	(void)c;
	storage_on_arena(owner(arg), m);
}

/* ---- from tracker and resolver ---- */

static void
parent_on_tracker_peers(struct chan *c, const struct msg_tracker_peers *m,
    void *arg)
{
	(void)c;
	registry_on_peers(registry(arg), m);
}

static void
parent_on_tracker_external(struct chan *c,
    const struct msg_tracker_external *m, void *arg)
{
	struct msg_peer_external	to;

	(void)c;
	memcpy(to.voter, m->voter, sizeof(to.voter));
	memcpy(to.ip, m->ip, sizeof(to.ip));
	proc_send(parent_child(owner(arg), ROLE_PEER), MSG_PEER_EXTERNAL,
	    &to);
}

static void
parent_on_tracker_tally(struct chan *c, const struct msg_tracker_tally *m,
    void *arg)
{
	(void)c;
	owner(arg)->announces = m->queued;
}

static void
parent_on_tracker_rows(struct chan *c, const struct msg_tracker_rows *m,
    void *arg)
{
	(void)c;
	registry_on_tracker_rows(registry(arg), m);
}

static void
parent_on_torrent_fetched(struct chan *c,
    const struct msg_torrent_fetched *m, void *arg)
{
	(void)c;
	fetches_on_fetched(owner(arg), m);
}

static void
parent_on_name_lookup(struct chan *c, const struct msg_name_lookup *m,
    void *arg)
{
	(void)c;
	names_on_lookup(&owner(arg)->names, m);
}

static void
parent_on_resolved(struct chan *c, const struct msg_resolved *m, void *arg)
{
	(void)c;
	if (!proxies_on_resolved(owner(arg), m) &&
	    !contacts_on_resolved(owner(arg), m))
		names_on_resolved(&owner(arg)->names, m);
}

/* ---- from portmap ---- */

static void
parent_on_portmap_told(struct chan *c, const struct msg_portmap_told *m,
    void *arg)
{
	(void)c;
	mapping_on_told(owner(arg), m);
}

/* ---- from dht ---- */

static void
parent_on_dht_peers(struct chan *c, const struct msg_dht_peers *m, void *arg)
{
	(void)c;
	registry_on_dht_peers(registry(arg), m);
}

static void
parent_on_dht_external(struct chan *c, const struct msg_dht_external *m,
    void *arg)
{
	(void)c;
	nodes_on_external(owner(arg), m);
}

static void
parent_on_dht_want(struct chan *c, const struct msg_dht_want *m, void *arg)
{
	(void)c;
	(void)m;
	contacts_on_want(owner(arg));
}

static void
parent_on_dht_nodes(struct chan *c, const struct msg_dht_nodes *m, void *arg)
{
	(void)c;
	contacts_on_nodes(owner(arg), m);
}

/* ---- web seeds ---- */

static void
parent_on_torrent_webseeds(struct chan *c,
    const struct msg_torrent_webseeds *m, void *arg)
{
	(void)c;
	registry_on_webseeds(registry(arg), m);
}

static void
parent_on_seed_want(struct chan *c, const struct msg_seed_want *m, void *arg)
{
	(void)c;
	registry_on_seed_want(registry(arg), m);
}

static void
parent_on_seed_span(struct chan *c, const struct msg_seed_span *m, void *arg)
{
	(void)c;
	registry_on_seed_span(registry(arg), m);
}

static void
parent_on_seed_over(struct chan *c, const struct msg_seed_over *m, void *arg)
{
	(void)c;
	registry_on_seed_over(registry(arg), m);
}

static void
parent_on_seed_rows(struct chan *c, const struct msg_seed_rows *m, void *arg)
{
	(void)c;
	registry_on_seed_rows(registry(arg), m);
	seed_share_look(owner(arg));
}

const union msg_fn	parent_fns[MSG_COUNT] = {
	[MSG_TORRENT_WEBSEEDS] =
	    { .torrent_webseeds = parent_on_torrent_webseeds },
	[MSG_SEED_WANT] = { .seed_want = parent_on_seed_want },
	[MSG_SEED_SPAN] = { .seed_span = parent_on_seed_span },
	[MSG_SEED_OVER] = { .seed_over = parent_on_seed_over },
	[MSG_SEED_ROWS] = { .seed_rows = parent_on_seed_rows },
	[MSG_READY] = { .ready = parent_on_ready },
	[MSG_LOG] = { .log = parent_on_log },
	[MSG_PROXY_TOLD] = { .proxy_told = parent_on_proxy_told },
	[MSG_DATA_BROKEN] = { .data_broken = parent_on_data_broken },
	[MSG_TORRENT_META] = { .torrent_meta = parent_on_torrent_meta },
	[MSG_TORRENT_TRACKERS] =
	    { .torrent_trackers = parent_on_torrent_trackers },
	[MSG_TORRENT_PEERS] = { .torrent_peers = parent_on_torrent_peers },
	[MSG_TORRENT_NODES] = { .torrent_nodes = parent_on_torrent_nodes },
	[MSG_NODES_SAVED] = { .nodes_saved = parent_on_nodes_saved },
	[MSG_TORRENT_FILES] = { .torrent_files = parent_on_torrent_files },
	[MSG_TORRENT_LOADED] = { .torrent_loaded = parent_on_torrent_loaded },
	[MSG_TORRENT_KEPT] = { .torrent_kept = parent_on_torrent_kept },
	[MSG_TORRENT_REFUSED] =
	    { .torrent_refused = parent_on_torrent_refused },
	[MSG_SCAN_END] = { .scan_end = parent_on_scan_ended },
	[MSG_TORRENT_MOVED] = { .torrent_moved = parent_on_torrent_moved },
	[MSG_TORRENT_REMOVED] =
	    { .torrent_removed = parent_on_torrent_removed },
	[MSG_DISK_STATE] = { .disk_state = parent_on_disk_state },
	[MSG_DISK_PROGRESS] = { .disk_progress = parent_on_disk_progress },
	[MSG_SWARM_HALTED] = { .swarm_halted = parent_on_swarm_halted },
	[MSG_SWARM_STATS] = { .swarm_stats = parent_on_swarm_stats },
	[MSG_PEER_ROWS] = { .peer_rows = parent_on_peer_rows },
	[MSG_PEER_GONE] = { .peer_gone = parent_on_peer_gone },
	[MSG_PIECES_TOLD] = { .pieces_told = parent_on_pieces_told },
	[MSG_SOCKETS_TOLD] = { .sockets_told = parent_on_sockets_told },
	[MSG_DHT_TOLD] = { .dht_told = parent_on_dht_told },
	[MSG_DHT_ITEM] = { .dht_item = parent_on_dht_item },
	[MSG_PEER_BANNED] = { .peer_banned = parent_on_peer_banned },
	[MSG_PEER_NODES] = { .peer_nodes = parent_on_peer_nodes },
	[MSG_ARENA_TALLY] = { .arena_tally = parent_on_arena_tally },
	[MSG_DISK_TALLY] = { .disk_tally = parent_on_disk_tally },
	[MSG_SWARM_HUNGRY] = { .swarm_hungry = parent_on_swarm_hungry },
	[MSG_TRACKER_PEERS] = { .tracker_peers = parent_on_tracker_peers },
	[MSG_TRACKER_EXTERNAL] = {
	    .tracker_external = parent_on_tracker_external },
	[MSG_TRACKER_TALLY] = { .tracker_tally = parent_on_tracker_tally },
	[MSG_TRACKER_ROWS] = { .tracker_rows = parent_on_tracker_rows },
	[MSG_TORRENT_FETCHED] =
	    { .torrent_fetched = parent_on_torrent_fetched },
	[MSG_NAME_LOOKUP] = { .name_lookup = parent_on_name_lookup },
	[MSG_RESOLVED] = { .resolved = parent_on_resolved },
	[MSG_DHT_WANT] = { .dht_want = parent_on_dht_want },
	[MSG_DHT_NODES] = { .dht_nodes = parent_on_dht_nodes },
	[MSG_PORTMAP_TOLD] = { .portmap_told = parent_on_portmap_told },
	[MSG_DHT_PEERS] = { .dht_peers = parent_on_dht_peers },
	[MSG_DHT_EXTERNAL] = { .dht_external = parent_on_dht_external },
};
