/* SPDX-License-Identifier: ISC */
#include <err.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "daemon.h"
#include "mimctl.h"
#include "show.h"
#include "status.h"
#include "text.h"
#include "view.h"

#define TABLES_ALL	(VIEW_FILES | VIEW_PEERS | VIEW_TRACKERS | \
			VIEW_WEBSEEDS)

static int	status(const struct mimctl *ctx, int argc, char **argv,
    unsigned tables);
static void	print_text(const struct mimctl *ctx, const struct view *view,
    unsigned tables);
static int	fetch(const struct mimctl *ctx, struct view *view, int argc,
    char **argv, unsigned *tables);

int
cmd_status(const struct mimctl *ctx, int argc, char **argv)
{
	unsigned	tables = 0;
	int		ch;

	while ((ch = getopt(argc, argv, "fpt")) != -1) {
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
	return status(ctx, argc - optind, argv + optind, tables);
}

int
show_status(const struct mimctl *ctx, int argc, char **argv)
{
	unsigned	tables = 0;

	if (strcmp(argv[0], "files") == 0)
		tables = VIEW_FILES;
	else if (strcmp(argv[0], "peers") == 0)
		tables = VIEW_PEERS;
	else if (strcmp(argv[0], "trackers") == 0)
		tables = VIEW_TRACKERS;
	else if (strcmp(argv[0], "webseeds") == 0)
		tables = VIEW_WEBSEEDS;
	return status(ctx, argc - 1, argv + 1, tables);
}

static int
status(const struct mimctl *ctx, int argc, char **argv, unsigned tables)
{
	struct view	view = { 0 };
	int		rc;

	rc = fetch(ctx, &view, argc, argv, &tables);
	/* In part: some were removed while we looked. */
	if (rc == CTL_OK || rc == CTL_PARTIAL) {
		if (ctx->json)
			text_json_print(status_json(ctx, &view, tables));
		else if (ctx->headerless)
			status_rows(ctx, &view, tables, stdout);
		else
			print_text(ctx, &view, tables);
	}
	view_clear(&view);
	return rc;
}

/* Is a torrent named by it, not only one of many that happens to be alone? */
static bool
is_name(const char *word)
{
	return strcmp(word, "all") != 0 && *word != '!' &&
	    (strchr(word, ':') == NULL || strncmp(word, "name:", 5) == 0);
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
	int		 rc;

	rc = daemon_connect(ctx, &client);
	if (rc != CTL_OK)
		return rc;
	if (argc > 0 && *tables == 0 && ctx->json)
		*tables = TABLES_ALL;
	rc = view_select(view, client, argc, argv, *tables);
	if (rc == CTL_OK && argc == 1 && is_name(argv[0]) &&
	    *tables == 0 && view->n == 1 && !ctx->headerless) {
		*tables = TABLES_ALL;
		id = view->torrents[0].row.id;
		view_clear(view);
		rc = view_fetch(view, client, &id, 1, *tables);
	}
	client_close(client);
	return rc;
}

static bool
has_rows(const struct view_torrent *t, unsigned tables)
{
	return (tables & VIEW_FILES && t->nfiles > 0) ||
	    (tables & VIEW_PEERS && t->npeers > 0) ||
	    (tables & VIEW_TRACKERS && t->ntrackers > 0) ||
	    (tables & VIEW_WEBSEEDS && t->nwebseeds > 0);
}

/* Of many torrents, those with nothing to show are left out. */
static void
print_text(const struct mimctl *ctx, const struct view *view, unsigned tables)
{
	size_t	shown = 0;

	if (tables == 0) {
		status_lines(ctx, view, stdout);
		return;
	}
	for (size_t i = 0; i < view->n; i++) {
		const struct view_torrent	*t = &view->torrents[i];

		if (view->n > 1 && !has_rows(t, tables))
			continue;
		if (shown++ > 0)
			putchar('\n');
		if (tables == TABLES_ALL)
			status_page(ctx, t, stdout);
		else
			status_title(t, stdout);
		status_tables(ctx, t, tables, stdout);
	}
	if (shown == 0)
		puts("none");
}
