/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <unistd.h>

#include "client.h"
#include "daemon.h"
#include "mem.h"
#include "mimctl.h"
#include "view.h"

/* Commands that change torrents: which ones is never left unsaid. */

#define IDS_MAX		4096		/* in one ctl_act */

static int	act(const struct mimctl *ctx, enum ctl_action action,
    int nwords, char **words);
static int	act_on(struct client *client, enum ctl_action action,
    const struct view *view);

static int
plain(const struct mimctl *ctx, const char *name, enum ctl_action action,
    int argc, char **argv)
{
	if (getopt(argc, argv, "") != -1 || optind == argc)
		return command_usage(name);
	return act(ctx, action, argc - optind, argv + optind);
}

int
cmd_start(const struct mimctl *ctx, int argc, char **argv)
{
	return plain(ctx, "start", CTL_START, argc, argv);
}

int
cmd_stop(const struct mimctl *ctx, int argc, char **argv)
{
	return plain(ctx, "stop", CTL_STOP, argc, argv);
}

int
cmd_check(const struct mimctl *ctx, int argc, char **argv)
{
	return plain(ctx, "check", CTL_CHECK, argc, argv);
}

int
cmd_remove(const struct mimctl *ctx, int argc, char **argv)
{
	enum ctl_action	action = CTL_REMOVE;
	int		ch;

	while ((ch = getopt(argc, argv, "D")) != -1) {
		switch (ch) {
		case 'D':
			action = CTL_REMOVE_DATA;
			break;
		default:
			return command_usage("remove");
		}
	}
	if (optind == argc)
		return command_usage("remove");
	return act(ctx, action, argc - optind, argv + optind);
}

static int
act(const struct mimctl *ctx, enum ctl_action action, int nwords,
    char **words)
{
	struct view	 view = { 0 };
	struct client	*client;
	int		 status;

	status = daemon_connect(ctx, &client);
	if (status != CTL_OK)
		return status;
	status = view_select(&view, client, nwords, words, 0);
	if (status == CTL_OK)
		status = act_on(client, action, &view);
	view_clear(&view);
	client_close(client);
	return status;
}

static int
act_on(struct client *client, enum ctl_action action, const struct view *view)
{
	struct msg_ctl_act	 req = { .action = (uint8_t)action };
	struct rec_id		*page;
	size_t			 done, n;
	int			 status = CTL_OK, one;

	page = xcalloc(IDS_MAX, sizeof(*page));
	for (done = 0; done < view->n; done += n) {
		n = view->n - done > IDS_MAX ? IDS_MAX : view->n - done;
		for (size_t i = 0; i < n; i++)
			page[i].id = view->torrents[done + i].row.id;
		req.ids.v = page;
		req.ids.n = (uint32_t)n;
		one = daemon_ask(client, MSG_CTL_ACT, &req, -1,
		    DAEMON_DISK_MS, NULL, NULL, NULL);
		if (done == 0)
			status = one;
		else if (one != status)
			status = CTL_PARTIAL;
	}
	free(page);
	return status;
}
