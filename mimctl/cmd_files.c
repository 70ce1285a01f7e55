/* SPDX-License-Identifier: ISC */
#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "daemon.h"
#include "mimctl.h"
#include "view.h"
#include "word.h"

#define SPANS_MAX	512		/* in one ctl_prio */

/* In the order of enum file_prio. */
static const char *const	prios[] = { "low", "normal", "high", NULL };

/* Digits up to one of stop; false if there are none, or too many. */
static bool
parse_index(char **at, const char *stop, uint32_t *index)
{
	unsigned long	 v;
	char		*end;

	if (!isdigit((unsigned char)**at))
		return false;
	errno = 0;
	v = strtoul(*at, &end, 10);
	if (errno != 0 || v >= FILES_MAX || strchr(stop, *end) == NULL)
		return false;
	*index = (uint32_t)v;
	*at = end;
	return true;
}

/* "0,3-5,9"; 0 if that is not what it says, after saying so. */
static uint32_t
parse_list(char *word, struct rec_span *spans)
{
	char		*at = word;
	uint32_t	 n = 0;

	for (;;) {
		if (n == SPANS_MAX || !parse_index(&at, "-,", &spans[n].first))
			break;
		spans[n].last = spans[n].first;
		if (*at == '-') {
			at++;
			if (!parse_index(&at, ",", &spans[n].last) ||
			    spans[n].last < spans[n].first)
				break;
		}
		n++;
		if (*at == '\0')
			return n;
		at++;
	}
	warnx("%s: files are numbers as status -f prints them, as 0,3-5, "
	    "or all", word);
	return 0;
}

static int
set_prio(struct client *client, const struct view *view,
    struct msg_ctl_prio *req, struct rec_span *spans)
{
	const struct rec_torrent_row	*row = &view->torrents[0].row;

	if (view->n != 1) {
		warnx("files: select one torrent");
		return CTL_USAGE;
	}
	req->id = row->id;
	if (req->files.n == 0 && row->nfiles > 0) {
		spans[0] = (struct rec_span){ 0, row->nfiles - 1 };
		req->files.n = 1;
	}
	return daemon_ask(client, MSG_CTL_PRIO, req, -1, DAEMON_MS, row->name,
	    NULL, NULL);
}

int
cmd_files(const struct mimctl *ctx, int argc, char **argv)
{
	struct rec_span		 spans[SPANS_MAX];
	struct msg_ctl_prio	 req = { .files = { spans, 0 } };
	struct view		 view = { 0 };
	struct client		*client;
	int			 status, prio;

	if (getopt(argc, argv, "") != -1 || argc - optind < 3)
		return command_usage("files");
	if ((prio = word_get("priority", argv[argc - 2], prios)) < 0)
		return CTL_USAGE;
	req.prio = (uint8_t)prio;
	if (strcmp(argv[argc - 1], "all") != 0 &&
	    (req.files.n = parse_list(argv[argc - 1], spans)) == 0)
		return CTL_USAGE;
	if ((status = daemon_connect(ctx, &client)) != CTL_OK)
		return status;
	status = view_select(&view, client, argc - 2 - optind, argv + optind,
	    0);
	if (status == CTL_OK)
		status = set_prio(client, &view, &req, spans);
	view_clear(&view);
	client_close(client);
	return status;
}
