/* SPDX-License-Identifier: ISC */
#ifndef COMMAND_H
#define COMMAND_H

#include <stdio.h>

struct mimctl;

#define MIMCTL_USAGE \
	"usage: mimctl [-HhjnqVv] [-s socket] command [argument ...]\n"

struct command {
	const char	*name;
	const char	*alias;		/* short, else ambiguous */
	/* What follows the name; its options as "[-ab]" and "[-c value]". */
	const char	*usage;
	const char	*text;		/* what it is for */
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
/* The commands in their order; NULL beyond the last. */
const struct command *command_at(size_t i);
/* mimctl's usage, and what each command is for. */
void	command_list(FILE *fp);
/* How a command is used: a line for each form. */
void	command_forms(const struct command *cmd, FILE *fp);
/* Print what a command is for and how it is used; of NULL, the list of all. */
int	command_help(const struct mimctl *ctx, const struct command *cmd);

#endif /* COMMAND_H */
