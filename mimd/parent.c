/* SPDX-License-Identifier: ISC */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "parent.h"
#include "control.h"
#include "log.h"
#include "mounts.h"
#include "notify.h"
#include "paths.h"
#include "slim.h"

/* BEP 20: client and version, then what chance gives. */
#define PEER_ID_PREFIX	"-MI0100-"

static void parent_on_started(struct proc *, void *);
static void parent_on_ready(struct proc *, void *);
static void parent_on_ended(struct proc *, void *);
static void parent_on_drained(struct proc *, void *);

static const struct procs_ops	procs_ops = {
	.started = parent_on_started,
	.ready = parent_on_ready,
	.ended = parent_on_ended,
	.drained = parent_on_drained,
};

/* ---- what the registry asks of us ---- */

static void
ops_send(enum role to, enum msg_type type, const void *body, int fd,
    void *arg)
{
	proc_send_fd(parent_child(arg, to), type, body, fd);
}

static bool
ops_up(enum role role, void *arg)
{
	return proc_up(parent_child(arg, role));
}

static bool
ops_ready(enum role role, void *arg)
{
	struct proc	*p = parent_child(arg, role);

	return proc_up(p) && !chan_full(p->chan);
}

static const char *
ops_root(uint32_t index, void *arg)
{
	struct parent	*parent = arg;

	return index < parent->conf->nroots ? parent->conf->roots[index] :
	    NULL;
}

static void
ops_added(uint64_t client, const struct torrent *t, void *arg)
{
	struct parent	*parent = arg;

	control_added(parent->control, client, t);
}

static void
ops_refused(uint64_t client, const char *error, void *arg)
{
	struct parent	*parent = arg;

	control_refused(parent->control, client, error);
}

static void
ops_removed(uint64_t client, uint32_t id, const char *error, void *arg)
{
	struct parent	*parent = arg;

	control_removed(parent->control, client, id, error);
}

static void
ops_moved(uint64_t client, uint32_t id, const char *error, void *arg)
{
	struct parent	*parent = arg;

	control_moved(parent->control, client, id, error);
}

static int
ops_place(const char *dir, uint32_t *root, char *subdir, size_t size,
    void *arg)
{
	const struct conf	*conf = ((struct parent *)arg)->conf;

	return paths_split(conf->roots, conf->nroots, dir, root, subdir,
	    size);
}

static const struct registry_ops	registry_ops = {
	.send = ops_send,
	.ready = ops_ready,
	.up = ops_up,
	.root = ops_root,
	.added = ops_added,
	.refused = ops_refused,
	.removed = ops_removed,
	.moved = ops_moved,
	.place = ops_place,
};

/* ---- life ---- */

static void
parent_status(struct parent *parent)
{
	notify_send("STATUS=%u torrents", parent->registry.n);
}

static void
parent_on_tick(void *arg)
{
	struct parent	*parent = arg;
	enum role	 role;

	loop_timer_set(parent->tick, REGISTRY_TICK_MS);
	chan_batch_begin();
	registry_tick(&parent->registry);
	chan_batch_end();
	for (role = ROLE_CHILD_FIRST; role <= ROLE_CHILD_LAST; role++)
		proc_log_held(parent_child(parent, role));
	control_sweep(parent->control);
	if (parent->phase == PARENT_RUNNING) {
		network_tick(parent);
		nodes_tick(parent);
		proxies_tick(parent);
		contacts_tick(parent);
		storage_tick(parent);
		seed_share_update(parent);
	}
	parent_seek_roots(parent);
	parent_status(parent);
}

/*
 * A disk child that has just been started anew cannot be told what was set
 * meanwhile before it has told what it has.
 */
static bool
disk_scans(struct parent *parent)
{
	return parent->ready && !parent->registry.scanned &&
	    parent_child(parent, ROLE_DISK)->pid != 0;
}

/* Enough for that, with as much left to save in? */
static bool
time_to_scan(struct parent *parent)
{
	return loop_now(parent->loop) + PARENT_END_MS / 2 < parent->end_by;
}

/*
 * Disk is down at the end, and who knows what it had written of what it was
 * told.  One more is started, at once and only once, to hear and save it.
 */
static void
recall_disk(struct parent *parent)
{
	struct proc	*disk = parent_child(parent, ROLE_DISK);

	if (disk->pid != 0 || !parent->ready || parent->recalled ||
	    !time_to_scan(parent))
		return;
	parent->recalled = true;
	parent->phase = PARENT_HALTING;
	loop_timer_set(parent->end, PARENT_HALT_MS);
	proc_recall(disk);
}

static void
parent_leave(struct parent *parent)
{
	parent->phase = PARENT_LEAVING;
	chan_batch_begin();
	registry_finish(&parent->registry);
	chan_batch_end();
}

static void
parent_on_end_timer(void *arg)
{
	struct parent	*parent = arg;
	uint64_t	 now = loop_now(parent->loop);

	if (parent->phase == PARENT_HALTING && disk_scans(parent) &&
	    time_to_scan(parent)) {
		loop_timer_set(parent->end, PARENT_HALT_MS);
	} else if (parent->phase == PARENT_HALTING) {
		parent_leave(parent);
		parent_check_end(parent);
	} else if (parent->end_by > now) {
		parent_check_end(parent);
	} else if (now < parent->end_by + PARENT_REAP_MS) {
		procs_kill(parent->procs);
		loop_timer_set(parent->end, PARENT_REAP_MS);
	} else
		loop_stop(parent->loop);
}

static void
parent_on_signal(int signo, void *arg)
{
	struct parent	*parent = arg;
	char		 text[ERROR_MAX];

	if (signo != SIGHUP)
		parent_stop(parent);
	else if (parent->phase == PARENT_RUNNING)
		parent_reload(parent, text, sizeof(text));
}

void
parent_init(struct parent *parent, bool keep_stderr, mode_t mask)
{
	parent->loop = loop_new();
	parent->phase = PARENT_STARTING;
	parent->started = loop_now(parent->loop);
	memcpy(parent->peer_id, PEER_ID_PREFIX, strlen(PEER_ID_PREFIX));
	arc4random_buf(parent->peer_id + strlen(PEER_ID_PREFIX),
	    sizeof(parent->peer_id) - strlen(PEER_ID_PREFIX));
	parent->key = arc4random();
	parent_reset_limits(parent);
	registry_init(&parent->registry, &registry_ops, parent);
	parent->procs = procs_new(parent->loop, parent_fns, &procs_ops,
	    parent, keep_stderr, mask);
	parent->names.procs = parent->procs;
	parent->tick = loop_timer_new(parent->loop, parent_on_tick, parent);
	parent->end = loop_timer_new(parent->loop, parent_on_end_timer,
	    parent);
	proxies_open(parent);
	contacts_conf(parent);
	nodes_init(parent);
	links_init(parent);
}

void
parent_run(struct parent *parent)
{
	signal(SIGPIPE, SIG_IGN);
	loop_signal(parent->loop, SIGTERM, parent_on_signal, parent);
	loop_signal(parent->loop, SIGINT, parent_on_signal, parent);
	loop_signal(parent->loop, SIGHUP, parent_on_signal, parent);
	loop_timer_set(parent->tick, REGISTRY_TICK_MS);
	network_watch(parent);
	parent_watch_roots(parent);
	procs_start(parent->procs);
	loop_run(parent->loop);
}

void
parent_clear(struct parent *parent)
{
	control_free(parent->control);
	registry_clear(&parent->registry);
	names_forget(&parent->names);
	fetches_clear(&parent->fetches);
	contacts_clear(parent);
	storage_clear(&parent->storage);
	nodes_close(parent);
	network_close(parent);
	filters_close(&parent->filters);
	procs_free(parent->procs);
	loop_timer_free(parent->tick);
	loop_timer_free(parent->end);
	links_clear(parent);
	mounts_free(parent->mounts);
	loop_free(parent->loop);
	close(parent->state_fd);
	parent_close_roots(parent, parent->conf->nroots);
	conf_free(parent->conf);
}

struct proc *
parent_child(struct parent *parent, enum role role)
{
	return procs_get(parent->procs, role);
}

/* ---- start ---- */

static void
parent_on_started(struct proc *p, void *arg)
{
	struct parent	*parent = arg;

	parent_tell(parent, p);
	chan_batch_begin();
	registry_on_up(&parent->registry, p->role);
	chan_batch_end();
	links_on_started(parent, p->role);
	if (p->role == ROLE_TRACKER) {
		seed_share_update(parent);
		fetches_send(parent);
	}
}

/* Every child stands in its sandbox and disk has told what there is. */
static void
parent_check_ready(struct parent *parent)
{
	if (parent->phase == PARENT_STARTING &&
	    procs_all_ready(parent->procs))
		parent->phase = PARENT_RUNNING;
	if (parent->phase != PARENT_RUNNING || !parent->scanned ||
	    parent->ready)
		return;
	parent->ready = true;
	if (parent->on_ready != NULL)
		parent->on_ready(parent->ready_arg);
	notify_send("READY=1\nMAINPID=%d", (int)getpid());
	parent_status(parent);
	log_info("ready, %u torrent%s", parent->registry.n,
	    parent->registry.n == 1 ? "" : "s");
	nodes_follow(parent);
	slim_started();
}

static void
parent_on_ready(struct proc *p, void *arg)
{
	(void)p;
	parent_check_ready(arg);
}

void
parent_on_scan_end(struct parent *parent)
{
	chan_batch_begin();
	registry_on_scan_end(&parent->registry);
	chan_batch_end();
	parent->scanned = true;
	storage_tick(parent);
	parent_check_ready(parent);
	parent_check_end(parent);
}

static void
parent_on_drained(struct proc *p, void *arg)
{
	struct parent	*parent = arg;

	(void)p;
	chan_batch_begin();
	registry_on_drain(&parent->registry);
	chan_batch_end();
}

/* ---- end ---- */

static void
parent_on_ended(struct proc *p, void *arg)
{
	struct parent	*parent = arg;

	if (parent->phase == PARENT_STARTING) {
		control_free(parent->control);
		fatalx("cannot start: the %s process failed",
		    role_name(p->role));
	}
	if (p->role == ROLE_TRACKER) {
		names_forget(&parent->names);
		fetches_on_down(parent);
		parent->share.seeds = 0;
		parent->announces = 0;
	}
	if (p->role == ROLE_PORTMAP)
		mapping_on_down(parent);
	if (p->role == ROLE_DISK)
		contacts_on_down(parent);
	if (p->role == ROLE_DHT)
		control_dht_down(parent->control);
	proxies_on_down(parent, p);
	registry_on_down(&parent->registry, p->role);
	storage_on_down(parent, p->role);
	nodes_tick(parent);
	/* When it has been asked to leave, status 0 says that all is saved. */
	if (p->role == ROLE_DISK && (parent->phase == PARENT_HALTING ||
	    (parent->phase == PARENT_LEAVING && p->status != 0)))
		recall_disk(parent);
	parent_check_end(parent);
}

void
parent_stop(struct parent *parent)
{
	if (parent->phase >= PARENT_HALTING)
		return;
	log_info("ending");
	notify_send("STOPPING=1");
	parent->phase = PARENT_HALTING;
	parent->end_by = loop_now(parent->loop) + PARENT_END_MS;
	procs_stop(parent->procs);
	loop_timer_set(parent->end, PARENT_HALT_MS);
	recall_disk(parent);
	registry_stop(&parent->registry);
	parent_check_end(parent);
}

/*
 * Disk outlives peer, whose last blocks it writes, and dht, whose nodes it
 * keeps; resolver outlives tracker, which says "stopped" to names.
 */
void
parent_check_end(struct parent *parent)
{
	uint64_t	now = loop_now(parent->loop);

	if (parent->phase == PARENT_HALTING && !disk_scans(parent) &&
	    registry_halted(&parent->registry))
		parent_leave(parent);
	if (parent->phase != PARENT_LEAVING)
		return;
	if (procs_gone(parent->procs)) {
		loop_stop(parent->loop);
		return;
	}
	proc_leave(parent_child(parent, ROLE_PEER));
	proc_leave(parent_child(parent, ROLE_TRACKER));
	proc_leave(parent_child(parent, ROLE_PORTMAP));
	proc_leave(parent_child(parent, ROLE_DHT));
	if (parent_child(parent, ROLE_PEER)->pid == 0 &&
	    parent_child(parent, ROLE_DHT)->pid == 0) {
		contacts_finish(parent);
		proc_leave(parent_child(parent, ROLE_DISK));
	}
	if (parent_child(parent, ROLE_TRACKER)->pid == 0)
		proc_leave(parent_child(parent, ROLE_RESOLVER));
	if (parent->end_by > now)
		loop_timer_set(parent->end, parent->end_by - now);
}
