/* SPDX-License-Identifier: ISC */
#include "meta.h"

#include <sys/mman.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ben_out.h"
#include "bitfield.h"
#include "check.h"
#include "content.h"
#include "disk.h"
#include "io.h"
#include "log.h"
#include "magnet.h"
#include "mem.h"
#include "metainfo.h"
#include "move.h"
#include "report.h"
#include "save.h"
#include "store.h"
#include "worker.h"

/* Either being put together, or right and about to be kept. */
struct meta {
	uint8_t		*buf;		/* NULL: it is right */
	uint32_t	 size, nblocks, nhave;
	uint8_t		*have;
	struct metainfo	*mi;
	uint8_t		*torrent;	/* the .torrent made of it */
	size_t		 len;
};

struct meta_job {
	struct job	 job;
	uint32_t	 id;
	uint8_t		 infohash[SHA1_LEN];
	struct metainfo	*mi;
	uint8_t		*torrent;
	size_t		 len;
	int		 dir, error;
};

static void
meta_end_fetch(struct disk *d, struct meta *m)
{
	if (m->buf == NULL)
		return;
	d->nmetas--;
	d->meta_bytes -= m->size;
	munmap(m->buf, m->size);
	free(m->have);
	m->buf = m->have = NULL;
}

void
meta_free(struct disk *d, struct content *t)
{
	if (t->meta == NULL)
		return;
	meta_end_fetch(d, t->meta);
	metainfo_free(t->meta->mi);
	free(t->meta->torrent);
	free(t->meta);
	t->meta = NULL;
}

void
meta_forget(struct disk *d, struct content *t)
{
	if (t->meta != NULL && (t->meta->buf != NULL || t->removing))
		meta_free(d, t);
}

bool
meta_start(struct disk *d, struct content *t, uint32_t size)
{
	struct meta	*m;
	void		*buf;

	if (t->magnet == NULL || t->meta != NULL || t->removing ||
	    t->state != DSTATE_READY || d->nmetas >= META_MAX ||
	    d->meta_bytes + size > META_BYTES)
		return false;
	/* Pages are had as blocks come, and given back: a claim is free. */
	buf = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (buf == MAP_FAILED)
		return false;
	m = t->meta = xcalloc(1, sizeof(*m));
	m->buf = buf;
	m->size = size;
	m->nblocks = (size + BLOCK_SIZE - 1) / BLOCK_SIZE;
	m->have = xcalloc(1, bitfield_size(m->nblocks));
	d->nmetas++;
	d->meta_bytes += size;
	return true;
}

static bool
is_block(uint32_t size, uint32_t begin, uint32_t length)
{
	return begin < size && begin % BLOCK_SIZE == 0 &&
	    length == (size - begin < BLOCK_SIZE ? size - begin : BLOCK_SIZE);
}

bool
meta_fits(const struct content *t, uint32_t begin, uint32_t length)
{
	return t->meta == NULL || t->meta->buf == NULL ||
	    is_block(t->meta->size, begin, length);
}

bool
meta_store(struct content *t, uint32_t begin, const uint8_t *p,
    uint32_t length)
{
	struct meta	*m = t->meta;

	if (m == NULL || m->buf == NULL ||
	    bitfield_get(m->have, begin / BLOCK_SIZE))
		return false;
	memcpy(m->buf + begin, p, length);
	bitfield_set(m->have, begin / BLOCK_SIZE);
	m->nhave++;
	return true;
}

bool
meta_full(const struct content *t)
{
	return t->meta != NULL && t->meta->buf != NULL &&
	    t->meta->nhave == t->meta->nblocks;
}

/* ---- from an info dictionary to a .torrent ---- */

static void
put_list(struct ben_out *o, char *const *v, uint32_t n)
{
	uint32_t	i;

	ben_put_list(o);
	for (i = 0; i < n; i++)
		ben_put_text(o, v[i]);
	ben_put_end(o);
}

static void
wrap(struct ben_out *o, const struct magnet *magnet, const uint8_t *info,
    size_t len)
{
	uint32_t	i;

	ben_put_dict(o);
	if (magnet->ntrackers > 0) {
		ben_put_text(o, "announce");
		ben_put_text(o, magnet->trackers[0]);
		/* Each is a tier of its own. */
		ben_put_text(o, "announce-list");
		ben_put_list(o);
		for (i = 0; i < magnet->ntrackers; i++)
			put_list(o, &magnet->trackers[i], 1);
		ben_put_end(o);
	}
	ben_put_text(o, "info");
	ben_put(o, info, len);
	if (magnet->nwebseeds > 0) {
		ben_put_text(o, "url-list");
		put_list(o, magnet->webseeds, magnet->nwebseeds);
	}
	ben_put_end(o);
}

/* What is wrong with it is no peer's fault. */
static void
meta_refuse(struct disk *d, struct content *t, const char *why)
{
	char	text[ERROR_MAX + 1];

	meta_free(d, t);
	snprintf(text, sizeof(text), "the metadata of this magnet link: %s",
	    why);
	content_set_state(d, t, DSTATE_ERROR, text);
}

static void
meta_accept(struct disk *d, struct content *t)
{
	struct meta	*m = t->meta;
	struct content	*other;
	struct ben_out	 count = { .p = NULL }, out;
	char		 err[METAINFO_ERR_MAX];

	wrap(&count, t->magnet, m->buf, m->size);
	out = (struct ben_out){ .p = xmalloc(count.n), .size = count.n };
	wrap(&out, t->magnet, m->buf, m->size);
	m->torrent = out.p;
	m->len = out.n;
	meta_end_fetch(d, m);
	m->mi = metainfo_parse(m->torrent, m->len, err);
	if (m->mi == NULL)
		meta_refuse(d, t, err);
	else if (!m->mi->v1 ||
	    memcmp(m->mi->infohash, t->infohash, SHA1_LEN) != 0)
		meta_refuse(d, t, "not that of a v1 torrent");
	else if (t->root_path == NULL &&
	    (other = content_clash(d, t->root, t->subdir, m->mi,
	    t)) != NULL) {
		snprintf(err, sizeof(err), "its files would be those of "
		    "torrent %u", other->id);
		meta_refuse(d, t, err);
	} else
		meta_settle(d, t);
}

bool
meta_finish(struct disk *d, struct content *t)
{
	uint8_t	digest[SHA1_LEN];

	hash_sha1(t->meta->buf, t->meta->size, digest);
	if (memcmp(digest, t->infohash, SHA1_LEN) == 0) {
		meta_accept(d, t);
		return true;
	}
	meta_free(d, t);
	return false;
}

/* ---- keeping it ---- */

static void
meta_run(struct job *job, unsigned int worker)
{
	struct meta_job	*j = (struct meta_job *)job;
	char		 name[STORE_NAME_MAX];

	(void)worker;
	store_name(j->infohash, ".torrent", name);
	if (store_write(j->dir, name, j->torrent, j->len) == -1 ||
	    io_fsync(j->dir) == -1)
		j->error = errno;
}

static void
meta_learn(struct disk *d, struct content *t, struct metainfo *mi)
{
	log_info("torrent %u: %s: its metadata is there", t->id, mi->name);
	content_learn(d, t, mi);
	move_look_home(d, t);
	/* Data that is there is never overwritten unseen. */
	if (t->root_path == NULL && check_exists(d, t))
		check_want(d, t, NULL);
	content_dirty(d, t, 0);
	report_content(d, t);
}

static void
meta_done(struct job *job, void *arg)
{
	struct meta_job	*j = (struct meta_job *)job;
	struct disk	*d = arg;
	struct content	*t = content_find(d, j->id);
	char		 text[ERROR_MAX + 1];

	d->njobs--;
	t->saving = false;
	if (j->error == 0 && !t->removing) {
		meta_learn(d, t, j->mi);
		j->mi = NULL;
	} else if (!t->removing) {
		snprintf(text, sizeof(text), "state directory: %s",
		    strerror(j->error));
		content_set_state(d, t, DSTATE_ERROR, text);
	}
	if (t->removing)
		remove_try(d, t);
	metainfo_free(j->mi);
	free(j->torrent);
	free(j);
	if (d->stopping)
		save_due(d, 0);
	disk_settled(d);
}

void
meta_settle(struct disk *d, struct content *t)
{
	struct meta	*m = t->meta;
	struct meta_job	*j;

	if (m == NULL || m->mi == NULL || t->saving)
		return;
	j = xcalloc(1, sizeof(*j));
	j->job.run = meta_run;
	j->job.done = meta_done;
	j->id = t->id;
	memcpy(j->infohash, t->infohash, SHA1_LEN);
	j->mi = m->mi;
	j->torrent = m->torrent;
	j->len = m->len;
	j->dir = d->torrents;
	m->mi = NULL;
	m->torrent = NULL;
	meta_free(d, t);
	t->saving = true;
	d->njobs++;
	pool_submit(d->saver, &j->job);
}

/* ---- serving it ---- */

bool
meta_read(struct disk *d, const struct content *t, uint32_t begin, uint8_t *p,
    uint32_t length)
{
	char	name[STORE_NAME_MAX];
	ssize_t	n;
	int	fd;

	if (!is_block(t->info_len, begin, length))
		return false;
	fd = io_open(d->torrents, store_name(t->infohash, ".torrent", name),
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
	if (fd == -1)
		return false;
	n = io_pread(fd, p, length, (off_t)t->info_off + begin);
	io_close(fd);
	return n == (ssize_t)length;
}
