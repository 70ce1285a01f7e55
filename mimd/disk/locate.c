/* SPDX-License-Identifier: ISC */
/* Data that the user moved by hand: is it where he says? */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "metainfo.h"
#include "move_work.h"
#include "resume.h"

/* A file that was there must be; one that is there must not be too long. */
static int
locate_file(struct move_work *w, uint32_t i, uint32_t *nfound)
{
	const struct mi_file	*f = &w->mi_to->files[i];
	struct stat		 st;
	enum move_there		 there;

	if (move_there(w->to, f->path, &st, &there) == -1)
		return -1;
	if (there == THERE_OTHER) {
		errno = FILE_NOT_REGULAR;
		return -1;
	}
	if (there == THERE_NOTHING) {
		errno = ENOENT;
		return w->stamps[i].ino == 0 ? 0 : -1;
	}
	if ((uint64_t)st.st_size > f->length) {
		errno = EFBIG;
		return -1;
	}
	(*nfound)++;
	return 0;
}

void
move_work_locate(struct move_work *w)
{
	const struct mi_file	*f = w->mi_to->files;
	uint32_t		 i, bad = UINT32_MAX, nfound = 0;
	int			 error = 0;

	w->end = MOVE_UNDONE;
	for (i = 0; i < w->mi_to->nfiles; i++) {
		if (f[i].length == 0 ||
		    (f[i].attr & (MI_PAD | MI_SYMLINK)) != 0)
			continue;
		if (locate_file(w, i, &nfound) == -1 && bad == UINT32_MAX) {
			bad = i;
			error = errno;
		}
	}
	if (nfound == 0 && (error == 0 || error == ENOENT))
		snprintf(w->error, sizeof(w->error), "%.200s: \"%.200s\" is "
		    "not there", w->dir, w->mi_to->name);
	else if (error == EFBIG)
		snprintf(w->error, sizeof(w->error), "%.150s/%.250s: is "
		    "larger than in the torrent", w->dir, f[bad].path);
	else if (error != 0)
		move_work_error(w, f[bad].path, error);
	else
		w->end = MOVE_DONE;
}
