/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "client.h"
#include "daemon.h"
#include "mem.h"
#include "mimctl.h"
#include "view.h"
#include "word.h"

#define IDS_MAX		4096		/* in one ctl_set */

/* In the order of the bits TMODE_*. */
static const char *const	modes[] = { "sequential", "first-last",
	"super-seeding", NULL };
static const char *const	values[] = { "no", "yes", NULL };

static int
set_torrents(struct client *client, struct msg_ctl_set *req,
    const struct view *view)
{
	struct rec_id	*page;
	size_t		 done, n, i;
	int		 status = CTL_OK, one;

	page = xcalloc(IDS_MAX, sizeof(*page));
	for (done = 0; done < view->n; done += n) {
		n = view->n - done > IDS_MAX ? IDS_MAX : view->n - done;
		for (i = 0; i < n; i++)
			page[i].id = view->torrents[done + i].row.id;
		req->ids.v = page;
		req->ids.n = (uint32_t)n;
		one = daemon_ask(client, MSG_CTL_SET, req, -1, DAEMON_MS,
		    NULL, NULL, NULL);
		if (done == 0)
			status = one;
		else if (one != status)
			status = CTL_PARTIAL;
	}
	free(page);
	return status;
}

int
cmd_set(const struct mimctl *ctx, int argc, char **argv)
{
	struct msg_ctl_set	 req = { 0 };
	struct view		 view = { 0 };
	struct client		*client;
	int			 status, mode, value;

	if (getopt(argc, argv, "") != -1 || argc - optind < 3)
		return command_usage("set");
	if ((mode = word_get("setting", argv[argc - 2], modes)) < 0 ||
	    (value = word_get("value", argv[argc - 1], values)) < 0)
		return CTL_USAGE;
	req.modes = (uint8_t)(1U << mode);
	req.on = value == 1;
	if ((status = daemon_connect(ctx, &client)) != CTL_OK)
		return status;
	status = view_select(&view, client, argc - 2 - optind, argv + optind,
	    0);
	if (status == CTL_OK)
		status = set_torrents(client, &req, &view);
	view_clear(&view);
	client_close(client);
	return status;
}
