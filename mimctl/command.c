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
	    "add torrents: files, URLs, magnet links, info-hashes", cmd_add },
	{ "announce", NULL, "selector ...",
	    "announce torrents to their trackers now", cmd_announce },
	{ "check", NULL, "selector ...",
	    "look anew which data is there", cmd_check },
	{ "dht", NULL, "get [-b] [-s salt] target|key | key [-s salt] file | "
	    "put [-b] [-k file [-s salt] [-q seq] [-c cas]] value|-",
	    "keep small values in the DHT, and read them", cmd_dht },
	{ "files", NULL, "selector get|skip|high|normal|low "
	    "file[-file],...|all",
	    "choose the files to download, and which come first", cmd_files },
	{ "get", NULL, "[-k] [-d dir] [-o setting] torrent",
	    "download a torrent here and now, without a daemon", cmd_get },
	{ "help", NULL, "[command]",
	    "print this list, or how a command is used", cmd_help },
	{ "info", NULL, "torrent ...",
	    "print what torrent files and magnet links say", cmd_info },
	{ "limit", NULL, "[[selector ...|class:name] up|down|peers value]",
	    "set limits of rates and peers, or print them", cmd_limit },
	{ "locate", NULL, "selector ... directory",
	    "find data that was moved by hand", cmd_locate },
	{ "log", NULL, "brief|verbose|debug",
	    "set how much the daemon logs", cmd_log },
	{ "magnet", NULL, "file ...",
	    "print the magnet links of torrent files", cmd_magnet },
	{ "move", NULL, "selector ... directory",
	    "move the files of torrents to another directory", cmd_move },
	{ "peers", NULL, "selector ... add|ban|unban "
	    "address[:port]",
	    "connect to a peer, or ban an address", cmd_peers },
	{ "reload", NULL, "",
	    "have the daemon read its configuration again", cmd_reload },
	{ "remove", NULL, "[-D] selector ...",
	    "forget torrents, and with -D delete their files", cmd_remove },
	{ "rename", NULL, "selector [file] name",
	    "give a torrent or one of its files another name", cmd_rename },
	{ "set", NULL, "port number | selector ... "
	    "sequential|first-last|super-seeding yes|no",
	    "set the port, or how torrents are downloaded", cmd_set },
	{ "show", "sh", "bans|dht|disk|files|limits|peers|pieces|ports|"
	    "processes|summary|torrents|trackers|webseeds [selector ...]",
	    "print more of torrents, and of the daemon", cmd_show },
	{ "shutdown", NULL, "",
	    "stop the daemon, and wait until it has gone", cmd_shutdown },
	{ "start", NULL, "selector ...",
	    "start torrents", cmd_start },
	{ "status", "st", "[-fpt] [selector ...]",
	    "print all torrents, or all there is to say of one", cmd_status },
	{ "stop", NULL, "selector ...",
	    "stop torrents until they are started again", cmd_stop },
	{ "trackers", NULL, "selector ... add|del|set url ...",
	    "add, remove or replace trackers of torrents", cmd_trackers },
	{ "wait", NULL, "[-e complete|checked|metadata] [-t seconds] "
	    "selector ...",
	    "wait until torrents are complete", cmd_wait },
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

const struct command *
command_at(size_t i)
{
	return i < NELEM(commands) ? &commands[i] : NULL;
}

void
command_list(FILE *fp)
{
	fprintf(fp, "%s\n", MIMCTL_USAGE);
	for (size_t i = 0; i < NELEM(commands); i++)
		fprintf(fp, "  %-8s  %s\n", commands[i].name,
		    commands[i].text);
	fprintf(fp, "\n\"mimctl help command\" tells how one is used, "
	    "mimctl(8) all.\n");
}

/* Forms that have nothing in common are divided by " | ". */
void
command_forms(const struct command *cmd, FILE *fp)
{
	const char	*form = cmd->usage, *end;
	const char	*head = "usage:";

	do {
		if ((end = strstr(form, " | ")) == NULL)
			end = form + strlen(form);
		fprintf(fp, "%s mimctl %s%s%.*s\n", head, cmd->name,
		    *form == '\0' ? "" : " ", (int)(end - form), form);
		head = "      ";
		form = end + 3;
	} while (*end != '\0');
}

int
command_usage(const char *name)
{
	command_forms(command_find(name), stderr);
	return CTL_USAGE;
}
