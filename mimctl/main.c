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

/* Returns -1 to go on with the command, else the exit status. */
static int
parse_options(struct mimctl *ctx, int argc, char **argv)
{
	int	ch;

	while ((ch = getopt(argc, argv, "+HjnqVvs:")) != -1) {
		switch (ch) {
		case 'H':
			ctx->headerless = true;
			break;
		case 'j':
			ctx->json = true;
			break;
		case 'n':
			ctx->numeric = true;
			break;
		case 'q':
			ctx->quiet = true;
			break;
		case 'V':
			printf("mimctl %s\n", MIM_VERSION);
			return CTL_OK;
		case 'v':
			ctx->verbose = true;
			break;
		case 's':
			ctx->socket = optarg;
			break;
		default:
			return usage();
		}
	}
	if (ctx->json && ctx->headerless) {
		warnx("-j and -H are two ways of printing; choose one");
		return CTL_USAGE;
	}
	return optind == argc ? usage() : -1;
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
	optind = 0;		/* glibc: start anew */
	status = cmd->fn(&ctx, argc, argv);
	if (fflush(stdout) == EOF || ferror(stdout)) {
		warn("cannot write");
		return CTL_FAILED;
	}
	return status;
}
