/* SPDX-License-Identifier: ISC */
#include "state_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "disk.h"
#include "file.h"
#include "io.h"
#include "log.h"
#include "mem.h"
#include "store.h"
#include "worker.h"

struct file_job {
	struct job	 job;
	int		 state;
	const char	*name;
	void		*buf;
	size_t		 len;
	int		 error;
};

static void
job_run(struct job *job, unsigned int worker)
{
	struct file_job	*j = (struct file_job *)job;
	int		 fd;

	(void)worker;
	j->error = 0;
	if (store_write(j->state, j->name, j->buf, j->len) == -1) {
		j->error = errno;
		return;
	}
	fd = io_open(j->state, ".", O_RDONLY | O_DIRECTORY, 0);
	if (fd == -1 || io_fsync(fd) == -1)
		j->error = errno;
	if (fd != -1)
		io_close(fd);
}

static void
job_done(struct job *job, void *arg)
{
	struct file_job	*j = (struct file_job *)job;
	struct disk	*d = arg;

	errno = j->error;
	if (j->error != 0 && !d->file_bad)
		log_warn("%s", j->name);
	d->file_bad = j->error != 0;
	d->njobs--;
	free(j->buf);
	free(j);
	disk_settled(d);
}

void
state_file_save(struct disk *d, const char *name, void *buf, size_t len)
{
	struct file_job	*j = xcalloc(1, sizeof(*j));

	j->job.run = job_run;
	j->job.done = job_done;
	j->state = d->state;
	j->name = name;
	j->buf = buf;
	j->len = len;
	d->njobs++;
	pool_submit(d->saver, &j->job);
}

void
state_file_set_aside(int dir, const char *name, const char *then,
    const char *why)
{
	char	bad[STORE_NAME_MAX];

	if (store_set_aside(dir, name, bad) == -1)
		log_warn("%s: %s, and cannot be set aside", name, why);
	else
		log_warnx("%s: %s%s%s: %s", name, bad[0] != '\0' ?
		    "set aside as " : "removed", bad, then, why);
}

void
state_file_unreadable(int dir, const char *name)
{
	if (errno == EACCES || errno == EFBIG || errno == ELOOP ||
	    errno == FILE_NOT_REGULAR)
		state_file_set_aside(dir, name, "", file_strerror(errno));
	else
		log_warn("%s", name);
}
