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

static bool
is_options(const char *word)
{
	return word[0] == '-' && word[1] != '\0' &&
	    strspn(word + 1, "Hjnqv") == strlen(word + 1);
}

/*
 * People type "status -j" and "status 1 -j": anywhere after the command is as
 * good as before it.  Returns the number of words left.
 */
static int
take_options(struct mimctl *ctx, int argc, char **argv)
{
	const char	*p;
	int		 i, left = 1;

	for (i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (!is_options(argv[i])) {
			argv[left++] = argv[i];
			continue;
		}
		for (p = argv[i] + 1; *p != '\0'; p++)
			set_option(ctx, *p);
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
	argc = take_options(&ctx, argc, argv);
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
