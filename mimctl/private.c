/* SPDX-License-Identifier: ISC */
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <netinet/in.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <libgen.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "client.h"
#include "clock.h"
#include "mem.h"
#include "private.h"

#define PORT_FIRST	6881	/* what people expect */
#define PORT_LAST	6889
#define START_MS	20000
#define STOP_MS		20000
#define STEP_MS		20
#define NOBODY		65534	/* what root is called in its namespace */

struct private {
	char	*dir, *conf, *log, *sock;	/* all beneath dir */
	pid_t	 pid;				/* 0: not running */
};

static int	 write_conf(const struct private *p, const char *dir,
    char *const *settings, int n);
static char	*find_mimd(void);
static void	 become_mimd(const struct private *p, const char *mimd);
static int	 await_socket(struct private *p);
static bool	 ended(struct private *p);

struct private *
private_start(const char *dir, char *const *settings, int n)
{
	struct private	*p;
	const char	*tmp = getenv("TMPDIR");
	char		*mimd = find_mimd();

	if (mimd == NULL)
		return NULL;
	p = xcalloc(1, sizeof(*p));
	p->dir = xasprintf("%s/mim-get.XXXXXXXX",
	    tmp != NULL && *tmp == '/' ? tmp : "/tmp");
	if (mkdtemp(p->dir) == NULL) {
		warn("%s", p->dir);
		free(p->dir);
		free(p);
		free(mimd);
		return NULL;
	}
	p->conf = xasprintf("%s/mimd.conf", p->dir);
	p->log = xasprintf("%s/log", p->dir);
	p->sock = xasprintf("%s/sock", p->dir);
	if (write_conf(p, dir, settings, n) == 0) {
		p->pid = fork();
		if (p->pid == 0)
			become_mimd(p, mimd);
		if (p->pid == -1) {
			warn("fork");
			p->pid = 0;
		}
	}
	free(mimd);
	if (p->pid > 0 && await_socket(p) == 0)
		return p;
	private_stop(p);
	return NULL;
}

const char *
private_socket(const struct private *p)
{
	return p->sock;
}

void
private_show_log(const struct private *p)
{
	char	line[1024];
	FILE	*fp = fopen(p->log, "re");

	if (fp == NULL)
		return;
	while (fgets(line, sizeof(line), fp) != NULL)
		fputs(line, stderr);
	fclose(fp);
}

static void
pause_ms(long ms)
{
	struct timespec	ts = { 0, ms * 1000000L };

	nanosleep(&ts, NULL);
}

static int
remove_one(const char *path, const struct stat *sb, int flag, struct FTW *ftw)
{
	(void)sb;
	(void)flag;
	(void)ftw;
	return remove(path);
}

void
private_stop(struct private *p)
{
	uint64_t	until = clock_ms() + STOP_MS;

	if (p == NULL)
		return;
	if (p->pid > 0)
		kill(p->pid, SIGTERM);
	while (p->pid > 0 && !ended(p)) {
		if (clock_ms() >= until)
			kill(p->pid, SIGKILL);
		pause_ms(STEP_MS);
	}
	nftw(p->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(p->dir);
	free(p->conf);
	free(p->log);
	free(p->sock);
	free(p);
}

/* True, and pid 0, once it is gone. */
static bool
ended(struct private *p)
{
	int	status;

	if (p->pid > 0 && waitpid(p->pid, &status, WNOHANG) == 0)
		return false;
	p->pid = 0;
	return true;
}

static bool
port_is_free(uint16_t port)
{
	struct sockaddr_in6	sin6 = {
		.sin6_family = AF_INET6, .sin6_port = htons(port)
	};
	struct sockaddr_in	sin = {
		.sin_family = AF_INET, .sin_port = htons(port)
	};
	bool			free6, free4;
	int			fd6, fd4;

	fd4 = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	free4 = fd4 != -1 &&
	    bind(fd4, (struct sockaddr *)&sin, sizeof(sin)) == 0;
	if (fd4 != -1)
		close(fd4);
	/* A machine without IPv6 has every port of it free. */
	fd6 = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	free6 = fd6 == -1 ||
	    bind(fd6, (struct sockaddr *)&sin6, sizeof(sin6)) == 0 ||
	    errno != EADDRINUSE;
	if (fd6 != -1)
		close(fd6);
	return free4 && free6;
}

/* One of the usual ports, else any; another may take it before mimd does. */
static uint16_t
find_port(void)
{
	uint16_t	port;

	for (port = PORT_FIRST; port <= PORT_LAST; port++)
		if (port_is_free(port))
			return port;
	for (int i = 0; i < 100; i++) {
		port = (uint16_t)(49152 + arc4random_uniform(16384));
		if (port_is_free(port))
			return port;
	}
	return PORT_FIRST;
}

/* As mimd.conf(5) quotes; a line break in it mimd will refuse. */
static void
put_path(FILE *fp, const char *path)
{
	fputs("download directory \"", fp);
	for (; *path != '\0'; path++) {
		if (*path == '"' || *path == '\\')
			fputc('\\', fp);
		fputc(*path, fp);
	}
	fputs("\"\n", fp);
}

static int
write_conf(const struct private *p, const char *dir, char *const *settings,
    int n)
{
	char	*full;
	FILE	*fp;
	int	 bad = 0;

	full = realpath(dir, NULL);
	if (full == NULL) {
		warn("%s", dir);
		return -1;
	}
	fp = fopen(p->conf, "wxe");
	if (fp != NULL) {
		fprintf(fp, "state directory \"%s/state\"\n", p->dir);
		fprintf(fp, "control socket \"%s\" mode 0600\n", p->sock);
		put_path(fp, full);
		fprintf(fp, "listen on * port %u\n", find_port());
		for (int i = 0; i < n; i++)
			fprintf(fp, "%s\n", settings[i]);
		bad = ferror(fp);
		bad |= fclose(fp);
	}
	free(full);
	if (fp == NULL || bad) {
		warn("%s", p->conf);
		return -1;
	}
	return 0;
}

/* Beside ourselves, where make install puts it, or in $PATH. */
static char *
find_mimd(void)
{
	char		 self[PATH_MAX], *dir, *path, *next, *list;
	const char	*env = getenv("PATH");
	ssize_t		 n;

	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	self[n > 0 ? n : 0] = '\0';
	dir = dirname(self);
	list = xasprintf("%s:%s/../sbin:%s/sbin:%s", dir, dir, MIM_PREFIX,
	    env == NULL ? "/usr/sbin:/usr/bin" : env);
	next = list;
	while ((dir = strsep(&next, ":")) != NULL) {
		path = xasprintf("%s/mimd", dir);
		if (*dir == '/' && access(path, X_OK) == 0) {
			free(list);
			return path;
		}
		free(path);
	}
	free(list);
	warnx("cannot find mimd, which does the work, beside mimctl or in "
	    "$PATH");
	return NULL;
}

static int
write_file(const char *path, const char *text)
{
	size_t	len = strlen(text);
	ssize_t	n;
	int	fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd == -1)
		return -1;
	n = write(fd, text, len);
	close(fd);
	return n == (ssize_t)len ? 0 : -1;
}

/*
 * Root's private mimd is to write root's files, but needs no more power than
 * an ordinary user's: in a user namespace where root goes by another number
 * it loses every capability at exec.  Where there is none to be had, mimd
 * starts as root does, and its children switch to their own user.
 */
static void
give_up_root(void)
{
	char	uid[32], gid[32];

	snprintf(uid, sizeof(uid), "%d 0 1", NOBODY);
	snprintf(gid, sizeof(gid), "%d %u 1", NOBODY, getegid());
	if (geteuid() != 0 || unshare(CLONE_NEWUSER) == -1)
		return;
	if (write_file("/proc/self/setgroups", "deny") == -1 ||
	    write_file("/proc/self/gid_map", gid) == -1 ||
	    write_file("/proc/self/uid_map", uid) == -1)
		err(1, "user namespace");
}

static void
become_mimd(const struct private *p, const char *mimd)
{
	pid_t	parent = getppid();
	int	null, log;

	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	log = open(p->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (null == -1 || log == -1)
		err(1, "%s", p->log);
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(log, STDERR_FILENO);

	/* ^C is for mimctl alone; without mimctl it has no use. */
	setpgid(0, 0);
	give_up_root();
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(1);
	execl(mimd, "mimd", "-d", "-f", p->conf, (char *)NULL);
	err(1, "%s", mimd);
}

static int
await_socket(struct private *p)
{
	struct client	*client;
	uint64_t	 until = clock_ms() + START_MS;

	for (;;) {
		client = client_open(p->sock);
		if (client != NULL) {
			client_close(client);
			return 0;
		}
		if (ended(p) || clock_ms() >= until)
			break;
		pause_ms(STEP_MS);
	}
	warnx("mimd did not start; it said:");
	private_show_log(p);
	return -1;
}
