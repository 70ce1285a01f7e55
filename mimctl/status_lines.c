/* SPDX-License-Identifier: ISC */
#include <inttypes.h>

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
add_state(struct table *table, const struct rec_torrent_row *r)
{
	if (r->state == TSTATE_CHECKING || r->state == TSTATE_MOVING)
		table_addf(table, "%s %u%%", tstate_name(r->state),
		    r->check_permille / 10);
	else
		table_add(table, tstate_name(r->state));
}

static void
add_line(const struct mimctl *ctx, struct table *table,
    const struct view_torrent *t)
{
	const struct rec_torrent_row	*r = &t->row;
	char				 buf[TEXT_LEN];
	double				 ratio;
	uint64_t			 eta;

	table_addf(table, "%u", r->id);
	table_add_safe(table, r->name);
	add_state(table, r);
	table_add(table, r->size == 0 ? "-" :
	    text_percent(r->got, r->wanted, buf));
	table_add(table, r->size == 0 ? "-" : text_bytes(ctx, r->size, buf));
	table_add(table, text_rate(ctx, r->down_rate, buf));
	table_add(table, text_rate(ctx, r->up_rate, buf));
	if (view_ratio(t, &ratio))
		table_addf(table, "%.2f", ratio);
	else
		table_add(table, "-");
	table_addf(table, "%u", r->peers);
	table_addf(table, "%u", r->seeds);
	table_add(table, view_eta(t, &eta) ? text_duration(ctx, eta, buf) :
	    "-");
	if (*r->error != '\0')
		table_note_safe(table, r->error);
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
	table_addf(table, "%zu torrent%s", view->n, view->n == 1 ? "" : "s");
	table_add(table, "");
	table_add(table, size == 0 ? "-" : text_percent(have, size, buf));
	table_add(table, text_bytes(ctx, size, buf));
	table_add(table, text_rate(ctx, down, buf));
	table_add(table, text_rate(ctx, up, buf));
	table_add(table, "");
	table_addf(table, "%" PRIu64, peers);
	table_addf(table, "%" PRIu64, seeds);
	table_add(table, "");
}

void
status_lines(const struct mimctl *ctx, const struct view *view, FILE *fp)
{
	struct table	*table;
	char		 buf[TEXT_LEN], note[ERROR_MAX + 40];

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
		table_note_safe(table, view->proxy);
		table_note(table, "what is to go through the proxy waits");
	}
	table_print(table, fp, table_width(), 0);
	table_free(table);
}
