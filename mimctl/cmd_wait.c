/* SPDX-License-Identifier: ISC */
#include <err.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "client.h"
#include "clock.h"
#include "daemon.h"
#include "mem.h"
#include "mimctl.h"
#include "text.h"
#include "view.h"
#include "word.h"

#define POLL_MS		250

enum event { EVENT_COMPLETE, EVENT_CHECKED, EVENT_METADATA };

static const char *const	events[] = { "complete", "checked",
	    "metadata", NULL };

static const char *const	missed[] = { "not complete", "not checked",
	    "no metadata" };

static int	await(const struct mimctl *ctx, enum event event, int seconds,
    int nwords, char **words);
static int	watch(struct client *client, enum event event, uint64_t until,
    const struct view *chosen);

int
cmd_wait(const struct mimctl *ctx, int argc, char **argv)
{
	const char	*error;
	int		 ch, event = EVENT_COMPLETE, seconds = -1;

	while ((ch = getopt(argc, argv, "e:t:")) != -1) {
		switch (ch) {
		case 'e':
			event = word_get("event", optarg, events);
			if (event < 0)
				return CTL_USAGE;
			break;
		case 't':
			seconds = (int)strtonum(optarg, 0, INT_MAX, &error);
			if (error != NULL) {
				warnx("-t %s: not a number of seconds",
				    optarg);
				return CTL_USAGE;
			}
			break;
		default:
			return command_usage("wait");
		}
	}
	if (optind == argc)
		return command_usage("wait");
	return await(ctx, (enum event)event, seconds, argc - optind,
	    argv + optind);
}

static int
await(const struct mimctl *ctx, enum event event, int seconds, int nwords,
    char **words)
{
	struct view	 chosen = { 0 };
	struct client	*client;
	uint64_t	 until = UINT64_MAX;
	int		 status;

	if (seconds >= 0)
		until = clock_ms() + (uint64_t)seconds * 1000;
	status = daemon_connect(ctx, &client);
	if (status != CTL_OK)
		return status;
	status = view_select(&chosen, client, nwords, words, 0);
	if (status == CTL_OK)
		status = watch(client, event, until, &chosen);
	if (status == CTL_TIMEOUT && !ctx->quiet)
		warnx("%s within %d s", missed[event], seconds);
	view_clear(&chosen);
	client_close(client);
	return status;
}

static bool
happened(enum event event, const struct rec_torrent_row *r)
{
	if (event == EVENT_METADATA)
		return r->npieces > 0;
	if (r->state == TSTATE_CHECKING || r->npieces == 0)
		return false;
	return event == EVENT_CHECKED || (r->size > 0 && r->got == r->wanted);
}

/* CTL_OK when it happened to all, CTL_TIMEOUT when not yet. */
static int
judge(const struct view *now, const struct view *chosen, enum event event)
{
	const struct rec_torrent_row	*r;
	int				 status = CTL_OK;
	char				*error;

	if (now->n < chosen->n) {
		warnx("%zu of the torrents %s been removed",
		    chosen->n - now->n, chosen->n - now->n == 1 ? "has" :
		    "have");
		return CTL_NO_TORRENT;
	}
	for (size_t i = 0; i < now->n; i++) {
		r = &now->torrents[i].row;
		if (happened(event, r))
			continue;
		status = CTL_TIMEOUT;
		if (!view_stuck(r))
			continue;
		error = text_safe(r->error);
		warnx("torrent %u: %s", r->id, error);
		free(error);
		return CTL_FAILED;
	}
	return status;
}

static int
watch(struct client *client, enum event event, uint64_t until,
    const struct view *chosen)
{
	const struct timespec	 pause = { 0, POLL_MS * 1000000L };
	struct view		 now = { 0 };
	uint32_t		*ids;
	int			 status;

	ids = xcalloc(chosen->n, sizeof(*ids));
	for (size_t i = 0; i < chosen->n; i++)
		ids[i] = chosen->torrents[i].row.id;
	for (;;) {
		status = view_fetch(&now, client, ids, chosen->n, 0);
		if (status == CTL_OK)
			status = judge(&now, chosen, event);
		else if (status == CTL_PARTIAL)
			status = CTL_NO_TORRENT;	/* as the notes say */
		view_clear(&now);
		if (status != CTL_TIMEOUT || clock_ms() >= until)
			break;
		nanosleep(&pause, NULL);
	}
	free(ids);
	return status;
}
