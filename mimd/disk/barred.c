/* SPDX-License-Identifier: ISC */
#include "barred.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admit.h"
#include "bitfield.h"
#include "content.h"
#include "disk.h"
#include "fmt.h"
#include "io.h"
#include "log.h"
#include "mem.h"
#include "metainfo.h"
#include "part.h"
#include "report.h"
#include "resume.h"
#include "trouble.h"

#define BARRED_LOOKS	64U	/* files at most */

/* Is it the file, or its file system, that must not be written to? */
static bool
is_denied(int error)
{
	return error == EACCES || error == EPERM || error == EROFS ||
	    error == EXDEV || error == FILE_LINKED || error == FILE_FOREIGN;
}

/* Is there something to serve, and was the file once of use? */
static bool
is_worth(const struct content *t, uint32_t file)
{
	return t->nhave > 0 && file < t->nfiles &&
	    (t->files->have[file] > 0 || t->files->stamps[file].ino != 0);
}

/* As block_io.c does, before it writes there for the first time. */
static int
may_write(struct disk *d, struct content *t, uint32_t file)
{
	struct stat	st;
	int		fd, rc = 0;

	fd = file_open_stat(content_place(d, t),
	    t->files->mi->files[file].path, FILE_UPDATE, &st);
	if (fd == -1)
		return -1;
	if (!d->write_shared)
		rc = file_unshared(&st, d->uid,
		    t->files->stamps[file].ino == st.st_ino);
	io_close(fd);
	return rc;
}

/* The first file that bars it, and errno; UINT32_MAX: none does. */
static uint32_t
find(struct disk *d, struct content *t)
{
	const struct mi_file	*f = t->files->mi->files;
	uint32_t		 i, looks = 0;

	for (i = 0; i < t->nfiles && looks < BARRED_LOOKS; i++) {
		if (!is_worth(t, i) || t->files->have[i] == f[i].length ||
		    (f[i].attr & MI_PAD) != 0 || content_skips(t, i) ||
		    part_has(t->part, i) ||
		    bitfield_get(t->files->touched, i))
			continue;
		looks++;
		if (may_write(d, t, i) == -1 && is_denied(errno))
			return i;
	}
	return UINT32_MAX;
}

static uint32_t
missing(const struct content *t)
{
	uint32_t	i, n = 0;

	for (i = 0; i < t->geom.npieces; i++)
		n += !bitfield_get(t->have, i) && (t->unwanted == NULL ||
		    !bitfield_get(t->unwanted, i));
	return n;
}

static void
bar(struct disk *d, struct content *t, uint32_t file, int error)
{
	char		 text[ERROR_MAX + 1], size[FMT_LEN];
	const char	*root = d->roots[t->root].path;
	uint32_t	 n = missing(t);

	snprintf(text, sizeof(text), "%u piece%s (%s) missing or damaged and "
	    "not fetched, for %.150s/%.50s%s%.150s cannot be written: %s", n,
	    n == 1 ? "" : "s", fmt_bytes(content_left(t), size), root,
	    t->subdir, t->subdir[0] ? "/" : "",
	    t->files->mi->files[file].path, file_strerror(error));
	if (t->damage == NULL || strcmp(t->damage, text) != 0)
		log_warnx("torrent %u: %s: %s", t->id, t->name, text);
	free(t->damage);
	t->damage = xstrdup(text);
	t->barred = true;
	admit_release(d, t);
	trouble_again(d, t);
	report_progress(d, t);		/* the state is of what it has */
	content_set_state(d, t, DSTATE_READY, NULL);
}

bool
barred_look(struct disk *d, struct content *t)
{
	uint32_t	file = UINT32_MAX;
	bool		writes = t->magnet == NULL && t->nhave > 0 &&
			    !t->paused && !content_done(t);

	if (writes && content_load(d, t) != NULL)
		file = find(d, t);
	if (file != UINT32_MAX) {
		bar(d, t, file, errno);
		return true;
	}
	if (t->barred) {
		t->barred = false;
		free(t->damage);
		t->damage = NULL;
	}
	return false;
}

bool
barred_by(struct disk *d, struct content *t, uint32_t file, int error)
{
	if (t->state != DSTATE_READY || !is_worth(t, file) ||
	    !is_denied(error))
		return false;
	bar(d, t, file, error);
	return true;
}
