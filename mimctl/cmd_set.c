/* SPDX-License-Identifier: ISC */
#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "act.h"
#include "daemon.h"
#include "mimctl.h"
#include "msg.h"
#include "word.h"

/* In the order of the bits TMODE_*. */
static const char *const	modes[] = { "sequential", "first-last",
	"super-seeding", NULL };
static const char *const	values[] = { "no", "yes", NULL };

static int
set_port(const struct mimctl *ctx, const char *word)
{
	struct msg_ctl_set_port	 req;
	const char		*error;

	req.port = (uint16_t)strtonum(word, 1, UINT16_MAX, &error);
	if (error != NULL) {
		warnx("port \"%s\" is not between 1 and 65535", word);
		return CTL_USAGE;
	}
	return daemon_tell(ctx, MSG_CTL_SET_PORT, &req);
}

int
cmd_set(const struct mimctl *ctx, int argc, char **argv)
{
	struct msg_ctl_set	 req = { 0 };
	int			 mode, value;

	if (getopt(argc, argv, "") != -1)
		return command_usage("set");
	if (argc - optind == 2 && strcmp(argv[optind], "port") == 0)
		return set_port(ctx, argv[optind + 1]);
	if (argc - optind < 3)
		return command_usage("set");
	if ((mode = word_get("setting", argv[argc - 2], modes)) < 0 ||
	    (value = word_get("value", argv[argc - 1], values)) < 0)
		return CTL_USAGE;
	req.modes = (uint8_t)(1U << mode);
	req.on = value == 1;
	return act_on_selected(ctx, argc - 2 - optind, argv + optind,
	    MSG_CTL_SET, &req, &req.ids.v, &req.ids.n);
}
