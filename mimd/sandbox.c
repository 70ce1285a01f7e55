/* SPDX-License-Identifier: ISC */
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <linux/capability.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "child.h"
#include "landlock.h"
#include "log.h"
#include "metainfo.h"
#include "privs.h"
#include "sandbox.h"
#include "sandbox_filter.h"
#include "sanitizer.h"

/* Where a child that needs no files is locked in: root's, and empty. */
#define EMPTY_PARENT	"/var/empty"
#define EMPTY_DIR	EMPTY_PARENT "/mimd"

#define FILES_PEER	(PEERS_MAX + 64)
#define FILES_DISK	1024
#define FILES_TRACKER	1024
#define FILES_RESOLVER	256
#define FILES_PORTMAP	32
#define FILES_DHT	80	/* twice its sockets */
#define ADDRESS_SPACE	(32ULL << 30)	/* far above the largest cache */

#define CAPS_NONE	0U
#define CAPS_CHROOT	(1U << CAP_SYS_CHROOT)

/* Of this process, between the two halves. */
static bool	locks_in;	/* started as root: chroot is still to come */

static bool
needs_files(enum role role)
{
	return role == ROLE_DISK || role == ROLE_RESOLVER;
}

/* ---- capabilities ---- */

static void
caps_set(uint32_t caps)
{
	struct __user_cap_header_struct	head = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	struct __user_cap_data_struct	data[_LINUX_CAPABILITY_U32S_3];

	memset(data, 0, sizeof(data));
	data[0].effective = data[0].permitted = caps;
	if (syscall(SYS_capset, &head, data) == -1)
		fatal("capset");
}

static bool
caps_none(void)
{
	struct __user_cap_header_struct	head = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	struct __user_cap_data_struct	d[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &head, d) == -1)
		return false;
	return (d[0].effective | d[0].permitted | d[0].inheritable |
	    d[1].effective | d[1].permitted | d[1].inheritable) == 0;
}

/* The kernel says where its list ends: EINVAL. */
static void
caps_drop_bounding(void)
{
	int	cap;

	for (cap = 0; prctl(PR_CAPBSET_READ, cap) != -1; cap++) {
		if (prctl(PR_CAPBSET_DROP, cap) == -1)
			fatal("cannot drop capability %d", cap);
	}
}

/* ---- the first half ---- */

static void
drop_fds(int keep)
{
	if (close_range(STDERR_FILENO + 1, (unsigned int)keep - 1, 0) == -1 &&
	    keep > STDERR_FILENO + 1)
		fatal("close_range");
	if (close_range((unsigned int)keep + 1, UINT_MAX, 0) == -1)
		fatal("close_range");
}

/* Whatever our umask; a directory that is there stays as it is. */
static void
make_dir(const char *path, mode_t mode)
{
	if (mkdir(path, mode) == -1 ? errno != EEXIST :
	    chmod(path, mode) == -1)
		fatal("%s", path);
}

static void
make_empty(void)
{
	make_dir(EMPTY_PARENT, 0755);
	make_dir(EMPTY_DIR, 0555);
}

static void
drop_user(uint32_t caps)
{
	uid_t	uid;
	gid_t	gid;

	privs_user(&uid, &gid);
	caps_drop_bounding();
	if (prctl(PR_SET_KEEPCAPS, caps != CAPS_NONE) == -1)
		fatal("PR_SET_KEEPCAPS");
	if (setgroups(0, NULL) == -1 ||
	    setresgid(gid, gid, gid) == -1 ||
	    setresuid(uid, uid, uid) == -1)
		fatal("cannot become " PRIVS_USER);
	caps_set(caps);
	if (prctl(PR_SET_KEEPCAPS, 0) == -1)
		fatal("PR_SET_KEEPCAPS");
	if (setresuid(0, 0, 0) != -1 || setresgid(0, 0, 0) != -1 ||
	    setgroups(0, NULL) != -1)
		fatalx("root can be had again");
}

void
sandbox_drop(enum role role, int keep_fd)
{
	struct rlimit	none = { 0, 0 };

	drop_fds(keep_fd);
	if (setrlimit(RLIMIT_CORE, &none) == -1)
		fatal("RLIMIT_CORE");
	if (geteuid() == 0) {
		locks_in = !needs_files(role);
		if (locks_in)
			make_empty();
		drop_user(locks_in ? CAPS_CHROOT : CAPS_NONE);
	} else if (!caps_none())
		caps_set(CAPS_NONE);
	/* After the switch, which sets it anew. */
	if (prctl(PR_SET_DUMPABLE, 0) == -1)
		fatal("PR_SET_DUMPABLE");
}

/* ---- the second half ---- */

static void
need(bool good, bool relaxed, const char *wall, int error)
{
	if (good)
		return;
	if (!relaxed)
		fatalx("%s: %s (\"sandbox relaxed\" does without)", wall,
		    strerror(error));
	log_warnx("%s: %s; going on without it", wall, strerror(error));
}

static bool
is_empty(const char *path)
{
	struct dirent	*entry;
	struct stat	 st;
	DIR		*dir;
	bool		 empty = true;

	if (lstat(path, &st) == -1 || !S_ISDIR(st.st_mode) ||
	    st.st_uid != 0 || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0 ||
	    (dir = opendir(path)) == NULL)
		return false;
	while ((entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			empty = false;
	}
	closedir(dir);
	return empty;
}

/* Only now: libraries have read their files. */
static bool
lock_in(void)
{
	if (!locks_in)
		return false;
	if (!is_empty(EMPTY_DIR))
		fatalx(EMPTY_DIR ": not an empty directory of root's");
	if (chroot(EMPTY_DIR) == -1 || chdir("/") == -1)
		fatal(EMPTY_DIR);
	caps_set(CAPS_NONE);
	return true;
}

static bool
limit(int resource, rlim_t value)
{
	struct rlimit	rl;

	if (getrlimit((__rlimit_resource_t)resource, &rl) == -1)
		return false;
	if (rl.rlim_max == RLIM_INFINITY || rl.rlim_max > value)
		rl.rlim_max = value;
	rl.rlim_cur = rl.rlim_max;
	return setrlimit((__rlimit_resource_t)resource, &rl) != -1;
}

static rlim_t
files_of(enum role role)
{
	switch (role) {
	case ROLE_PEER:
		return FILES_PEER;
	case ROLE_DISK:
		return FILES_DISK;
	case ROLE_TRACKER:
		return FILES_TRACKER;
	case ROLE_PORTMAP:
		return FILES_PORTMAP;
	case ROLE_DHT:
		return FILES_DHT;
	default:
		return FILES_RESOLVER;
	}
}

static bool
limit_all(enum role role)
{
	bool	good = true;

	good &= limit(RLIMIT_NOFILE, files_of(role));
	good &= limit(RLIMIT_NPROC, 0);
	if (role != ROLE_DISK) {
		/* Standard error may be a file: an error, not a signal. */
		signal(SIGXFSZ, SIG_IGN);
		/* Tracker is lent memory files, each for a .torrent. */
		good &= limit(RLIMIT_FSIZE, role == ROLE_TRACKER ?
		    METAINFO_SIZE_MAX : 0);
	}
#ifndef SANITIZED
	good &= limit(RLIMIT_AS, sizeof(void *) < 8 ? RLIM_INFINITY :
	    (rlim_t)ADDRESS_SPACE);
#endif
	return good;
}

static bool
confine_paths(enum role role, const struct child_path *paths, int n)
{
	struct landlock_path	allowed[CHILD_PATHS_MAX];
	int			i;

	for (i = 0; i < n; i++) {
		allowed[i].fd = paths[i].fd;
		allowed[i].write = paths[i].write;
	}
	return landlock_restrict(allowed, n,
	    role == ROLE_DISK ? LANDLOCK_NO_TCP : 0) != -1;
}

#ifdef MIM_SECCOMP_TRAP
#include <seccomp.h>
#include <stdio.h>

/* A debugging build says which call broke the table. */
static void
on_sigsys(int signo, siginfo_t *info, void *context)
{
	(void)signo;
	(void)context;
	dprintf(STDERR_FILENO, "sandbox: call %d, %s\n", info->si_syscall,
	    seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE,
	    info->si_syscall));
	_exit(1);
}

static void
trap_init(void)
{
	struct sigaction	sa = {
		.sa_sigaction = on_sigsys, .sa_flags = SA_SIGINFO
	};

	sigaction(SIGSYS, &sa, NULL);
}
#else
static void
trap_init(void)
{
}
#endif

void
sandbox_seal(enum role role, const struct child_path *paths, int npaths,
    bool relaxed, void (*threads)(void *), void *arg,
    struct sandbox_report *report)
{
	int	error;
	bool	good;

	memset(report, 0, sizeof(*report));
	if (lock_in())
		report->walls |= WALL_CHROOT;
	good = caps_none();
	need(good, relaxed, "capabilities", EPERM);
	report->walls |= good ? WALL_CAPS : 0;
	report->walls |= geteuid() != 0 && getuid() != 0 ? WALL_USER : 0;

	good = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != -1 &&
	    prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
	need(good, relaxed, "no_new_privs", errno);
	report->walls |= good ? WALL_NO_NEW_PRIVS : 0;

	good = confine_paths(role, paths, npaths);
	need(good, relaxed, "Landlock", errno);
	if (good) {
		report->walls |= WALL_LANDLOCK;
		report->landlock_abi = (uint8_t)landlock_abi();
	}

	if (threads != NULL)
		threads(arg);

	/* After the threads, which count as processes. */
	good = limit_all(role);
	need(good, relaxed, "resource limits", errno);
	report->walls |= good ? WALL_RLIMITS : 0;

	trap_init();
	sanitizer_sealed();
	error = sandbox_filter_load(role);
	need(error == 0, relaxed, "seccomp", error);
	report->walls |= error == 0 ? WALL_SECCOMP : 0;
}
