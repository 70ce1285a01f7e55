/* SPDX-License-Identifier: ISC */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "procinfo.h"

#define STAT_UTIME	11	/* fields after the one in parentheses */

static int
read_file(pid_t pid, const char *name, char *buf, size_t size)
{
	char	path[64];
	ssize_t	n;
	int	fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		return -1;
	n = read(fd, buf, size - 1);
	close(fd);
	if (n <= 0)
		return -1;
	buf[n] = '\0';
	return 0;
}

/* "Name:   1234 kB" in bytes, 0 if there is no such line. */
static uint64_t
status_field(const char *status, const char *name)
{
	const char	*p = strstr(status, name);

	return p == NULL ? 0 : strtoull(p + strlen(name), NULL, 10) * 1024;
}

/* utime and stime; the command in parentheses may hold anything. */
static uint64_t
stat_cpu_ms(const char *stat)
{
	const char	*p = strrchr(stat, ')');
	uint64_t	 utime, stime;
	long		 hz = sysconf(_SC_CLK_TCK);
	int		 i;

	if (p == NULL || hz <= 0)
		return 0;
	for (i = 0; i <= STAT_UTIME && p != NULL; i++)
		p = strchr(p + 1, ' ');
	if (p == NULL ||
	    sscanf(p, "%" SCNu64 " %" SCNu64, &utime, &stime) != 2)
		return 0;
	return (utime + stime) * 1000 / (uint64_t)hz;
}

int
procinfo_read(pid_t pid, struct procinfo *info)
{
	char	buf[4096];

	if (read_file(pid, "status", buf, sizeof(buf)) == -1)
		return -1;
	info->rss = status_field(buf, "\nVmRSS:");
	info->shared = status_field(buf, "\nRssShmem:");
	if (read_file(pid, "stat", buf, sizeof(buf)) == -1)
		return -1;
	info->cpu_ms = stat_cpu_ms(buf);
	return 0;
}
