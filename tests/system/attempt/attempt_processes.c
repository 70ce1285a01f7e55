/* SPDX-License-Identifier: ISC */
/* Other processes, and what may be done to this one. */
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include "attempt.h"

static int
try_exec(const struct attempt_env *env)
{
	char	name[] = "true";
	char	*argv[] = { name, NULL }, *envp[] = { NULL };

	(void)env;
	return execve("/bin/true", argv, envp);
}

static int
try_exec_memfd(const struct attempt_env *env)
{
	char	name[] = "true";
	char	*argv[] = { name, NULL }, *envp[] = { NULL };

	return (int)syscall(SYS_execveat, env->memfd, "", argv, envp,
	    AT_EMPTY_PATH);
}

static int
try_fork(const struct attempt_env *env)
{
	pid_t	pid;

	(void)env;
	if ((pid = fork()) == 0)
		_exit(0);
	return pid == -1 ? -1 : 0;
}

static int
try_kill(const struct attempt_env *env)
{
	return kill(env->sibling, 0);
}

static int
try_ptrace(const struct attempt_env *env)
{
	return ptrace(PTRACE_ATTACH, env->sibling, NULL, NULL) == -1 ? -1 : 0;
}

static int
try_vm_read(const struct attempt_env *env)
{
	char		to[8];
	struct iovec	local = { to, sizeof(to) };
	struct iovec	remote = { (void *)(uintptr_t)env, sizeof(to) };

	return process_vm_readv(env->sibling, &local, 1, &remote, 1, 0) == -1 ?
	    -1 : 0;
}

static int
try_pidfd_getfd(const struct attempt_env *env)
{
	int	pidfd;

	if ((pidfd = (int)syscall(SYS_pidfd_open, env->sibling, 0)) == -1)
		return -1;
	return attempt_closed((int)syscall(SYS_pidfd_getfd, pidfd, 0, 0));
}

static int
try_undump(const struct attempt_env *env)
{
	(void)env;
	return prctl(PR_SET_DUMPABLE, 1);
}

static int
try_own_signals(const struct attempt_env *env)
{
	return fcntl(env->listener, F_SETOWN, env->sibling);
}

const struct attempt	attempts_processes[] = {
	/* peer, disk, tracker, resolver, portmap, dht; signal */
	{ "exec", try_exec,
	    { KILLED, KILLED, KILLED, KILLED, KILLED, KILLED }, 0 },
	{ "exec of a memfd", try_exec_memfd,
	    { KILLED, KILLED, KILLED, KILLED, KILLED, KILLED }, 0 },
	{ "fork", try_fork, { FAILS, FAILS, FAILS, FAILS, FAILS, FAILS }, 0 },
	{ "signal a sibling", try_kill,
	    { KILLED, KILLED, KILLED, KILLED, KILLED, KILLED }, 0 },
	{ "ptrace a sibling", try_ptrace,
	    { KILLED, KILLED, KILLED, KILLED, KILLED, KILLED }, 0 },
	{ "read a sibling's memory", try_vm_read,
	    { KILLED, KILLED, KILLED, KILLED, KILLED, KILLED }, 0 },
	{ "take a sibling's descriptor", try_pidfd_getfd,
	    { KILLED, KILLED, KILLED, KILLED, KILLED, KILLED }, 0 },
	{ "become dumpable", try_undump,
	    { FAILS, FAILS, FAILS, FAILS, FAILS, FAILS }, 0 },
	{ "F_SETOWN", try_own_signals,
	    { KILLED, KILLED, KILLED, KILLED, KILLED, KILLED }, 0 },
	{ .name = NULL }
};
