/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ask.h"
#include "child.h"
#include "mem.h"
#include "reply.h"
#include "request.h"
#include "scraper.h"
#include "slim.h"
#include "tracked.h"
#include "url.h"

#define TIMEOUT		30000U	/* ms for an announce */
#define TIMEOUT_STOPPED	5000U

bool
site_speaks(const char *url)
{
	return url_is_http(url) || strncasecmp(url, "udp://", 6) == 0;
}

void
site_set_busy(struct book *book, struct site *site, bool busy)
{
	struct torrent	*t = site->torrent;
	int		 lane = tier_lane_of(&t->tiers, site->index);

	if (lane != -1)
		t->tiers.lanes[lane].busy = busy && t->running;
	t->nbusy += busy ? 1 : -1U;
	book->nbusy += busy ? 1 : -1U;
	if (!busy)
		slim_freed(&book->freed);
	outbox_row(book, site);
}

static void
site_set_error(struct site *site, const char *error)
{
	free(site->error);
	site->error = error != NULL ? xstrdup(error) : NULL;
}

/* The URL will not do, now or ever. */
static void
site_refuse(struct book *book, struct site *site, const char *why)
{
	site_set_error(site, why);
	announce_begin(&site->announce);
	announce_failed(&site->announce, loop_now(book->child->loop),
	    ANNOUNCE_RETRY_NEVER, 0);
	tier_failed(&site->torrent->tiers, site->index);
	turn_end(book, site);
	book_settle(book, site->torrent);
}

void
site_announce(struct book *book, struct site *site)
{
	struct url	url;
	const char	*why;
	uint32_t	timeout = TIMEOUT;
	uint8_t		families;

	if (url_parse(&url, site->url, &why) == -1) {
		site_refuse(book, site, why);
		return;
	}
	if (url.port == 0) {
		site_refuse(book, site, "the URL has no port");
		return;
	}
	if (announce_begin(&site->announce) == ANNOUNCE_STOPPED ||
	    !site->torrent->running)
		timeout = TIMEOUT_STOPPED;
	outbox_row(book, site);
	families = families_pick(&site->families,
	    (enum announce_event)site->announce.event);
	site->ask = ask_new(book, site, &url, families, timeout);
}

/* Counters run from where this tracker first heard of us (BEP 3). */
void
site_request(struct book *book, struct site *site, uint8_t family,
    struct request *r)
{
	struct torrent	*t = site->torrent;

	if (!site->based) {
		site->based = true;
		site->base_down = t->downloaded;
		site->base_up = t->uploaded;
	}
	*r = (struct request){
		.infohash = t->infohash, .peer_id = book->peer_id,
		.port = book->port, .key = book->key, .left = t->left,
		.downloaded = t->downloaded - site->base_down,
		.uploaded = t->uploaded - site->base_up,
		.event = families_event(&site->families, family,
		    (enum announce_event)site->announce.event),
		.tracker_id = site->tracker_id,
		.tracker_id_len = site->tracker_id_len
	};
}

void
site_heard(struct book *book, struct site *site, const struct reply *r)
{
	if (r->tracker_id_len > 0) {
		free(site->tracker_id);
		site->tracker_id = xmalloc(r->tracker_id_len);
		memcpy(site->tracker_id, r->tracker_id, r->tracker_id_len);
		site->tracker_id_len = (uint8_t)r->tracker_id_len;
	}
	if (site->torrent->running)
		outbox_peers(book, site->torrent, r);
}

static void
site_answered(struct book *book, struct site *site,
    const struct ask_result *r)
{
	struct torrent	*t = site->torrent;
	uint64_t	 now = loop_now(book->child->loop);

	families_answered(&site->families,
	    (enum announce_event)site->announce.event, r->worked, r->failed);
	site->last = (uint64_t)time(NULL);
	if (r->seeds != REPLY_UNKNOWN && r->leeches != REPLY_UNKNOWN) {
		site->seeds = r->seeds;
		site->leeches = r->leeches;
	} else if (t->running)
		scraper_want(book->scraper, site);
	if (r->downloads != REPLY_UNKNOWN)
		site->downloads = r->downloads;
	announce_done(&site->announce, now, r->interval, r->min_interval,
	    arc4random());
	if (t->running)
		tier_worked(&t->tiers, site->index);
}

/* What it told a family until now counts. */
void
site_cancel(struct book *book, struct site *site)
{
	struct ask_result	result;

	if (site->ask == NULL)
		return;
	result = ask_cancel(site->ask);
	site->ask = NULL;
	if (result.worked != 0)
		site_answered(book, site, &result);
	else
		announce_cancel(&site->announce);
	ask_result_clear(&result);
}

void
site_ended(struct book *book, struct site *site, const struct ask_result *r)
{
	site->ask = NULL;
	site_set_error(site, r->text);
	if (r->worked != 0)
		site_answered(book, site, r);
	else {
		families_failed(&site->families);
		announce_failed(&site->announce, loop_now(book->child->loop),
		    r->failed != 0 ? r->retry : 0,
		    arc4random());
		tier_failed(&site->torrent->tiers, site->index);
	}
	turn_end(book, site);
	book_settle(book, site->torrent);
}
