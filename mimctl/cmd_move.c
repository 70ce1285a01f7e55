/* SPDX-License-Identifier: ISC */
#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "act.h"
#include "client.h"
#include "daemon.h"
#include "dir.h"
#include "mimctl.h"
#include "msg.h"
#include "view.h"

/* Where the data of torrents are, and what they are called. */

static int
move(const struct mimctl *ctx, const char *name, enum move_what what,
    int argc, char **argv)
{
	struct msg_ctl_move	 req = { .what = (uint8_t)what };
	char			 dir[PATH_LEN_MAX + 1];

	if (getopt(argc, argv, "") != -1 || argc - optind < 2)
		return command_usage(name);
	if (dir_absolute(dir, argv[argc - 1]) == -1)
		return CTL_FAILED;
	req.dir = dir;
	return act_on_selected(ctx, argc - 1 - optind, argv + optind,
	    MSG_CTL_MOVE, &req, &req.ids.v, &req.ids.n);
}

int
cmd_move(const struct mimctl *ctx, int argc, char **argv)
{
	return move(ctx, "move", MOVE_DATA, argc, argv);
}

int
cmd_locate(const struct mimctl *ctx, int argc, char **argv)
{
	return move(ctx, "locate", MOVE_LOCATE, argc, argv);
}

/* A file by its number, as status -f prints it. */
static bool
parse_file(const char *word, uint32_t *file)
{
	const char	*why;

	*file = (uint32_t)strtonum(word, 0, FILES_MAX - 1, &why);
	if (why != NULL)
		warnx("%s: a file is a number as status -f prints it", word);
	return why == NULL;
}

static int
rename_one(struct client *client, const struct view *view,
    struct msg_ctl_rename *req)
{
	if (view->n != 1) {
		warnx("rename: select one torrent");
		return CTL_USAGE;
	}
	req->id = view->torrents[0].row.id;
	return daemon_ask(client, MSG_CTL_RENAME, req, -1, DAEMON_DISK_MS,
	    NULL, NULL, NULL);
}

int
cmd_rename(const struct mimctl *ctx, int argc, char **argv)
{
	struct msg_ctl_rename	 req = { .file = FILES_MAX };
	struct view		 view = { 0 };
	struct client		*client;
	int			 status;

	if (getopt(argc, argv, "") != -1 || argc - optind < 2 ||
	    argc - optind > 3)
		return command_usage("rename");
	req.name = argv[argc - 1];
	if (argc - optind == 3 && !parse_file(argv[argc - 2], &req.file))
		return CTL_USAGE;
	if (*req.name == '\0' || strlen(req.name) > PATH_LEN_MAX) {
		warnx("rename: the new name is empty or too long");
		return CTL_USAGE;
	}
	if ((status = daemon_connect(ctx, &client)) != CTL_OK)
		return status;
	status = view_select(&view, client, 1, argv + optind, 0);
	if (status == CTL_OK)
		status = rename_one(client, &view, &req);
	view_clear(&view);
	client_close(client);
	return status;
}
