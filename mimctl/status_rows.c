/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "addr.h"
#include "hash.h"
#include "metainfo.h"
#include "mimctl.h"
#include "status.h"
#include "text.h"
#include "view.h"

/* A field from outside; "-" if it is empty, never a TAB. */
static void
put_text(FILE *fp, const char *s)
{
	char	*safe = text_safe(s);

	fprintf(fp, "\t%s", *safe == '\0' ? "-" : safe);
	free(safe);
}

static void
put_number(FILE *fp, uint64_t n, bool known)
{
	if (known)
		fprintf(fp, "\t%" PRIu64, n);
	else
		fputs("\t-", fp);
}

static void
torrent_row(const struct view_torrent *t, FILE *fp)
{
	const struct rec_torrent_row	*r = &t->row;
	char				 hex[2 * SHA1_LEN + 1];
	double				 ratio;
	uint64_t			 eta = 0;
	bool				 known;

	fprintf(fp, "%u\t%s", r->id, hash_hex(r->infohash, SHA1_LEN, hex));
	put_text(fp, r->name);
	fprintf(fp, "\t%s", tstate_name(r->state));
	put_number(fp, r->size, true);
	put_number(fp, r->have, true);
	fprintf(fp, "\t%.4f", view_progress(t));
	put_number(fp, r->downloaded, true);
	put_number(fp, r->uploaded, true);
	if (view_ratio(t, &ratio))
		fprintf(fp, "\t%.3f", ratio);
	else
		fputs("\t-", fp);
	put_number(fp, r->down_rate, true);
	put_number(fp, r->up_rate, true);
	put_number(fp, r->peers, true);
	put_number(fp, r->seeds, true);
	known = view_eta(t, &eta);
	put_number(fp, eta, known);
	put_text(fp, r->error);
	put_text(fp, r->dir);
	fprintf(fp, "\t%s", r->private ? "yes" : "no");
	put_number(fp, r->added, r->added != 0);
	put_number(fp, r->completed, r->completed != 0);
	fputc('\n', fp);
}

static void
file_rows(const struct view_torrent *t, FILE *fp)
{
	for (size_t i = 0; i < t->nfiles; i++) {
		if (t->files[i].attr & MI_PAD)
			continue;
		fprintf(fp, "%u\t%u", t->row.id, t->files[i].index);
		put_number(fp, t->files[i].size, true);
		put_number(fp, t->files[i].have, true);
		put_text(fp, t->files[i].path);
		fputc('\n', fp);
	}
}

static void
peer_rows(const struct view_torrent *t, FILE *fp)
{
	const struct rec_peer	*p;
	struct addr		 a;
	char			 host[ADDR_STRLEN], flags[STATUS_FLAGS_LEN];

	for (size_t i = 0; i < t->npeers; i++) {
		p = &t->peers[i];
		memcpy(a.ip, p->ip, sizeof(a.ip));
		a.port = p->port;
		fprintf(fp, "%u\t%s\t%u", t->row.id, addr_host(&a, host),
		    p->port);
		put_text(fp, p->client);
		put_text(fp, status_peer_flags(p, flags));
		fprintf(fp, "\t%s\t%.4f", status_peer_source(p->source),
		    t->row.npieces == 0 ? 0 :
		    (double)p->pieces / t->row.npieces);
		put_number(fp, p->down_rate, true);
		put_number(fp, p->up_rate, true);
		put_number(fp, p->downloaded, true);
		put_number(fp, p->uploaded, true);
		put_number(fp, p->requests_out, true);
		put_number(fp, p->requests_in, true);
		fputc('\n', fp);
	}
}

static void
tracker_rows(const struct mimctl *ctx, const struct view_torrent *t, FILE *fp)
{
	const struct rec_tracker_row	*r;
	char				*url;

	for (size_t i = 0; i < t->ntrackers; i++) {
		r = &t->trackers[i];
		url = text_url(ctx, r->url);
		fprintf(fp, "%u\t%u\t%s\t%s", t->row.id, r->tier, url,
		    status_tracker_state(r->state));
		free(url);
		put_number(fp, r->seeds, r->seeds != UINT32_MAX);
		put_number(fp, r->leeches, r->leeches != UINT32_MAX);
		put_number(fp, r->downloads, r->downloads != UINT32_MAX);
		put_number(fp, r->last, r->last != 0);
		put_number(fp, r->next, r->next != 0);
		put_text(fp, r->error);
		fputc('\n', fp);
	}
}

static void
webseed_rows(const struct mimctl *ctx, const struct view_torrent *t, FILE *fp)
{
	const struct rec_webseed_row	*r;
	char				*url;

	for (size_t i = 0; i < t->nwebseeds; i++) {
		r = &t->webseeds[i];
		url = text_url(ctx, r->url);
		fprintf(fp, "%u\t%s\t%s", t->row.id, url,
		    status_webseed_state(r->state));
		free(url);
		put_number(fp, r->rate, true);
		put_number(fp, r->downloaded, true);
		put_number(fp, r->next, r->next != 0);
		put_text(fp, r->error);
		fputc('\n', fp);
	}
}

void
status_rows(const struct mimctl *ctx, const struct view *view,
    unsigned tables, FILE *fp)
{
	for (size_t i = 0; i < view->n; i++) {
		if (tables == 0)
			torrent_row(&view->torrents[i], fp);
		if (tables & VIEW_FILES)
			file_rows(&view->torrents[i], fp);
		if (tables & VIEW_PEERS)
			peer_rows(&view->torrents[i], fp);
		if (tables & VIEW_TRACKERS)
			tracker_rows(ctx, &view->torrents[i], fp);
		if (tables & VIEW_WEBSEEDS)
			webseed_rows(ctx, &view->torrents[i], fp);
	}
}
