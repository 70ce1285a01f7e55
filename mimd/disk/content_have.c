/* SPDX-License-Identifier: ISC */
/* What there is of a torrent, what of that is claimed, and what is wanted. */
#include "content.h"

#include <stdlib.h>
#include <string.h>

#include "admit.h"
#include "barred.h"
#include "bitfield.h"
#include "check.h"
#include "disk.h"
#include "disk_data.h"
#include "mem.h"
#include "metainfo.h"
#include "part.h"
#include "span.h"

void
content_count(struct content *t)
{
	uint32_t	last = t->geom.npieces - 1;

	t->nhave = bitfield_count(t->have, t->geom.npieces);
	t->have_bytes = (uint64_t)t->nhave * t->geom.piece_length;
	if (bitfield_get(t->have, last))
		t->have_bytes -= t->geom.piece_length -
		    geom_piece_size(&t->geom, last);
}

void
content_credit(struct content *t, uint32_t piece, bool add)
{
	struct content_files	*f = t->files;
	struct span_iter	 it;
	struct span		 s;

	span_start(&it, f->mi, (uint64_t)piece * t->geom.piece_length,
	    geom_piece_size(&t->geom, piece));
	while (span_next(&it, &s)) {
		f->have[s.file] += add ? s.len : -s.len;
		bitfield_set(f->changed, s.file);
	}
}

bool
content_complete(const struct content *t)
{
	return t->magnet == NULL && t->nhave == t->geom.npieces;
}

bool
content_usable(const struct content *t)
{
	return t->state == DSTATE_READY ||
	    (t->state == DSTATE_MOVING && content_done(t));
}

uint64_t
content_left(const struct content *t)
{
	return t->geom.size - t->have_bytes - t->unwanted_left;
}

bool
content_done(const struct content *t)
{
	return t->magnet == NULL && content_left(t) == 0;
}

bool
content_skips(const struct content *t, uint32_t file)
{
	const struct mi_file	*files = t->files->mi->files;

	/* Padding goes with the file that it follows. */
	while (file > 0 && (files[file].attr & MI_PAD) != 0)
		file--;
	return t->prios != NULL && t->prios[file] == FILE_PRIO_SKIP;
}

static void
content_want_file(struct content *t, const struct mi_file *f)
{
	uint64_t	i, last;

	if (f->length == 0)
		return;
	last = (f->offset + f->length - 1) / t->geom.piece_length;
	for (i = f->offset / t->geom.piece_length; i <= last; i++)
		bitfield_clear(t->unwanted, (uint32_t)i);
}

void
content_count_unwanted(struct content *t)
{
	size_t		size = bitfield_size(t->geom.npieces);
	uint32_t	i;

	free(t->unwanted);
	t->unwanted = NULL;
	t->unwanted_left = 0;
	if (t->prios == NULL ||
	    memchr(t->prios, FILE_PRIO_SKIP, t->nfiles) == NULL)
		return;
	t->unwanted = xmalloc(size);
	memset(t->unwanted, 0xff, size);
	for (i = 0; i < t->nfiles; i++)
		if (!content_skips(t, i))
			content_want_file(t, &t->files->mi->files[i]);
	for (i = 0; i < t->geom.npieces; i++)
		if (bitfield_get(t->unwanted, i) && !bitfield_get(t->have, i))
			t->unwanted_left += geom_piece_size(&t->geom, i);
}

void
content_prios_changed(struct disk *d, struct content *t)
{
	if (content_load(d, t) == NULL)
		return;
	content_count_unwanted(t);
	barred_count(t);
	t->made = false;
	part_follow(d, t);
}

/* A piece came, or went: so many bytes of those that are not fetched. */
static void
content_passed_has(struct content *t, uint32_t piece, bool has)
{
	uint64_t	n = geom_piece_size(&t->geom, piece);

	if (t->unwanted != NULL && bitfield_get(t->unwanted, piece))
		t->unwanted_left += has ? -n : n;
	else if (barred_piece(t, piece))
		t->bars->left += has ? -n : n;
}

/* From here on the record on disk claims less than there is. */
static void
content_keep_claim(struct content *t)
{
	size_t	size = bitfield_size(t->geom.npieces);

	if (t->claim != NULL)
		return;
	t->claim = xmalloc(size);
	memcpy(t->claim, t->have, size);
}

void
content_set_have(struct disk *d, struct content *t, uint32_t piece)
{
	if (bitfield_get(t->have, piece))
		return;
	content_keep_claim(t);
	bitfield_set(t->have, piece);
	t->nhave++;
	t->have_bytes += geom_piece_size(&t->geom, piece);
	content_passed_has(t, piece, true);
	content_credit(t, piece, true);
	admit_progress(d, t);
	content_changed(d, t);
	content_dirty(d, t, content_done(t) ? 0 : CONTENT_SAVE_MS);
}

void
content_clear_have(struct disk *d, struct content *t, uint32_t piece)
{
	if (!bitfield_get(t->have, piece))
		return;
	bitfield_clear(t->have, piece);
	if (t->claim != NULL)
		bitfield_clear(t->claim, piece);
	t->nhave--;
	t->have_bytes -= geom_piece_size(&t->geom, piece);
	content_passed_has(t, piece, false);
	content_credit(t, piece, false);
	content_changed(d, t);
	content_dirty(d, t, 1000);
}

void
content_doubt_rest(struct content *t)
{
	size_t	i, size = bitfield_size(t->geom.npieces);

	free(t->unsynced);
	t->unsynced = xmalloc(size);
	for (i = 0; i < size; i++)
		t->unsynced[i] = (uint8_t)~t->have[i];
	bitfield_trim(t->unsynced, t->geom.npieces);
}

void
content_unsynced(struct disk *d, struct content *t)
{
	size_t	 size = bitfield_size(t->geom.npieces);
	uint8_t	*bits = xmalloc(size);

	disk_data_forget(d, t);
	if (t->in_checks) {
		check_cancel(d, t);
		free(t->todo);
		t->todo = NULL;
	}
	memcpy(bits, t->claim != NULL ? t->claim : t->have, size);
	content_reset_have(d, t, bits);
	free(bits);
	content_doubt_rest(t);
}

void
content_reset_have(struct disk *d, struct content *t, const uint8_t *bits)
{
	struct content_files	*f = t->files;
	uint32_t		 i;

	for (i = 0; i < t->nfiles; i++)
		if (f->have[i] > 0)
			bitfield_set(f->changed, i);
	memset(f->have, 0, t->nfiles * sizeof(*f->have));
	memcpy(t->have, bits, bitfield_size(t->geom.npieces));
	free(t->claim);
	t->claim = NULL;
	content_count(t);
	for (i = 0; i < t->geom.npieces; i++)
		if (bitfield_get(t->have, i))
			content_credit(t, i, true);
	content_count_unwanted(t);
	barred_count(t);
	content_changed(d, t);
	content_dirty(d, t, 1000);
}
