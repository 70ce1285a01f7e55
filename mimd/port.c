/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "port.h"
#include "conf.h"

#define FILE_NAME	"port"
#define FILE_TEMP	"port.new"
#define TEXT_MAX	8	/* "65535\n" */

uint16_t
port_pick(void)
{
	return (uint16_t)(CONF_RANDOM_FIRST +
	    arc4random_uniform(CONF_RANDOM_LAST - CONF_RANDOM_FIRST + 1));
}

uint16_t
port_load(int state_fd)
{
	char		 text[TEXT_MAX];
	const char	*error;
	ssize_t		 n;
	int		 fd;

	fd = openat(state_fd, FILE_NAME, O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
	    O_CLOEXEC);
	if (fd == -1)
		return 0;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return (uint16_t)strtonum(text, CONF_RANDOM_FIRST, CONF_RANDOM_LAST,
	    &error);
}

/* For whom the directory is, who may be the next to start mimd. */
static int
write_port(int fd, int state_fd, uint16_t port)
{
	struct stat	st;
	char		text[TEXT_MAX];
	int		len;

	len = snprintf(text, sizeof(text), "%u\n", port);
	if (geteuid() == 0 && (fstat(state_fd, &st) == -1 ||
	    fchown(fd, st.st_uid, st.st_gid) == -1))
		return -1;
	if (write(fd, text, (size_t)len) != len)
		return -1;
	return fsync(fd);
}

static int
sync_dir(int state_fd)
{
	int	fd, r;

	fd = openat(state_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		return -1;
	r = fsync(fd);
	close(fd);
	return r;
}

int
port_save(int state_fd, uint16_t port)
{
	int	fd, r, saved;

	fd = openat(state_fd, FILE_TEMP, O_WRONLY | O_CREAT | O_TRUNC |
	    O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd == -1)
		return -1;
	r = write_port(fd, state_fd, port);
	saved = errno;
	close(fd);
	if (r == 0 && renameat(state_fd, FILE_TEMP, state_fd,
	    FILE_NAME) == 0)
		return sync_dir(state_fd);
	if (r == 0)
		saved = errno;
	unlinkat(state_fd, FILE_TEMP, 0);
	errno = saved;
	return -1;
}
