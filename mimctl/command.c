/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "mimctl.h"
#include "msg.h"
#include "word.h"

#define NELEM(a)	(sizeof(a) / sizeof((a)[0]))

static const struct command	commands[] = {
	{ "add", "a", "[-cP] [-d dir] [-o files] [-x glob] torrent ...",
	    cmd_add },
	{ "announce", NULL, "selector ...", cmd_announce },
	{ "check", NULL, "selector ...", cmd_check },
	{ "dht", NULL, "get [-b] [-s salt] target|key | key [-s salt] file | "
	    "put [-b] [-k file [-s salt] [-q seq] [-c cas]] value|-", cmd_dht },
	{ "files", NULL, "selector get|skip|high|normal|low "
	    "file[-file],...|all",
	    cmd_files },
	{ "get", NULL, "[-k] [-d dir] [-o setting] torrent", cmd_get },
	{ "info", NULL, "torrent ...", cmd_info },
	{ "limit", NULL, "[[selector ...|class:name] up|down|peers value]",
	    cmd_limit },
	{ "locate", NULL, "selector ... directory", cmd_locate },
	{ "log", NULL, "brief|verbose|debug", cmd_log },
	{ "magnet", NULL, "file ...", cmd_magnet },
	{ "move", NULL, "selector ... directory", cmd_move },
	{ "peers", NULL, "selector ... add|ban|unban "
	    "address[:port]", cmd_peers },
	{ "reload", NULL, "", cmd_reload },
	{ "remove", NULL, "[-D] selector ...", cmd_remove },
	{ "rename", NULL, "selector [file] name", cmd_rename },
	{ "set", NULL, "port number | selector ... "
	    "sequential|first-last|super-seeding yes|no", cmd_set },
	{ "show", "sh", "bans|dht|disk|files|limits|peers|pieces|ports|"
	    "processes|summary|torrents|trackers|webseeds [selector ...]",
	    cmd_show },
	{ "shutdown", NULL, "", cmd_shutdown },
	{ "start", NULL, "selector ...", cmd_start },
	{ "status", "st", "[-fpt] [selector ...]", cmd_status },
	{ "stop", NULL, "selector ...", cmd_stop },
	{ "trackers", NULL, "selector ... add|del|set url ...",
	    cmd_trackers },
	{ "wait", NULL, "[-e complete|checked|metadata] [-t seconds] "
	    "selector ...", cmd_wait },
};

const struct command *
command_find(const char *word)
{
	const char	*names[NELEM(commands) + 1];
	size_t		 i;
	int		 found;

	for (i = 0; i < NELEM(commands); i++) {
		names[i] = commands[i].name;
		if (commands[i].alias != NULL &&
		    strcmp(word, commands[i].alias) == 0)
			return &commands[i];
	}
	names[i] = NULL;
	found = word_get("command", word, names);
	return found < 0 ? NULL : &commands[found];
}

enum command_option
command_option(const struct command *cmd, char letter)
{
	const char	*p;

	for (p = strstr(cmd->usage, "[-"); p != NULL; p = strstr(p, "[-")) {
		for (p += 2; *p != ']' && *p != ' ' && *p != '\0'; p++)
			if (*p == letter)
				return p[1] == ' ' ? OPTION_ARGUMENT :
				    OPTION_FLAG;
	}
	return OPTION_NONE;
}

void
command_list(FILE *fp)
{
	for (size_t i = 0; i < NELEM(commands); i++)
		fprintf(fp, "       mimctl %s%s%s\n", commands[i].name,
		    commands[i].usage[0] == '\0' ? "" : " ",
		    commands[i].usage);
}

int
command_usage(const char *name)
{
	for (size_t i = 0; i < NELEM(commands); i++) {
		if (strcmp(commands[i].name, name) != 0)
			continue;
		fprintf(stderr, "usage: mimctl %s%s%s\n", name,
		    commands[i].usage[0] == '\0' ? "" : " ",
		    commands[i].usage);
	}
	return CTL_USAGE;
}
