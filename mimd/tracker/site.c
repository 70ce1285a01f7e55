/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "child.h"
#include "http.h"
#include "log.h"
#include "mem.h"
#include "reply.h"
#include "request.h"
#include "tracked.h"
#include "url.h"

#define TIMEOUT		30000U	/* ms for an announce */
#define TIMEOUT_STOPPED	5000U

/* An announce under way. */
struct ask {
	struct http_req	 http;		/* first: http_user's way back */
	struct book	*book;
	struct site	*site;
};

static int	 on_url(struct http_req *, char *, size_t);
static void	 on_done(struct http_req *, const struct http_result *);

static const struct http_user	http_user = { .url = on_url, .done = on_done };

bool
site_speaks(const char *url)
{
	return strncasecmp(url, "http://", 7) == 0 ||
	    strncasecmp(url, "https://", 8) == 0;
}

static void
site_set_busy(struct book *book, struct site *site, bool busy)
{
	struct torrent	*t = site->torrent;
	int		 lane = tier_lane_of(&t->tiers, site->index);

	if (lane != -1)
		t->tiers.lanes[lane].busy = busy && t->running;
	t->nbusy += busy ? 1 : -1U;
	book->nbusy += busy ? 1 : -1U;
	outbox_row(book, site);
}

void
site_announce(struct book *book, struct site *site)
{
	struct url	url;
	const char	*why;
	uint32_t	timeout = TIMEOUT;

	if (url_parse(&url, site->url, &why) == -1) {
		free(site->error);
		site->error = xstrdup(why);
		announce_begin(&site->announce);
		announce_failed(&site->announce,
		    loop_now(book->child->loop), ANNOUNCE_RETRY_NEVER, 0);
		tier_failed(&site->torrent->tiers, site->index);
		outbox_row(book, site);
		return;
	}
	if (announce_begin(&site->announce) == ANNOUNCE_STOPPED ||
	    !site->torrent->running)
		timeout = TIMEOUT_STOPPED;
	site_set_busy(book, site, true);
	site->ask = xcalloc(1, sizeof(*site->ask));
	site->ask->book = book;
	site->ask->site = site;
	http_submit(book->http, &site->ask->http, &http_user, url.host,
	    timeout);
}

void
site_cancel(struct book *book, struct site *site)
{
	if (site->ask == NULL)
		return;
	http_cancel(book->http, &site->ask->http);
	free(site->ask);
	site->ask = NULL;
	announce_cancel(&site->announce);
	site->torrent->nbusy--;
	book->nbusy--;
}

/* Counters run from where this tracker first heard of us (BEP 3). */
static int
on_url(struct http_req *req, char *buf, size_t size)
{
	struct ask	*ask = (struct ask *)req;
	struct book	*book = ask->book;
	struct site	*site = ask->site;
	struct torrent	*t = site->torrent;
	struct request	 r = {
		.infohash = t->infohash, .peer_id = book->peer_id,
		.port = book->port, .key = book->key, .left = t->left,
		.event = site->announce.event,
		.tracker_id = site->tracker_id,
		.tracker_id_len = site->tracker_id_len
	};

	if (!site->based) {
		site->based = true;
		site->base_down = t->downloaded;
		site->base_up = t->uploaded;
	}
	r.downloaded = t->downloaded - site->base_down;
	r.uploaded = t->uploaded - site->base_up;
	return request_url(buf, size, site->url, &r);
}

static void
site_failed(struct book *book, struct site *site, const char *error,
    uint32_t retry)
{
	struct torrent	*t = site->torrent;

	log_debug("torrent %u: tracker %u: %s", t->id, site->index, error);
	free(site->error);
	site->error = xstrdup(error);
	announce_failed(&site->announce, loop_now(book->child->loop), retry,
	    arc4random());
	tier_failed(&t->tiers, site->index);
}

static void
site_answered(struct book *book, struct site *site, const struct reply *r)
{
	struct torrent	*t = site->torrent;

	free(site->error);
	site->error = r->text[0] != '\0' ? xstrdup(r->text) : NULL;
	site->last = (uint64_t)time(NULL);
	site->seeds = r->seeds;
	site->leeches = r->leeches;
	site->downloads = r->downloads;
	if (r->tracker_id_len > 0) {
		free(site->tracker_id);
		site->tracker_id = xmalloc(r->tracker_id_len);
		memcpy(site->tracker_id, r->tracker_id, r->tracker_id_len);
		site->tracker_id_len = (uint8_t)r->tracker_id_len;
	}
	announce_done(&site->announce, loop_now(book->child->loop),
	    r->interval, r->min_interval, arc4random());
	if (t->running) {
		tier_worked(&t->tiers, site->index);
		outbox_peers(book, t, r);
	}
}

/* A failure named by the tracker counts whatever HTTP says. */
static void
site_judge(struct book *book, struct site *site,
    const struct http_result *result)
{
	struct reply	reply;
	struct url	url;
	const char	*why;
	char		text[HTTP_ERROR_MAX + REPLY_TEXT_MAX];
	int		r;

	r = reply_parse(&reply, result->body, result->len);
	if (r == 0 && reply.failed) {
		site_failed(book, site, reply.text, reply.retry);
	} else if (r == 0 && result->status == 200) {
		site_answered(book, site, &reply);
	} else {
		if (result->status != 200)
			snprintf(reply.text, sizeof(reply.text), "HTTP %ld",
			    result->status);
		url_parse(&url, site->url, &why);
		snprintf(text, sizeof(text), "%s: %s", url.host, reply.text);
		site_failed(book, site, text, 0);
	}
	reply_clear(&reply);
}

static void
on_done(struct http_req *req, const struct http_result *result)
{
	struct ask	*ask = (struct ask *)req;
	struct book	*book = ask->book;
	struct site	*site = ask->site;

	site->ask = NULL;
	free(ask);
	if (result->error != NULL)
		site_failed(book, site, result->error, 0);
	else
		site_judge(book, site, result);
	site_set_busy(book, site, false);
	book_settle(book, site->torrent);
}
