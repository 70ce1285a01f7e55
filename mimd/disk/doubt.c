/* SPDX-License-Identifier: ISC */
/*
 * What of a torrent's record to believe.  After a clean end, files that are
 * as they were hold what is claimed and no more.  Without the mark a file
 * that was not finished may have been written since: its claims stand (they
 * were synced), and what lies beyond them is looked at, so that nothing that
 * was verified is fetched again.  A file that changed in any other way is
 * looked at as a whole.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bitfield.h"
#include "check.h"
#include "content.h"
#include "disk.h"
#include "io.h"
#include "mem.h"
#include "metainfo.h"
#include "part.h"
#include "resume.h"
#include "roots.h"

enum doubt { DOUBT_NONE, DOUBT_UNCLAIMED, DOUBT_ALL, DOUBT_FAILED };

static enum doubt
doubt_file(struct disk *d, struct content *t, uint32_t i)
{
	const struct mi_file		*f = &t->files->mi->files[i];
	const struct resume_file	*r = &t->files->stamps[i];
	struct stat			 st;
	bool				 part = t->files->have[i] < f->length;
	bool				 clean = t->clean &&
					    !bitfield_get(t->files->touched, i);
	uint64_t			 size;
	bool				 in_part = part_has(t->part, i);

	if (in_part) {
		r = &t->files->stamps[t->nfiles];
		part = true;
	}
	if (file_stat(content_place(d, t), in_part ? t->part->name : f->path,
	    &st) == -1) {
		if ((errno == ENOENT || errno == ENOTDIR) &&
		    t->files->have[i] == 0)
			return DOUBT_NONE;
		if (in_part && errno == ENOENT)
			return DOUBT_ALL;
		content_fail(d, t, f->path, errno);
		return DOUBT_FAILED;
	}
	size = (uint64_t)st.st_size;
	if (r->ino == st.st_ino && r->size == size &&
	    r->mtime == file_mtime(&st))
		return clean || !part ? DOUBT_NONE : DOUBT_UNCLAIMED;
	if (!clean && part && (r->ino == 0 ||
	    (r->ino == st.st_ino && size >= r->size)))
		return DOUBT_UNCLAIMED;
	return DOUBT_ALL;
}

/*
 * Of a skipped file nothing lies inside, but what came when it was not.  One
 * that is on its way out of the part file may have all.
 */
static bool
may_hold(const struct content *t, uint32_t i, uint64_t piece, bool inside)
{
	return !inside || !part_has(t->part, i) || !content_skips(t, i) ||
	    bitfield_get(t->have, (uint32_t)piece);
}

static void
doubt_pieces(struct content *t, uint32_t i, enum doubt doubt, uint8_t *todo)
{
	const struct mi_file	*f = &t->files->mi->files[i];
	uint64_t		 first, last, k;

	first = f->offset / t->geom.piece_length;
	last = (f->offset + f->length - 1) / t->geom.piece_length;
	for (k = first; k <= last; k++)
		if ((doubt == DOUBT_ALL ||
		    !bitfield_get(t->have, (uint32_t)k)) &&
		    may_hold(t, i, k, k > first && k < last))
			bitfield_set(todo, (uint32_t)k);
}

uint8_t *
check_doubts(struct disk *d, struct content *t)
{
	const struct metainfo	*mi = t->files->mi;
	uint8_t			*todo;
	enum doubt		 doubt;
	uint32_t		 i;
	bool			 any = false;

	todo = xcalloc(1, bitfield_size(t->geom.npieces));
	for (i = 0; i < mi->nfiles; i++) {
		if (mi->files[i].length == 0 ||
		    (mi->files[i].attr & MI_PAD) != 0)
			continue;
		doubt = doubt_file(d, t, i);
		if (doubt == DOUBT_FAILED)
			break;
		if (doubt != DOUBT_NONE) {
			doubt_pieces(t, i, doubt, todo);
			any = true;
		}
	}
	if (!any || i < mi->nfiles) {
		free(todo);
		return NULL;
	}
	for (i = 0; i < t->geom.npieces; i++)
		if (bitfield_get(todo, i))
			content_clear_have(d, t, i);
	return todo;
}

bool
check_exists(struct disk *d, const struct content *t)
{
	struct stat	 st;
	int		 fd;

	if (roots_away(d, t))
		return false;
	if (t->files->mi->single)
		return file_stat(content_place(d, t), t->name, &st) == -1 ?
		    errno != ENOENT : st.st_size > 0;
	fd = file_open_dir(content_place(d, t), t->name);
	if (fd == -1)
		return errno != ENOENT;
	io_close(fd);
	return true;
}
