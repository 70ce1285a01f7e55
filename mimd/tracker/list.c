/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "child.h"
#include "loop.h"
#include "mem.h"
#include "msg.h"
#include "reply.h"
#include "tracked.h"

/* Which trackers a torrent has, and which of them are used. */

/*
 * Shuffled once for each list of trackers, not at each start.  Those that
 * worked so far are the first of their tiers again.
 */
void
tracked_make_tiers(struct book *book, struct torrent *t)
{
	uint8_t		order[TRACKERS_MAX];
	int16_t		tiers[TRACKERS_MAX];
	struct site	*site;
	unsigned int	i;
	int		lane;

	tier_clear(&t->tiers);
	for (i = 0; i < t->nsites; i++)
		tiers[i] = t->sites[i]->usable && !t->sites[i]->dropped ?
		    t->sites[i]->tier : TIER_NOT_USED;
	tier_init(&t->tiers, tiers, t->nsites, t->private || book->first,
	    arc4random_uniform);
	memcpy(order, t->tiers.order, t->tiers.n);
	for (i = t->tiers.n; i-- > 0;) {
		site = t->sites[order[i]];
		if (site->announce.told && site->announce.fails == 0)
			tier_worked(&t->tiers, order[i]);
		if (site->turn != NULL && t->running &&
		    (lane = tier_lane_of(&t->tiers, order[i])) != -1)
			t->tiers.lanes[lane].busy = true;
	}
}

static struct site *
find(struct torrent *t, const char *url)
{
	unsigned int	i;

	for (i = 0; i < t->nsites; i++)
		if (strcmp(t->sites[i]->url, url) == 0)
			return t->sites[i];
	return NULL;
}

static void
remove_at(struct book *book, struct torrent *t, unsigned int i)
{
	site_free(book, t->sites[i]);
	t->nsites--;
	memmove(&t->sites[i], &t->sites[i + 1],
	    (t->nsites - i) * sizeof(struct site *));
	for (; i < t->nsites; i++)
		t->sites[i]->index = (uint8_t)i;
}

/* Let go of those that nothing more is said to. */
void
tracked_sweep(struct book *book, struct torrent *t)
{
	struct site	*site;
	unsigned int	 i, was = t->nsites;

	for (i = t->nsites; i-- > 0;) {
		site = t->sites[i];
		if (site->dropped && site->turn == NULL &&
		    site->announce.next == ANNOUNCE_NEVER)
			remove_at(book, t, i);
	}
	if (t->nsites < was)
		tracked_make_tiers(book, t);
}

/* No room for goodbyes. */
static void
drop_now(struct book *book, struct torrent *t)
{
	unsigned int	i;

	for (i = 0; i < t->nsites; i++)
		if (!t->sites[i]->listed) {
			turn_cancel(book, t->sites[i]);
			announce_give_up(&t->sites[i]->announce);
			t->sites[i]->dropped = true;
		}
	tracked_sweep(book, t);
}

void
tracked_list_begin(struct torrent *t)
{
	unsigned int	i;

	for (i = 0; i < t->nsites; i++)
		t->sites[i]->listed = false;
}

static struct site *
site_new(struct book *book, struct torrent *t, const char *url, bool known)
{
	struct site	*site = xcalloc(1, sizeof(*site));

	site->torrent = t;
	site->url = intern(&book->urls, url);
	site->seeds = site->leeches = site->downloads = REPLY_UNKNOWN;
	announce_init(&site->announce);
	site->announce.known = known;
	site->usable = site_speaks(url);
	if (!site->usable)
		site->error = xasprintf("%.*s trackers are not supported",
		    (int)strcspn(url, ":"), url);
	site->index = (uint8_t)t->nsites;
	t->sites = xreallocarray(t->sites, t->nsites + 1,
	    sizeof(struct site *));
	t->sites[t->nsites++] = site;
	return site;
}

void
tracked_list_add(struct book *book, struct torrent *t, const char *url,
    uint8_t tier, bool known)
{
	struct site	*site = find(t, url);

	if (site == NULL) {
		if (t->nsites == TRACKERS_MAX)
			drop_now(book, t);
		if (t->nsites == TRACKERS_MAX)
			return;
		site = site_new(book, t, url, known);
	} else if (site->dropped) {	/* back before all was said */
		turn_cancel(book, site);
		site->dropped = false;
	}
	site->listed = true;
	site->tier = tier;
	if (t->running && site->usable)
		announce_start(&site->announce,
		    loop_now(book->child->loop), 0);
	outbox_row(book, site);
}

/* Those that are not in the list any more owe but a goodbye. */
void
tracked_list_end(struct book *book, struct torrent *t)
{
	struct site	*site;
	unsigned int	 i;

	for (i = 0; i < t->nsites; i++) {
		site = t->sites[i];
		if (site->listed || site->dropped)
			continue;
		turn_cancel(book, site);
		announce_stop(&site->announce, loop_now(book->child->loop));
		site->dropped = true;
	}
	tracked_make_tiers(book, t);
	book_settle(book, t);
}
