/* SPDX-License-Identifier: ISC */
#include <err.h>
#include <getopt.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "mem.h"
#include "mimctl.h"
#include "msg.h"

/* Names are UTF-8; without a locale that says so, assume the plain one. */
static void
set_locale(void)
{
	if (setlocale(LC_CTYPE, "") == NULL ||
	    strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
		setlocale(LC_CTYPE, "C.UTF-8");
}

static bool
set_option(struct mimctl *ctx, int ch)
{
	switch (ch) {
	case 'H':
		ctx->headerless = true;
		return true;
	case 'h':
		ctx->help = true;
		return true;
	case 'j':
		ctx->json = true;
		return true;
	case 'n':
		ctx->numeric = true;
		return true;
	case 'q':
		ctx->quiet = true;
		return true;
	case 'v':
		ctx->verbose = true;
		return true;
	default:
		return false;
	}
}

/* Returns -1 to go on with the command, else the exit status. */
static int
parse_options(struct mimctl *ctx, int argc, char **argv)
{
	static const struct option	longs[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 }
	};
	int				ch;

	while ((ch = getopt_long(argc, argv, "+HhjnqVvs:", longs, NULL)) !=
	    -1) {
		if (ch == 'V') {
			printf("mimctl %s\n", MIM_VERSION);
			return CTL_OK;
		}
		if (ch == 's')
			ctx->socket = optarg;
		else if (!set_option(ctx, ch)) {
			fputs(MIMCTL_USAGE, stderr);
			return CTL_USAGE;
		}
	}
	if (optind < argc)
		return -1;
	if (ctx->help)
		return command_help(ctx, NULL);
	command_list(stderr);
	return CTL_USAGE;
}

/*
 * Takes our letters out of "-jp", and leaves the command's own.  False if none
 * are left; *argument: the next word belongs to the last of them.
 */
static bool
take_cluster(struct mimctl *ctx, const struct command *cmd, char *word,
    bool *argument)
{
	char	*p, *to = word + 1;

	for (p = word + 1; *p != '\0'; p++) {
		enum command_option	own = command_option(cmd, *p);

		if (own == OPTION_NONE && set_option(ctx, *p))
			continue;
		*to++ = *p;
		if (own != OPTION_ARGUMENT)
			continue;
		*argument = p[1] == '\0';
		memmove(to, p + 1, strlen(p + 1) + 1);
		return true;
	}
	*to = '\0';
	return to > word + 1;
}

/*
 * People type "status -j" and "status 1 -j": anywhere after the command is as
 * good as before it.  Returns the number of words left.
 */
static int
take_options(struct mimctl *ctx, const struct command *cmd, int argc,
    char **argv)
{
	bool		 argument = false;
	int		 i, left = 1;

	for (i = 1; i < argc && (argument || strcmp(argv[i], "--") != 0);
	    i++) {
		if (argument || argv[i][0] != '-' || argv[i][1] == '\0')
			argument = false;
		else if (strcmp(argv[i], "--help") == 0) {
			ctx->help = true;
			continue;
		} else if (!take_cluster(ctx, cmd, argv[i], &argument))
			continue;
		argv[left++] = argv[i];
	}
	while (i < argc)
		argv[left++] = argv[i++];
	argv[left] = NULL;
	return left;
}

int
main(int argc, char **argv)
{
	const struct command	*cmd;
	struct mimctl		 ctx = { 0 };
	int			 status;

	set_locale();
	status = parse_options(&ctx, argc, argv);
	if (status != -1)
		return status;
	argc -= optind;
	argv += optind;
	cmd = command_find(argv[0]);
	if (cmd == NULL)
		return CTL_USAGE;
	argc = take_options(&ctx, cmd, argc, argv);
	if (ctx.json && ctx.headerless) {
		warnx("-j and -H are two ways of printing; choose one");
		return CTL_USAGE;
	}
	optind = 0;		/* glibc: start anew */
	argv[0] = xasprintf("mimctl %s", cmd->name);	/* in its errors */
	status = ctx.help ? command_help(&ctx, cmd) : cmd->fn(&ctx, argc, argv);
	if (fflush(stdout) == EOF || ferror(stdout)) {
		warn("cannot write");
		return CTL_FAILED;
	}
	return status;
}
