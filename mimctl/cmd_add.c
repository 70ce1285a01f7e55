/* SPDX-License-Identifier: ISC */
#include <err.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "choice.h"
#include "client.h"
#include "daemon.h"
#include "dir.h"
#include "file_list.h"
#include "hash.h"
#include "mimctl.h"
#include "source.h"
#include "text.h"

struct adding {
	const struct mimctl	*ctx;
	json_t			*list;		/* with -j */
	bool			 all_files;	/* whatever a link says */
};

/*
 * mimd takes one request at a time from a connection, but makes many torrents
 * safe on disk for the price of one: so many are asked for at once.
 */
#define LINES_MAX	32

struct line {
	struct client	*client;	/* NULL: not connected yet */
	const char	*what;		/* that was asked for; NULL: nothing */
};

static int	add_all(struct adding *add, const struct msg_ctl_add *req,
    int n, char **files);
static void	on_message(const struct msg_in *in, void *arg);

int
cmd_add(const struct mimctl *ctx, int argc, char **argv)
{
	struct rec_span		only[CHOICE_SPANS_MAX];
	struct rec_glob		except[CHOICE_GLOBS_MAX];
	struct msg_ctl_add	req = { .dir = "", .only = { only, 0 },
				    .except = { except, 0 } };
	struct adding		add = { .ctx = ctx };
	char			dir[PATH_LEN_MAX + 1];
	json_t			*all;
	int			ch, status;

	while ((ch = getopt(argc, argv, "cPd:o:x:")) != -1) {
		switch (ch) {
		case 'c':
			req.check = true;
			break;
		case 'P':
			req.paused = true;
			break;
		case 'd':
			if (dir_absolute(dir, optarg) == -1)
				return CTL_FAILED;
			req.dir = dir;
			break;
		case 'o':
			add.all_files = strcmp(optarg, "all") == 0;
			req.only.n = add.all_files ? 0 : file_list(optarg,
			    only, CHOICE_SPANS_MAX);
			if (req.only.n == 0 && !add.all_files)
				return CTL_USAGE;
			break;
		case 'x':
			if (req.except.n == CHOICE_GLOBS_MAX ||
			    strlen(optarg) > CHOICE_GLOB_MAX || !*optarg) {
				warnx("-x %s: too many patterns, or too long "
				    "a one", optarg);
				return CTL_USAGE;
			}
			except[req.except.n++].pattern = optarg;
			break;
		default:
			return command_usage("add");
		}
	}
	if (optind == argc)
		return command_usage("add");
	add.list = json_array();
	status = add_all(&add, &req, argc - optind, argv + optind);
	if (ctx->json && (status == CTL_OK || status == CTL_PARTIAL)) {
		all = json_object();
		json_object_set(all, "added", add.list);
		text_json_print(all);
	}
	json_decref(add.list);
	return status;
}

/* Ask for one on a line that is free. */
static int
line_ask(const struct adding *add, struct line *line,
    const struct msg_ctl_add *req, const char *what)
{
	struct source	src;
	int		status = CTL_OK;

	if (line->client == NULL)
		status = daemon_connect(add->ctx, &line->client);
	if (status != CTL_OK)
		return status;
	if (source_open(&src, what) == -1)
		return CTL_FAILED;
	status = source_send(&src, line->client, req, add->all_files);
	source_close(&src);
	if (status == CTL_OK)
		line->what = what;
	return status;
}

/* What was asked for on this line is over. */
static int
line_end(struct adding *add, struct line *line)
{
	const char	*what = line->what;

	line->what = NULL;
	return daemon_answer(line->client, DAEMON_DISK_MS, what, on_message,
	    add);
}

/* In the order they were named: the oldest line is the next to end. */
static int
add_all(struct adding *add, const struct msg_ctl_add *req, int n,
    char **files)
{
	struct line	 lines[LINES_MAX] = { 0 }, *line;
	int		 added = 0, failed = CTL_OK, status;

	for (int i = 0; i < n + LINES_MAX; i++) {
		line = &lines[i % LINES_MAX];
		if (line->what != NULL) {
			status = line_end(add, line);
			if (status == CTL_OK)
				added++;
			else if (failed == CTL_OK)
				failed = status;
		}
		if (i >= n)
			continue;
		status = line_ask(add, line, req, files[i]);
		if (failed == CTL_OK)
			failed = status;
		if (lines[0].client == NULL)
			break;		/* no daemon there */
	}
	for (int i = 0; i < LINES_MAX; i++)
		client_close(lines[i].client);
	if (failed == CTL_OK)
		return CTL_OK;
	return added > 0 ? CTL_PARTIAL : failed;
}

static void
on_message(const struct msg_in *in, void *arg)
{
	struct adding			*add = arg;
	const struct msg_ctl_added	*m = &in->body.ctl_added;
	char				 hex[2 * SHA1_LEN + 1], *name;
	json_t				*j;

	if (in->type != MSG_CTL_ADDED)
		return;
	if (add->ctx->json) {
		j = json_object();
		json_object_set_new(j, "id", json_integer(m->id));
		json_object_set_new(j, "infohash",
		    text_json_hex(m->infohash, sizeof(m->infohash)));
		json_object_set_new(j, "name", text_json(m->name));
		json_array_append_new(add->list, j);
		return;
	}
	if (add->ctx->quiet)
		return;
	name = text_safe(m->name);
	if (add->ctx->headerless)
		printf("%u\t%s\t%s\n", m->id,
		    hash_hex(m->infohash, SHA1_LEN, hex), name);
	else
		printf("added %u %s\n", m->id, name);
	free(name);
}
