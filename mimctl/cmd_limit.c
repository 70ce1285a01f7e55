/* SPDX-License-Identifier: ISC */
#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "daemon.h"
#include "mem.h"
#include "mimctl.h"
#include "show.h"
#include "view.h"
#include "word.h"

#define IDS_MAX		4096		/* in one ctl_limit */

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
limit_torrents(struct client *client, struct msg_ctl_limit *req,
    const struct view *view)
{
	struct rec_id	*page;
	size_t		 done, n;
	int		 status = CTL_OK, one;

	page = xcalloc(IDS_MAX, sizeof(*page));
	for (done = 0; done < view->n; done += n) {
		n = view->n - done > IDS_MAX ? IDS_MAX : view->n - done;
		for (size_t i = 0; i < n; i++)
			page[i].id = view->torrents[done + i].row.id;
		req->ids.v = page;
		req->ids.n = (uint32_t)n;
		one = daemon_ask(client, MSG_CTL_LIMIT, req, -1, DAEMON_MS,
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
cmd_limit(const struct mimctl *ctx, int argc, char **argv)
{
	struct msg_ctl_limit	 req = { 0 };
	struct view		 view = { 0 };
	struct client		*client;
	int			 status, what, nwords;

	if (getopt(argc, argv, "") != -1 || argc - optind == 1)
		return command_usage("limit");
	if (argc == optind)
		return show_limits(ctx, 1, argv);
	if ((what = word_get("limit", argv[argc - 2], kinds)) < 0)
		return CTL_USAGE;
	req.what = (uint8_t)what;
	if (!set_value(&req, argv[argc - 1]))
		return CTL_USAGE;
	nwords = argc - 2 - optind;
	if (nwords == 0)
		return daemon_tell(ctx, MSG_CTL_LIMIT, &req);
	if ((status = daemon_connect(ctx, &client)) != CTL_OK)
		return status;
	status = view_select(&view, client, nwords, argv + optind, 0);
	if (status == CTL_OK)
		status = limit_torrents(client, &req, &view);
	view_clear(&view);
	client_close(client);
	return status;
}
