/* SPDX-License-Identifier: ISC */
#include "part.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bitfield.h"
#include "content.h"
#include "disk.h"
#include "fdcache.h"
#include "io.h"
#include "log.h"
#include "mem.h"
#include "metainfo.h"
#include "part_leave.h"
#include "resume.h"
#include "scrub.h"

static void
name_of(const uint8_t infohash[SHA1_LEN], char name[PART_NAME_MAX])
{
	char	hex[2 * SHA1_LEN + 1];

	snprintf(name, PART_NAME_MAX, PATH_OURS "%s.part",
	    hash_hex(infohash, SHA1_LEN, hex));
}

void
part_name(const struct content *t, char name[PART_NAME_MAX])
{
	name[0] = '\0';
	if (t->part != NULL || t->files->stamps[t->nfiles].ino != 0)
		name_of(t->infohash, name);
}

struct part *
part_new(const uint8_t infohash[SHA1_LEN], uint32_t nfiles)
{
	struct part	*p = xcalloc(1, sizeof(*p) + bitfield_size(nfiles));

	name_of(infohash, p->name);
	return p;
}

struct part *
part_copy(const struct part *p, uint32_t nfiles)
{
	size_t		 size = sizeof(*p) + bitfield_size(nfiles);
	struct part	*copy;

	if (p == NULL)
		return NULL;
	copy = xmalloc(size);
	memcpy(copy, p, size);
	return copy;
}

bool
part_has(const struct part *p, uint32_t file)
{
	return p != NULL && bitfield_get(p->files, file);
}

const char *
part_path(const struct metainfo *mi, const struct part *p, uint32_t file)
{
	return file == mi->nfiles ? p->name : mi->files[file].path;
}

/* ---- into it ---- */

/* Nothing was written to it, and nothing is there. */
static bool
is_absent(struct disk *d, struct content *t, uint32_t file)
{
	struct stat	st;

	if (t->files->stamps[file].ino != 0 || t->files->have[file] > 0 ||
	    bitfield_get(t->files->touched, file))
		return false;
	return file_stat(content_place(d, t), t->files->mi->files[file].path,
	    &st) == -1 && (errno == ENOENT || errno == ENOTDIR);
}

bool
part_enter(struct disk *d, struct content *t, uint32_t file)
{
	if (t->prios == NULL || !content_skips(t, file) ||
	    part_has(t->part, file) || !is_absent(d, t, file))
		return false;
	if (t->part == NULL)
		t->part = part_new(t->infohash, t->nfiles);
	bitfield_set(t->part->files, file);
	content_dirty(d, t, 1000);
	return true;
}

/* ---- out of it ---- */

void
part_follow(struct disk *d, struct content *t)
{
	uint32_t	i;

	if (t->part == NULL || content_load(d, t) == NULL)
		return;
	for (i = 0; i < t->nfiles && !t->part->leaving; i++)
		t->part->leaving = part_has(t->part, i) &&
		    !content_skips(t, i);
	if (t->part->leaving)
		part_leave_soon(d);
}

void
part_forget(struct content *t)
{
	struct content_files	*f = t->files;

	if (bitfield_get(f->touched, t->nfiles)) {
		bitfield_clear(f->touched, t->nfiles);
		f->ntouched--;
		if (f->stamps[t->nfiles].ino == 0)
			f->stamps[t->nfiles].ino = 1;
	}
	free(t->part);
	t->part = NULL;
}

/* Workers read it, and shall find it as it was when they began. */
static bool
part_in_use(const struct disk *d, const struct content *t)
{
	return t->in_checks || scrub_holds(d, t);
}

void
part_punch(struct disk *d, struct content *t, uint32_t file)
{
	const struct mi_file	*f = &t->files->mi->files[file];
	int			 fd;

	if (f->length == 0 || part_in_use(d, t))
		return;
	fd = fdcache_get(d->files, t->id, t->nfiles, content_place(d, t),
	    t->part->name, FILE_UPDATE);
	if (fd != -1)
		io_fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		    (off_t)f->offset, (off_t)f->length);
}

void
part_drop(struct disk *d, struct content *t)
{
	struct resume_file	*stamp = &t->files->stamps[t->nfiles];
	struct part		*p;

	if (t->part != NULL || stamp->ino == 0 || t->move != NULL ||
	    part_in_use(d, t) ||
	    bitfield_get(t->files->touched, t->nfiles))
		return;
	p = part_new(t->infohash, t->nfiles);
	fdcache_drop_file(d->files, t->id, t->nfiles);
	if (file_unlink(content_place(d, t), p->name) == -1)
		log_warn("torrent %u: %s", t->id, p->name);
	free(p);
	memset(stamp, 0, sizeof(*stamp));
	content_dirty(d, t, CONTENT_SAVE_MS);
}
