/* SPDX-License-Identifier: ISC */
#ifndef PROCINFO_H
#define PROCINFO_H

#include <stdint.h>
#include <sys/types.h>

/* What a process uses, from /proc/PID (proc(5)). */
struct procinfo {
	uint64_t	rss;		/* bytes, shared included */
	uint64_t	shared;		/* bytes of rss in shared memory */
	uint64_t	cpu_ms;		/* user and system */
};

/* -1 if it cannot be read. */
int	procinfo_read(pid_t pid, struct procinfo *info);

#endif /* PROCINFO_H */
