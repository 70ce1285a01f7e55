/* SPDX-License-Identifier: ISC */
/* Torrents as disk sees them: the registry, and what is loaded of each. */
#include "content.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admit.h"
#include "barred.h"
#include "bitfield.h"
#include "disk.h"
#include "fdcache.h"
#include "log.h"
#include "loop.h"
#include "magnet_msg.h"
#include "mem.h"
#include "meta.h"
#include "metainfo.h"
#include "move.h"
#include "names.h"
#include "part.h"
#include "resume.h"
#include "roots.h"
#include "slim.h"
#include "store.h"
#include "tracker_list.h"
#include "trouble.h"

static int
id_cmp(const struct content *a, const struct content *b)
{
	return a->id < b->id ? -1 : a->id > b->id;
}

static int
hash_cmp(const struct content *a, const struct content *b)
{
	return memcmp(a->infohash, b->infohash, SHA1_LEN);
}

RB_GENERATE_INTERNAL(content_ids, content, by_id, id_cmp,
    static __attribute__((unused)))
RB_GENERATE_INTERNAL(content_hashes, content, by_hash, hash_cmp,
    static __attribute__((unused)))

void
content_init(struct disk *d)
{
	RB_INIT(&d->by_id);
	RB_INIT(&d->by_hash);
	TAILQ_INIT(&d->loaded);
	TAILQ_INIT(&d->dirty);
	TAILQ_INIT(&d->changed);
	TAILQ_INIT(&d->reports);
}

struct content *
content_find(struct disk *d, uint32_t id)
{
	struct content	key = { .id = id };

	return RB_FIND(content_ids, &d->by_id, &key);
}

struct content *
content_find_hash(struct disk *d, const uint8_t infohash[SHA1_LEN])
{
	struct content	key;

	memcpy(key.infohash, infohash, SHA1_LEN);
	return RB_FIND(content_hashes, &d->by_hash, &key);
}

struct content *
content_first(struct disk *d)
{
	return RB_MIN(content_ids, &d->by_id);
}

struct content *
content_next(struct content *t)
{
	return RB_NEXT(content_ids, NULL, t);
}

struct place
content_place(const struct disk *d, const struct content *t)
{
	struct place	place = { -1, t->subdir };

	if (roots_away(d, t) || t->root_path != NULL)
		return place;
	place.root = d->roots[t->root].fd;
	if (t->sub != 0)
		place = (struct place){ d->subs[t->sub - 1].fd, "" };
	return place;
}

/* Names of the record take the place of those in mi. */
static struct names *
content_rename(uint32_t id, struct metainfo *mi, const struct resume *r)
{
	struct names	*names;
	const char	*why;

	names = r == NULL ? NULL : names_new(r->names, r->nnames);
	if (names == NULL || names_apply(names, mi, &why))
		return names;
	log_warnx("torrent %u: %s: its new names are not taken: %s", id,
	    mi->name, why);
	names_free(names);
	return NULL;
}

static void
content_attach(struct disk *d, struct content *t, struct metainfo *mi,
    struct names *names, const struct resume *r)
{
	struct content_files	*f = xcalloc(1, sizeof(*f));
	uint32_t		 i;

	f->mi = mi;
	f->names = names;
	f->stamps = xcalloc(mi->nfiles + 1, sizeof(*f->stamps));
	f->have = xcalloc(mi->nfiles, sizeof(*f->have));
	f->changed = xcalloc(1, bitfield_size(mi->nfiles));
	f->touched = xcalloc(1, bitfield_size(mi->nfiles + 1));
	f->used = loop_now(d->loop);
	if (r != NULL && r->nfiles == mi->nfiles) {
		memcpy(f->stamps, r->files, mi->nfiles * sizeof(*f->stamps));
		f->stamps[mi->nfiles] = r->part;
	}
	t->files = f;
	for (i = 0; i < t->geom.npieces; i++)
		if (bitfield_get(t->have, i))
			content_credit(t, i, true);
	memset(f->changed, 0, bitfield_size(mi->nfiles));
	TAILQ_INSERT_TAIL(&d->loaded, t, loaded_link);
	d->nloaded++;
}

static void
content_detach(struct disk *d, struct content *t)
{
	struct content_files	*f = t->files;

	if (f == NULL)
		return;
	TAILQ_REMOVE(&d->loaded, t, loaded_link);
	d->nloaded--;
	t->files = NULL;
	metainfo_free(f->mi);
	names_free(f->names);
	free(f->stamps);
	free(f->have);
	free(f->changed);
	free(f->touched);
	free(f);
	slim_freed(&d->freed);
}

void
content_set_peers(struct content *t, const struct rec_addr *peers, uint32_t n)
{
	if (n == 0 || n > RESUME_PEERS_MAX)
		return;
	t->peers = xreallocarray(t->peers, n, sizeof(*t->peers));
	memcpy(t->peers, peers, n * sizeof(*t->peers));
	t->npeers = (uint8_t)n;
}

static struct content *
content_make(struct disk *d, uint32_t id, const uint8_t infohash[SHA1_LEN],
    uint32_t root, const char *subdir, const struct resume *r)
{
	struct content	*t = xcalloc(1, sizeof(*t));

	t->id = id;
	memcpy(t->infohash, infohash, SHA1_LEN);
	t->root = root;
	t->subdir = xstrdup(subdir);
	if (r != NULL) {
		t->paused = r->paused;
		t->clean = r->clean;
		t->added = r->added;
		t->completed = r->completed;
		t->downloaded = r->downloaded;
		t->uploaded = r->uploaded;
		t->wasted = r->wasted;
		t->modes = r->modes;
		t->scrubbed = r->scrubbed;
		t->scrub_next = r->scrub_next;
		t->up_limit = r->up_limit;
		t->down_limit = r->down_limit;
		t->max_peers = r->max_peers;
		t->active = r->active;
		content_set_peers(t, r->peers, r->npeers);
		if (r->trackers != NULL)
			t->trackers = tracker_list_copy(r->trackers);
	}
	subs_take(d, t);
	RB_INSERT(content_ids, &d->by_id, t);
	RB_INSERT(content_hashes, &d->by_hash, t);
	if (id > d->max_id)
		d->max_id = id;
	return t;
}

/* r is that of the link alone if it has no pieces. */
static void
content_shape(struct disk *d, struct content *t, struct metainfo *mi,
    const struct resume *r)
{
	size_t		 size = bitfield_size(mi->geom.npieces);
	struct names	*names = content_rename(t->id, mi, r);

	t->renamed = names != NULL;
	t->geom = mi->geom;
	t->nfiles = mi->nfiles;
	t->info_off = mi->info_off;
	t->info_len = mi->info_len;
	free(t->name);
	t->name = xstrdup(mi->name);
	t->have = xcalloc(1, size);
	if (r != NULL && r->npieces == mi->geom.npieces)
		memcpy(t->have, r->have, size);
	if (r != NULL && r->prios != NULL && r->nfiles == t->nfiles) {
		t->prios = xmalloc(t->nfiles);
		memcpy(t->prios, r->prios, t->nfiles);
	}
	if (r != NULL && r->parted != NULL && r->nfiles == t->nfiles) {
		t->part = part_new(t->infohash, t->nfiles);
		memcpy(t->part->files, r->parted, bitfield_size(t->nfiles));
	}
	if (r != NULL && r->unsynced)
		content_doubt_rest(t);
	content_count(t);
	content_attach(d, t, mi, names, r);
	content_count_unwanted(t);
}

struct content *
content_new(struct disk *d, uint32_t id, uint32_t root, const char *subdir,
    struct metainfo *mi, const struct resume *r)
{
	struct content	*t;

	t = content_make(d, id, mi->infohash, root, subdir, r);
	content_shape(d, t, mi, r);
	return t;
}

struct content *
content_new_magnet(struct disk *d, uint32_t id, uint32_t root,
    const char *subdir, struct magnet *magnet, const struct resume *r)
{
	struct content	*t;
	char		 hex[2 * SHA1_LEN + 1];

	t = content_make(d, id, magnet->infohash, root, subdir, r);
	t->magnet = magnet;
	t->name = xstrdup(magnet->name != NULL ? magnet->name :
	    hash_hex(magnet->infohash, SHA1_LEN, hex));
	return t;
}

void
content_learn(struct disk *d, struct content *t, struct metainfo *mi)
{
	struct magnet	*magnet = t->magnet;

	t->magnet = NULL;
	content_shape(d, t, mi, NULL);
	if (t->in_reports)
		t->files->pins++;	/* as if it had begun now */
	content_choose(d, t, magnet);
	magnet_free(magnet);
}

void
content_choose(struct disk *d, struct content *t, const struct magnet *magnet)
{
	struct choice	*choice = magnet_choice(magnet);
	const char	*why;

	t->link_left = true;
	t->prios = choice_apply(choice, t->files->mi, &why);
	if (why != NULL)
		log_warnx("torrent %u: %s: the choice of its files: %s", t->id,
		    t->name, why);
	choice_free(choice);
	content_prios_changed(d, t);
}

void
content_free(struct disk *d, struct content *t)
{
	if (t->is_dirty)
		TAILQ_REMOVE(&d->dirty, t, dirty_link);
	if (t->is_changed)
		TAILQ_REMOVE(&d->changed, t, changed_link);
	if (t->in_reports)
		TAILQ_REMOVE(&d->reports, t, report_link);
	if (t->state == DSTATE_WAITING)
		d->nwaiting--;
	admit_release(d, t);
	barred_free(t);
	trouble_end(d, t);
	move_free(d, t);
	content_detach(d, t);
	meta_free(d, t);
	magnet_free(t->magnet);
	fdcache_drop(d->files, t->id);
	RB_REMOVE(content_ids, &d->by_id, t);
	RB_REMOVE(content_hashes, &d->by_hash, t);
	free(t->root_path);
	free(t->subdir);
	free(t->name);
	free(t->have);
	free(t->claim);
	free(t->todo);
	free(t->unsynced);
	free(t->error);
	free(t->damage);
	free(t->peers);
	tracker_list_free(t->trackers);
	free(t->prios);
	free(t->part);
	free(t->unwanted);
	free(t);
	slim_freed(&d->freed);
}

struct metainfo *
content_read_metainfo(struct disk *d, const struct content *t, char *err,
    size_t size)
{
	char		 name[STORE_NAME_MAX], why[METAINFO_ERR_MAX];
	struct metainfo	*mi;
	uint8_t		*buf;
	size_t		 len;

	store_name(t->infohash, ".torrent", name);
	buf = store_read(d->torrents, name, METAINFO_SIZE_MAX, &len);
	if (buf == NULL) {
		snprintf(err, size, "%s: %m", name);
		return NULL;
	}
	mi = metainfo_parse(buf, len, why);
	free(buf);
	if (mi == NULL)
		snprintf(err, size, "%s: %s", name, why);
	else if (!mi->v1 || memcmp(mi->infohash, t->infohash, SHA1_LEN) != 0 ||
	    mi->geom.npieces != t->geom.npieces || mi->nfiles != t->nfiles) {
		snprintf(err, size, "%s: is of another torrent", name);
		metainfo_free(mi);
		mi = NULL;
	}
	return mi;
}

struct content_files *
content_load(struct disk *d, struct content *t)
{
	char		 name[STORE_NAME_MAX], err[ERROR_MAX + 1];
	struct metainfo	*mi;
	struct resume	 r;
	const char	*why;
	uint8_t		*buf;
	size_t		 len;
	bool		 got = false;

	if (t->magnet != NULL)
		return NULL;
	if (t->files != NULL) {
		t->files->used = loop_now(d->loop);
		TAILQ_REMOVE(&d->loaded, t, loaded_link);
		TAILQ_INSERT_TAIL(&d->loaded, t, loaded_link);
		return t->files;
	}
	if ((mi = content_read_metainfo(d, t, err, sizeof(err))) == NULL) {
		content_set_state(d, t, DSTATE_ERROR, err);
		return NULL;
	}
	store_name(t->infohash, ".resume", name);
	buf = store_read(d->resumes, name, RESUME_SIZE_MAX, &len);
	if (buf != NULL)
		got = resume_decode(&r, buf, len, &why) == 0;
	free(buf);
	if (t->renamed && !got) {
		snprintf(err, sizeof(err), "%s: cannot be read", name);
		content_set_state(d, t, DSTATE_ERROR, err);
		metainfo_free(mi);
		return NULL;
	}
	content_attach(d, t, mi, content_rename(t->id, mi, got ? &r : NULL),
	    got ? &r : NULL);
	if (got)
		resume_clear(&r);
	disk_tick_soon(d);
	return t->files;
}

void
content_unload(struct disk *d, struct content *t)
{
	if (t->files == NULL || t->files->pins > 0 || t->is_dirty ||
	    t->saving || t->is_changed || t->files->ntouched > 0)
		return;
	content_detach(d, t);
}

void
content_unload_idle(struct disk *d, uint64_t now)
{
	struct content	*t, *next;

	TAILQ_FOREACH_SAFE(t, &d->loaded, loaded_link, next) {
		if (now - t->files->used < CONTENT_IDLE_MS &&
		    d->nloaded <= CONTENT_LOADED_MAX)
			break;
		content_unload(d, t);
	}
}

void
content_touch(struct disk *d, struct content *t, uint32_t file)
{
	struct content_files	*f = t->files;

	if (bitfield_get(f->touched, file))
		return;
	bitfield_set(f->touched, file);
	f->ntouched++;
	content_dirty(d, t, CONTENT_SAVE_MS);
}

void
content_dirty(struct disk *d, struct content *t, uint64_t ms)
{
	uint64_t	due = loop_now(d->loop) + ms;

	if (t->is_dirty) {
		if (due < t->due)
			t->due = due;
		return;
	}
	t->is_dirty = true;
	t->due = due;
	TAILQ_INSERT_TAIL(&d->dirty, t, dirty_link);
	disk_tick_soon(d);
}

void
content_changed(struct disk *d, struct content *t)
{
	if (t->is_changed)
		return;
	t->is_changed = true;
	TAILQ_INSERT_TAIL(&d->changed, t, changed_link);
	disk_tick_soon(d);
}
