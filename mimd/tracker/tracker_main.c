/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "addr.h"
#include "bound.h"
#include "chan.h"
#include "child.h"
#include "hosts.h"
#include "http.h"
#include "log.h"
#include "mem.h"
#include "msg.h"
#include "proxy.h"
#include "scraper.h"
#include "tracked.h"
#include "udp.h"

/*
 * The tracker child: tells trackers what the torrents do, and the parent
 * which peers they name.  It opens no file and looks up no name.
 */

/* The proxy works again: so may all that failed by it. */
static void
tracker_again(void *arg)
{
	book_again(arg);
}

static void *
tracker_start(struct child *child)
{
	struct book	*book = xcalloc(1, sizeof(*book));

	book_init(book, child);
	proxy_init(child, tracker_again, book);
	book->ca_file = xstrdup("");
	seeds_init(&book->seeds, child);
	torrent_files_init(&book->files, child);
	return book;
}

static void
tracker_lookup(void *arg, uint32_t query, const char *host)
{
	struct book		*book = arg;
	struct msg_name_lookup	 m = { .query = query, .host = host };

	chan_send(book->child->parent, MSG_NAME_LOOKUP, &m);
}

static int
tracker_warm(void *arg, struct child_path *paths)
{
	struct book	*book = arg;

	(void)paths;
	book->hosts = hosts_new(tracker_lookup, book);
	if (proxy_used())
		hosts_leave_to_proxy(book->hosts);
	book->http = http_new(book->child->loop, book->hosts, book->ca_file,
	    &book->guard);
	book->udp = udp_new(book->child->loop, book->hosts, &book->guard);
	book->scraper = scraper_new(book);
	book->seeds.fetcher = http_fetcher(book->http);
	book->seeds.hosts = book->hosts;
	book->files.fetcher = book->seeds.fetcher;
	book->files.hosts = book->hosts;
	return 0;
}

static void
tracker_run(void *arg)
{
	(void)arg;
}

/* libcurl sees by itself that connections have ended. */
static void
tracker_rebound(void *arg)
{
	struct book	*book = arg;

	udp_rebound(book->udp);
}

static void
tracker_shutdown(void *arg, bool parent_gone)
{
	struct book	*book = arg;

	/* Nobody is left to tell us addresses or to wait for us, or to tell. */
	if (parent_gone || bound_refuses() != NULL)
		child_exit(book->child);
	seeds_leave(&book->seeds);
	book_leave(book);
}

/* ---- what the parent says ---- */

/*
 * A torrent we do not know is no error: the parent may have forgotten it in
 * the same moment.
 */

static void
tracker_on_conf(struct chan *c, const struct msg_tracker_conf *m, void *arg)
{
	struct book	*book = arg;

	(void)c;
	memcpy(book->peer_id, m->peer_id, sizeof(book->peer_id));
	book->key = m->key;
	guard_set(&book->guard, m->allow_local, m->local.v, m->local.n);
	free(book->ca_file);
	book->ca_file = xstrdup(m->ca_file);
}

static void
tracker_on_habit(struct chan *c, const struct msg_tracker_habit *m, void *arg)
{
	struct book	*book = arg;

	(void)c;
	turn_set_rate(book, m->rate);
	book_set_first(book, m->first);
}

static void
tracker_on_port(struct chan *c, const struct msg_tracker_port *m, void *arg)
{
	struct book	*book = arg;

	(void)c;
	book->port = m->port;
	if (m->again)
		book_again(book);
}

static void
tracker_on_torrent(struct chan *c, const struct msg_tracker_torrent *m,
    void *arg)
{
	(void)c;
	book_add(arg, m->id, m->infohash, m->private);
}

static void
tracker_on_urls(struct chan *c, const struct msg_tracker_urls *m, void *arg)
{
	struct torrent	*t = book_find(arg, m->id);
	uint32_t	 i;

	(void)c;
	if (t == NULL)
		return;
	if (m->first)
		tracked_list_begin(t);
	for (i = 0; i < m->trackers.n; i++)
		tracked_list_add(arg, t, m->trackers.v[i].url,
		    m->trackers.v[i].tier, m->trackers.v[i].known);
	if (m->last)
		tracked_list_end(arg, t);
}

static void
tracker_on_start(struct chan *c, const struct msg_tracker_start *m, void *arg)
{
	struct torrent	*t = book_find(arg, m->id);

	(void)c;
	if (t == NULL)
		return;
	t->active = m->active;
	tracked_start(arg, t, m->left);
}

static void
tracker_on_totals(struct chan *c, const struct msg_tracker_totals *m,
    void *arg)
{
	struct torrent	*t = book_find(arg, m->id);

	(void)c;
	if (t == NULL)
		return;
	if (m->downloaded > t->downloaded || m->uploaded > t->uploaded)
		t->active = true;
	/* Totals only grow, or the differences below them would wrap. */
	if (m->downloaded >= t->downloaded)
		t->downloaded = m->downloaded;
	if (m->uploaded >= t->uploaded)
		t->uploaded = m->uploaded;
	t->left = m->left;
}

static void
tracker_on_completed(struct chan *c, const struct msg_tracker_completed *m,
    void *arg)
{
	struct torrent	*t = book_find(arg, m->id);

	(void)c;
	if (t != NULL)
		tracked_completed(arg, t);
}

static void
tracker_on_hungry(struct chan *c, const struct msg_tracker_hungry *m,
    void *arg)
{
	struct torrent	*t = book_find(arg, m->id);

	(void)c;
	if (t != NULL)
		tracked_hungry(arg, t);
}

static void
tracker_on_announce(struct chan *c, const struct msg_tracker_announce *m,
    void *arg)
{
	struct torrent	*t = book_find(arg, m->id);

	(void)c;
	if (t != NULL)
		tracked_ask(arg, t);
}

static void
tracker_on_stop(struct chan *c, const struct msg_tracker_stop *m, void *arg)
{
	struct torrent	*t = book_find(arg, m->id);

	(void)c;
	if (t != NULL)
		tracked_stop(arg, t);
}

static void
tracker_on_forget(struct chan *c, const struct msg_tracker_forget *m,
    void *arg)
{
	struct torrent	*t = book_find(arg, m->id);

	(void)c;
	if (t != NULL)
		tracked_forget(arg, t);
}

static void
tracker_on_scrape(struct chan *c, const struct msg_tracker_scrape *m,
    void *arg)
{
	struct book	*book = arg;
	struct torrent	*t = book_find(book, m->id);
	unsigned int	 i;

	(void)c;
	for (i = 0; t != NULL && i < t->nsites; i++)
		scraper_want(book->scraper, t->sites[i]);
}

static void
tracker_on_name_answer(struct chan *c, const struct msg_name_answer *m,
    void *arg)
{
	struct book	*book = arg;
	struct addr	 addrs[HOST_ADDRS_MAX] = { 0 };
	uint32_t	 i;

	(void)c;
	for (i = 0; i < m->addrs.n; i++)
		memcpy(addrs[i].ip, m->addrs.v[i].ip, sizeof(addrs[i].ip));
	hosts_answer(book->hosts, m->query, addrs, m->addrs.n, m->ttl,
	    m->error, loop_now(book->child->loop));
}

static void
tracker_on_torrent_fetch(struct chan *c, const struct msg_torrent_fetch *m,
    void *arg)
{
	struct book	*book = arg;

	torrent_file_fetch(&book->files, m->fetch, m->url, chan_take_fd(c));
}

/* ---- web seeds ---- */

static struct seeds *
seeds(void *arg)
{
	return &((struct book *)arg)->seeds;
}

static void
tracker_on_data_arena(struct chan *c, const struct msg_data_arena *m,
    void *arg)
{
	seed_plane_arena(seeds(arg), chan_take_fd(c), m->nslots);
}

static void
tracker_on_data_channel(struct chan *c, const struct msg_data_channel *m,
    void *arg)
{
	seed_plane_start(seeds(arg), chan_take_fd(c), m->link);
}

static void
tracker_on_seed_run(struct chan *c, const struct msg_seed_run *m, void *arg)
{
	(void)c;
	seeds_on_run(seeds(arg), m);
}

static void
tracker_on_seed_halt(struct chan *c, const struct msg_seed_halt *m, void *arg)
{
	(void)c;
	seeds_on_halt(seeds(arg), m->id);
}

static void
tracker_on_seed_limit(struct chan *c, const struct msg_seed_limit *m,
    void *arg)
{
	(void)c;
	seeds_on_limit(seeds(arg), m);
}

static void
tracker_on_seed_fetch(struct chan *c, const struct msg_seed_fetch *m,
    void *arg)
{
	(void)c;
	seeds_on_fetch(seeds(arg), m);
}

static const union msg_fn tracker_fns[MSG_COUNT] = {
	[MSG_PROXY_SET] = { .proxy_set = proxy_on_msg },
	[MSG_TRACKER_CONF] = { .tracker_conf = tracker_on_conf },
	[MSG_TRACKER_HABIT] = { .tracker_habit = tracker_on_habit },
	[MSG_TRACKER_ANNOUNCE] = { .tracker_announce = tracker_on_announce },
	[MSG_TRACKER_PORT] = { .tracker_port = tracker_on_port },
	[MSG_TRACKER_TORRENT] = { .tracker_torrent = tracker_on_torrent },
	[MSG_TRACKER_URLS] = { .tracker_urls = tracker_on_urls },
	[MSG_TRACKER_START] = { .tracker_start = tracker_on_start },
	[MSG_TRACKER_TOTALS] = { .tracker_totals = tracker_on_totals },
	[MSG_TRACKER_COMPLETED] = { .tracker_completed = tracker_on_completed },
	[MSG_TRACKER_HUNGRY] = { .tracker_hungry = tracker_on_hungry },
	[MSG_TRACKER_STOP] = { .tracker_stop = tracker_on_stop },
	[MSG_TRACKER_FORGET] = { .tracker_forget = tracker_on_forget },
	[MSG_TRACKER_SCRAPE] = { .tracker_scrape = tracker_on_scrape },
	[MSG_NAME_ANSWER] = { .name_answer = tracker_on_name_answer },
	[MSG_TORRENT_FETCH] = { .torrent_fetch = tracker_on_torrent_fetch },
	[MSG_DATA_ARENA] = { .data_arena = tracker_on_data_arena },
	[MSG_DATA_CHANNEL] = { .data_channel = tracker_on_data_channel },
	[MSG_SEED_RUN] = { .seed_run = tracker_on_seed_run },
	[MSG_SEED_HALT] = { .seed_halt = tracker_on_seed_halt },
	[MSG_SEED_LIMIT] = { .seed_limit = tracker_on_seed_limit },
	[MSG_SEED_FETCH] = { .seed_fetch = tracker_on_seed_fetch },
};

const struct child_ops tracker_ops = {
	.role = ROLE_TRACKER,
	.fns = tracker_fns,
	.start = tracker_start,
	.warm = tracker_warm,
	.run = tracker_run,
	.rebound = tracker_rebound,
	.shutdown = tracker_shutdown,
};
