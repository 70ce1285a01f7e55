/* SPDX-License-Identifier: ISC */
#include <err.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "mimctl.h"
#include "msg.h"

static int
usage(void)
{
	fprintf(stderr,
	    "usage: mimctl [-HjnqVv] [-s socket] command [argument ...]\n");
	command_list(stderr);
	return CTL_USAGE;
}

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
	int	ch;

	while ((ch = getopt(argc, argv, "+HjnqVvs:")) != -1) {
		if (ch == 'V') {
			printf("mimctl %s\n", MIM_VERSION);
			return CTL_OK;
		}
		if (ch == 's')
			ctx->socket = optarg;
		else if (!set_option(ctx, ch))
			return usage();
	}
	return optind == argc ? usage() : -1;
}

/* People type "status -j": right after the command is as good as before. */
static int
take_options(struct mimctl *ctx, int argc, char **argv)
{
	const char	*p;
	int		 taken = 0;

	while (taken + 1 < argc && argv[taken + 1][0] == '-') {
		p = argv[taken + 1] + 1;
		if (*p == '\0' || strspn(p, "Hjnqv") != strlen(p))
			break;
		for (; *p != '\0'; p++)
			set_option(ctx, *p);
		taken++;
	}
	argv[taken] = argv[0];
	return taken;
}

int
main(int argc, char **argv)
{
	const struct command	*cmd;
	struct mimctl		 ctx = { 0 };
	int			 status, taken;

	set_locale();
	status = parse_options(&ctx, argc, argv);
	if (status != -1)
		return status;
	argc -= optind;
	argv += optind;
	cmd = command_find(argv[0]);
	if (cmd == NULL)
		return CTL_USAGE;
	taken = take_options(&ctx, argc, argv);
	argc -= taken;
	argv += taken;
	if (ctx.json && ctx.headerless) {
		warnx("-j and -H are two ways of printing; choose one");
		return CTL_USAGE;
	}
	optind = 0;		/* glibc: start anew */
	status = cmd->fn(&ctx, argc, argv);
	if (fflush(stdout) == EOF || ferror(stdout)) {
		warn("cannot write");
		return CTL_FAILED;
	}
	return status;
}
