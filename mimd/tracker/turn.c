/* SPDX-License-Identifier: ISC */
#include "addr.h"
#include "child.h"
#include "hosts.h"
#include "loop.h"
#include "queue.h"
#include "tracked.h"
#include "url.h"

/* Announces that are due, and those under way: each has its turn. */

static enum queue_class
turn_class(const struct site *site)
{
	const struct torrent	*t = site->torrent;

	if (t->left > 0 || site->asked || (t->running &&
	    site->announce.owes_completed))
		return QUEUE_URGENT;
	if (t->active || (t->running && site->announce.told))
		return QUEUE_ACTIVE;
	return QUEUE_IDLE;
}

static void
set_clock(struct book *book)
{
	uint64_t	now = loop_now(book->child->loop);
	uint64_t	due = queue_due(book->queue);

	if (due == UINT64_MAX)
		loop_timer_clear(book->turns);
	else
		loop_timer_set(book->turns, due > now ? due - now : 0);
}

/* Has the tracker an address in the user's own network? */
static void
set_near(struct book *book, const struct url *url)
{
	struct addr	a;
	bool		near;

	near = addr_parse(&a, url->host, 0) == 0 ?
	    addr_class(&a) != ADDR_GLOBAL :
	    hosts_are_near(book->hosts, url->host);
	queue_set_near(book->queue, url->host, near,
	    loop_now(book->child->loop));
}

void
turn_wait(struct book *book, struct site *site)
{
	struct url	 url;
	const char	*why;

	/* One that nobody can ask has its turn, too, and fails then. */
	if (url_parse(&url, site->url, &why) == -1)
		url.host[0] = '\0';
	else
		set_near(book, &url);
	site->turn = queue_add(book->queue, url.host, turn_class(site), site,
	    loop_now(book->child->loop));
	site_set_busy(book, site, true);
	set_clock(book);
}

/* Timer: let go out what may go. */
void
turn_pump(void *arg)
{
	struct book		*book = arg;
	struct queue_item	*item;
	struct site		*site;
	uint64_t		 now = loop_now(book->child->loop);

	while ((item = queue_next(book->queue, now)) != NULL) {
		site = queue_what(item);
		site->asked = false;
		site_announce(book, site);
	}
	set_clock(book);
}

void
turn_end(struct book *book, struct site *site)
{
	struct url	 url;
	const char	*why;

	if (url_parse(&url, site->url, &why) == 0)
		set_near(book, &url);
	queue_remove(book->queue, site->turn);
	site->turn = NULL;
	site_set_busy(book, site, false);
	set_clock(book);
}

void
turn_cancel(struct book *book, struct site *site)
{
	if (site->turn == NULL)
		return;
	site_cancel(book, site);
	turn_end(book, site);
}

bool
turn_is_queued(const struct site *site)
{
	return site->turn != NULL && queue_waits(site->turn);
}

void
turn_set_rate(struct book *book, uint32_t rate)
{
	queue_set_rate(book->queue, rate, loop_now(book->child->loop));
	set_clock(book);
}

void
turn_hurry(struct book *book)
{
	queue_hurry(book->queue, loop_now(book->child->loop));
	set_clock(book);
}

/* Is this one that need not be told that we leave? */
bool
turn_may_drop(const struct site *site)
{
	return (site->turn == NULL || turn_is_queued(site)) &&
	    turn_class(site) == QUEUE_IDLE;
}
