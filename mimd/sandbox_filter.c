/* SPDX-License-Identifier: ISC */
#include <sys/mman.h>
#include <sys/socket.h>

#include <linux/fs.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stddef.h>

#include <seccomp.h>

#include "bound.h"
#include "sandbox_filter.h"
#include "sanitizer.h"

/*
 * The one table: which role may make which call, with which arguments.  A
 * call that has no row that fits ends the process.  FAIL rows are what
 * libraries try on their own and live without; an error does for them.
 *
 * Pointers cannot be looked through: who may use openat2(2), say, is held
 * to its paths by Landlock.  Flags are compared by mask, as the kernel
 * ignores the upper half of an int.
 */

#define PEER		(1U << ROLE_PEER)
#define DISK		(1U << ROLE_DISK)
#define TRACKER		(1U << ROLE_TRACKER)
#define RESOLVER	(1U << ROLE_RESOLVER)
#define PORTMAP		(1U << ROLE_PORTMAP)
#define DHT		(1U << ROLE_DHT)
#define ALL		(NET | DISK | DHT)
#define NET		(NET6 | PORTMAP)
#define NET6		(PEER | TRACKER | RESOLVER)	/* IPv6 as well */

#define ARGS_MAX	3

struct rule {
	unsigned int		roles;
	int			call;
	uint32_t		action;
	unsigned int		nargs;
	struct scmp_arg_cmp	args[ARGS_MAX];
};

#define ALLOW(roles, call)						\
	{ roles, SCMP_SYS(call), SCMP_ACT_ALLOW, 0, { { 0, 0, 0, 0 } } }
#define ALLOW1(roles, call, a)						\
	{ roles, SCMP_SYS(call), SCMP_ACT_ALLOW, 1, { a } }
#define ALLOW2(roles, call, a, b)					\
	{ roles, SCMP_SYS(call), SCMP_ACT_ALLOW, 2, { a, b } }
#define ALLOW3(roles, call, a, b, c)					\
	{ roles, SCMP_SYS(call), SCMP_ACT_ALLOW, 3, { a, b, c } }
#define FAIL(roles, call, error)					\
	{ roles, SCMP_SYS(call), SCMP_ACT_ERRNO(error), 0, { { 0, 0, 0, 0 } } }
#define FAIL1(roles, call, error, a)					\
	{ roles, SCMP_SYS(call), SCMP_ACT_ERRNO(error), 1, { a } }

#define IS(n, value)		{ n, SCMP_CMP_EQ, value, 0 }
#define NOT(n, value)		{ n, SCMP_CMP_NE, value, 0 }
#define LESS(n, value)		{ n, SCMP_CMP_LT, value, 0 }
#define MORE(n, value)		{ n, SCMP_CMP_GT, value, 0 }
#define WITHOUT(n, bits)	{ n, SCMP_CMP_MASKED_EQ, bits, 0 }
#define WITH(n, bits)		{ n, SCMP_CMP_MASKED_EQ, bits, bits }
/* socket(2)'s type, whatever its flags. */
#define TYPE(n, type)							\
	{ n, SCMP_CMP_MASKED_EQ,					\
	    0xffffffffU & ~(unsigned int)(SOCK_NONBLOCK | SOCK_CLOEXEC), type }

#define SOCKET(roles, family, type, proto)				\
	ALLOW3(roles, socket, IS(0, family), TYPE(1, type), IS(2, proto))

#define OPEN_CHANGES	(O_ACCMODE | O_CREAT | O_TRUNC | \
			((unsigned int)O_TMPFILE & ~(unsigned int)O_DIRECTORY))

static const struct rule rules[] = {
	/* What has been opened, and memory. */
	ALLOW(ALL, read),
	ALLOW(ALL, write),
	ALLOW(ALL, readv),
	ALLOW(ALL, writev),
	ALLOW(ALL, close),
	ALLOW(ALL, lseek),
	ALLOW1(ALL, fcntl, IS(1, F_GETFD)),
	ALLOW1(ALL, fcntl, IS(1, F_SETFD)),
	ALLOW1(ALL, fcntl, IS(1, F_GETFL)),
	ALLOW1(ALL, fcntl, IS(1, F_SETFL)),
	ALLOW1(ALL, fcntl, IS(1, F_GET_SEALS)),
	ALLOW1(ALL, mmap, WITHOUT(2, PROT_EXEC)),
	ALLOW1(ALL, mprotect, WITHOUT(2, PROT_EXEC)),
	FAIL1(ALL, mmap, EPERM, WITH(2, PROT_EXEC)),
	FAIL1(ALL, mprotect, EPERM, WITH(2, PROT_EXEC)),
	ALLOW(ALL, munmap),
	ALLOW(ALL, mremap),
	ALLOW(ALL, madvise),
	ALLOW(ALL, brk),

	/* Waiting, time, luck, the end. */
	ALLOW(ALL, epoll_wait),
	ALLOW(ALL, epoll_pwait),
	ALLOW(ALL, epoll_pwait2),
	ALLOW(ALL, epoll_ctl),
	ALLOW(ALL, poll),
	ALLOW(ALL, ppoll),
	ALLOW(ALL, futex),
	ALLOW(ALL, clock_gettime),
	ALLOW(ALL, gettimeofday),
	ALLOW(ALL, time),
	ALLOW(ALL, clock_nanosleep),
	ALLOW(ALL, nanosleep),
	ALLOW(ALL, restart_syscall),
	ALLOW(ALL, getrandom),
	ALLOW(ALL, getpid),
	ALLOW(ALL, gettid),
	ALLOW(ALL, sysinfo),		/* qsort(3) of large arrays */
	ALLOW(ALL, rt_sigaction),
	ALLOW(ALL, rt_sigprocmask),
	ALLOW(ALL, rt_sigreturn),
	ALLOW(ALL, exit),
	ALLOW(ALL, exit_group),

	/* Channels; and sockets, for those who have others. */
	ALLOW(ALL, recvmsg),
	ALLOW1(ALL, sendmsg, WITHOUT(2, MSG_FASTOPEN)),
	ALLOW(NET | DHT, recvfrom),
	ALLOW1(NET | DHT, sendto, WITHOUT(3, MSG_FASTOPEN)),
	ALLOW(NET, connect),
	ALLOW(NET, shutdown),
	ALLOW(NET | DHT, getsockname),
	ALLOW(NET, getpeername),
	ALLOW(NET | DHT, getsockopt),
	ALLOW1(NET, setsockopt, IS(1, SOL_SOCKET)),
	ALLOW1(NET, setsockopt, IS(1, IPPROTO_TCP)),
	ALLOW2(TRACKER, setsockopt, IS(1, IPPROTO_IP), IS(2, IP_RECVERR)),
	ALLOW2(TRACKER, setsockopt, IS(1, IPPROTO_IPV6), IS(2, IPV6_RECVERR)),
	ALLOW(PEER, accept4),
	SOCKET(NET, AF_INET, SOCK_STREAM, 0),
	SOCKET(NET, AF_INET, SOCK_STREAM, IPPROTO_TCP),
	SOCKET(NET6, AF_INET6, SOCK_STREAM, 0),
	SOCKET(NET6, AF_INET6, SOCK_STREAM, IPPROTO_TCP),
	ALLOW2(PORTMAP, setsockopt, IS(1, IPPROTO_IP), IS(2, IP_MULTICAST_IF)),
	SOCKET(TRACKER | RESOLVER | PORTMAP, AF_INET, SOCK_DGRAM, 0),
	SOCKET(TRACKER | RESOLVER | PORTMAP, AF_INET, SOCK_DGRAM,
	    IPPROTO_UDP),
	SOCKET(TRACKER | RESOLVER, AF_INET6, SOCK_DGRAM, 0),
	SOCKET(TRACKER | RESOLVER, AF_INET6, SOCK_DGRAM, IPPROTO_UDP),
	ALLOW1(RESOLVER, sendmmsg, WITHOUT(3, MSG_FASTOPEN)),

	/* Files. */
	ALLOW(DISK, openat2),
	ALLOW(DISK, openat),
	ALLOW(DISK | RESOLVER, fstat),
	ALLOW(DISK | RESOLVER, newfstatat),
	ALLOW(DISK, statx),
	ALLOW(DISK, fstatfs),
	ALLOW(DISK, getdents64),
	ALLOW(DISK, pread64),
	ALLOW(DISK, pwrite64),
	ALLOW(DISK, preadv),
	ALLOW(DISK, pwritev),
	ALLOW(DISK, ftruncate),
	ALLOW(DISK, fallocate),
	ALLOW(DISK, fadvise64),
	ALLOW(DISK, fsync),
	ALLOW(DISK, syncfs),
	ALLOW(DISK, mkdirat),
	ALLOW(DISK, unlinkat),
	ALLOW(DISK, renameat),
	ALLOW(DISK, renameat2),
	ALLOW1(DISK, utimensat, IS(1, 0)),	/* futimens(3) */
	ALLOW1(DISK, ioctl, IS(1, FICLONE)),
	ALLOW1(RESOLVER, openat, WITHOUT(2, OPEN_CHANGES)),
	ALLOW(RESOLVER, uname),

	/* Threads that are just starting when the filter comes. */
	ALLOW(DISK, set_robust_list),
	ALLOW(DISK, rseq),
	ALLOW(DISK, sched_getaffinity),	/* malloc(3) counts processors */

	/* Tried by libraries. */
	FAIL(PEER | TRACKER | DHT, openat, EACCES),
	FAIL(PEER | TRACKER | DHT, newfstatat, EACCES),
	FAIL(PEER | TRACKER | DHT, fstat, EACCES),
	FAIL(ALL, clone3, ENOSYS),
	FAIL(ALL, clone, EAGAIN),
	FAIL(NET | DHT, ioctl, ENOTTY),
	FAIL1(DISK, ioctl, ENOTTY, NOT(1, FICLONE)),
	FAIL(DISK | DHT, socket, EACCES),
	FAIL1(NET, socket, EACCES, LESS(0, AF_INET)),
	FAIL1(NET, socket, EACCES, MORE(0, AF_INET6)),
	FAIL1(NET, socket, EACCES, IS(0, AF_AX25)),
	FAIL1(NET, socket, EACCES, IS(0, AF_IPX)),
	FAIL1(NET, socket, EACCES, IS(0, AF_APPLETALK)),
	FAIL1(NET, socket, EACCES, IS(0, AF_NETROM)),
	FAIL1(NET, socket, EACCES, IS(0, AF_BRIDGE)),
	FAIL1(NET, socket, EACCES, IS(0, AF_ATMPVC)),
	FAIL1(NET, socket, EACCES, IS(0, AF_X25)),
	FAIL1(PEER, socket, EACCES, TYPE(1, SOCK_DGRAM)),
	FAIL(ALL, socketpair, EACCES),

#ifdef SANITIZED
	/* A sanitizer's runtime; such a build is for tests alone. */
	ALLOW(ALL, sched_yield),
	ALLOW(ALL, sigaltstack),
	ALLOW(ALL, prctl),
	ALLOW(ALL, getrusage),
	FAIL(ALL, readlink, EACCES),
	FAIL(ALL, readlinkat, EACCES),
	FAIL(ALL, prlimit64, EPERM),
	FAIL(ALL, getrlimit, EPERM),
#else
	FAIL(ALL, prctl, EINVAL),	/* names of mappings, for one */
#endif
};

/* More for those whose sockets have an address of their own: bound.c. */
static const struct rule address_rules[] = {
	ALLOW(NET, bind),
	ALLOW2(NET, setsockopt, IS(1, IPPROTO_IP),
	    IS(2, IP_BIND_ADDRESS_NO_PORT)),
};

#ifdef MIM_SECCOMP_TRAP
#define DEFAULT_ACTION	SCMP_ACT_TRAP
#else
#define DEFAULT_ACTION	SCMP_ACT_KILL_PROCESS
#endif

static int
add_rules(scmp_filter_ctx ctx, enum role role, const struct rule *r, size_t n)
{
	int	error;

	for (; n > 0; n--, r++) {
		if ((r->roles & 1U << role) == 0)
			continue;
		error = seccomp_rule_add_array(ctx, r->action, r->call,
		    r->nargs, r->args);
		if (error != 0)
			return -error;
	}
	return 0;
}

int
sandbox_filter_load(enum role role)
{
	scmp_filter_ctx	ctx;
	int		error;

	if ((ctx = seccomp_init(DEFAULT_ACTION)) == NULL)
		return ENOMEM;
	error = -seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH,
	    SCMP_ACT_KILL_PROCESS);
	if (error == 0)
		error = -seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 1);
	if (error == 0)
		error = -seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (error == 0)
		error = add_rules(ctx, role, rules,
		    sizeof(rules) / sizeof(rules[0]));
	if (error == 0 && bound_has_addrs())
		error = add_rules(ctx, role, address_rules,
		    sizeof(address_rules) / sizeof(address_rules[0]));
	if (error == 0)
		error = -seccomp_load(ctx);
	seccomp_release(ctx);
	return error;
}
