/* SPDX-License-Identifier: ISC */
/* Which files lie where, for what tracker fetches from web seeds (BEP 19). */
#include "chan.h"
#include "content.h"
#include "disk.h"
#include "disk_data.h"
#include "metainfo.h"
#include "plane.h"
#include "span.h"

#define PARTS_MAX	32U		/* of a message: msg.def */
#define PATHS_BYTES	40000U		/* ... and their paths together */

static uint32_t
list_parts(const struct metainfo *mi, const struct msg_data_map *m,
    struct rec_part *parts)
{
	static char		paths[PATHS_BYTES + URL_PATH_MAX + 1];
	struct span_iter	it;
	struct span		s;
	size_t			used = 0;
	uint32_t		n = 0;
	int			len;

	span_start(&it, mi, m->offset, m->length);
	while (n < PARTS_MAX && used < PATHS_BYTES && span_next(&it, &s)) {
		len = s.pad ? -1 : metainfo_url_path(mi, s.file, paths + used,
		    URL_PATH_MAX + 1);
		parts[n++] = (struct rec_part){ .offset = s.off,
			.length = s.len, .size = mi->files[s.file].length,
			.pad = s.pad, .path = len == -1 ? "" : paths + used };
		if (len != -1)
			used += (size_t)len + 1;
	}
	return n;
}

void
web_map(struct disk *d, struct chan *c, const struct msg_data_map *m)
{
	struct rec_part		 parts[PARTS_MAX];
	struct msg_data_parts	 r = { .tag = m->tag, .parts = { parts, 0 } };
	struct content		*t = content_find(d, m->torrent);

	if (t != NULL && t->open && t->state == DSTATE_READY &&
	    m->offset < t->geom.size &&
	    m->length <= t->geom.size - m->offset &&
	    content_load(d, t) != NULL) {
		if (m->begin)
			piece_close_span(&d->pieces, t->id,
			    (uint32_t)(m->offset / t->geom.piece_length),
			    (uint32_t)((m->offset + m->length - 1) /
			    t->geom.piece_length), PLANE_TRACKER);
		r.single = t->files->mi->single;
		r.parts.n = list_parts(t->files->mi, m, parts);
	}
	chan_send(c, MSG_DATA_PARTS, &r);
	chan_pause(c, chan_full(c));
}
