/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "addr.h"
#include "metainfo.h"
#include "mimctl.h"
#include "status.h"
#include "table.h"
#include "text.h"
#include "view.h"

#define INDENT		2
#define NELEM(a)	(sizeof(a) / sizeof((a)[0]))

static const struct table_column file_columns[] = {
	{ "FILE", TABLE_RIGHT },
	{ "SIZE", TABLE_RIGHT },
	{ "DONE", TABLE_RIGHT },
	{ "PRIORITY", TABLE_LEFT },
	{ "PATH", TABLE_LEFT }
};

static const struct table_column peer_columns[] = {
	{ "PEER", TABLE_LEFT },
	{ "CLIENT", TABLE_CUT },
	{ "FLAGS", TABLE_LEFT },
	{ "SOURCE", TABLE_LEFT },
	{ "HAS", TABLE_RIGHT },
	{ "DOWN/S", TABLE_RIGHT },
	{ "UP/S", TABLE_RIGHT },
	{ "DOWN", TABLE_RIGHT },
	{ "UP", TABLE_RIGHT },
	{ "ASKED", TABLE_RIGHT },
	{ "ASKS", TABLE_RIGHT }
};

static const struct table_column tracker_columns[] = {
	{ "TIER", TABLE_RIGHT },
	{ "TRACKER", TABLE_CUT },
	{ "STATE", TABLE_LEFT },
	{ "SEEDS", TABLE_RIGHT },
	{ "LEECHES", TABLE_RIGHT },
	{ "DONE", TABLE_RIGHT },
	{ "LAST", TABLE_RIGHT },
	{ "NEXT", TABLE_RIGHT }
};

static const struct table_column webseed_columns[] = {
	{ "WEB SEED", TABLE_CUT },
	{ "STATE", TABLE_LEFT },
	{ "DOWN/S", TABLE_RIGHT },
	{ "DOWN", TABLE_RIGHT },
	{ "NEXT", TABLE_RIGHT }
};

/* UINT32_MAX: not known. */
static void
add_count(struct table *table, uint32_t n)
{
	if (n == UINT32_MAX)
		table_add(table, "-");
	else
		table_addf(table, "%u", n);
}

static void
print(struct table *table, const char *what, size_t n, FILE *fp)
{
	if (n == 0)
		fprintf(fp, "\n%*sno %s\n", INDENT, "", what);
	else {
		fputc('\n', fp);
		table_print(table, fp, table_width(), INDENT);
	}
	table_free(table);
}

static void
print_files(const struct mimctl *ctx, const struct view_torrent *t, FILE *fp)
{
	const struct rec_ctl_file	*f;
	struct table			*table;
	char				 buf[TEXT_LEN];

	table = table_new(file_columns, NELEM(file_columns));
	for (size_t i = 0; i < t->nfiles; i++) {
		f = &t->files[i];
		if (f->attr & MI_PAD)
			continue;
		table_addf(table, "%u", f->index);
		table_add(table, text_bytes(ctx, f->size, buf));
		table_add(table, text_percent(f->have, f->size, buf));
		table_add(table, status_prio(f->prio));
		table_add_safe(table, f->path);
	}
	print(table, "files", t->nfiles, fp);
}

static void
print_peers(const struct mimctl *ctx, const struct view_torrent *t, FILE *fp)
{
	const struct rec_peer	*p;
	struct table		*table;
	struct addr		 a;
	char			 buf[TEXT_LEN], host[ADDR_STRLEN];

	table = table_new(peer_columns, NELEM(peer_columns));
	for (size_t i = 0; i < t->npeers; i++) {
		p = &t->peers[i];
		memcpy(a.ip, p->ip, sizeof(a.ip));
		a.port = p->port;
		table_add(table, addr_str(&a, host));
		table_add_safe(table, p->client);
		table_add(table, status_peer_flags(p, buf));
		table_add(table, status_peer_source(p->source));
		table_add(table, t->row.npieces == 0 ? "-" :
		    text_percent(p->pieces, t->row.npieces, buf));
		table_add(table, text_rate(ctx, p->down_rate, buf));
		table_add(table, text_rate(ctx, p->up_rate, buf));
		table_add(table, text_bytes(ctx, p->downloaded, buf));
		table_add(table, text_bytes(ctx, p->uploaded, buf));
		table_addf(table, "%u", p->requests_out);
		table_addf(table, "%u", p->requests_in);
	}
	print(table, "peers", t->npeers, fp);
}

/* How long ago, or how far ahead. */
static void
add_when(const struct mimctl *ctx, struct table *table, uint64_t when)
{
	uint64_t	now = (uint64_t)time(NULL);
	char		buf[TEXT_LEN];

	if (when == 0)
		table_add(table, "-");
	else if (ctx->numeric)
		table_add(table, text_time(ctx, when, buf));
	else if (when <= now)
		table_addf(table, "%s ago",
		    text_duration(ctx, now - when, buf));
	else
		table_addf(table, "in %s",
		    text_duration(ctx, when - now, buf));
}

static void
add_url(const struct mimctl *ctx, struct table *table, const char *url)
{
	char	*text = text_url(ctx, url);

	table_add(table, text);
	free(text);
}

static void
print_trackers(const struct mimctl *ctx, const struct view_torrent *t,
    FILE *fp)
{
	const struct rec_tracker_row	*r;
	struct table			*table;

	table = table_new(tracker_columns, NELEM(tracker_columns));
	for (size_t i = 0; i < t->ntrackers; i++) {
		r = &t->trackers[i];
		table_addf(table, "%u", r->tier);
		add_url(ctx, table, r->url);
		table_add(table, status_tracker_state(r->state));
		add_count(table, r->seeds);
		add_count(table, r->leeches);
		add_count(table, r->downloads);
		add_when(ctx, table, r->last);
		add_when(ctx, table, r->next);
		if (*r->error != '\0')
			table_note_safe(table, r->error);
	}
	print(table, "trackers", t->ntrackers, fp);
}

static void
print_webseeds(const struct mimctl *ctx, const struct view_torrent *t,
    FILE *fp)
{
	const struct rec_webseed_row	*r;
	struct table			*table;
	char				 buf[TEXT_LEN];

	table = table_new(webseed_columns, NELEM(webseed_columns));
	for (size_t i = 0; i < t->nwebseeds; i++) {
		r = &t->webseeds[i];
		add_url(ctx, table, r->url);
		table_add(table, status_webseed_state(r->state));
		table_add(table, text_rate(ctx, r->rate, buf));
		table_add(table, text_bytes(ctx, r->downloaded, buf));
		add_when(ctx, table, r->next);
		if (*r->error != '\0')
			table_note_safe(table, r->error);
	}
	print(table, "web seeds", t->nwebseeds, fp);
}

void
status_tables(const struct mimctl *ctx, const struct view_torrent *t,
    unsigned tables, FILE *fp)
{
	if (tables & VIEW_FILES)
		print_files(ctx, t, fp);
	if (tables & VIEW_PEERS)
		print_peers(ctx, t, fp);
	if (tables & VIEW_TRACKERS)
		print_trackers(ctx, t, fp);
	/* Few torrents have any. */
	if (tables == VIEW_WEBSEEDS || ((tables & VIEW_WEBSEEDS) &&
	    t->nwebseeds > 0))
		print_webseeds(ctx, t, fp);
}
