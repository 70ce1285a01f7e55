/* SPDX-License-Identifier: ISC */
#include <err.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bitfield.h"
#include "client.h"
#include "daemon.h"
#include "mem.h"
#include "mimctl.h"
#include "pieces.h"
#include "show.h"
#include "table.h"
#include "text.h"
#include "view.h"

#define BAR_MAX		120U	/* cells */
#define BAR_PLAIN	70U	/* where there is no terminal */
#define BAR_ROOM	9U	/* around them */

static int	ask(struct client *client, struct pieces *pieces);
static void	print_text(const struct view_torrent *t,
    const struct pieces *pieces);
static void	print_rows(const struct view_torrent *t,
    const struct pieces *pieces);
static json_t	*pieces_json(const struct view_torrent *t,
    const struct pieces *pieces);

int
show_pieces(const struct mimctl *ctx, int argc, char **argv)
{
	struct view	 view = { 0 };
	struct pieces	 pieces = { 0 };
	struct client	*client;
	int		 status;

	if (argc < 2) {
		warnx("show pieces: select one torrent");
		return CTL_USAGE;
	}
	status = daemon_connect(ctx, &client);
	if (status != CTL_OK)
		return status;
	status = view_select(&view, client, argc - 1, argv + 1, 0);
	if (status == CTL_OK && view.n > 1) {
		warnx("one torrent at a time: %zu are selected", view.n);
		status = CTL_USAGE;
	}
	if (status == CTL_OK) {
		pieces_init(&pieces, view.torrents[0].row.id,
		    view.torrents[0].row.npieces);
		status = ask(client, &pieces);
	}
	client_close(client);
	if (status == CTL_OK && ctx->json)
		text_json_print(pieces_json(&view.torrents[0], &pieces));
	else if (status == CTL_OK && ctx->headerless)
		print_rows(&view.torrents[0], &pieces);
	else if (status == CTL_OK)
		print_text(&view.torrents[0], &pieces);
	pieces_clear(&pieces);
	view_clear(&view);
	return status;
}

static void
on_message(const struct msg_in *in, void *arg)
{
	if (in->type == MSG_CTL_PIECES_TOLD)
		pieces_take(arg, &in->body.ctl_pieces_told);
}

static int
ask(struct client *client, struct pieces *pieces)
{
	struct msg_ctl_pieces	m = { .id = pieces->id };
	uint32_t		before;
	int			status;

	do {
		before = m.first = pieces->got;
		status = daemon_ask(client, MSG_CTL_PIECES, &m, -1, DAEMON_MS,
		    NULL, on_message, pieces);
	} while (status == CTL_OK && pieces->got > before &&
	    pieces->got < pieces->n);
	if (status == CTL_OK && pieces->got < pieces->n) {
		warnx("torrent %u: the daemon did not tell of all pieces",
		    pieces->id);
		return CTL_FAILED;
	}
	return status;
}

static void
print_text(const struct view_torrent *t, const struct pieces *pieces)
{
	char		 have[BAR_MAX + 1], peers[BAR_MAX + 1], *name;
	size_t		 width = table_width();
	uint32_t	 cells = BAR_PLAIN;

	if (width > BAR_ROOM)
		cells = width - BAR_ROOM > BAR_MAX ? BAR_MAX :
		    (uint32_t)(width - BAR_ROOM);
	cells = pieces_draw(pieces, cells, have, peers);
	name = text_safe(t->row.name);
	printf("%u %s: %u of %u piece%s here, %u begun; its peers have %.2f "
	    "copies\n", t->row.id, name, pieces_count(pieces, true),
	    pieces->n, pieces->n == 1 ? "" : "s", pieces_count(pieces, false),
	    pieces_copies(pieces));
	free(name);
	printf("  here  %s\n  peers %s\n", have, peers);
	printf("# all  + some  > begun  . none; peers with the rarest piece "
	    "missing here, 9: or more");
	if (cells < pieces->n)
		printf("; %u pieces a cell", (pieces->n + cells - 1) / cells);
	putchar('\n');
}

static const char *
state_of(const struct pieces *p, uint32_t i)
{
	if (bitfield_get(p->have, i))
		return "have";
	return bitfield_get(p->begun, i) ? "begun" : "missing";
}

/* Runs of pieces that are alike: first, last, state, peers. */
static void
print_rows(const struct view_torrent *t, const struct pieces *p)
{
	uint32_t	i, end;

	(void)t;
	for (i = 0; i < p->n; i = end) {
		for (end = i + 1; end < p->n && pieces_alike(p, i, end); end++)
			continue;
		printf("%u\t%u\t%s\t%u\n", i, end - 1, state_of(p, i),
		    p->peers[i]);
	}
}

static json_t *
pieces_json(const struct view_torrent *t, const struct pieces *p)
{
	const struct rec_torrent_row	*r = &t->row;
	json_t				*j = json_object();
	json_t				*runs = json_array(), *run;
	uint32_t			 i, end;

	json_object_set_new(j, "id", json_integer(r->id));
	json_object_set_new(j, "infohash",
	    text_json_hex(r->infohash, sizeof(r->infohash)));
	json_object_set_new(j, "name", text_json(r->name));
	json_object_set_new(j, "npieces", json_integer(p->n));
	json_object_set_new(j, "piece_length", json_integer(r->piece_length));
	json_object_set_new(j, "have", json_integer(pieces_count(p, true)));
	json_object_set_new(j, "begun", json_integer(pieces_count(p, false)));
	json_object_set_new(j, "copies", json_real(pieces_copies(p)));
	for (i = 0; i < p->n; i = end) {
		for (end = i + 1; end < p->n && pieces_alike(p, i, end); end++)
			continue;
		run = json_object();
		json_object_set_new(run, "first", json_integer(i));
		json_object_set_new(run, "last", json_integer(end - 1));
		json_object_set_new(run, "state",
		    json_string(state_of(p, i)));
		json_object_set_new(run, "peers", json_integer(p->peers[i]));
		json_array_append_new(runs, run);
	}
	json_object_set_new(j, "runs", runs);
	return j;
}
