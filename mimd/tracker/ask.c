/* SPDX-License-Identifier: ISC */
#include <sys/socket.h>

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ask.h"
#include "child.h"
#include "family.h"
#include "hosts.h"
#include "http.h"
#include "log.h"
#include "mem.h"
#include "reply.h"
#include "request.h"
#include "tracked.h"
#include "udp.h"
#include "url.h"

#define GRACE	10000U	/* ms that a family has when the other worked */

/* An announce to one family. */
struct leg {
	struct ask		*ask;
	uint8_t			 family;
	union {
		struct http_req	 http;
		struct udp_req	 udp;
	};
};

struct ask {
	struct book		*book;
	struct site		*site;
	bool			 udp;
	uint8_t			 open;		/* families */
	struct loop_timer	*grace;		/* or NULL */
	struct leg		 legs[2];
	struct ask_result	 result;
};

static int	 leg_url(struct http_req *, char *, size_t);
static void	 leg_http_done(struct http_req *, const struct http_result *);
static size_t	 leg_packet(struct udp_req *, uint64_t, uint32_t, bool,
		    uint8_t *);
static void	 leg_udp_done(struct udp_req *, const struct udp_result *);

static const struct http_user	http_user = {
	.url = leg_url, .done = leg_http_done
};
static const struct udp_user	udp_user = {
	.action = UDP_ANNOUNCE, .packet = leg_packet, .done = leg_udp_done
};

struct ask *
ask_new(struct book *book, struct site *site, const struct url *url,
    uint8_t families, uint32_t timeout)
{
	struct ask	*ask = xcalloc(1, sizeof(*ask));
	struct leg	*leg;
	unsigned int	 i;

	ask->book = book;
	ask->site = site;
	ask->udp = strcmp(url->scheme, "udp") == 0;
	ask->open = families;
	ask->result.retry = ANNOUNCE_RETRY_NEVER;	/* the least counts */
	ask->result.seeds = ask->result.leeches = ask->result.downloads =
	    REPLY_UNKNOWN;
	for (i = 0; i < 2; i++) {
		leg = &ask->legs[i];
		leg->ask = ask;
		leg->family = i == 0 ? FAMILY_V4 : FAMILY_V6;
		if ((families & leg->family) == 0)
			continue;
		if (ask->udp)
			udp_submit(book->udp, &leg->udp, &udp_user, url->host,
			    url->port, i == 1);
		else
			http_submit(book->http, &leg->http, &http_user,
			    url->host, i == 0 ? AF_INET : AF_INET6, timeout);
	}
	return ask;
}

void
ask_result_clear(struct ask_result *result)
{
	free(result->text);
	result->text = NULL;
}

struct ask_result
ask_cancel(struct ask *ask)
{
	struct ask_result	 result = ask->result;
	struct leg		*leg;

	for (leg = ask->legs; leg < ask->legs + 2; leg++) {
		if ((ask->open & leg->family) == 0)
			continue;
		if (ask->udp)
			udp_cancel(ask->book->udp, &leg->udp);
		else
			http_cancel(ask->book->http, &leg->http);
	}
	loop_timer_free(ask->grace);
	free(ask);
	return result;
}

/* All families that have not answered by now have failed. */
static void
ask_end(struct ask *ask)
{
	struct book		*book = ask->book;
	struct site		*site = ask->site;
	struct ask_result	 result;

	ask->result.failed |= ask->open;
	result = ask_cancel(ask);
	site_ended(book, site, &result);
	ask_result_clear(&result);
}

static void
on_grace(void *arg)
{
	ask_end(arg);
}

/* ---- answers ---- */

static void
set_text(struct ask *ask, const char *text)
{
	free(ask->result.text);
	ask->result.text = xstrdup(text);
}

/* Of two counts the larger; UINT32_MAX is unknown. */
static uint32_t
larger(uint32_t a, uint32_t b)
{
	return b == REPLY_UNKNOWN || (a != REPLY_UNKNOWN && a > b) ? a : b;
}

static void
leg_worked(struct leg *leg, const struct reply *r)
{
	struct ask		*ask = leg->ask;
	struct ask_result	*result = &ask->result;

	if (result->worked == 0) {	/* not why the other failed */
		free(result->text);
		result->text = NULL;
	}
	result->worked |= leg->family;
	if (ask->open != leg->family) {
		ask->grace = loop_timer_new(ask->book->child->loop, on_grace,
		    ask);
		loop_timer_set(ask->grace, GRACE);
	}
	if (r->text[0] != '\0')
		set_text(ask, r->text);
	if (r->interval > result->interval)
		result->interval = r->interval;
	if (r->min_interval > result->min_interval)
		result->min_interval = r->min_interval;
	result->seeds = larger(result->seeds, r->seeds);
	result->leeches = larger(result->leeches, r->leeches);
	result->downloads = larger(result->downloads, r->downloads);
	site_heard(ask->book, ask->site, r);
}

static void
leg_failed(struct leg *leg, const char *error, uint32_t retry)
{
	struct ask	*ask = leg->ask;

	log_debug("torrent %u: tracker %u, IPv%d: %s", ask->site->torrent->id,
	    ask->site->index, leg->family == FAMILY_V4 ? 4 : 6, error);
	if (ask->result.failed == 0 && ask->result.worked == 0)
		set_text(ask, error);
	ask->result.failed |= leg->family;
	if (retry < ask->result.retry)
		ask->result.retry = retry;
}

static void
leg_absent(struct leg *leg, const char *error)
{
	if (leg->ask->result.text == NULL && leg->ask->result.worked == 0)
		set_text(leg->ask, error);
}

/* A leg is through; the last one ends it all. */
static void
leg_end(struct leg *leg)
{
	struct ask	*ask = leg->ask;

	ask->open &= (uint8_t)~leg->family;
	if (ask->open == 0)
		ask_end(ask);
}

static void
leg_set_error(struct leg *leg, const char *reason)
{
	struct url	 url;
	const char	*why;
	char		 text[HTTP_ERROR_MAX + REPLY_TEXT_MAX];

	url_parse(&url, leg->ask->site->url, &why);
	snprintf(text, sizeof(text), "%s: %s", url.host, reason);
	leg_failed(leg, text, 0);
}

/* ---- HTTP ---- */

static struct leg *
http_leg(struct http_req *req)
{
	return (struct leg *)((char *)req - offsetof(struct leg, http));
}

static int
leg_url(struct http_req *req, char *buf, size_t size)
{
	struct leg	*leg = http_leg(req);
	struct request	 r;

	site_request(leg->ask->book, leg->ask->site, leg->family, &r);
	return request_url(buf, size, leg->ask->site->url, &r);
}

/* A failure named by the tracker counts whatever HTTP says. */
static void
leg_judge(struct leg *leg, const struct http_result *result)
{
	struct reply	reply;
	int		r;

	r = reply_parse(&reply, result->body, result->len);
	if (r == 0 && reply.failed)
		leg_failed(leg, reply.text, reply.retry);
	else if (r == 0 && result->status == 200) {
		leg_worked(leg, &reply);
		if (reply.has_external && result->from.port != 0)
			outbox_external(leg->ask->book, &result->from,
			    reply.external);
	} else {
		if (result->status != 200)
			snprintf(reply.text, sizeof(reply.text), "HTTP %ld",
			    result->status);
		leg_set_error(leg, reply.text);
	}
	reply_clear(&reply);
}

static void
leg_http_done(struct http_req *req, const struct http_result *result)
{
	struct leg	*leg = http_leg(req);

	if (result->absent)
		leg_absent(leg, result->error);
	else if (result->error != NULL)
		leg_failed(leg, result->error, 0);
	else
		leg_judge(leg, result);
	leg_end(leg);
}

/* ---- UDP ---- */

static struct leg *
udp_leg(struct udp_req *req)
{
	return (struct leg *)((char *)req - offsetof(struct leg, udp));
}

static size_t
leg_packet(struct udp_req *req, uint64_t connection, uint32_t tid, bool plain,
    uint8_t *buf)
{
	struct leg	*leg = udp_leg(req);
	struct request	 r;
	struct url	 url;
	const char	*why;

	site_request(leg->ask->book, leg->ask->site, leg->family, &r);
	url_parse(&url, leg->ask->site->url, &why);
	return udp_put_announce(buf, connection, tid, &r,
	    plain ? "" : url.target);
}

static void
leg_udp_done(struct udp_req *req, const struct udp_result *result)
{
	struct leg	*leg = udp_leg(req);
	struct reply	 reply;
	int		 r;

	if (result->error != NULL) {
		if (result->absent)
			leg_absent(leg, result->error);
		else
			leg_set_error(leg, result->error);
	} else {
		r = udp_get_announce(&reply, result->packet, result->len,
		    result->v6);
		if (r == -1)
			leg_set_error(leg, reply.text);
		else if (reply.failed)
			leg_failed(leg, reply.text, 0);
		else
			leg_worked(leg, &reply);
		reply_clear(&reply);
	}
	leg_end(leg);
}
