/* SPDX-License-Identifier: ISC */
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "attempt.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP	262
#endif
#define NSLOTS		64

void
attempt_prepare(struct attempt_env *env)
{
	struct sockaddr_in	sin = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)
	};
	char			buf[4096];
	ssize_t			n;
	int			from;

	env->root = -1;
	env->arena = arena_create(NSLOTS);
	/* Made of a file that every system has. */
	env->memfd = memfd_create("image", 0);
	from = open("/bin/true", O_RDONLY | O_CLOEXEC);
	while ((n = read(from, buf, sizeof(buf))) > 0) {
		if (write(env->memfd, buf, (size_t)n) != n)
			break;
	}
	close(from);
	env->datagram = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	env->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(env->listener, (struct sockaddr *)&sin, sizeof(sin)) == -1 ||
	    listen(env->listener, 8) == -1)
		abort();
}

/* ---- files ---- */

static int
closed(int fd)
{
	if (fd == -1)
		return -1;
	close(fd);
	return 0;
}

static int
try_read_outside(const struct attempt_env *env)
{
	return closed(open(env->outside, O_RDONLY));
}

static int
try_write_outside(const struct attempt_env *env)
{
	return closed(open(env->outside, O_WRONLY));
}

static int
try_create_outside(const struct attempt_env *env)
{
	char	path[80];

	strlcpy(path, env->outside, sizeof(path));
	strlcpy(strrchr(path, '/'), "/created", 16);
	return closed(open(path, O_WRONLY | O_CREAT, 0600));
}

static int
open_beneath(const struct attempt_env *env, const char *name, uint64_t flags)
{
	struct open_how	how = {
		.flags = flags, .mode = flags & O_CREAT ? 0600 : 0
	};

	return closed((int)syscall(SYS_openat2, env->root, name, &how,
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
	return closed(open("/etc/nsswitch.conf", O_RDONLY));
}

static int
try_write_etc(const struct attempt_env *env)
{
	(void)env;
	return closed(open("/etc/mim-attempt", O_WRONLY | O_CREAT, 0600));
}

static int
try_proc_mem(const struct attempt_env *env)
{
	(void)env;
	return closed(open("/proc/self/mem", O_RDWR));
}

static int
try_memfd_reopen(const struct attempt_env *env)
{
	char	path[] = "/proc/self/fd/00";

	path[14] = (char)('0' + env->memfd / 10);
	path[15] = (char)('0' + env->memfd % 10);
	return closed(open(path + 0, O_RDWR));
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

/* ---- sockets ---- */

static int
try_tcp(const struct attempt_env *env)
{
	(void)env;
	return closed(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK |
	    SOCK_CLOEXEC, IPPROTO_TCP));
}

static int
try_tcp6(const struct attempt_env *env)
{
	int	fd;

	(void)env;
	fd = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0);
	/* A machine without IPv6 says so. */
	return fd == -1 && errno == EAFNOSUPPORT ? 0 : closed(fd);
}

static int
try_connect(const struct attempt_env *env)
{
	struct sockaddr_in	sin;
	socklen_t		len = sizeof(sin);
	int			fd;

	if (getsockname(env->listener, (struct sockaddr *)&sin, &len) == -1 ||
	    (fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) == -1)
		return -1;
	return connect(fd, (struct sockaddr *)&sin, len);
}

static int
try_accept(const struct attempt_env *env)
{
	int	fd;

	/* Who may make no socket is still to see what this call does. */
	try_connect(env);
	fd = accept4(env->listener, NULL, NULL, SOCK_CLOEXEC);
	return closed(fd);
}

static int
try_fastopen(const struct attempt_env *env)
{
	struct sockaddr_in	sin = {
		.sin_family = AF_INET, .sin_port = htons(9),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)
	};
	int			fd;

	(void)env;
	if ((fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) == -1)
		return -1;
	return (int)sendto(fd, "x", 1, MSG_FASTOPEN | MSG_NOSIGNAL,
	    (struct sockaddr *)&sin, sizeof(sin));
}

static int
try_udp(const struct attempt_env *env)
{
	(void)env;
	return closed(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
}

static int
try_multicast(const struct attempt_env *env)
{
	struct ip_mreqn	mreq = { .imr_ifindex = 0 };

	return setsockopt(env->datagram, IPPROTO_IP, IP_MULTICAST_IF, &mreq,
	    sizeof(mreq));
}

static int
try_join(const struct attempt_env *env)
{
	struct ip_mreqn	mreq = {
		.imr_multiaddr.s_addr = htonl(0xeffffffa)
	};

	return setsockopt(env->datagram, IPPROTO_IP, IP_ADD_MEMBERSHIP, &mreq,
	    sizeof(mreq));
}

static int
try_unix(const struct attempt_env *env)
{
	(void)env;
	return closed(socket(AF_UNIX, SOCK_STREAM, 0));
}

static int
try_netlink(const struct attempt_env *env)
{
	(void)env;
	return closed(socket(AF_NETLINK, SOCK_RAW, 0));
}

static int
try_packet(const struct attempt_env *env)
{
	(void)env;
	return closed(socket(AF_PACKET, SOCK_RAW, 0));
}

static int
try_raw(const struct attempt_env *env)
{
	(void)env;
	return closed(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
}

static int
try_mptcp(const struct attempt_env *env)
{
	(void)env;
	return closed(socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP));
}

static int
try_bind(const struct attempt_env *env)
{
	struct sockaddr_in	sin = { .sin_family = AF_INET };

	return bind(env->listener, (struct sockaddr *)&sin, sizeof(sin));
}

static int
try_listen(const struct attempt_env *env)
{
	return listen(env->listener, 8);
}

/* ---- processes ---- */

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
	return closed((int)syscall(SYS_pidfd_getfd, pidfd, 0, 0));
}

/* ---- the kernel ---- */

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
	return closed((int)syscall(SYS_io_uring_setup, 1, params));
}

static int
try_memfd(const struct attempt_env *env)
{
	(void)env;
	return closed(memfd_create("x", 0));
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
	return closed((int)syscall(SYS_perf_event_open, attr, 0, -1, -1, 0));
}

static int
try_mmap_exec(const struct attempt_env *env)
{
	(void)env;
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0;
}

static int
try_mprotect_exec(const struct attempt_env *env)
{
	void	*p;

	(void)env;
	p = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return p == MAP_FAILED ? 0 : mprotect(p, 4096, PROT_READ | PROT_EXEC);
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

/* ---- the arena ---- */

static int
try_arena(const struct attempt_env *env)
{
	struct arena	arena;

	if (arena_map(&arena, env->arena, NSLOTS) == -1)
		return -1;
	memset(arena_slot(&arena, NSLOTS - 1), 1, ARENA_SLOT);
	arena_release(&arena, 0, NSLOTS);
	arena_unmap(&arena);
	return 0;
}

/* Longer than it is: told apart when mapped. */
static int
try_arena_larger(const struct attempt_env *env)
{
	struct arena	arena;

	return arena_map(&arena, env->arena, NSLOTS + 1);
}

/* The mapping made by hand: its pages beyond the end fault. */
static int
try_arena_beyond(const struct attempt_env *env)
{
	volatile uint8_t	*p;

	p = mmap(NULL, (NSLOTS + 1) * ARENA_SLOT, PROT_READ | PROT_WRITE,
	    MAP_SHARED, env->arena, 0);
	if (p == MAP_FAILED)
		return -1;
	p[NSLOTS * ARENA_SLOT] = 1;
	return 0;
}

static int
try_arena_resize(const struct attempt_env *env)
{
	return ftruncate(env->arena, 2 * NSLOTS * ARENA_SLOT);
}

/* ---- the table ---- */

const struct attempt	attempts[] = {
	/*
	 * name, function, { peer, disk, tracker, resolver, portmap, dht },
	 * signal
	 */
	{ "stand behind all walls", NULL,
	    { WORKS, WORKS, WORKS, WORKS, WORKS, WORKS }, 0 },
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
	{ "open a memfd again", try_memfd_reopen,
	    { FAILS, FAILS, FAILS, KILLED, FAILS, FAILS }, 0 },
	{ "chmod", try_chmod,
	    { KILLED, KILLED, KILLED, KILLED, KILLED, KILLED }, 0 },
	{ "set the time of a file by its path", try_utimes,
	    { KILLED, KILLED, KILLED, KILLED, KILLED, KILLED }, 0 },
	{ "ioctl", try_ioctl, { FAILS, FAILS, FAILS, FAILS, FAILS, FAILS }, 0 },
	{ "change places with a file outside", try_rename_over,
	    { KILLED, FAILS, KILLED, KILLED, KILLED, KILLED }, 0 },
	{ "symlink", try_symlink,
	    { KILLED, KILLED, KILLED, KILLED, KILLED, KILLED }, 0 },
	{ "TCP socket", try_tcp,
	    { WORKS, FAILS, WORKS, WORKS, WORKS, FAILS }, 0 },
	{ "TCP socket of IPv6", try_tcp6,
	    { WORKS, FAILS, WORKS, WORKS, KILLED, FAILS }, 0 },
	{ "connect", try_connect,
	    { WORKS, KILLED, WORKS, WORKS, WORKS, FAILS }, 0 },
	{ "accept", try_accept,
	    { WORKS, KILLED, KILLED, KILLED, KILLED, KILLED }, 0 },
	{ "connect by MSG_FASTOPEN", try_fastopen,
	    { KILLED, FAILS, KILLED, KILLED, KILLED, FAILS }, 0 },
	{ "UDP socket", try_udp,
	    { FAILS, FAILS, WORKS, WORKS, WORKS, FAILS }, 0 },
	{ "choose a device for multicasts", try_multicast,
	    { KILLED, KILLED, KILLED, KILLED, WORKS, KILLED }, 0 },
	{ "join a group", try_join,
	    { KILLED, KILLED, KILLED, KILLED, KILLED, KILLED }, 0 },
	{ "UNIX socket", try_unix,
	    { FAILS, FAILS, FAILS, FAILS, FAILS, FAILS }, 0 },
	{ "NETLINK socket", try_netlink,
	    { FAILS, FAILS, FAILS, FAILS, FAILS, FAILS }, 0 },
	{ "PACKET socket", try_packet,
	    { FAILS, FAILS, FAILS, FAILS, FAILS, FAILS }, 0 },
	{ "RAW socket", try_raw,
	    { KILLED, FAILS, KILLED, KILLED, KILLED, FAILS }, 0 },
	{ "MPTCP socket", try_mptcp,
	    { KILLED, FAILS, KILLED, KILLED, KILLED, FAILS }, 0 },
	{ "bind", try_bind,
	    { KILLED, KILLED, KILLED, KILLED, KILLED, KILLED }, 0 },
	{ "listen", try_listen,
	    { KILLED, KILLED, KILLED, KILLED, KILLED, KILLED }, 0 },
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
	{ "mmap of code", try_mmap_exec,
	    { FAILS, FAILS, FAILS, FAILS, FAILS, FAILS }, 0 },
	{ "mprotect to code", try_mprotect_exec,
	    { FAILS, FAILS, FAILS, FAILS, FAILS, FAILS }, 0 },
	{ "become dumpable", try_undump,
	    { FAILS, FAILS, FAILS, FAILS, FAILS, FAILS }, 0 },
	{ "F_SETOWN", try_own_signals,
	    { KILLED, KILLED, KILLED, KILLED, KILLED, KILLED }, 0 },
	{ "another ABI", try_foreign_abi,
	    { FAILS, FAILS, FAILS, FAILS, FAILS, FAILS }, 0 },
	{ "use the arena", try_arena,
	    { WORKS, WORKS, WORKS, WORKS, WORKS, WORKS }, 0 },
	{ "map more than the arena", try_arena_larger,
	    { FAILS, FAILS, FAILS, FAILS, FAILS, FAILS }, 0 },
	{ "write beyond the arena", try_arena_beyond,
	    { KILLED, KILLED, KILLED, KILLED, KILLED, KILLED }, SIGBUS },
	{ "resize the arena", try_arena_resize,
	    { KILLED, FAILS, KILLED, KILLED, KILLED, KILLED }, 0 },
	{ NULL, NULL, { WORKS, WORKS, WORKS, WORKS, WORKS, WORKS }, 0 }
};
