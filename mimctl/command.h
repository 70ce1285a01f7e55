/* SPDX-License-Identifier: ISC */
#ifndef COMMAND_H
#define COMMAND_H

#include <stdio.h>

struct mimctl;

struct command {
	const char	*name;
	const char	*alias;		/* short, else ambiguous */
	const char	*usage;		/* what follows the name */
	int		(*fn)(const struct mimctl *, int, char **);
};

/*
 * The command of this name or unique prefix.  NULL if there is none; then
 * the reason has been printed.
 */
const struct command *command_find(const char *word);
/* Every command's usage, as in the SYNOPSIS of mimctl(8). */
void	command_list(FILE *fp);

#endif /* COMMAND_H */
