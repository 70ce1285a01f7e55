/* SPDX-License-Identifier: ISC */
#ifndef MIMCTL_H
#define MIMCTL_H

#include <stdbool.h>

/* The options before the command; every command gets them. */
struct mimctl {
	bool		 json;		/* -j */
	bool		 headerless;	/* -H: TAB rows */
	bool		 help;		/* -h: of the command, instead */
	bool		 numeric;	/* -n: numbers not humanised */
	bool		 quiet;		/* -q */
	bool		 verbose;	/* -v: passkeys not masked */
	const char	*socket;	/* -s, or NULL */
};

/*
 * A command.  argv[0] is its name and argc counts it; getopt(3) is set to
 * argv[1].  Returns mimctl's exit status, enum ctl_code of msg.h; what failed
 * has been said on stderr, in one line.  command_usage() prints the command's
 * usage and returns CTL_USAGE.
 */
int	cmd_add(const struct mimctl *ctx, int argc, char **argv);
int	cmd_announce(const struct mimctl *ctx, int argc, char **argv);
int	cmd_check(const struct mimctl *ctx, int argc, char **argv);
int	cmd_dht(const struct mimctl *ctx, int argc, char **argv);
int	cmd_files(const struct mimctl *ctx, int argc, char **argv);
int	cmd_get(const struct mimctl *ctx, int argc, char **argv);
int	cmd_help(const struct mimctl *ctx, int argc, char **argv);
int	cmd_info(const struct mimctl *ctx, int argc, char **argv);
int	cmd_limit(const struct mimctl *ctx, int argc, char **argv);
int	cmd_locate(const struct mimctl *ctx, int argc, char **argv);
int	cmd_log(const struct mimctl *ctx, int argc, char **argv);
int	cmd_magnet(const struct mimctl *ctx, int argc, char **argv);
int	cmd_move(const struct mimctl *ctx, int argc, char **argv);
int	cmd_peers(const struct mimctl *ctx, int argc, char **argv);
int	cmd_reload(const struct mimctl *ctx, int argc, char **argv);
int	cmd_remove(const struct mimctl *ctx, int argc, char **argv);
int	cmd_rename(const struct mimctl *ctx, int argc, char **argv);
int	cmd_set(const struct mimctl *ctx, int argc, char **argv);
int	cmd_show(const struct mimctl *ctx, int argc, char **argv);
int	cmd_shutdown(const struct mimctl *ctx, int argc, char **argv);
int	cmd_start(const struct mimctl *ctx, int argc, char **argv);
int	cmd_status(const struct mimctl *ctx, int argc, char **argv);
int	cmd_stop(const struct mimctl *ctx, int argc, char **argv);
int	cmd_trackers(const struct mimctl *ctx, int argc, char **argv);
int	cmd_wait(const struct mimctl *ctx, int argc, char **argv);

int	command_usage(const char *name);

#endif /* MIMCTL_H */
