/* SPDX-License-Identifier: ISC */
#include <err.h>
#include <string.h>
#include <unistd.h>

#include "act.h"
#include "mimctl.h"
#include "msg.h"
#include "url.h"
#include "word.h"

#define TRACKERS_AT_ONCE	32	/* of msg.def */

static const char *const	verbs[] = {
	[TRACKER_ADD] = "add", [TRACKER_DEL] = "del", [TRACKER_SET] = "set",
	NULL
};

/* Selectors come first, then the verb, which is none of them. */
static int
find_verb(int argc, char **argv, int *at)
{
	int	i, what;

	for (i = 1; i < argc; i++)
		if ((what = word_find(argv[i], verbs)) >= 0) {
			*at = i;
			return what;
		}
	return -1;
}

static int
check_url(const char *s)
{
	struct url	 u;
	const char	*why;

	if (strlen(s) > URL_MAX)
		why = "the URL is too long";
	else if (url_parse(&u, s, &why) == 0) {
		if (strcmp(u.scheme, "http") == 0 ||
		    strcmp(u.scheme, "https") == 0 ||
		    strcmp(u.scheme, "udp") == 0)
			return 0;
		why = "a tracker's URL begins with http:, https: or udp:";
	}
	warnx("%s: %s", s, why);
	return -1;
}

int
cmd_trackers(const struct mimctl *ctx, int argc, char **argv)
{
	struct rec_tracker	list[TRACKERS_AT_ONCE] = { 0 };
	struct msg_ctl_tracker	req = { .trackers.v = list };
	int			what, at;

	if (getopt(argc, argv, "") != -1)
		return command_usage("trackers");
	argc -= optind;
	argv += optind;
	if ((what = find_verb(argc, argv, &at)) < 0 || at + 1 == argc)
		return command_usage("trackers");
	if (argc - at - 1 > TRACKERS_AT_ONCE) {
		warnx("more than %d trackers at once", TRACKERS_AT_ONCE);
		return CTL_USAGE;
	}
	for (int i = at + 1; i < argc; i++) {
		if (strlen(argv[i]) > URL_MAX || (what != TRACKER_DEL &&
		    check_url(argv[i]) == -1))
			return CTL_USAGE;
		list[req.trackers.n++].url = argv[i];
	}
	req.what = (uint8_t)what;
	return act_on_selected(ctx, at, argv, MSG_CTL_TRACKER, &req,
	    &req.ids.v, &req.ids.n);
}
