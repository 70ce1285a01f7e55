/* SPDX-License-Identifier: ISC */
#include <err.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "daemon.h"
#include "file_list.h"
#include "mimctl.h"
#include "view.h"
#include "word.h"

#define SPANS_MAX	512		/* in one ctl_prio */

/* In the order of enum file_prio; the last one undoes a skip. */
static const char *const	prios[] = { "low", "normal", "high", "skip",
    "get", NULL };
#define PRIO_GET	(FILE_PRIO_MAX + 1)

static int
set_prio(struct client *client, const struct view *view,
    struct msg_ctl_prio *req, struct rec_span *spans)
{
	const struct rec_torrent_row	*row = &view->torrents[0].row;
	char				 about[32];

	if (view->n != 1) {
		warnx("files: select one torrent");
		return CTL_USAGE;
	}
	req->id = row->id;
	if (req->files.n == 0 && row->nfiles > 0) {
		spans[0] = (struct rec_span){ 0, row->nfiles - 1 };
		req->files.n = 1;
	}
	snprintf(about, sizeof(about), "torrent %u", row->id);
	return daemon_ask(client, MSG_CTL_PRIO, req, -1, DAEMON_MS, about,
	    NULL, NULL);
}

int
cmd_files(const struct mimctl *ctx, int argc, char **argv)
{
	struct rec_span		 spans[SPANS_MAX];
	struct msg_ctl_prio	 req = { .files = { spans, 0 } };
	struct view		 view = { 0 };
	struct client		*client;
	int			 status, prio;

	if (getopt(argc, argv, "") != -1 || argc - optind < 3)
		return command_usage("files");
	if ((prio = word_get("priority", argv[argc - 2], prios)) < 0)
		return CTL_USAGE;
	req.skipped = prio == PRIO_GET;
	req.prio = prio == PRIO_GET ? FILE_PRIO_NORMAL : (uint8_t)prio;
	if (strcmp(argv[argc - 1], "all") != 0 &&
	    (req.files.n = file_list(argv[argc - 1], spans,
	    SPANS_MAX)) == 0)
		return CTL_USAGE;
	if ((status = daemon_connect(ctx, &client)) != CTL_OK)
		return status;
	status = view_select(&view, client, argc - 2 - optind, argv + optind,
	    0);
	if (status == CTL_OK)
		status = set_prio(client, &view, &req, spans);
	view_clear(&view);
	client_close(client);
	return status;
}
