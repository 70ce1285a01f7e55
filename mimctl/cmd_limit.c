/* SPDX-License-Identifier: ISC */
#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "act.h"
#include "daemon.h"
#include "mimctl.h"
#include "show.h"
#include "word.h"

#define CLASS_KEY	"class:"	/* before the name of a class */

/* In the order of enum ctl_limit_what. */
static const char *const	kinds[] = { "up", "down", "peers", NULL };
/* Those of a value that are no number. */
static const char *const	words[] = { "default", "unlimited", NULL };

/* Digits and perhaps K, M or G; false if it is something else. */
static bool
parse_number(const char *word, uint64_t *number)
{
	static const char	 units[] = "KMG";
	const char		*unit;
	char			*end;
	unsigned int		 shift = 0;

	if (!isdigit((unsigned char)*word))
		return false;
	errno = 0;
	*number = strtoull(word, &end, 10);
	if (errno != 0)
		return false;
	if (*end != '\0') {
		unit = strchr(units, toupper((unsigned char)*end));
		if (end[1] != '\0' || unit == NULL)
			return false;
		shift = 10 * (unsigned int)(unit - units + 1);
	}
	if (*number > UINT64_MAX >> shift)
		return false;
	*number <<= shift;
	return true;
}

static bool
set_rate(struct msg_ctl_limit *req, const char *word)
{
	if (!parse_number(word, &req->value)) {
		warnx("%s: a rate is bytes per second, as 500K or 10M, "
		    "unlimited or default", word);
		return false;
	}
	if (req->value < RATE_MIN || req->value > RATE_MAX) {
		warnx("%s: a rate is between 1K and 1024G", word);
		return false;
	}
	return true;
}

static bool
set_peers(struct msg_ctl_limit *req, const char *word)
{
	if (!parse_number(word, &req->value) || req->value < 1 ||
	    req->value > PEERS_MAX) {
		warnx("%s: the number of peers is between 1 and 65535, or "
		    "default", word);
		return false;
	}
	return true;
}

static bool
set_value(struct msg_ctl_limit *req, const char *word)
{
	switch (word_find(word, words)) {
	case 0:
		req->preset = true;
		return true;
	case 1:
		if (req->what != CTL_LIMIT_PEERS)
			return true;
		break;
	}
	return req->what == CTL_LIMIT_PEERS ? set_peers(req, word) :
	    set_rate(req, word);
}

static int
limit_class(const struct mimctl *ctx, const struct msg_ctl_limit *req)
{
	if (req->what == CTL_LIMIT_PEERS) {
		warnx("limit: a class of peers has rates only, up and down");
		return CTL_USAGE;
	}
	if (*req->class == '\0' || strlen(req->class) > CLASS_NAME_MAX) {
		warnx("class:%s: not a name for a class", req->class);
		return CTL_FAILED;
	}
	return daemon_tell(ctx, MSG_CTL_LIMIT, req);
}

int
cmd_limit(const struct mimctl *ctx, int argc, char **argv)
{
	struct msg_ctl_limit	 req = { .class = "" };
	int			 what, nwords;

	if (getopt(argc, argv, "") != -1 || argc - optind == 1)
		return command_usage("limit");
	if (argc == optind)
		return show_limits(ctx);
	if ((what = word_get("limit", argv[argc - 2], kinds)) < 0)
		return CTL_USAGE;
	req.what = (uint8_t)what;
	if (!set_value(&req, argv[argc - 1]))
		return CTL_USAGE;
	nwords = argc - 2 - optind;
	if (nwords == 1 && strncmp(argv[optind], CLASS_KEY,
	    strlen(CLASS_KEY)) == 0) {
		req.class = argv[optind] + strlen(CLASS_KEY);
		return limit_class(ctx, &req);
	}
	if (nwords == 0)
		return daemon_tell(ctx, MSG_CTL_LIMIT, &req);
	return act_on_selected(ctx, nwords, argv + optind, MSG_CTL_LIMIT,
	    &req, &req.ids.v, &req.ids.n);
}
