/* SPDX-License-Identifier: ISC */
#include "fresh.h"

#include <errno.h>

#include "bitfield.h"
#include "content.h"
#include "disk.h"
#include "io.h"
#include "lane.h"
#include "metainfo.h"
#include "resume.h"
#include "span.h"

bool
fresh_is_new(const struct content *t, uint32_t file)
{
	return file < t->nfiles && t->files->have[file] == 0 &&
	    t->files->stamps[file].ino == 0 && t->move == NULL &&
	    !bitfield_get(t->files->touched, file);
}

static void
make_file(void *arg, uint32_t i)
{
	struct fresh		*f = arg;
	struct fresh_file	*file = &f->files[i];

	file->fd = file_open(f->place, file->path, FILE_CREATE);
	file->made = file->fd != -1;
}

/* In either thread. */
static void
fill_file(void *arg, uint32_t i)
{
	struct fresh		*f = arg;
	struct fresh_file	*file = &f->files[i];
	ssize_t			 n;

	if (!file->made)
		return;
	do {
		n = io_pwrite(file->fd, file->buf, file->len, 0);
	} while (n == -1 && errno == EINTR);
	file->whole = n != -1 && (size_t)n == file->len;
	io_close(file->fd);
}

/* From s on, up to the first that is not to be made. */
static void
look(struct fresh *f, const struct content *t, struct span s,
    struct span_iter it, const uint8_t *buf)
{
	f->next = f->n = 0;
	while (span_is_whole(&s, t->files->mi) && !content_skips(t, s.file) &&
	    fresh_is_new(t, s.file)) {
		f->files[f->n++] = (struct fresh_file){
			.path = t->files->mi->files[s.file].path,
			.buf = buf,
			.len = (size_t)s.len,
			.index = s.file
		};
		buf += s.len;
		if (f->n == FRESH_MAX || !span_next(&it, &s))
			break;
	}
}

bool
fresh_wrote(struct fresh *f, struct disk *d, struct content *t,
    const struct span *s, const struct span_iter *it, const uint8_t *buf)
{
	uint32_t	i;

	if (f->next == f->n) {
		look(f, t, *s, *it, buf);
		f->place = content_place(d, t);
		lane_relay(d->lane, f->n, make_file, fill_file, f);
		for (i = 0; i < f->n; i++)
			if (f->files[i].made)
				content_touch(d, t, f->files[i].index);
	}
	return f->next < f->n && f->files[f->next++].whole;
}
