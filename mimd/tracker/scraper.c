/* SPDX-License-Identifier: ISC */
#include <sys/queue.h>
#include <sys/socket.h>

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "child.h"
#include "http.h"
#include "log.h"
#include "mem.h"
#include "reply.h"
#include "scrape.h"
#include "scraper.h"
#include "tracked.h"
#include "udp.h"
#include "url.h"

#define GATHER_TIME	2000U	/* ms */
#define TIMEOUT		30000U	/* ms, of a request by HTTP */
#define BATCHES_MAX	64U	/* what more is wanted has to wait */

/* A request for some torrents at one tracker. */
struct batch {
	TAILQ_ENTRY(batch)	 link;	/* scraper::batches */
	struct scraper		*scraper;
	char			*where;	/* of where() */
	bool			 udp;
	bool			 sent;
	unsigned int		 n;
	struct {
		uint32_t	 id;	/* of the torrent */
		uint8_t		 index;	/* of the tracker */
	}			 who[UDP_SCRAPE_MAX];
	uint8_t			 hashes[UDP_SCRAPE_MAX * 20];
	union {
		struct http_req	 http_req;
		struct udp_req	 udp_req;
	};
};

struct scraper {
	struct book		*book;
	struct loop_timer	*timer;
	TAILQ_HEAD(, batch)	 batches;
	unsigned int		 n;
};

static void	 scraper_send(void *);
static int	 batch_url(struct http_req *, char *, size_t);
static void	 batch_http_done(struct http_req *,
		    const struct http_result *);
static size_t	 batch_packet(struct udp_req *, uint64_t, uint32_t, bool,
		    uint8_t *);
static void	 batch_udp_done(struct udp_req *, const struct udp_result *);

static const struct http_user	http_user = {
	.url = batch_url, .done = batch_http_done
};
static const struct udp_user	udp_user = {
	.action = UDP_SCRAPE, .packet = batch_packet, .done = batch_udp_done
};

struct scraper *
scraper_new(struct book *book)
{
	struct scraper	*s = xcalloc(1, sizeof(*s));

	s->book = book;
	TAILQ_INIT(&s->batches);
	s->timer = loop_timer_new(book->child->loop, scraper_send, s);
	return s;
}

/* ---- what is wanted ---- */

/* The tracker to scrape, the same for all torrents that it has; or -1. */
static int
where(const char *url, char *buf, size_t size)
{
	struct url	u;
	const char	*why;

	if (strncasecmp(url, "udp:", 4) != 0)
		return scrape_url(buf, size, url);
	if (url_parse(&u, url, &why) == -1 || u.port == 0)
		return -1;
	return snprintf(buf, size, u.ipv6 ? "udp://[%s]:%u/" : "udp://%s:%u/",
	    u.host, u.port);
}

static unsigned int
batch_max(const struct batch *b)
{
	size_t	fit = (HTTP_URL_MAX - strlen(b->where)) / SCRAPE_TEXT_MAX;

	return b->udp || fit > UDP_SCRAPE_MAX ? UDP_SCRAPE_MAX :
	    (unsigned int)fit;
}

static struct batch *
batch_get(struct scraper *s, const char *place)
{
	struct batch	*b;

	TAILQ_FOREACH(b, &s->batches, link)
		if (!b->sent && b->n < batch_max(b) &&
		    strcmp(b->where, place) == 0)
			return b;
	if (s->n == BATCHES_MAX)
		return NULL;
	b = xcalloc(1, sizeof(*b));
	b->scraper = s;
	b->where = xstrdup(place);
	b->udp = strncmp(place, "udp:", 4) == 0;
	TAILQ_INSERT_TAIL(&s->batches, b, link);
	s->n++;
	return b;
}

void
scraper_want(struct scraper *s, struct site *site)
{
	struct torrent	*t = site->torrent;
	uint32_t	 now;
	struct batch	*b;
	char		 place[HTTP_URL_MAX - SCRAPE_TEXT_MAX];

	now = (uint32_t)(loop_now(s->book->child->loop) / 1000);
	if ((site->scraped != 0 && now - site->scraped < SCRAPE_AGE) ||
	    !site->usable || where(site->url, place, sizeof(place)) == -1 ||
	    (b = batch_get(s, place)) == NULL)
		return;
	site->scraped = now;
	b->who[b->n].id = t->id;
	b->who[b->n].index = site->index;
	memcpy(b->hashes + b->n++ * 20UL, t->infohash, 20);
	if (!loop_timer_pending(s->timer))
		loop_timer_set(s->timer, GATHER_TIME);
}

static void
scraper_send(void *arg)
{
	struct scraper	*s = arg;
	struct batch	*b;
	struct url	 u;
	const char	*why;

	TAILQ_FOREACH(b, &s->batches, link) {
		if (b->sent || url_parse(&u, b->where, &why) == -1)
			continue;
		b->sent = true;
		if (b->udp)
			udp_submit(s->book->udp, &b->udp_req, &udp_user,
			    u.host, u.port, false);
		else
			http_submit(s->book->http, &b->http_req, &http_user,
			    u.host, AF_UNSPEC, TIMEOUT);
	}
}

/* ---- what is answered ---- */

static void
batch_free(struct batch *b)
{
	TAILQ_REMOVE(&b->scraper->batches, b, link);
	b->scraper->n--;
	free(b->where);
	free(b);
}

/* Torrents and trackers may have come and gone meanwhile. */
static struct site *
batch_site(struct batch *b, unsigned int i)
{
	struct torrent	*t = book_find(b->scraper->book, b->who[i].id);
	struct site	*site;
	char		 place[HTTP_URL_MAX];

	if (t == NULL || memcmp(t->infohash, b->hashes + i * 20UL, 20) != 0 ||
	    b->who[i].index >= t->nsites)
		return NULL;
	site = t->sites[b->who[i].index];
	if (where(site->url, place, sizeof(place)) == -1 ||
	    strcmp(place, b->where) != 0)
		return NULL;
	return site;
}

static void
batch_answered(struct batch *b, const struct counts *counts, unsigned int n)
{
	struct site	*site;
	unsigned int	 i;

	for (i = 0; i < n && i < b->n; i++) {
		if ((site = batch_site(b, i)) == NULL)
			continue;
		if (counts[i].seeds != REPLY_UNKNOWN)
			site->seeds = counts[i].seeds;
		if (counts[i].leeches != REPLY_UNKNOWN)
			site->leeches = counts[i].leeches;
		if (counts[i].downloads != REPLY_UNKNOWN)
			site->downloads = counts[i].downloads;
		outbox_row(b->scraper->book, site);
	}
}

static struct batch *
http_batch(struct http_req *req)
{
	return (struct batch *)((char *)req -
	    offsetof(struct batch, http_req));
}

static int
batch_url(struct http_req *req, char *buf, size_t size)
{
	struct batch	*b = http_batch(req);
	unsigned int	 i;

	if (strlcpy(buf, b->where, size) >= size)
		return -1;
	for (i = 0; i < b->n; i++)
		if (scrape_put_hash(buf, size, b->hashes + i * 20UL) == -1)
			return -1;
	return 0;
}

static void
batch_http_done(struct http_req *req, const struct http_result *result)
{
	struct batch	*b = http_batch(req);
	struct counts	 counts[UDP_SCRAPE_MAX];

	if (result->error != NULL)
		log_debug("scrape: %s", result->error);
	else if (result->status != 200 || scrape_parse(result->body,
	    result->len, b->hashes, b->n, counts) == -1)
		log_debug("scrape: HTTP %ld, or no counts", result->status);
	else
		batch_answered(b, counts, b->n);
	batch_free(b);
}

static struct batch *
udp_batch(struct udp_req *req)
{
	return (struct batch *)((char *)req -
	    offsetof(struct batch, udp_req));
}

static size_t
batch_packet(struct udp_req *req, uint64_t connection, uint32_t tid,
    bool plain, uint8_t *buf)
{
	struct batch	*b = udp_batch(req);

	(void)plain;
	return udp_put_scrape(buf, connection, tid, b->hashes, b->n);
}

/* By IPv4, or IPv6 if the tracker has nothing else. */
static void
batch_udp_done(struct udp_req *req, const struct udp_result *result)
{
	struct batch	*b = udp_batch(req);
	struct counts	 counts[UDP_SCRAPE_MAX];
	struct url	 u;
	const char	*why;

	if (result->absent && !req->v6 &&
	    url_parse(&u, b->where, &why) == 0) {
		udp_submit(b->scraper->book->udp, req, &udp_user, u.host,
		    u.port, true);
		return;
	}
	if (result->error != NULL)
		log_debug("scrape: %s", result->error);
	else
		batch_answered(b, counts, udp_get_scrape(result->packet,
		    result->len, counts, b->n));
	batch_free(b);
}
