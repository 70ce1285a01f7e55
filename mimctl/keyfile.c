/* SPDX-License-Identifier: ISC */
#include "keyfile.h"

#include <sys/stat.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hash.h"
#include "msg.h"

#define LINE_LEN	(2 * ITEM_SEED_LEN + 1)	/* with its end */

static int
complain(const char *path, const char *why)
{
	warnx("%s: %s", path, why);
	return CTL_FAILED;
}

/* NULL, or why it is no file of a key. */
static const char *
load(int fd, uint8_t seed[ITEM_SEED_LEN])
{
	char		line[LINE_LEN + 1];
	struct stat	st;
	ssize_t		n;
	bool		good;

	if (fstat(fd, &st) == -1)
		return strerror(errno);
	if (!S_ISREG(st.st_mode))
		return "not a file";
	if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		return "others may read or write this key: chmod 600 it, or "
		    "make another one";
	if ((n = read(fd, line, sizeof(line))) == -1)
		return strerror(errno);
	good = n == LINE_LEN && line[n - 1] == '\n' &&
	    hash_from_hex(line, LINE_LEN - 1, seed, ITEM_SEED_LEN);
	explicit_bzero(line, sizeof(line));
	return good ? NULL : "not a key of \"mimctl dht key\"";
}

int
keyfile_read(const char *path, uint8_t seed[ITEM_SEED_LEN])
{
	const char	*why;
	int		 fd;

	/* A FIFO is not waited for. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd == -1)
		return complain(path, strerror(errno));
	why = load(fd, seed);
	close(fd);
	return why == NULL ? CTL_OK : complain(path, why);
}

static int
save(int fd, const uint8_t seed[ITEM_SEED_LEN])
{
	char	line[LINE_LEN + 1];
	bool	good;

	hash_hex(seed, ITEM_SEED_LEN, line);
	line[LINE_LEN - 1] = '\n';
	good = write(fd, line, LINE_LEN) == LINE_LEN && fsync(fd) == 0;
	explicit_bzero(line, sizeof(line));
	return good ? 0 : -1;
}

int
keyfile_get(const char *path, uint8_t seed[ITEM_SEED_LEN])
{
	int	fd, error, status = CTL_OK;

	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd == -1 && errno == EEXIST)
		return keyfile_read(path, seed);
	if (fd == -1)
		return complain(path, strerror(errno));
	arc4random_buf(seed, ITEM_SEED_LEN);
	if (save(fd, seed) == -1) {
		error = errno;
		unlink(path);
		status = complain(path, strerror(error));
	}
	close(fd);
	return status;
}
