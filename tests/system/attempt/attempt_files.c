/* SPDX-License-Identifier: ISC */
/* Files and directories. */
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <fcntl.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "attempt.h"

static int
try_read_outside(const struct attempt_env *env)
{
	return attempt_closed(open(env->outside, O_RDONLY));
}

static int
try_write_outside(const struct attempt_env *env)
{
	return attempt_closed(open(env->outside, O_WRONLY));
}

static int
try_create_outside(const struct attempt_env *env)
{
	char	path[80];

	strlcpy(path, env->outside, sizeof(path));
	strlcpy(strrchr(path, '/'), "/created", 16);
	return attempt_closed(open(path, O_WRONLY | O_CREAT, 0600));
}

static int
open_beneath(const struct attempt_env *env, const char *name, uint64_t flags)
{
	struct open_how	how = {
		.flags = flags, .mode = flags & O_CREAT ? 0600 : 0
	};

	return attempt_closed((int)syscall(SYS_openat2, env->root, name, &how,
	    sizeof(how)));
}

static int
try_write_inside(const struct attempt_env *env)
{
	return open_beneath(env, "inside", O_WRONLY | O_CREAT);
}

static int
try_symlink_out(const struct attempt_env *env)
{
	return open_beneath(env, "link", O_RDONLY);
}

static int
try_dotdot_out(const struct attempt_env *env)
{
	return open_beneath(env, "../outside", O_RDONLY);
}

static int
try_read_etc(const struct attempt_env *env)
{
	(void)env;
	return attempt_closed(open("/etc/nsswitch.conf", O_RDONLY));
}

static int
try_write_etc(const struct attempt_env *env)
{
	(void)env;
	return attempt_closed(open("/etc/mim-attempt", O_WRONLY | O_CREAT,
	    0600));
}

static int
try_proc_mem(const struct attempt_env *env)
{
	(void)env;
	return attempt_closed(open("/proc/self/mem", O_RDWR));
}

static int
try_memfd_reopen(const struct attempt_env *env)
{
	char	path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", env->memfd);
	return attempt_closed(open(path, O_RDWR));
}

static int
try_chmod(const struct attempt_env *env)
{
	return chmod(env->outside, 0600);
}

static int
try_utimes(const struct attempt_env *env)
{
	return utimensat(AT_FDCWD, env->outside, NULL, 0);
}

/* Of any file; works where nothing forbids it. */
static int
try_ioctl(const struct attempt_env *env)
{
	int	n;

	return ioctl(env->memfd, FIONREAD, &n);
}

static int
try_rename_over(const struct attempt_env *env)
{
	return renameat2(env->root, "link", AT_FDCWD, env->outside,
	    RENAME_EXCHANGE);
}

static int
try_symlink(const struct attempt_env *env)
{
	return symlinkat("x", env->root, "made");
}

static int
try_rename_out(const struct attempt_env *env)
{
	return renameat(env->root, "link", env->root, "../moved");
}

static int
try_stat_outside(const struct attempt_env *env)
{
	struct stat	st;

	return stat(env->outside, &st);
}

const struct attempt	attempts_files[] = {
	/* peer, disk, tracker, resolver, portmap, dht; signal */
	{ "read a file outside", try_read_outside,
	    { FAILS, FAILS, FAILS, FAILS, FAILS, FAILS }, 0 },
	{ "write a file outside", try_write_outside,
	    { FAILS, FAILS, FAILS, FAILS, FAILS, FAILS }, 0 },
	{ "create a file outside", try_create_outside,
	    { FAILS, FAILS, FAILS, FAILS, FAILS, FAILS }, 0 },
	{ "create a file inside", try_write_inside,
	    { KILLED, WORKS, KILLED, KILLED, KILLED, KILLED }, 0 },
	{ "leave by a symbolic link", try_symlink_out,
	    { KILLED, FAILS, KILLED, KILLED, KILLED, KILLED }, 0 },
	{ "leave by ..", try_dotdot_out,
	    { KILLED, FAILS, KILLED, KILLED, KILLED, KILLED }, 0 },
	{ "rename to the outside", try_rename_out,
	    { KILLED, FAILS, KILLED, KILLED, KILLED, KILLED }, 0 },
	{ "read /etc", try_read_etc,
	    { FAILS, FAILS, FAILS, WORKS, FAILS, FAILS }, 0 },
	{ "write to /etc", try_write_etc,
	    { FAILS, FAILS, FAILS, KILLED, FAILS, FAILS }, 0 },
	{ "stat a file outside", try_stat_outside,
	    { FAILS, WORKS, FAILS, WORKS, FAILS, FAILS }, 0 },
	{ "open /proc/self/mem", try_proc_mem,
	    { FAILS, FAILS, FAILS, KILLED, FAILS, FAILS }, 0 },
	/* Landlock does not see memfds: their seals are to hold. */
	{ "open a memfd again", try_memfd_reopen,
	    { FAILS, WORKS, FAILS, KILLED, FAILS, FAILS }, 0 },
	{ "chmod", try_chmod,
	    { KILLED, KILLED, KILLED, KILLED, KILLED, KILLED }, 0 },
	{ "set the time of a file by its path", try_utimes,
	    { KILLED, KILLED, KILLED, KILLED, KILLED, KILLED }, 0 },
	{ "ioctl", try_ioctl, { FAILS, FAILS, FAILS, FAILS, FAILS, FAILS }, 0 },
	{ "change places with a file outside", try_rename_over,
	    { KILLED, FAILS, KILLED, KILLED, KILLED, KILLED }, 0 },
	{ "symlink", try_symlink,
	    { KILLED, KILLED, KILLED, KILLED, KILLED, KILLED }, 0 },
	{ .name = NULL }
};
