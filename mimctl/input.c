/* SPDX-License-Identifier: ISC */
#include "input.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fmt.h"
#include "magnet.h"
#include "mem.h"
#include "metainfo.h"
#include "url.h"

#define READ_FIRST	(64U << 10)

void
input_complain(const char *name, const char *fmt, ...)
{
	char	why[METAINFO_ERR_MAX], safe[4 * METAINFO_ERR_MAX + 1];
	char	file[1024];
	va_list	ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	fflush(stdout);
	fprintf(stderr, "mimctl: %s: %s\n",
	    fmt_safe(name, strlen(name), file, sizeof(file)),
	    fmt_safe(why, strlen(why), safe, sizeof(safe)));
}

/* Read all of fd, one byte past the limit at most. */
static int
read_all(int fd, struct input *src)
{
	size_t	size = 0;
	ssize_t	n;

	do {
		if (src->len == size) {
			size = size == 0 ? READ_FIRST : size * 2;
			if (size > METAINFO_SIZE_MAX + 1)
				size = METAINFO_SIZE_MAX + 1;
			src->buf = xreallocarray(src->buf, size, 1);
		}
		n = read(fd, src->buf + src->len, size - src->len);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -1;
		src->len += (size_t)n;
	} while (n != 0 && src->len <= METAINFO_SIZE_MAX);
	return 0;
}

static int
read_file(struct input *src)
{
	struct stat	st;
	const char	*why = NULL;
	int		 fd;

	if (strcmp(src->name, "-") == 0)
		fd = STDIN_FILENO;
	else
		fd = open(src->name, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	if (fd == -1 || fstat(fd, &st) == -1)
		why = strerror(errno);
	else if (fd != STDIN_FILENO && !S_ISREG(st.st_mode) &&
	    !S_ISFIFO(st.st_mode))
		why = "not a regular file";
	else if (read_all(fd, src) == -1)
		why = strerror(errno);
	if (fd > STDIN_FILENO)
		close(fd);
	if (why == NULL)
		return 0;
	input_complain(src->name, "%s", why);
	free(src->buf);
	src->buf = NULL;
	return -1;
}

int
input_read(struct input *src, const char *name)
{
	*src = (struct input){ .name = name };
	if (access(name, F_OK) == -1 && url_is_http(name)) {
		input_complain(name, "only mimd uses the network: save the "
		    "file first, or \"mimctl add -P\" the URL");
		return -1;
	}
	if (access(name, F_OK) == -1 && magnet_looks_like(name)) {
		src->link = true;
		src->buf = (uint8_t *)xstrdup(name);
		src->len = strlen(name);
		return 0;
	}
	return read_file(src);
}

void
input_clear(struct input *src)
{
	free(src->buf);
	src->buf = NULL;
}
