/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "mimctl.h"
#include "msg.h"
#include "text.h"

static void
print_row(const struct command *cmd)
{
	printf("%s\t%s\t%s\n", cmd->name,
	    *cmd->usage == '\0' ? "-" : cmd->usage, cmd->text);
}

static json_t *
row_json(const struct command *cmd)
{
	return json_pack("{ss ss ss}", "name", cmd->name, "usage", cmd->usage,
	    "text", cmd->text);
}

static void
print_text(const struct command *cmd)
{
	command_forms(cmd, stdout);
	printf("       %s\n", cmd->text);
	if (strstr(cmd->usage, "selector") != NULL)
		puts("       selector: 3, 4-9, info-hash, name:glob, "
		    "state:seeding, tracker:host, all");
}

int
command_help(const struct mimctl *ctx, const struct command *one)
{
	const struct command	*cmd;
	json_t			*list = json_array();

	for (size_t i = 0; (cmd = command_at(i)) != NULL; i++) {
		if (one != NULL && cmd != one)
			continue;
		if (ctx->json)
			json_array_append_new(list, row_json(cmd));
		else if (ctx->headerless)
			print_row(cmd);
		else if (one != NULL)
			print_text(one);
	}
	if (ctx->json)
		return text_json_print(json_pack("{so}", "commands", list));
	json_decref(list);
	if (one == NULL && !ctx->headerless)
		command_list(stdout);
	return CTL_OK;
}

int
cmd_help(const struct mimctl *ctx, int argc, char **argv)
{
	const struct command	*cmd;

	if (getopt(argc, argv, "") != -1 || argc - optind > 1)
		return command_usage("help");
	if (optind == argc)
		return command_help(ctx, NULL);
	cmd = command_find(argv[optind]);
	return cmd == NULL ? CTL_USAGE : command_help(ctx, cmd);
}
