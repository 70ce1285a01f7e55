/* SPDX-License-Identifier: ISC */
#include <err.h>
#include <stdio.h>
#include <unistd.h>

#include "client.h"
#include "daemon.h"
#include "mimctl.h"
#include "status.h"
#include "text.h"
#include "view.h"

#define TABLES_ALL	(VIEW_FILES | VIEW_PEERS | VIEW_TRACKERS)

static void	print_text(const struct mimctl *ctx, const struct view *view,
    bool named, unsigned tables);
static int	fetch(const struct mimctl *ctx, struct view *view, int argc,
    char **argv, unsigned *tables);

int
cmd_status(const struct mimctl *ctx, int argc, char **argv)
{
	struct view	view = { 0 };
	unsigned	tables = 0;
	int		ch, status;

	while ((ch = getopt(argc, argv, "+fpt")) != -1) {
		switch (ch) {
		case 'f':
			tables |= VIEW_FILES;
			break;
		case 'p':
			tables |= VIEW_PEERS;
			break;
		case 't':
			tables |= VIEW_TRACKERS;
			break;
		default:
			return command_usage("status");
		}
	}
	if (ctx->headerless && (tables & (tables - 1)) != 0) {
		warnx("with -H, one of -f, -p and -t at a time");
		return CTL_USAGE;
	}
	argc -= optind;
	argv += optind;
	status = fetch(ctx, &view, argc, argv, &tables);
	/* In part: some were removed while we looked. */
	if (status == CTL_OK || status == CTL_PARTIAL) {
		if (ctx->json)
			text_json_print(status_json(ctx, &view, tables));
		else if (ctx->headerless)
			status_rows(ctx, &view, tables, stdout);
		else
			print_text(ctx, &view, argc > 0, tables);
	}
	view_clear(&view);
	return status;
}

/*
 * A torrent that was named is shown with all its tables, unless some were
 * asked for.  Where several were named, text stays a line each.
 */
static int
fetch(const struct mimctl *ctx, struct view *view, int argc, char **argv,
    unsigned *tables)
{
	struct client	*client;
	uint32_t	 id;
	int		 status;

	status = daemon_connect(ctx, &client);
	if (status != CTL_OK)
		return status;
	if (argc > 0 && *tables == 0 && ctx->json)
		*tables = TABLES_ALL;
	status = view_select(view, client, argc, argv, *tables);
	if (status == CTL_OK && argc > 0 && *tables == 0 && view->n == 1 &&
	    !ctx->headerless) {
		*tables = TABLES_ALL;
		id = view->torrents[0].row.id;
		view_clear(view);
		status = view_fetch(view, client, &id, 1, *tables);
	}
	client_close(client);
	return status;
}

static void
print_text(const struct mimctl *ctx, const struct view *view, bool named,
    unsigned tables)
{
	if (tables == 0 && !(named && view->n == 1)) {
		status_lines(ctx, view, stdout);
		return;
	}
	for (size_t i = 0; i < view->n; i++) {
		if (i > 0)
			putchar('\n');
		status_page(ctx, &view->torrents[i], stdout);
		status_tables(ctx, &view->torrents[i], tables, stdout);
	}
}
