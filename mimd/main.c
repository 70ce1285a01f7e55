/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "child.h"
#include "control.h"
#include "inspect.h"
#include "log.h"
#include "mem.h"
#include "notify.h"
#include "parent.h"
#include "paths.h"
#include "privs.h"

#define CONF_ROOT	"/etc/mimd.conf"
#define CONF_USER	"mim/mimd.conf"	/* beneath $XDG_CONFIG_HOME */
#define MACROS_MAX	64
#define ORPHAN_WAIT_MS	30000	/* for a disk child that lost its parent */

struct options {
	bool			 foreground;	/* -d */
	bool			 check;		/* -n */
	bool			 verbose;	/* -v */
	const char		*role;		/* -R, between ourselves */
	char			*macros[MACROS_MAX];
	struct conf_source	 source;
};

#define USAGE	"usage: mimd [-dhnVv] [-D name=value] [-f file] [-s socket]\n"

static void
usage(void)
{
	fputs(USAGE, stderr);
	exit(2);
}

/* Print what was asked for, and do nothing else. */
static void
tell(const char *text)
{
	fputs(text, stdout);
	exit(fflush(stdout) == EOF);
}

static void
add_macro(struct options *o, char *macro)
{
	if (strchr(macro, '=') == NULL)
		log_warnx("-D %s: not name=value", macro);
	else if (o->source.nmacros == MACROS_MAX)
		log_warnx("-D %s: more than %d macros", macro, MACROS_MAX);
	else {
		o->macros[o->source.nmacros++] = macro;
		return;
	}
	usage();
}

static void
parse_options(struct options *o, int argc, char **argv)
{
	static const struct option	longs[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 }
	};
	int				ch;

	while ((ch = getopt_long(argc, argv, "dD:f:hnR:s:Vv", longs,
	    NULL)) != -1) {
		switch (ch) {
		case 'd':
			o->foreground = true;
			break;
		case 'D':
			add_macro(o, optarg);
			break;
		case 'f':
			o->source.path = optarg;
			break;
		case 'h':
			tell(USAGE);
			break;
		case 'n':
			o->check = true;
			break;
		case 'R':
			o->role = optarg;
			break;
		case 's':
			o->source.socket = optarg;
			break;
		case 'V':
			tell("mimd " MIM_VERSION "\n");
			break;
		case 'v':
			o->verbose = true;
			break;
		default:
			usage();
		}
	}
	if (optind != argc) {
		log_warnx("%s: not an option", argv[optind]);
		usage();
	}
	o->source.macros = o->macros;
}

static void
become_child(const char *name)
{
	static const struct child_ops *const	ops[ROLE_COUNT] = {
		[ROLE_PEER] = &peer_ops,
		[ROLE_DISK] = &disk_ops,
		[ROLE_TRACKER] = &tracker_ops,
		[ROLE_RESOLVER] = &resolver_ops,
		[ROLE_PORTMAP] = &portmap_ops,
		[ROLE_DHT] = &dht_ops,
	};
	struct stat				sb;
	int					role;

	if ((role = role_child_by_name(name)) == -1)
		usage();
	if (fstat(CHILD_FD, &sb) == -1 || !S_ISSOCK(sb.st_mode))
		fatalx("-R is for mimd itself");
	child_main(ops[role]);
}

/* ---- configuration ---- */

/* Without -f a file is welcome, not needed. */
static char *
default_conf_path(void)
{
	const char	*dir, *home;
	char		*path;

	if (geteuid() == 0)
		path = xstrdup(CONF_ROOT);
	else if ((dir = getenv("XDG_CONFIG_HOME")) != NULL && *dir == '/')
		path = xasprintf("%s/" CONF_USER, dir);
	else if ((home = getenv("HOME")) != NULL)
		path = xasprintf("%s/.config/" CONF_USER, home);
	else
		return NULL;
	if (access(path, F_OK) == 0)
		return path;
	free(path);
	return NULL;
}

struct conf *
conf_load(const struct conf_source *source)
{
	struct conf	*conf;
	char		*found = NULL;

	if (source->path == NULL)
		found = default_conf_path();
	conf = conf_read(source->path != NULL ? source->path : found,
	    source->macros, source->nmacros);
	free(found);
	if (conf != NULL && source->socket != NULL) {
		free(conf->socket.path);
		conf->socket.path = xstrdup(source->socket);
	}
	return conf;
}

/* A daemon lives in "/": take paths of the command line along. */
static const char *
absolute(const char *path)
{
	char	*cwd, *full;

	if (path == NULL || *path == '/')
		return path;
	if ((cwd = getcwd(NULL, 0)) == NULL)
		fatal("current directory");
	full = xasprintf("%s/%s", cwd, path);
	free(cwd);
	return full;
}

/* ---- what is opened before privileges go ---- */

/*
 * Disk has a copy of this descriptor.  One whose parent was killed goes on to
 * write for a while: not beside another.
 */
static int
hold_state(const char *dir)
{
	int	fd;

	if ((fd = paths_hold(dir, 0)) != -1 || errno != EWOULDBLOCK)
		return fd;
	log_info("waiting for the disk process of an earlier mimd to end");
	if ((fd = paths_hold(dir, ORPHAN_WAIT_MS)) == -1 &&
	    errno == EWOULDBLOCK)
		fatalx("the disk process of an earlier mimd has not ended "
		    "yet: it holds the state directory \"%s\"", dir);
	return fd;
}

static void
open_state(struct parent *parent, uid_t uid, gid_t gid)
{
	const char	*dir = parent->conf->state_dir;

	/* The lock is kept until the process ends. */
	if (paths_make(dir, uid == (uid_t)-1 ? 0700 : 0750, uid, gid) != -1 &&
	    paths_lock(dir, uid, gid) != -1 &&
	    (parent->state_fd = hold_state(dir)) != -1)
		return;
	if (errno == EWOULDBLOCK)
		fatalx("another mimd uses the state directory \"%s\"", dir);
	fatal("state directory \"%s\"", dir);
}

static void
open_all(struct parent *parent)
{
	char	err[ERROR_MAX];
	uid_t	uid = (uid_t)-1;
	gid_t	gid = (gid_t)-1;

	if (geteuid() == 0)
		privs_user(&uid, &gid);
	open_state(parent, uid, gid);
	parent_open_roots(parent, uid, gid);
	if (network_open(parent, err, sizeof(err)) == -1)
		fatalx("%s", err);
	if (filters_open(&parent->filters, parent->conf, err,
	    sizeof(err)) == -1)
		fatalx("%s", err);
	parent->control = control_new(parent, parent->conf, err, sizeof(err));
	if (parent->control == NULL)
		fatalx("%s", err);
}

/* ---- daemon ---- */

/* The started process waits here until its child is ready or has failed. */
static void
wait_until_ready(int fd, pid_t pid)
{
	char	c;
	int	status;

	if (read(fd, &c, 1) == 1)
		_exit(0);
	if (waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
	    WEXITSTATUS(status) != 0)
		_exit(WEXITSTATUS(status));
	_exit(1);
}

/* Returns in the daemon, with the descriptor that tells it is ready. */
static int
daemonise(void)
{
	int	fds[2];
	pid_t	pid;

	if (pipe2(fds, O_CLOEXEC) == -1)
		fatal("pipe");
	if ((pid = fork()) == -1)
		fatal("fork");
	if (pid != 0) {
		close(fds[1]);
		wait_until_ready(fds[0], pid);
	}
	close(fds[0]);
	if (setsid() == -1)
		fatal("setsid");
	return fds[1];
}

/* From here on nobody looks at the terminal. */
static void
detach(void *arg)
{
	int	*fd = arg, null;

	log_init("mimd", 0);
	if ((null = open("/dev/null", O_RDWR | O_CLOEXEC)) == -1)
		fatal("/dev/null");
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	close(null);
	if (write(*fd, "", 1) == -1)
		log_warn("pipe");
	close(*fd);
}

/* The exit status. */
static int
check(const struct conf *conf, bool print)
{
	if (inspect(conf) == -1)
		return 1;
	if (print)
		conf_print(conf, stdout);
	if (fflush(stdout) == EOF)
		fatal("cannot write");
	fprintf(stderr, "configuration OK\n");
	return 0;
}

int
main(int argc, char **argv)
{
	static struct options	o;
	static struct parent	parent;
	mode_t			mask;
	int			ready_fd;

	setproctitle_init(argc, argv, environ);
	log_init("mimd", 1);
	parse_options(&o, argc, argv);
	if (o.role != NULL)
		become_child(o.role);

	o.source.path = absolute(o.source.path);
	o.source.socket = absolute(o.source.socket);
	parent.source = o.source;
	if ((parent.conf = conf_load(&parent.source)) == NULL)
		return 1;
	if (o.check)
		return check(parent.conf, o.verbose);
	if (o.verbose)
		log_set_level(LOG_LEVEL_DEBUG);

	closefrom(STDERR_FILENO + 1);	/* whatever the shell left open */
	notify_init();
	mask = umask(027);
	if (!o.foreground) {
		ready_fd = daemonise();
		parent.on_ready = detach;
		parent.ready_arg = &ready_fd;
	}
	if (chdir("/") == -1)
		fatal("/");
	setproctitle("parent");
	parent_init(&parent, o.foreground, mask);
	open_all(&parent);
	privs_drop();
	parent_run(&parent);
	log_info("ended");
	parent_clear(&parent);
	return 0;
}
