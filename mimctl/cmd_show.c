/* SPDX-License-Identifier: ISC */
#include <stddef.h>
#include <unistd.h>

#include "mimctl.h"
#include "msg.h"
#include "show.h"
#include "word.h"

#define NELEM(a)	(sizeof(a) / sizeof((a)[0]))

static const struct {
	const char	*name;
	int		(*show)(const struct mimctl *ctx);
	int		(*show_of)(const struct mimctl *ctx, int argc,
			    char **argv);	/* of torrents */
} subjects[] = {
	{ "bans", .show = show_bans },
	{ "dht", .show = show_dht },
	{ "disk", .show = show_disk },
	{ "files", .show_of = show_status },
	{ "limits", .show = show_limits },
	{ "peers", .show_of = show_status },
	{ "pieces", .show_of = show_pieces },
	{ "ports", .show = show_ports },
	{ "processes", .show = show_processes },
	{ "summary", .show_of = show_summary },
	{ "torrents", .show_of = show_status },
	{ "trackers", .show_of = show_status },
	{ "webseeds", .show_of = show_status }
};

int
cmd_show(const struct mimctl *ctx, int argc, char **argv)
{
	const char	*names[NELEM(subjects) + 1] = { NULL };
	int		 found;

	if (getopt(argc, argv, "") != -1 || optind >= argc)
		return command_usage("show");
	for (size_t i = 0; i < NELEM(subjects); i++)
		names[i] = subjects[i].name;
	found = word_get("subject", argv[optind], names);
	if (found < 0)
		return CTL_USAGE;
	argc -= optind;
	argv += optind;
	if (subjects[found].show != NULL)
		return argc == 1 ? subjects[found].show(ctx) :
		    command_usage("show");
	argv[0] = (char *)(uintptr_t)subjects[found].name;
	optind = 0;		/* glibc: start anew */
	return subjects[found].show_of(ctx, argc, argv);
}
