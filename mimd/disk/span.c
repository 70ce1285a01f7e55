/* SPDX-License-Identifier: ISC */
/* From payload positions to files: pure arithmetic. */
#include "span.h"

#include "metainfo.h"
#include "part.h"

void
span_start(struct span_iter *it, const struct metainfo *mi, uint64_t pos,
    uint64_t len)
{
	span_start_part(it, mi, NULL, pos, len);
}

void
span_start_part(struct span_iter *it, const struct metainfo *mi,
    const struct part *part, uint64_t pos, uint64_t len)
{
	it->mi = mi;
	it->part = part;
	it->pos = pos;
	it->left = len;
	it->file = len > 0 ? metainfo_file_at(mi, pos) : 0;
}

bool
span_next(struct span_iter *it, struct span *span)
{
	const struct mi_file	*f;
	uint64_t		 room;

	if (it->left == 0)
		return false;
	while (it->file < it->mi->nfiles &&
	    it->pos - it->mi->files[it->file].offset >=
	    it->mi->files[it->file].length)
		it->file++;
	if (it->file >= it->mi->nfiles)
		return false;
	f = &it->mi->files[it->file];
	span->file = span->home = it->file;
	span->off = it->pos - f->offset;
	room = f->length - span->off;
	if (part_has(it->part, it->file)) {
		span->home = it->mi->nfiles;
		span->off = it->pos;
	}
	span->len = it->left < room ? it->left : room;
	span->pad = (f->attr & MI_PAD) != 0;
	it->pos += span->len;
	it->left -= span->len;
	return true;
}

bool
span_is_whole(const struct span *span, const struct metainfo *mi)
{
	return !span->pad && span->home == span->file &&
	    span->len == mi->files[span->file].length;
}
