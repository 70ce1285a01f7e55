/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "filters.h"
#include "mem.h"

static int
open_regular(const char *path)
{
	struct stat	sb;
	int		fd;

	/* Without blocking, whatever it is. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd == -1)
		return -1;
	if (fstat(fd, &sb) == 0 && S_ISREG(sb.st_mode))
		return fd;
	close(fd);
	errno = EINVAL;
	return -1;
}

int
filter_open(const struct conf *conf, const struct conf_filter *want,
    char *err, size_t errsize)
{
	int	fd = open_regular(want->path);

	if (fd == -1)
		conf_path_error(conf, want->allow ? "allowlist" : "blocklist",
		    want->path, errno == EINVAL ? "not a regular file" :
		    strerror(errno), err, errsize);
	return fd;
}

int
filters_open(struct filters *f, const struct conf *conf, char *err,
    size_t errsize)
{
	const struct conf_filter	*want;
	uint32_t			 i;
	int				 fd;

	f->n = 0;
	for (i = 0; i < conf->nfilters; i++) {
		want = &conf->filters[i];
		if ((fd = filter_open(conf, want, err, errsize)) == -1) {
			filters_close(f);
			return -1;
		}
		f->v[i].path = xstrdup(want->path);
		f->v[i].fd = fd;
		f->v[i].allow = want->allow;
		f->n++;
	}
	return 0;
}

void
filters_close(struct filters *f)
{
	uint32_t	i;

	for (i = 0; i < f->n; i++) {
		free(f->v[i].path);
		close(f->v[i].fd);
	}
	f->n = 0;
}
