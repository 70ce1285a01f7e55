/* SPDX-License-Identifier: ISC */
/* The disk child: what the parent may ask, and its life. */
#include <sys/resource.h>

#include <malloc.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "add.h"
#include "admit.h"
#include "allot.h"
#include "block_io.h"
#include "chan.h"
#include "check.h"
#include "child.h"
#include "content.h"
#include "dht_nodes.h"
#include "disk.h"
#include "disk_data.h"
#include "fdcache.h"
#include "lane.h"
#include "hash.h"
#include "log.h"
#include "loop.h"
#include "mem.h"
#include "move.h"
#include "part_leave.h"
#include "report.h"
#include "roots.h"
#include "save.h"
#include "scrub.h"
#include "store.h"
#include "tally.h"
#include "trackers.h"
#include "trail.h"
#include "worker.h"

#define TICK_MS		1000U
#define TICK_SLOW_MS	10000U	/* with nothing but loaded torrents */
#define CHECK_NICE	10	/* transfers come first */
#define ORPHAN_MS	700U	/* to save in when the parent is gone */
#define FILES_OPEN_MAX	512U
#define MEMORY_PART	8	/* of it the page cache keeps for us */

static void	disk_tick(void *);
static void	disk_too_late(void *);

/* ---- set-up ---- */

static void
disk_on_root(struct chan *c, const struct msg_disk_root *m, void *arg)
{
	struct disk	*d = arg;

	if (d->roots[m->index].path != NULL)
		fatalx("disk_root %u given twice", m->index);
	roots_add(d, m->index, m->path, chan_take_fd(c));
	sched_device(&d->sched, d->roots[m->index].dev)->kind = m->device;
}

static void
disk_on_root_gone(struct chan *c, const struct msg_disk_root_gone *m,
    void *arg)
{
	struct disk	*d = arg;

	(void)c;
	if (d->roots[m->index].path != NULL)
		fatalx("disk_root %u given twice", m->index);
	roots_add_gone(d, m->index, m->path, m->why);
}

static void
disk_on_state_dir(struct chan *c, const struct msg_disk_state_dir *m,
    void *arg)
{
	struct disk	*d = arg;

	(void)m;
	if (d->state != -1)
		fatalx("disk_state_dir given twice");
	d->state = chan_take_fd(c);
}

static uint64_t
memory_size(void)
{
	long	pages = sysconf(_SC_PHYS_PAGES);

	return pages > 0 ? (uint64_t)pages *
	    (uint64_t)sysconf(_SC_PAGESIZE) : 1U << 30;
}

static void
disk_on_disk_conf(struct chan *c, const struct msg_disk_conf *m, void *arg)
{
	struct disk	*d = arg;

	(void)c;
	d->write_shared = m->write_shared;
	admit_conf(d, m->keep_free, m->allocate);
	scrub_set_period(d->scrub, m->scrub);
	trail_limit(d->trail, (uint32_t)((m->page_cache > 0 ?
	    m->page_cache : memory_size() / MEMORY_PART) / TRAIL_CHUNK));
}

static unsigned int
files_open_max(void)
{
	struct rlimit	rl;
	rlim_t		n = 1024;

	if (getrlimit(RLIMIT_NOFILE, &rl) == 0 && rl.rlim_cur < n)
		n = rl.rlim_cur;
	/* The rest is for workers, roots, state and channels. */
	n = n > 128 ? (n - 64) / 2 : n / 4;
	return n < FILES_OPEN_MAX ? (unsigned int)n : FILES_OPEN_MAX;
}

static void *
disk_start(struct child *child)
{
	struct disk	*d = xcalloc(1, sizeof(*d));
	long		 ncpu = sysconf(_SC_NPROCESSORS_ONLN);
	uint32_t	 i;

	/* Threads share one heap; the C library must not count CPUs later. */
	mallopt(M_ARENA_MAX, 1);
	signal(SIGXFSZ, SIG_IGN);
	hash_init();
	d->child = child;
	d->loop = child->loop;
	d->uid = geteuid();
	d->state = d->torrents = d->resumes = -1;
	for (i = 0; i < ROOTS_MAX; i++)
		d->roots[i].fd = d->roots[i].sync = -1;
	content_init(d);
	admit_init(d);
	troubles_init(d);
	save_init(d);
	disk_data_init(d);
	d->files = fdcache_new(files_open_max());
	d->trail = trail_new();
	d->hashers = pool_new(d->loop, ncpu > 0 ? (unsigned int)ncpu : 1, d);
	pool_set_nice(d->hashers, CHECK_NICE);
	check_init(d);
	tally_init(d);
	d->scrub = scrub_new(d);
	move_init(d);
	part_leave_init(d);
	d->saver = pool_new(d->loop, 1, d);
	d->tick = loop_timer_new(d->loop, disk_tick, d);
	d->deadline = loop_timer_new(d->loop, disk_too_late, d);
	return d;
}

static int
disk_warm(void *arg, struct child_path *paths)
{
	struct disk	*d = arg;
	int		 i, n = 0;

	if (d->state == -1)
		fatalx("no state directory");
	if ((d->torrents = store_dir(d->state, "torrents")) == -1)
		fatal("state directory: torrents");
	if ((d->resumes = store_dir(d->state, "resume")) == -1)
		fatal("state directory: resume");
	save_warm(d);
	roots_load(d);
	paths[n].fd = d->state;
	paths[n++].write = true;
	for (i = 0; i < (int)ROOTS_MAX; i++)
		if (d->roots[i].fd != -1) {
			paths[n].fd = d->roots[i].fd;
			paths[n++].write = true;
		}
	return n;
}

static void
disk_threads(void *arg)
{
	struct disk	*d = arg;

	pool_start(d->hashers);
	pool_start(d->saver);
	allot_start(d);
	move_threads(d);
	part_leave_threads(d);
	lane_start(d->lane);
	scrub_start(d->scrub);
}

static void
disk_run(void *arg)
{
	struct disk	*d = arg;

	d->parent = d->child->parent;
	report_init(d);
}

/* ---- time ---- */

void
disk_tick_soon(struct disk *d)
{
	if (loop_timer_pending(d->tick) && !d->tick_slow)
		return;
	d->tick_slow = false;
	loop_timer_set(d->tick, TICK_MS);
}

static void
disk_tick(void *arg)
{
	struct disk	*d = arg;
	uint64_t	 now = loop_now(d->loop);

	report_changed(d);
	save_due(d, now);
	admit_tick(d, now);
	move_tick(d);
	content_unload_idle(d, now);
	if (!TAILQ_EMPTY(&d->changed) || !TAILQ_EMPTY(&d->dirty) ||
	    d->nwaiting > 0)
		disk_tick_soon(d);
	else if (!TAILQ_EMPTY(&d->loaded)) {
		d->tick_slow = true;
		loop_timer_set(d->tick, TICK_SLOW_MS);
	}
}

/* ---- what the parent asks ---- */

static void
disk_on_data_arena(struct chan *c, const struct msg_data_arena *m, void *arg)
{
	struct disk	*d = arg;

	plane_arena(&d->planes[m->seeds ? PLANE_TRACKER : PLANE_PEER],
	    chan_take_fd(c), m->nslots);
}

static void
disk_on_data_channel(struct chan *c, const struct msg_data_channel *m,
    void *arg)
{
	struct disk	*d = arg;

	plane_channel(&d->planes[m->seeds ? PLANE_TRACKER : PLANE_PEER],
	    chan_take_fd(c), m->link);
}

static void
disk_on_state_scan(struct chan *c, const struct msg_state_scan *m, void *arg)
{
	(void)c;
	(void)m;
	report_scan(arg);
}

static void
disk_on_torrent_prios(struct chan *c, const struct msg_torrent_prios *m,
    void *arg)
{
	struct disk	*d = arg;
	struct content	*t = content_find(d, m->id);
	uint32_t	 i;

	(void)c;
	if (t == NULL || t->removing || m->first >= t->nfiles ||
	    m->prios.len > t->nfiles - m->first)
		return;
	if (t->prios == NULL) {
		t->prios = xmalloc(t->nfiles);
		memset(t->prios, FILE_PRIO_NORMAL, t->nfiles);
	}
	for (i = 0; i < m->prios.len; i++)
		if (m->prios.p[i] <= FILE_PRIO_MAX)
			t->prios[m->first + i] = m->prios.p[i];
	content_prios_changed(d, t);
	admit_anew(d, t);
	/* Of what is wanted now some may be empty. */
	if (t->open && t->files != NULL && !content_done(t))
		block_make_empty(d, t);
	content_dirty(d, t, TICK_MS);
}

static void
disk_on_torrent_save(struct chan *c, const struct msg_torrent_save *m,
    void *arg)
{
	struct disk	*d = arg;
	struct content	*t = content_find(d, m->id);
	bool		 was;

	(void)c;
	if (t == NULL || t->removing)
		return;
	was = t->paused;
	t->paused = m->paused;
	t->completed = m->completed;
	t->downloaded = m->downloaded;
	t->uploaded = m->uploaded;
	t->wasted = m->wasted;
	t->modes = m->modes;
	t->up_limit = m->up_limit;
	t->down_limit = m->down_limit;
	t->max_peers = m->max_peers;
	t->active = m->active;
	content_set_peers(t, m->peers.v, m->peers.n);
	if (t->paused != was && (t->state == DSTATE_READY ||
	    t->state == DSTATE_WAITING))
		admit(d, t);
	content_dirty(d, t, TICK_MS);
}

static void
disk_on_disk_ask(struct chan *c, const struct msg_disk_ask *m, void *arg)
{
	(void)c;
	(void)m;
	tally_tell(arg);
}

static void
disk_on_torrent_check(struct chan *c, const struct msg_torrent_check *m,
    void *arg)
{
	struct disk	*d = arg;
	struct content	*t = content_find(d, m->id);

	(void)c;
	if (t == NULL || t->removing)
		return;
	if (t->root_path != NULL) {
		report_state(d, t);
		return;
	}
	if (move_check(d, t))
		return;
	if (m->retry && t->state == DSTATE_READY && t->bars != NULL) {
		admit(d, t);
		report_state(d, t);
		return;
	}
	disk_data_forget(d, t);
	if (m->retry && t->state == DSTATE_WAITING) {
		admit_retry(d, t);
		return;
	}
	trouble_end(d, t);
	if (t->magnet == NULL && roots_away(d, t)) {
		roots_wait(d, t);
		report_state(d, t);
		return;
	}
	if (t->magnet != NULL) {
		content_set_state(d, t, DSTATE_READY, NULL);
		return;
	}
	if (m->retry)
		trouble_retry(d, t);
	else
		check_want(d, t, NULL);
}

static void
disk_on_torrent_remove(struct chan *c, const struct msg_torrent_remove *m,
    void *arg)
{
	struct msg_torrent_removed	 none = { .id = m->id, .error = "" };
	struct disk			*d = arg;
	struct content			*t = content_find(d, m->id);

	if (t == NULL) {
		chan_send(c, MSG_TORRENT_REMOVED, &none);
		return;
	}
	if (t->removing)
		return;
	t->removing = true;
	t->delete_data = m->delete_data;
	disk_data_forget(d, t);
	check_cancel(d, t);
	admit_release(d, t);
	scrub_cancel(d, t);
	part_leave_cancel(d, t);
	if (t->in_reports) {
		TAILQ_REMOVE(&d->reports, t, report_link);
		t->in_reports = false;
		if (t->magnet == NULL)
			t->files->pins--;
	}
	move_cancel(d, t);
	remove_try(d, t);
}

/* ---- the end ---- */

static void
disk_leave(struct disk *d)
{
	/* exit(3) would take OpenSSL from under a worker that still hashes. */
	if (d->njobs > 0 || !check_idle(d) || !scrub_idle(d->scrub) ||
	    !lane_idle(d->lane))
		_exit(0);
	child_exit(d->child);
}

void
disk_settled(struct disk *d)
{
	if (d->stopping && d->njobs == 0 && check_idle(d) &&
	    TAILQ_EMPTY(&d->dirty))
		disk_leave(d);
}

static void
disk_too_late(void *arg)
{
	disk_leave(arg);
}

static void
disk_shutdown(void *arg, bool parent_gone)
{
	struct disk	*d = arg;
	struct content	*t;

	if (parent_gone && !d->orphan) {
		d->orphan = true;
		loop_timer_set(d->deadline, ORPHAN_MS);
	}
	if (!d->stopping) {
		d->stopping = true;
		allot_cancel(d, NULL);
		part_leave_cancel(d, NULL);
		move_stop(d);
		for (t = content_first(d); t != NULL; t = content_next(t)) {
			disk_data_forget(d, t);
			check_cancel(d, t);
			if (!t->clean && !t->removing && !parent_gone)
				content_dirty(d, t, 0);
		}
	}
	save_due(d, 0);
	disk_settled(d);
}

static const union msg_fn disk_fns[MSG_COUNT] = {
	[MSG_DISK_ROOT] = { .disk_root = disk_on_root },
	[MSG_DISK_ROOT_GONE] = { .disk_root_gone = disk_on_root_gone },
	[MSG_DISK_CONF] = { .disk_conf = disk_on_disk_conf },
	[MSG_DISK_STATE_DIR] = { .disk_state_dir = disk_on_state_dir },
	[MSG_DATA_ARENA] = { .data_arena = disk_on_data_arena },
	[MSG_DATA_CHANNEL] = { .data_channel = disk_on_data_channel },
	[MSG_STATE_SCAN] = { .state_scan = disk_on_state_scan },
	[MSG_TORRENT_ADD] = { .torrent_add = add_on_torrent },
	[MSG_MAGNET_ADD] = { .magnet_add = add_on_magnet },
	[MSG_TORRENT_PRIOS] = { .torrent_prios = disk_on_torrent_prios },
	[MSG_TORRENT_RETRACK] = { .torrent_retrack = trackers_on_retrack },
	[MSG_TORRENT_SAVE] = { .torrent_save = disk_on_torrent_save },
	[MSG_NODES_SAVE] = { .nodes_save = dht_nodes_on_save },
	[MSG_DISK_ASK] = { .disk_ask = disk_on_disk_ask },
	[MSG_TORRENT_CHECK] = { .torrent_check = disk_on_torrent_check },
	[MSG_TORRENT_MOVE] = { .torrent_move = move_on_order },
	[MSG_TORRENT_REMOVE] = { .torrent_remove = disk_on_torrent_remove },
};

const struct child_ops disk_ops = {
	.role = ROLE_DISK,
	.fns = disk_fns,
	.start = disk_start,
	.warm = disk_warm,
	.threads = disk_threads,
	.run = disk_run,
	.shutdown = disk_shutdown,
};
