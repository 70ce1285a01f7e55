/* SPDX-License-Identifier: ISC */
#include <unistd.h>

#include "act.h"
#include "mimctl.h"
#include "msg.h"

/* Commands that change torrents: which ones is never left unsaid. */

static int	act(const struct mimctl *ctx, enum ctl_action action,
    int nwords, char **words);

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
cmd_announce(const struct mimctl *ctx, int argc, char **argv)
{
	return plain(ctx, "announce", CTL_ANNOUNCE, argc, argv);
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
	struct msg_ctl_act	req = { .action = (uint8_t)action };

	return act_on_selected(ctx, nwords, words, MSG_CTL_ACT, &req,
	    &req.ids.v, &req.ids.n);
}
