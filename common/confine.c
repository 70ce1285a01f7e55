/* SPDX-License-Identifier: ISC */
#include <sys/mman.h>
#include <sys/prctl.h>

#include <errno.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>

#include "confine.h"
#include "landlock.h"
#include "log.h"
#include "sanitizer.h"

#define OUT_SIZE	65536

/* A sanitizer's report needs calls that a parser has no business with. */
#ifdef SANITIZED
#define OTHERWISE	SCMP_ACT_ERRNO(EPERM)
#else
#define OTHERWISE	SCMP_ACT_KILL_PROCESS
#endif

static const int allowed[] = {
	SCMP_SYS(brk), SCMP_SYS(clock_gettime), SCMP_SYS(close),
	SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(fstat),
	SCMP_SYS(futex), SCMP_SYS(getpid), SCMP_SYS(getrandom),
	SCMP_SYS(gettimeofday), SCMP_SYS(lseek), SCMP_SYS(madvise),
	SCMP_SYS(mremap), SCMP_SYS(munmap), SCMP_SYS(read),
	SCMP_SYS(restart_syscall), SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn), SCMP_SYS(write), SCMP_SYS(writev),
#ifdef SANITIZED
	SCMP_SYS(sched_yield), SCMP_SYS(sigaltstack), SCMP_SYS(prctl),
#endif
};

/* What libraries try and can do without: an error, not death. */
static const struct {
	int	call;
	int	error;
} refused[] = {
	{ SCMP_SYS(open), EACCES },
	{ SCMP_SYS(openat), EACCES },
	{ SCMP_SYS(newfstatat), EACCES },
	{ SCMP_SYS(ioctl), ENOTTY },
};

static void
check(int error)
{
	if (error != 0) {
		errno = -error;
		fatal("confine: seccomp");
	}
}

static void
filter(void)
{
	scmp_filter_ctx	ctx;
	size_t		i;

	if ((ctx = seccomp_init(OTHERWISE)) == NULL)
		fatalx("confine: seccomp");
	for (i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
		check(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, allowed[i], 0));
	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		check(seccomp_rule_add(ctx,
		    SCMP_ACT_ERRNO((uint32_t)refused[i].error),
		    refused[i].call, 0));
	check(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
	    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)));
	check(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
	    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)));
	check(seccomp_load(ctx));
	seccomp_release(ctx);
}

void
confine_parser(void)
{
	static char	out[OUT_SIZE];

	/* Else stdio asks, by a call that is refused, what it writes to. */
	fflush(stdout);
	setvbuf(stdout, out, _IOFBF, sizeof(out));
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		fatal("confine: no_new_privs");
	if (landlock_restrict(NULL, 0, LANDLOCK_NO_TCP) == -1)
		fatal("confine: Landlock");
	sanitizer_sealed();
	filter();
}
