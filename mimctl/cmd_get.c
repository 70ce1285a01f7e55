/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "client.h"
#include "daemon.h"
#include "mem.h"
#include "mimctl.h"
#include "private.h"
#include "source.h"
#include "status.h"
#include "table.h"
#include "text.h"
#include "view.h"
#include "why.h"

#define STEP_MS		250
#define LINE_STEPS	20	/* where lines cannot be redrawn: each 5 s */
#define TROUBLE_STEPS	20	/* without trackers peers may yet come */
#define BAR_CELLS	24
#define LINE_LEN	512

struct getting {
	struct mimctl	 ctx;		/* with the private socket */
	const char	*dir;
	bool		 keep;		/* seed until interrupted */
	bool		 tty;
	uint32_t	 id;
	time_t		 start;
	uint64_t	 had;		/* bytes at the first look */
	char		*told;		/* the trouble last told of, or NULL */
	struct view	 view;		/* of the last look */
};

static volatile sig_atomic_t	interrupted;

static int	get(struct getting *g, const struct source *src,
    char *const *settings, int n);
static int	run(struct getting *g, const struct source *src);
static int	follow(struct getting *g, struct client *client);
static void	on_added(const struct msg_in *in, void *arg);
static void	show(struct getting *g, bool last);
static void	tell_trouble(struct getting *g, unsigned step);
static int	finish(struct getting *g, int status);
static void	catch_signals(void);

int
cmd_get(const struct mimctl *ctx, int argc, char **argv)
{
	struct getting	 g = { .ctx = *ctx, .dir = "." };
	char		*settings[PRIVATE_SETTINGS_MAX];
	struct source	 src;
	int		 ch, n = 0, status;

	while ((ch = getopt(argc, argv, "d:ko:")) != -1) {
		switch (ch) {
		case 'd':
			g.dir = optarg;
			break;
		case 'k':
			g.keep = true;
			break;
		case 'o':
			if (n == PRIVATE_SETTINGS_MAX) {
				warnx("too many settings");
				return CTL_USAGE;
			}
			settings[n++] = optarg;
			break;
		default:
			return command_usage("get");
		}
	}
	if (optind + 1 != argc)
		return command_usage("get");
	if (source_open(&src, argv[optind]) == -1)
		return CTL_FAILED;
	status = get(&g, &src, settings, n);
	source_close(&src);
	free(g.told);
	view_clear(&g.view);
	return status;
}

static int
get(struct getting *g, const struct source *src, char *const *settings, int n)
{
	struct private	*private;
	int		 status;

	if (mkdir(g->dir, 0777) == -1 && errno != EEXIST) {
		warn("%s", g->dir);
		return CTL_FAILED;
	}
	g->tty = isatty(STDOUT_FILENO);
	catch_signals();
	private = private_start(g->dir, settings, n);
	if (private == NULL)
		return CTL_FAILED;
	g->ctx.socket = private_socket(private);
	status = run(g, src);
	if (status != CTL_OK && !interrupted && g->id != 0) {
		warnx("mimd said:");
		private_show_log(private);
	}
	private_stop(private);
	return status;
}

static void
on_signal(int signo)
{
	(void)signo;
	interrupted = 1;
}

static void
catch_signals(void)
{
	struct sigaction	sa = { .sa_handler = on_signal };

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
	sa.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &sa, NULL);
}

/* Data that is there already is looked at, so this also resumes. */
static int
run(struct getting *g, const struct source *src)
{
	const struct msg_ctl_add	 req = { .dir = "", .check = true };
	struct client			*client;
	int				 status;

	status = daemon_connect(&g->ctx, &client);
	if (status != CTL_OK)
		return status;
	status = source_send(src, client, &req, false);
	if (status == CTL_OK)
		status = daemon_answer(client, DAEMON_DISK_MS, src->what,
		    on_added, g);
	if (status == CTL_OK && g->id == 0) {
		warnx("mimd did not say that it was added");
		status = CTL_FAILED;
	}
	if (status == CTL_OK)
		status = finish(g, follow(g, client));
	client_close(client);
	return status;
}

static void
on_added(const struct msg_in *in, void *arg)
{
	struct getting	*g = arg;

	if (in->type == MSG_CTL_ADDED)
		g->id = in->body.ctl_added.id;
}

static bool
complete(const struct rec_torrent_row *r)
{
	return r->state != TSTATE_CHECKING && r->size > 0 &&
	    r->got == r->wanted;
}

/* Until it is complete (with -k: until interrupted) or cannot be. */
static int
follow(struct getting *g, struct client *client)
{
	const struct timespec		 pause = { 0, STEP_MS * 1000000L };
	const struct rec_torrent_row	*r;
	int				 status;

	for (unsigned step = 0; !interrupted; step++) {
		view_clear(&g->view);
		status = view_fetch(&g->view, client, &g->id, 1,
		    VIEW_TRACKERS);
		if (status != CTL_OK)
			return status;
		if (g->view.n != 1) {
			warnx("mimd has lost the torrent");
			return CTL_FAILED;
		}
		r = &g->view.torrents[0].row;
		if (view_stuck(r))
			return CTL_FAILED;
		if (g->start == 0 && r->size > 0 &&
		    r->state != TSTATE_CHECKING) {
			g->start = time(NULL);
			g->had = r->got;
		}
		tell_trouble(g, step);
		if (complete(r) && !g->keep)
			return CTL_OK;
		if (g->tty || step % LINE_STEPS == 0)
			show(g, false);
		nanosleep(&pause, NULL);
	}
	return g->view.n == 1 && complete(&g->view.torrents[0].row) ?
	    CTL_OK : CTL_FAILED;
}

static void
progress_line(const struct getting *g, char line[LINE_LEN])
{
	const struct rec_torrent_row	*r = &g->view.torrents[0].row;
	char				 bar[BAR_CELLS + 3], pc[TEXT_LEN];
	char				 have[TEXT_LEN], size[TEXT_LEN];
	char				 down[TEXT_LEN], up[TEXT_LEN];
	char				 eta[TEXT_LEN] = "-", *error;
	uint64_t			 left;

	if (r->state == TSTATE_CHECKING) {
		snprintf(line, LINE_LEN, "checking %s %u.%u%%",
		    text_bar(r->check_permille, 1000, BAR_CELLS, bar,
		    sizeof(bar)), r->check_permille / 10,
		    r->check_permille % 10);
		return;
	}
	if (r->state == TSTATE_METADATA) {
		snprintf(line, LINE_LEN, "metadata  %u peer%s", r->peers,
		    r->peers == 1 ? "" : "s");
		return;
	}
	if (view_eta(&g->view.torrents[0], &left))
		text_duration(&g->ctx, left, eta);
	snprintf(line, LINE_LEN,
	    "%s %6s  %s of %s  down %s/s  up %s/s  %u peer%s  eta %s",
	    text_bar(r->got, r->wanted, BAR_CELLS, bar, sizeof(bar)),
	    text_percent(r->got, r->wanted, pc),
	    text_bytes(&g->ctx, r->got, have),
	    text_bytes(&g->ctx, r->wanted, size),
	    text_bytes(&g->ctx, r->down_rate, down),
	    text_bytes(&g->ctx, r->up_rate, up), r->peers,
	    r->peers == 1 ? "" : "s", eta);
	if (*r->error == '\0')
		return;
	error = text_safe(r->error);
	strlcat(line, "  ", LINE_LEN);
	strlcat(line, error, LINE_LEN);
	free(error);
}

static void
show(struct getting *g, bool last)
{
	char	line[LINE_LEN];
	size_t	width;

	if (g->ctx.quiet || g->ctx.json || g->ctx.headerless ||
	    g->view.n != 1)
		return;
	progress_line(g, line);
	if (!g->tty)
		printf("%s\n", line);
	else {
		width = table_width();
		if (width > 1)
			text_cut(line, width - 1);
		printf("\r%s\033[K%s", line, last ? "\n" : "");
	}
	fflush(stdout);
}

/* Why nobody is there to ask, once for each reason. */
static void
tell_trouble(struct getting *g, unsigned step)
{
	const struct view_torrent	*t = &g->view.torrents[0];
	const char			*why = NULL;
	char				*url, *error, text[WHY_LEN];
	size_t				 i;

	if (t->row.peers > 0 || (t->row.state != TSTATE_DOWNLOADING &&
	    t->row.state != TSTATE_METADATA))
		return;
	for (i = 0; i < t->ntrackers && why == NULL; i++)
		if (*t->trackers[i].error != '\0')
			why = t->trackers[i].error;
	if (t->ntrackers == 0 && step >= TROUBLE_STEPS) {
		why_explain(t, text);
		why = text;
	}
	if (why == NULL || (g->told != NULL && strcmp(why, g->told) == 0))
		return;
	free(g->told);
	g->told = xstrdup(why);
	url = i > 0 ? text_url(&g->ctx, t->trackers[i - 1].url) : NULL;
	error = text_safe(why);
	if (g->tty)
		printf("\r\033[K");
	fflush(stdout);
	warnx("%s%s%s", url != NULL ? url : "", url != NULL ? ": " : "", error);
	free(error);
	free(url);
}

/* What was fetched in what time, if anything was. */
static void
say_speed(const struct getting *g)
{
	uint64_t	bytes = g->view.torrents[0].row.got - g->had;
	uint64_t	seconds = (uint64_t)(time(NULL) - g->start);
	char		size[TEXT_LEN], took[TEXT_LEN], rate[TEXT_LEN];

	if (g->start == 0 || bytes == 0) {
		putchar('\n');
		return;
	}
	if (seconds == 0)
		seconds = 1;
	printf(": %s in %s, %s/s\n", text_bytes(&g->ctx, bytes, size),
	    text_duration(&g->ctx, seconds, took),
	    text_bytes(&g->ctx, bytes / seconds, rate));
}

/* The last words. */
static int
finish(struct getting *g, int status)
{
	const struct rec_torrent_row	*r;
	char				 pc[TEXT_LEN], *name, *error;

	if (g->view.n != 1)
		return status;
	show(g, true);
	r = &g->view.torrents[0].row;
	if (status == CTL_OK && g->ctx.json)
		text_json_print(status_json(&g->ctx, &g->view, 0));
	else if (status == CTL_OK && g->ctx.headerless)
		status_rows(&g->ctx, &g->view, 0, stdout);
	else if (status == CTL_OK && !g->ctx.quiet) {
		name = text_safe(r->name);
		printf("%s is complete in %s", name, g->dir);
		free(name);
		say_speed(g);
	} else if (interrupted)
		warnx("interrupted at %s: the same command goes on from "
		    "there", text_percent(r->got, r->size == 0 ? 1 :
		    r->wanted, pc));
	else if (view_stuck(r)) {
		error = text_safe(r->error);
		warnx("%s", error);
		free(error);
	}
	return status;
}
