/* SPDX-License-Identifier: ISC */
#include <unistd.h>

#include "act.h"
#include "mimctl.h"
#include "msg.h"
#include "word.h"

/* In the order of the bits TMODE_*. */
static const char *const	modes[] = { "sequential", "first-last",
	"super-seeding", NULL };
static const char *const	values[] = { "no", "yes", NULL };

int
cmd_set(const struct mimctl *ctx, int argc, char **argv)
{
	struct msg_ctl_set	 req = { 0 };
	int			 mode, value;

	if (getopt(argc, argv, "") != -1 || argc - optind < 3)
		return command_usage("set");
	if ((mode = word_get("setting", argv[argc - 2], modes)) < 0 ||
	    (value = word_get("value", argv[argc - 1], values)) < 0)
		return CTL_USAGE;
	req.modes = (uint8_t)(1U << mode);
	req.on = value == 1;
	return act_on_selected(ctx, argc - 2 - optind, argv + optind,
	    MSG_CTL_SET, &req, &req.ids.v, &req.ids.n);
}
