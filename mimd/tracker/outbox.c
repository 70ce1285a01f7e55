/* SPDX-License-Identifier: ISC */
#include <string.h>
#include <time.h>

#include "chan.h"
#include "child.h"
#include "loop.h"
#include "msg.h"
#include "queue.h"
#include "reply.h"
#include "tracked.h"

#define REPORT_INTERVAL	1000U	/* ms between reports */
#define REPORT_DELAY	50U	/* ms to gather changes */
#define ROWS_MAX	16	/* of msg.def, tracker_rows */
#define PEERS_PAGE	512	/* of msg.def, tracker_peers */

void
outbox_row(struct book *book, struct site *site)
{
	struct torrent	*t = site->torrent;
	uint64_t	 now = loop_now(book->child->loop);
	uint64_t	 at = book->reported + REPORT_INTERVAL;

	site->dirty = true;
	if (t->dirty || t->forgotten)
		return;
	t->dirty = true;
	TAILQ_INSERT_TAIL(&book->dirty, t, dirty_link);
	if (loop_timer_pending(book->report))
		return;
	loop_timer_set(book->report, book->reported == 0 ||
	    at < now + REPORT_DELAY ? REPORT_DELAY : at - now);
}

static enum tracker_state
site_state(const struct site *site)
{
	const struct announce	*a = &site->announce;

	if (!site->usable)
		return TRACKER_IDLE;
	if (turn_is_queued(site))
		return TRACKER_QUEUED;
	if (a->busy)
		return TRACKER_ANNOUNCING;
	if (a->fails > 0)
		return TRACKER_FAILED;
	return a->running && a->told ? TRACKER_WAITING : TRACKER_IDLE;
}

static void
fill_row(const struct book *book, const struct site *site,
    struct rec_tracker_row *row)
{
	uint64_t	now = loop_now(book->child->loop);
	uint64_t	next = site->announce.next;
	uint64_t	allowed = announce_allowed(&site->announce);

	memset(row, 0, sizeof(*row));
	row->index = site->index;
	row->tier = site->tier;
	row->url = site->url;
	row->state = (uint8_t)site_state(site);
	row->seeds = site->seeds;
	row->leeches = site->leeches;
	row->downloads = site->downloads;
	row->last = site->last;
	if ((row->state == TRACKER_WAITING || row->state == TRACKER_FAILED) &&
	    next != ANNOUNCE_NEVER)
		row->next = (uint64_t)time(NULL) +
		    (next > now ? (next - now) / 1000 : 0);
	if (site->turn == NULL && allowed != ANNOUNCE_NEVER &&
	    tier_is_used(&site->torrent->tiers, site->index))
		row->allowed = (uint64_t)time(NULL) +
		    (allowed > now ? (allowed - now + 999) / 1000 : 0);
	row->error = site->error != NULL ? site->error : "";
}

static void
send_rows(struct book *book, struct torrent *t)
{
	struct rec_tracker_row	 rows[ROWS_MAX];
	struct msg_tracker_rows	 m = { .id = t->id, .rows.v = rows };
	unsigned int		 i;

	for (i = 0; i < t->nsites; i++) {
		if (!t->sites[i]->dirty)
			continue;
		t->sites[i]->dirty = false;
		fill_row(book, t->sites[i], &rows[m.rows.n++]);
		if (m.rows.n < ROWS_MAX)
			continue;
		chan_send(book->child->parent, MSG_TRACKER_ROWS, &m);
		m.rows.n = 0;
	}
	if (m.rows.n > 0)
		chan_send(book->child->parent, MSG_TRACKER_ROWS, &m);
}

/* A parent that is behind gets the rest, and newer news, later. */
void
outbox_flush(void *arg)
{
	struct book	*book = arg;
	struct msg_tracker_tally m = { .queued = queue_length(book->queue) };
	struct torrent	*t;

	book->reported = loop_now(book->child->loop);
	if (m.queued != book->queued)
		chan_send(book->child->parent, MSG_TRACKER_TALLY, &m);
	book->queued = m.queued;
	while ((t = TAILQ_FIRST(&book->dirty)) != NULL &&
	    !chan_full(book->child->parent)) {
		TAILQ_REMOVE(&book->dirty, t, dirty_link);
		t->dirty = false;
		send_rows(book, t);
	}
	if (t != NULL)
		loop_timer_set(book->report, REPORT_INTERVAL);
}

void
outbox_peers(struct book *book, const struct torrent *t,
    const struct reply *reply)
{
	struct rec_addr			page[PEERS_PAGE];
	struct msg_tracker_peers	m = { .id = t->id, .peers.v = page };
	const struct addr		*a;
	uint32_t			i;

	for (i = 0; i < reply->npeers; i++) {
		a = &reply->peers[i];
		memcpy(page[m.peers.n].ip, a->ip, sizeof(a->ip));
		page[m.peers.n++].port = a->port;
		if (m.peers.n < PEERS_PAGE && i + 1 < reply->npeers)
			continue;
		chan_send(book->child->parent, MSG_TRACKER_PEERS, &m);
		m.peers.n = 0;
	}
}

void
outbox_external(struct book *book, const struct addr *from,
    const uint8_t ip[16])
{
	struct msg_tracker_external	m;

	memcpy(m.voter, from->ip, sizeof(m.voter));
	memcpy(m.ip, ip, sizeof(m.ip));
	if (memcmp(&m, &book->external, sizeof(m)) == 0)
		return;
	book->external = m;
	chan_send(book->child->parent, MSG_TRACKER_EXTERNAL, &m);
}
