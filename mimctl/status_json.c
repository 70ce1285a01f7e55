/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "addr.h"
#include "fmt.h"
#include "metainfo.h"
#include "mimctl.h"
#include "status.h"
#include "text.h"
#include "view.h"

static json_t	*torrent_json(const struct view_torrent *t);
static json_t	*files_json(const struct view_torrent *t);
static json_t	*peers_json(const struct view_torrent *t);
static json_t	*webseeds_json(const struct mimctl *ctx,
    const struct view_torrent *t);
static json_t	*trackers_json(const struct mimctl *ctx,
    const struct view_torrent *t);

static json_t *
number(uint64_t n)
{
	return json_integer((json_int_t)n);
}

/* 0: nobody knows. */
static json_t *
number_or_null(uint64_t n)
{
	return n == 0 ? json_null() : number(n);
}

static json_t *
time_or_null(uint64_t when)
{
	return when == 0 ? json_null() : number(when);
}

static json_t *
share(uint64_t part, uint64_t all)
{
	return json_real(all == 0 ? 1 : (double)part / (double)all);
}

json_t *
status_json(const struct mimctl *ctx, const struct view *view,
    unsigned tables)
{
	json_t	*all = json_object(), *list = json_array(), *j;

	/* The list of peers takes the place of their number. */
	for (size_t i = 0; i < view->n; i++) {
		j = torrent_json(&view->torrents[i]);
		if (tables & VIEW_FILES)
			json_object_set_new(j, "files",
			    files_json(&view->torrents[i]));
		if (tables & VIEW_PEERS)
			json_object_set_new(j, "peers",
			    peers_json(&view->torrents[i]));
		if (tables & VIEW_TRACKERS)
			json_object_set_new(j, "trackers",
			    trackers_json(ctx, &view->torrents[i]));
		if (tables & VIEW_WEBSEEDS)
			json_object_set_new(j, "webseeds",
			    webseeds_json(ctx, &view->torrents[i]));
		json_array_append_new(list, j);
	}
	json_object_set_new(all, "torrents", list);
	json_object_set_new(all, "down_rate", number(view->down_rate));
	json_object_set_new(all, "up_rate", number(view->up_rate));
	json_object_set_new(all, "stalled", number(view->stalled));
	json_object_set_new(all, "network", text_json_or_null(view->network));
	json_object_set_new(all, "proxy", text_json_or_null(view->proxy));
	return all;
}

static json_t *
torrent_json(const struct view_torrent *t)
{
	const struct rec_torrent_row	*r = &t->row;
	json_t				*j = json_object();
	double				 ratio;
	uint64_t			 eta;

	json_object_set_new(j, "id", number(r->id));
	json_object_set_new(j, "infohash",
	    text_json_hex(r->infohash, sizeof(r->infohash)));
	json_object_set_new(j, "infohash_v2", r->infohash2.len == 0 ?
	    json_null() : text_json_hex(r->infohash2.p, r->infohash2.len));
	json_object_set_new(j, "name", text_json(r->name));
	json_object_set_new(j, "state", json_string(tstate_name(r->state)));
	json_object_set_new(j, "size", number_or_null(r->size));
	json_object_set_new(j, "wanted",
	    r->size == 0 ? json_null() : number(r->wanted));
	json_object_set_new(j, "have", number(r->have));
	json_object_set_new(j, "progress", json_real(view_progress(t)));
	if (r->state == TSTATE_CHECKING)
		json_object_set_new(j, "checked",
		    json_real(r->check_permille / 1000.0));
	if (r->state == TSTATE_MOVING)
		json_object_set_new(j, "moved",
		    json_real(r->check_permille / 1000.0));
	json_object_set_new(j, "downloaded", number(r->downloaded));
	json_object_set_new(j, "uploaded", number(r->uploaded));
	json_object_set_new(j, "ratio", view_ratio(t, &ratio) ?
	    json_real(ratio) : json_null());
	json_object_set_new(j, "down_rate", number(r->down_rate));
	json_object_set_new(j, "up_rate", number(r->up_rate));
	json_object_set_new(j, "peers", number(r->peers));
	json_object_set_new(j, "seeds", number(r->seeds));
	json_object_set_new(j, "eta", view_eta(t, &eta) ? number(eta) :
	    json_null());
	json_object_set_new(j, "error", text_json_or_null(r->error));
	json_object_set_new(j, "dir", text_json(r->dir));
	json_object_set_new(j, "label", json_null());
	json_object_set_new(j, "private", json_boolean(r->private));
	json_object_set_new(j, "sequential",
	    json_boolean(r->modes & TMODE_SEQUENTIAL));
	json_object_set_new(j, "first_last",
	    json_boolean(r->modes & TMODE_FIRST_LAST));
	json_object_set_new(j, "super_seeding",
	    json_boolean(r->modes & TMODE_SUPER));
	json_object_set_new(j, "added", time_or_null(r->added));
	json_object_set_new(j, "completed", time_or_null(r->completed));
	return j;
}

static json_t *
files_json(const struct view_torrent *t)
{
	const struct rec_ctl_file	*f;
	json_t				*list = json_array(), *j;

	for (size_t i = 0; i < t->nfiles; i++) {
		f = &t->files[i];
		if (f->attr & MI_PAD)
			continue;
		j = json_object();
		json_object_set_new(j, "index", number(f->index));
		json_object_set_new(j, "path", text_json(f->path));
		json_object_set_new(j, "size", number(f->size));
		json_object_set_new(j, "have", number(f->have));
		json_object_set_new(j, "progress", share(f->have, f->size));
		json_object_set_new(j, "priority", json_string(
		    status_prio(f->prio)));
		json_array_append_new(list, j);
	}
	return list;
}

static json_t *
peer_json(const struct rec_peer *p, uint32_t npieces)
{
	struct addr	 a = { .port = p->port };
	json_t		*j = json_object();
	char		 host[ADDR_STRLEN], flags[STATUS_FLAGS_LEN];

	memcpy(a.ip, p->ip, sizeof(a.ip));
	json_object_set_new(j, "address", json_string(addr_host(&a, host)));
	json_object_set_new(j, "port", number(p->port));
	json_object_set_new(j, "client", text_json_or_null(p->client));
	json_object_set_new(j, "flags",
	    json_string(status_peer_flags(p, flags)));
	json_object_set_new(j, "source",
	    json_string(status_peer_source(p->source)));
	json_object_set_new(j, "transport", json_string("tcp"));
	json_object_set_new(j, "encrypted",
	    json_boolean(p->flags & PEER_ENCRYPTED));
	json_object_set_new(j, "incoming",
	    json_boolean(p->flags & PEER_INCOMING));
	json_object_set_new(j, "progress", npieces == 0 ? json_null() :
		    share(p->pieces, npieces));
	json_object_set_new(j, "down_rate", number(p->down_rate));
	json_object_set_new(j, "up_rate", number(p->up_rate));
	json_object_set_new(j, "downloaded", number(p->downloaded));
	json_object_set_new(j, "uploaded", number(p->uploaded));
	json_object_set_new(j, "am_choking",
	    json_boolean(p->flags & PEER_AM_CHOKING));
	json_object_set_new(j, "am_interested",
	    json_boolean(p->flags & PEER_AM_INTERESTED));
	json_object_set_new(j, "peer_choking",
	    json_boolean(p->flags & PEER_CHOKING));
	json_object_set_new(j, "peer_interested",
	    json_boolean(p->flags & PEER_INTERESTED));
	json_object_set_new(j, "requests_out", number(p->requests_out));
	json_object_set_new(j, "requests_in", number(p->requests_in));
	return j;
}

static json_t *
peers_json(const struct view_torrent *t)
{
	json_t	*list = json_array();

	for (size_t i = 0; i < t->npeers; i++)
		json_array_append_new(list,
		    peer_json(&t->peers[i], t->row.npieces));
	return list;
}

static json_t *
known(uint32_t n)
{
	return n == UINT32_MAX ? json_null() : number(n);
}

static json_t *
trackers_json(const struct mimctl *ctx, const struct view_torrent *t)
{
	const struct rec_tracker_row	*r;
	json_t				*list = json_array(), *j;
	char				 url[2 * URL_MAX + 1];

	for (size_t i = 0; i < t->ntrackers; i++) {
		r = &t->trackers[i];
		j = json_object();
		json_object_set_new(j, "url", text_json(ctx->verbose ?
		    r->url : fmt_mask_url(r->url, url, sizeof(url))));
		json_object_set_new(j, "tier", number(r->tier));
		json_object_set_new(j, "state",
		    json_string(status_tracker_state(r->state)));
		json_object_set_new(j, "seeds", known(r->seeds));
		json_object_set_new(j, "leeches", known(r->leeches));
		json_object_set_new(j, "downloads", known(r->downloads));
		json_object_set_new(j, "last", time_or_null(r->last));
		json_object_set_new(j, "next", time_or_null(r->next));
		json_object_set_new(j, "error", text_json_or_null(r->error));
		json_array_append_new(list, j);
	}
	return list;
}

static json_t *
webseeds_json(const struct mimctl *ctx, const struct view_torrent *t)
{
	const struct rec_webseed_row	*r;
	json_t				*list = json_array(), *j;
	char				 url[2 * URL_MAX + 1];

	for (size_t i = 0; i < t->nwebseeds; i++) {
		r = &t->webseeds[i];
		j = json_object();
		json_object_set_new(j, "url", text_json(ctx->verbose ?
		    r->url : fmt_mask_url(r->url, url, sizeof(url))));
		json_object_set_new(j, "state",
		    json_string(status_webseed_state(r->state)));
		json_object_set_new(j, "down_rate", number(r->rate));
		json_object_set_new(j, "downloaded", number(r->downloaded));
		json_object_set_new(j, "next", time_or_null(r->next));
		json_object_set_new(j, "error", text_json_or_null(r->error));
		json_array_append_new(list, j);
	}
	return list;
}
