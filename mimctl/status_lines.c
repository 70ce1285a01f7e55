/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "mimctl.h"
#include "status.h"
#include "table.h"
#include "text.h"
#include "view.h"

static const struct table_column columns[] = {
	{ "ID", TABLE_RIGHT },
	{ "NAME", TABLE_CUT },
	{ "STATE", TABLE_LEFT },
	{ "DONE", TABLE_RIGHT },
	{ "SIZE", TABLE_SPARE },
	{ "DOWN/S", TABLE_RIGHT },
	{ "UP/S", TABLE_SPARE },
	{ "RATIO", TABLE_SPARE },
	{ "PEERS", TABLE_SPARE },
	{ "SEEDS", TABLE_SPARE },
	{ "ETA", TABLE_SPARE }
};

static void
add_number(struct table *table, uint64_t n)
{
	char	buf[TEXT_LEN];

	snprintf(buf, sizeof(buf), "%llu", (unsigned long long)n);
	table_add(table, buf);
}

static void
add_safe(struct table *table, const char *s)
{
	char	*safe = text_safe(s);

	table_add(table, safe);
	free(safe);
}

static void
add_state(struct table *table, const struct rec_torrent_row *r)
{
	char	buf[TEXT_LEN];

	if (r->state == TSTATE_CHECKING || r->state == TSTATE_MOVING) {
		snprintf(buf, sizeof(buf), "%s %u%%", tstate_name(r->state),
		    r->check_permille / 10);
		table_add(table, buf);
	} else
		table_add(table, tstate_name(r->state));
}

static void
add_line(const struct mimctl *ctx, struct table *table,
    const struct view_torrent *t)
{
	const struct rec_torrent_row	*r = &t->row;
	char				 buf[TEXT_LEN], *error;
	double				 ratio;
	uint64_t			 eta;

	add_number(table, r->id);
	add_safe(table, r->name);
	add_state(table, r);
	table_add(table, r->size == 0 ? "-" :
	    text_percent(r->got, r->wanted, buf));
	table_add(table, r->size == 0 ? "-" : text_bytes(ctx, r->size, buf));
	table_add(table, text_rate(ctx, r->down_rate, buf));
	table_add(table, text_rate(ctx, r->up_rate, buf));
	if (view_ratio(t, &ratio))
		snprintf(buf, sizeof(buf), "%.2f", ratio);
	table_add(table, view_ratio(t, &ratio) ? buf : "-");
	add_number(table, r->peers);
	add_number(table, r->seeds);
	table_add(table, view_eta(t, &eta) ? text_duration(ctx, eta, buf) :
	    "-");
	if (*r->error != '\0') {
		error = text_safe(r->error);
		table_note(table, error);
		free(error);
	}
}

/* What the printed torrents come to. */
static void
add_total(const struct mimctl *ctx, struct table *table,
    const struct view *view)
{
	uint64_t	size = 0, have = 0, down = 0, up = 0, peers = 0,
			seeds = 0;
	char		buf[TEXT_LEN];

	for (size_t i = 0; i < view->n; i++) {
		size += view->torrents[i].row.size;
		have += view->torrents[i].row.have;
		down += view->torrents[i].row.down_rate;
		up += view->torrents[i].row.up_rate;
		peers += view->torrents[i].row.peers;
		seeds += view->torrents[i].row.seeds;
	}
	table_add(table, "");
	snprintf(buf, sizeof(buf), "%zu torrent%s", view->n,
	    view->n == 1 ? "" : "s");
	table_add(table, buf);
	table_add(table, "");
	table_add(table, size == 0 ? "-" : text_percent(have, size, buf));
	table_add(table, text_bytes(ctx, size, buf));
	table_add(table, text_rate(ctx, down, buf));
	table_add(table, text_rate(ctx, up, buf));
	table_add(table, "");
	add_number(table, peers);
	add_number(table, seeds);
	table_add(table, "");
}

void
status_lines(const struct mimctl *ctx, const struct view *view, FILE *fp)
{
	struct table	*table;
	char		 buf[TEXT_LEN], note[ERROR_MAX + 40], *proxy;

	table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
	for (size_t i = 0; i < view->n; i++)
		add_line(ctx, table, &view->torrents[i]);
	add_total(ctx, table, view);
	if (view->stalled > 0) {
		snprintf(note, sizeof(note), "disk has not answered for %s",
		    text_duration(ctx, view->stalled, buf));
		table_note(table, note);
	}
	if (view->network[0] != '\0') {
		snprintf(note, sizeof(note), "%s: nothing is sent or "
		    "received", view->network);
		table_note(table, note);
	}
	if (view->proxy[0] != '\0') {
		proxy = text_safe(view->proxy);
		table_note(table, proxy);
		free(proxy);
		table_note(table, "what is to go through the proxy waits");
	}
	table_print(table, fp, table_width(), 0);
	table_free(table);
}
