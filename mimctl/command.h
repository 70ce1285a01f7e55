/* SPDX-License-Identifier: ISC */
#ifndef COMMAND_H
#define COMMAND_H

#include <stdio.h>

struct mimctl;

struct command {
	const char	*name;
	const char	*alias;		/* short, else ambiguous */
	/* What follows the name; its options as "[-ab]" and "[-c value]". */
	const char	*usage;
	int		(*fn)(const struct mimctl *, int, char **);
};

/*
 * The command of this name or unique prefix.  NULL if there is none; then
 * the reason has been printed.
 */
const struct command *command_find(const char *word);
enum command_option {
	OPTION_NONE,			/* not one of the command's own */
	OPTION_FLAG,
	OPTION_ARGUMENT
};

/* What the usage says of this letter. */
enum command_option command_option(const struct command *cmd, char letter);
/* Every command's usage, as in the SYNOPSIS of mimctl(8). */
void	command_list(FILE *fp);

#endif /* COMMAND_H */
