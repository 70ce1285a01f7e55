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
#include "disk_data.h"
#include "fmt.h"
#include "io.h"
#include "log.h"
#include "mem.h"
#include "metainfo.h"
#include "part.h"
#include "report.h"
#include "resume.h"
#include "trouble.h"

#define BARRED_LOOKS	1024U	/* files found barred by a look at most */

bool
barred_file(const struct content *t, uint32_t file)
{
	return t->bars != NULL && bitfield_get(t->bars->files, file);
}

bool
barred_piece(const struct content *t, uint32_t piece)
{
	return t->bars != NULL && bitfield_get(t->bars->pieces, piece);
}

uint64_t
barred_rest(const struct content *t)
{
	return content_left(t) - (t->bars != NULL ? t->bars->left : 0);
}

enum barred
barred_kind(const struct content *t)
{
	if (t->bars == NULL)
		return BARRED_NONE;
	return barred_rest(t) == 0 ? BARRED_ALL : BARRED_SOME;
}

/* ---- the sets ---- */

static struct bars *
bars_new(const struct content *t)
{
	struct bars	*b = xcalloc(1, sizeof(*b));

	b->files = xcalloc(1, bitfield_size(t->nfiles));
	b->pieces = xcalloc(1, bitfield_size(t->geom.npieces));
	b->named = UINT32_MAX;
	return b;
}

static void
bars_free(struct bars *b)
{
	if (b == NULL)
		return;
	free(b->files);
	free(b->pieces);
	free(b);
}

void
barred_free(struct content *t)
{
	bars_free(t->bars);
	t->bars = NULL;
}

/* The same, and nothing more is said of it. */
static void
end(struct content *t)
{
	if (t->bars == NULL)
		return;
	barred_free(t);
	free(t->damage);
	t->damage = NULL;
}

static bool
is_missing(const struct content *t, uint32_t piece)
{
	return !bitfield_get(t->have, piece) && (t->unwanted == NULL ||
	    !bitfield_get(t->unwanted, piece));
}

static void
bars_add(struct bars *b, const struct content *t, uint32_t file, int error)
{
	const struct mi_file	*f = &t->files->mi->files[file];
	uint64_t		 k;

	bitfield_set(b->files, file);
	if (b->named == UINT32_MAX) {
		b->named = file;
		b->error = error;
	}
	for (k = f->offset / t->geom.piece_length; f->length > 0 &&
	    k <= (f->offset + f->length - 1) / t->geom.piece_length; k++)
		bitfield_set(b->pieces, (uint32_t)k);
}

void
barred_count(struct content *t)
{
	uint32_t	i;

	if (t->bars == NULL)
		return;
	t->bars->left = 0;
	for (i = 0; i < t->geom.npieces; i++)
		if (bitfield_get(t->bars->pieces, i) && is_missing(t, i))
			t->bars->left += geom_piece_size(&t->geom, i);
}

/* ---- which ---- */

/* Is it the file, or its file system, that must not be written to? */
static bool
is_denied(int error)
{
	return error == EACCES || error == EPERM || error == EROFS ||
	    error == ETXTBSY || error == EXDEV || error == FILE_LINKED ||
	    error == FILE_FOREIGN;
}

static bool
is_absent(int error)
{
	return error == ENOENT || error == ENOTDIR;
}

/* Is there something to be written to it, at its own place? */
static bool
is_due(struct disk *d, struct content *t, uint32_t file)
{
	const struct mi_file	*f = &t->files->mi->files[file];
	struct stat		 st;
	uint64_t		 k;

	if ((f->attr & (MI_PAD | MI_SYMLINK)) != 0 || part_has(t->part, file))
		return false;
	if (f->length == 0)
		return !content_skips(t, file) && file_stat(
		    content_place(d, t), f->path, &st) == -1;
	if (t->files->have[file] == f->length)
		return false;
	for (k = f->offset / t->geom.piece_length;
	    k <= (f->offset + f->length - 1) / t->geom.piece_length; k++)
		if (is_missing(t, (uint32_t)k))
			return true;
	return false;
}

/* As block_io.c does, before it writes there for the first time. */
static int
may_write(struct disk *d, struct content *t, uint32_t file,
    enum file_mode mode)
{
	struct stat	st;
	int		fd, rc = 0;

	fd = file_open_stat(content_place(d, t),
	    t->files->mi->files[file].path, mode, &st);
	if (fd == -1)
		return -1;
	if (!d->write_shared && !bitfield_get(t->files->touched, file))
		rc = file_unshared(&st, d->uid,
		    t->files->stamps[file].ino == st.st_ino);
	io_close(fd);
	return rc;
}

/*
 * May it not be written?  errno.  One that is not there tells by being made,
 * where that was not possible before; a new one when its first bytes come.
 */
static bool
is_barred(struct disk *d, struct content *t, uint32_t file)
{
	bool	was = barred_file(t, file);
	bool	known = t->files->have[file] > 0 ||
		    t->files->stamps[file].ino != 0;

	if ((!was && (!known || bitfield_get(t->files->touched, file))) ||
	    !is_due(d, t, file))
		return false;
	return may_write(d, t, file, was && t->files->have[file] == 0 &&
	    !content_skips(t, file) ? FILE_WRITE : FILE_UPDATE) == -1 &&
	    is_denied(errno);
}

/* What looks at more than it may goes on there the next time. */
static struct bars *
find(struct disk *d, struct content *t)
{
	struct bars	*b = bars_new(t);
	uint32_t	 from = t->bars != NULL ? t->bars->next : 0;
	uint32_t	 i, n, found = 0;

	for (n = 0; n < t->nfiles; n++) {
		i = (from + n) % t->nfiles;
		if (found == BARRED_LOOKS) {
			if (barred_file(t, i) && is_due(d, t, i))
				bars_add(b, t, i, 0);
		} else if (is_barred(d, t, i)) {
			bars_add(b, t, i, errno);
			if (++found == BARRED_LOOKS)
				b->next = (i + 1) % t->nfiles;
		}
	}
	if (found > 0)
		return b;
	bars_free(b);
	return NULL;
}

/*
 * What keeps this file from being written mostly does so to those beside it,
 * too, and always where it cannot be made and they are not there either.
 */
static void
add_others(struct disk *d, struct content *t, uint32_t file)
{
	const struct mi_file	*f = t->files->mi->files;
	struct stat		 st;
	uint32_t		 i;
	bool			 absent;

	absent = file_stat(content_place(d, t), f[file].path, &st) == -1 &&
	    is_absent(errno);
	for (i = 0; i < t->nfiles; i++) {
		if (barred_file(t, i) || !file_same_dir(f[i].path,
		    f[file].path) || bitfield_get(t->files->touched, i) ||
		    !is_due(d, t, i) ||
		    may_write(d, t, i, FILE_UPDATE) == 0)
			continue;
		if (is_denied(errno) || (absent && is_absent(errno) &&
		    !content_skips(t, i)))
			bars_add(t->bars, t, i, errno);
	}
}

/* ---- what is said of it ---- */

static void
describe(const struct disk *d, const struct content *t, char *text,
    size_t size)
{
	const struct bars	*b = t->bars;
	char			 what[FMT_LEN + 64] = "", bytes[FMT_LEN];
	char			 more[32] = "";
	uint32_t		 i, n = 0, nfiles;

	nfiles = bitfield_count(b->files, t->nfiles);
	for (i = 0; i < t->geom.npieces; i++)
		n += bitfield_get(b->pieces, i) && is_missing(t, i);
	if (n > 0)
		snprintf(what, sizeof(what), "%u piece%s (%s) missing or "
		    "damaged and not fetched, for ", n, n == 1 ? "" : "s",
		    fmt_bytes(b->left, bytes));
	if (nfiles > 1)
		snprintf(more, sizeof(more), " and %u more", nfiles - 1);
	snprintf(text, size, "%s%.150s/%.50s%s%.130s%s cannot be written: %s",
	    what, d->roots[t->root].path, t->subdir, t->subdir[0] ? "/" : "",
	    t->files->mi->files[b->named].path, more,
	    file_strerror(b->error));
}

/* Say what is barred; true if nothing else is to come. */
static bool
settle(struct disk *d, struct content *t)
{
	char	text[ERROR_MAX + 1];
	bool	all = barred_kind(t) == BARRED_ALL;

	describe(d, t, text, sizeof(text));
	if (t->damage == NULL || strcmp(t->damage, text) != 0)
		log_warnx("torrent %u: %s: %s", t->id, t->name, text);
	free(t->damage);
	t->damage = xstrdup(text);
	if (all)
		admit_release(d, t);
	report_progress(d, t);		/* the state is of what it has */
	if (all || t->state == DSTATE_READY)
		content_set_state(d, t, DSTATE_READY, NULL);
	return all;
}

/* Nothing is had, and nothing can be: that is an error. */
static bool
is_hopeless(const struct content *t)
{
	return t->nhave == 0 && barred_kind(t) == BARRED_ALL;
}

/* Others take the place of those that were; peer is told if that matters. */
static void
replace(struct disk *d, struct content *t, struct bars *b)
{
	struct bars	*was = t->bars;

	t->bars = b;
	barred_count(t);
	if (was != b && (was == NULL || b == NULL || memcmp(was->pieces,
	    b->pieces, bitfield_size(t->geom.npieces)) != 0))
		disk_data_barred(d, t);
	bars_free(was);
}

bool
barred_look(struct disk *d, struct content *t)
{
	struct bars	*b = NULL;
	bool		 writes = t->magnet == NULL && !t->paused &&
			    !content_done(t);
	uint32_t	 file;
	int		 error;

	if (writes && content_load(d, t) != NULL)
		b = find(d, t);
	if (b == NULL && t->bars != NULL) {
		free(t->damage);
		t->damage = NULL;
	}
	replace(d, t, b);
	if (b == NULL)
		return false;
	if (is_hopeless(t)) {
		file = b->named;
		error = b->error;
		end(t);
		content_error(d, t, t->files->mi->files[file].path, error);
		return true;
	}
	trouble_again(d, t);
	return settle(d, t);
}

bool
barred_by(struct disk *d, struct content *t, uint32_t file, int error)
{
	bool	was = t->bars != NULL;

	if ((t->state != DSTATE_READY && t->state != DSTATE_WAITING) ||
	    file >= t->nfiles || !is_denied(error))
		return false;
	if (!was)
		t->bars = bars_new(t);
	bars_add(t->bars, t, file, error);
	add_others(d, t, file);
	barred_count(t);
	if (is_hopeless(t)) {
		end(t);
		errno = error;
		return false;
	}
	if (!was)
		trouble_again(d, t);
	disk_data_barred(d, t);
	settle(d, t);
	return true;
}

void
barred_progress(struct disk *d, struct content *t)
{
	if (barred_kind(t) != BARRED_ALL)
		return;
	report_progress(d, t);
	report_state(d, t);
}
