/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "child.h"
#include "hosts.h"
#include "http.h"
#include "log.h"
#include "mem.h"
#include "msg.h"
#include "queue.h"
#include "reply.h"
#include "slim.h"
#include "tracked.h"

#define LEAVE_TIME	5000U	/* ms for all goodbyes together, */
#define LEAVE_IDLE	1000U	/* ... and to trackers of idle torrents */
#define AGAIN_STEP	100U	/* ms for each torrent, to announce all */
#define AGAIN_MAX	600000U	/* ... and for all of them */
#define TURN_MAX	256	/* torrents looked at before others work */

static void	 book_tick(void *);
static void	 book_last_call(void *);
static void	 book_check_leave(struct book *);
static void	 tracked_schedule(struct book *, struct torrent *);
static void	 tracked_free(struct book *, struct torrent *);

static int
id_cmp(const struct torrent *a, const struct torrent *b)
{
	return (a->id > b->id) - (a->id < b->id);
}

static int
due_cmp(const struct torrent *a, const struct torrent *b)
{
	if (a->due != b->due)
		return a->due > b->due ? 1 : -1;
	return ((uintptr_t)a > (uintptr_t)b) - ((uintptr_t)a < (uintptr_t)b);
}

RB_GENERATE_INTERNAL(torrent_ids, torrent, by_id, id_cmp,
    __attribute__((unused)) static)
RB_GENERATE_INTERNAL(torrent_dues, torrent, by_due, due_cmp,
    __attribute__((unused)) static)

/* ---- the book ---- */

void
book_init(struct book *book, struct child *child)
{
	book->child = child;
	RB_INIT(&book->ids);
	RB_INIT(&book->due);
	RB_INIT(&book->urls);
	TAILQ_INIT(&book->dirty);
	book->clock = loop_timer_new(child->loop, book_tick, book);
	book->report = loop_timer_new(child->loop, outbox_flush, book);
	book->last_call = loop_timer_new(child->loop, book_last_call, book);
	book->turns = loop_timer_new(child->loop, turn_pump, book);
	book->queue = queue_new(arc4random_uniform);
}

struct torrent *
book_find(struct book *book, uint32_t id)
{
	struct torrent	key = { .id = id };

	return RB_FIND(torrent_ids, &book->ids, &key);
}

struct torrent *
book_add(struct book *book, uint32_t id, const uint8_t infohash[20],
    bool private)
{
	struct torrent	*t;

	if ((t = book_find(book, id)) == NULL) {
		t = xcalloc(1, sizeof(*t));
		t->id = id;
		RB_INSERT(torrent_ids, &book->ids, t);
	}
	memcpy(t->infohash, infohash, sizeof(t->infohash));
	t->private = private;
	return t;
}

static void
book_set_clock(struct book *book)
{
	struct torrent	*t;
	uint64_t	 now = loop_now(book->child->loop);

	if ((t = RB_MIN(torrent_dues, &book->due)) == NULL)
		loop_timer_clear(book->clock);
	else
		loop_timer_set(book->clock, t->due > now ? t->due - now : 0);
}

/* Does it go its own way, without the others of its tier? */
static bool
is_alone(const struct site *site)
{
	return site->dropped || !site->torrent->running;
}

/* All that is due in t waits for its turn now. */
static void
tracked_announce(struct book *book, struct torrent *t, uint64_t now)
{
	uint64_t	 next[TRACKERS_MAX];
	struct site	*site;
	unsigned int	 i;
	int		 pick;

	for (i = 0; i < t->nsites; i++) {
		site = t->sites[i];
		next[i] = site->announce.next;
		if (is_alone(site) && site->turn == NULL && next[i] <= now)
			turn_wait(book, site);
	}
	for (i = 0; i < t->tiers.nlanes && t->running; i++) {
		if (t->tiers.lanes[i].busy)
			continue;
		if ((pick = tier_pick(&t->tiers, i, next, now)) != -1)
			turn_wait(book, t->sites[pick]);
	}
}

static void
book_tick(void *arg)
{
	struct book	*book = arg;
	struct torrent	*t;
	uint64_t	 now = loop_now(book->child->loop);
	int		 i;

	/* When we leave all are queued, for the active ones to go first. */
	for (i = 0; i < TURN_MAX || book->leaving; i++) {
		t = RB_MIN(torrent_dues, &book->due);
		if (t == NULL || t->due > now)
			break;
		tracked_announce(book, t, now);
		tracked_schedule(book, t);
	}
	book_set_clock(book);
}

void
book_again(struct book *book)
{
	struct torrent	*t;
	uint64_t	 now = loop_now(book->child->loop);
	uint32_t	 spread = 1;
	unsigned int	 i;

	RB_FOREACH(t, torrent_ids, &book->ids)
		spread += t->running ? AGAIN_STEP : 0;
	if (spread > AGAIN_MAX)
		spread = AGAIN_MAX;
	RB_FOREACH(t, torrent_ids, &book->ids) {
		for (i = 0; i < t->nsites; i++) {
			announce_again(&t->sites[i]->announce, now,
			    arc4random_uniform(spread));
			outbox_row(book, t->sites[i]);
		}
		tracked_schedule(book, t);
	}
	book_set_clock(book);
}

void
book_leave(struct book *book)
{
	struct torrent	*t;

	book->leaving = true;
	RB_FOREACH(t, torrent_ids, &book->ids)
		tracked_stop(book, t);
	http_hurry(book->http);
	hosts_hurry(book->hosts);
	turn_hurry(book);
	loop_timer_set(book->last_call, LEAVE_IDLE);
	book_check_leave(book);
}

void
book_set_first(struct book *book, bool first)
{
	struct torrent	*t;

	if (book->first == first)
		return;
	book->first = first;
	RB_FOREACH(t, torrent_ids, &book->ids) {
		if (t->tiers.lanes != NULL)
			tracked_make_tiers(book, t);
		book_settle(book, t);
	}
}

/* Trackers forget an idle torrent by themselves. */
static void
book_drop_idle(struct book *book)
{
	struct torrent	*t;
	struct site	*site;
	unsigned int	 i, n = 0;

	RB_FOREACH(t, torrent_ids, &book->ids) {
		for (i = 0; i < t->nsites; i++) {
			site = t->sites[i];
			if (site->announce.next == ANNOUNCE_NEVER ||
			    !turn_may_drop(site))
				continue;
			turn_cancel(book, site);
			announce_give_up(&site->announce);
			n++;
		}
		tracked_schedule(book, t);
	}
	if (n > 0)
		log_info("%u trackers of idle torrents are not told that we "
		    "leave", n);
}

static void
book_last_call(void *arg)
{
	struct book	*book = arg;

	if (!book->late) {
		book->late = true;
		book_drop_idle(book);
		loop_timer_set(book->last_call, LEAVE_TIME - LEAVE_IDLE);
		book_check_leave(book);
		return;
	}
	log_info("%u trackers did not answer our leaving in time",
	    book->nbusy);
	child_exit(book->child);
}

void
book_settle(struct book *book, struct torrent *t)
{
	tracked_sweep(book, t);
	tracked_schedule(book, t);
	book_set_clock(book);
	book_check_leave(book);
}

static void
book_check_leave(struct book *book)
{
	if (book->leaving && book->nbusy == 0 && RB_EMPTY(&book->due))
		child_exit(book->child);
}

/* ---- torrents ---- */

static uint64_t
tracked_due(const struct torrent *t)
{
	uint64_t	next[TRACKERS_MAX], due = ANNOUNCE_NEVER, d;
	unsigned int	i;

	for (i = 0; i < t->nsites; i++) {
		next[i] = t->sites[i]->announce.next;
		if (is_alone(t->sites[i]) && t->sites[i]->turn == NULL &&
		    next[i] < due)
			due = next[i];
	}
	if (!t->running)
		return due;
	for (i = 0; i < t->tiers.nlanes; i++) {
		if (t->tiers.lanes[i].busy)
			continue;
		if ((d = tier_due(&t->tiers, i, next)) < due)
			due = d;
	}
	return due;
}

/* After any change: put t where it belongs in the queue. */
static void
tracked_schedule(struct book *book, struct torrent *t)
{
	if (t->queued)
		RB_REMOVE(torrent_dues, &book->due, t);
	t->due = tracked_due(t);
	t->queued = t->due != ANNOUNCE_NEVER;
	if (t->queued)
		RB_INSERT(torrent_dues, &book->due, t);
	else if (t->forgotten && t->nbusy == 0)
		tracked_free(book, t);
}

void
site_free(struct book *book, struct site *site)
{
	intern_drop(&book->urls, site->url);
	free(site->error);
	free(site->tracker_id);
	free(site);
}

static void
tracked_free(struct book *book, struct torrent *t)
{
	unsigned int	 i;

	if (t->dirty)
		TAILQ_REMOVE(&book->dirty, t, dirty_link);
	for (i = 0; i < t->nsites; i++)
		site_free(book, t->sites[i]);
	free(t->sites);
	tier_clear(&t->tiers);
	free(t);
	slim_freed(&book->freed);
}

void
tracked_start(struct book *book, struct torrent *t, uint64_t left)
{
	struct site	*site;
	unsigned int	 i;
	uint64_t	 now = loop_now(book->child->loop);

	t->left = left;
	if (t->running || book->leaving)
		return;
	t->running = true;
	if (t->tiers.lanes == NULL)
		tracked_make_tiers(book, t);
	for (i = 0; i < t->nsites; i++) {
		site = t->sites[i];
		if (!site->usable || site->dropped)
			continue;
		turn_cancel(book, site);	/* a stopped, out of date */
		site->based = false;
		families_start(&site->families);
		announce_start(&site->announce, now, 0);
		outbox_row(book, site);
	}
	tracked_schedule(book, t);
	book_set_clock(book);
}

void
tracked_stop(struct book *book, struct torrent *t)
{
	struct site	*site;
	unsigned int	 i;
	uint64_t	 now = loop_now(book->child->loop);

	if (!t->running)
		return;
	t->running = false;
	for (i = 0; i < t->tiers.nlanes; i++) {
		t->tiers.lanes[i].busy = false;
		t->tiers.lanes[i].current = -1;
	}
	for (i = 0; i < t->nsites; i++) {
		site = t->sites[i];
		turn_cancel(book, site);
		announce_stop(&site->announce, now);
		outbox_row(book, site);
	}
	tracked_schedule(book, t);
	book_set_clock(book);
}

void
tracked_completed(struct book *book, struct torrent *t)
{
	struct site	*site;
	unsigned int	 i;

	t->left = 0;
	for (i = 0; i < t->nsites; i++) {
		site = t->sites[i];
		if (!site->usable)
			continue;
		announce_completed(&site->announce,
		    loop_now(book->child->loop));
		if (site->announce.owes_completed)
			families_completed(&site->families);
	}
	tracked_schedule(book, t);
	book_set_clock(book);
}

void
tracked_hungry(struct book *book, struct torrent *t)
{
	unsigned int	i;
	uint64_t	before;

	for (i = 0; i < t->nsites; i++) {
		before = t->sites[i]->announce.next;
		announce_hungry(&t->sites[i]->announce,
		    loop_now(book->child->loop));
		if (t->sites[i]->announce.next != before)
			outbox_row(book, t->sites[i]);
	}
	tracked_schedule(book, t);
	book_set_clock(book);
}

void
tracked_ask(struct book *book, struct torrent *t)
{
	struct site	*site;
	unsigned int	 i;
	uint64_t	 now = loop_now(book->child->loop);

	for (i = 0; i < t->nsites; i++) {
		site = t->sites[i];
		if (site->turn == NULL && tier_is_used(&t->tiers, i) &&
		    announce_ask(&site->announce, now))
			site->asked = true;
	}
	tracked_schedule(book, t);
	book_set_clock(book);
}

void
tracked_forget(struct book *book, struct torrent *t)
{
	tracked_stop(book, t);
	RB_REMOVE(torrent_ids, &book->ids, t);
	t->forgotten = true;
	if (t->dirty) {
		TAILQ_REMOVE(&book->dirty, t, dirty_link);
		t->dirty = false;
	}
	tracked_schedule(book, t);
	book_set_clock(book);
}
