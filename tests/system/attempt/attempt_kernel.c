/* SPDX-License-Identifier: ISC */
/* The kernel: what it is asked for. */
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/syscall.h>

#include <errno.h>
#include <sched.h>
#include <stddef.h>
#include <unistd.h>

#include "attempt.h"

static int
try_mount(const struct attempt_env *env)
{
	return mount("none", env->root_path, "tmpfs", 0, NULL);
}

static int
try_unshare(const struct attempt_env *env)
{
	(void)env;
	return unshare(CLONE_NEWUSER);
}

static int
try_chroot(const struct attempt_env *env)
{
	(void)env;
	return chroot("/");
}

static int
try_setuid(const struct attempt_env *env)
{
	(void)env;
	return setresuid(0, 0, 0);
}

static int
try_bpf(const struct attempt_env *env)
{
	(void)env;
	return (int)syscall(SYS_bpf, 0, NULL, 0);
}

static int
try_io_uring(const struct attempt_env *env)
{
	char	params[120] = { 0 };

	(void)env;
	return attempt_closed((int)syscall(SYS_io_uring_setup, 1, params));
}

static int
try_memfd(const struct attempt_env *env)
{
	(void)env;
	return attempt_closed(memfd_create("x", 0));
}

static int
try_keyctl(const struct attempt_env *env)
{
	(void)env;
	return (int)syscall(SYS_keyctl, 0, -3, 1);
}

static int
try_perf(const struct attempt_env *env)
{
	char	attr[128] = { 0 };

	(void)env;
	return attempt_closed((int)syscall(SYS_perf_event_open, attr, 0, -1,
	    -1, 0));
}

static int
try_foreign_abi(const struct attempt_env *env)
{
	(void)env;
#ifdef __x86_64__
	return (int)syscall(0x40000000 | SYS_getpid) == -1 ? -1 : 0;
#else
	errno = ENOSYS;		/* there is none */
	return -1;
#endif
}

const struct attempt	attempts_kernel[] = {
	/* peer, disk, tracker, resolver, portmap, dht; signal */
	{ "stand behind all walls", NULL,
	    { WORKS, WORKS, WORKS, WORKS, WORKS, WORKS }, 0 },
	{ "mount", try_mount,
	    { KILLED, KILLED, KILLED, KILLED, KILLED, KILLED }, 0 },
	{ "unshare", try_unshare,
	    { KILLED, KILLED, KILLED, KILLED, KILLED, KILLED }, 0 },
	{ "chroot", try_chroot,
	    { KILLED, KILLED, KILLED, KILLED, KILLED, KILLED }, 0 },
	{ "setresuid", try_setuid,
	    { KILLED, KILLED, KILLED, KILLED, KILLED, KILLED }, 0 },
	{ "bpf", try_bpf,
	    { KILLED, KILLED, KILLED, KILLED, KILLED, KILLED }, 0 },
	{ "io_uring_setup", try_io_uring,
	    { KILLED, KILLED, KILLED, KILLED, KILLED, KILLED }, 0 },
	{ "memfd_create", try_memfd,
	    { KILLED, KILLED, KILLED, KILLED, KILLED, KILLED }, 0 },
	{ "keyctl", try_keyctl,
	    { KILLED, KILLED, KILLED, KILLED, KILLED, KILLED }, 0 },
	{ "perf_event_open", try_perf,
	    { KILLED, KILLED, KILLED, KILLED, KILLED, KILLED }, 0 },
	{ "another ABI", try_foreign_abi,
	    { FAILS, FAILS, FAILS, FAILS, FAILS, FAILS }, 0 },
	{ .name = NULL }
};
