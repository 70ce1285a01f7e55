/* SPDX-License-Identifier: ISC */
/* Resume records as they are written. */
#include "resume.h"

#include <endian.h>
#include <string.h>

#include "bitfield.h"
#include "mem.h"
#include "resume_keys.h"
#include "tracker_list.h"

/* Writes when p is not NULL, else only counts. */
struct out {
	uint8_t	*p;
	size_t	 n;
};

static void
put(struct out *o, const void *p, size_t len)
{
	if (o->p != NULL && len > 0)
		memcpy(o->p + o->n, p, len);
	o->n += len;
}

static void
put32(struct out *o, uint32_t v)
{
	v = htole32(v);
	put(o, &v, sizeof(v));
}

static void
put64(struct out *o, uint64_t v)
{
	v = htole64(v);
	put(o, &v, sizeof(v));
}

static void
put_str(struct out *o, const char *s)
{
	size_t	len = strlen(s);

	put32(o, (uint32_t)len);
	put(o, s, len);
}

/* Counts those that are not of their default value, 0. */
static void
put_setting(struct out *o, uint32_t *n, enum resume_key key, uint64_t value)
{
	if (value == 0)
		return;
	put32(o, key);
	put64(o, value);
	(*n)++;
}

/* NULL: nothing to say.  value is not 0. */
static void
put_text(struct out *o, uint32_t *n, enum resume_key key, uint64_t value,
    const char *s)
{
	size_t		len, i, k;
	uint64_t	v;

	if (s == NULL)
		return;
	for (i = 0, len = strlen(s); i < len; i += sizeof(v)) {
		for (v = 0, k = 0; k < sizeof(v) && i + k < len; k++)
			v |= (uint64_t)(uint8_t)s[i + k] << 8 * k;
		put_setting(o, n, RESUME_TEXT, v);
	}
	put_setting(o, n, key, value);
}

static void
put_places(struct out *o, uint32_t *n, const struct resume *r)
{
	const struct resume_move	*m = &r->move;
	uint32_t			 i;

	for (i = 0; i < r->nnames; i++)
		put_text(o, n, RESUME_NAME, (uint64_t)r->names[i].index + 1,
		    r->names[i].name);
	put_text(o, n, RESUME_HOME_ROOT, 1, r->home_root);
	put_text(o, n, RESUME_HOME_SUBDIR, 1, r->home_subdir);
	put_setting(o, n, RESUME_MOVE_PHASE, m->phase);
	put_text(o, n, RESUME_MOVE_ROOT, 1, m->root);
	put_text(o, n, RESUME_MOVE_SUBDIR, 1, m->subdir);
	put_text(o, n, RESUME_MOVE_NAME, (uint64_t)m->index + 1, m->name);
}

static void
put_peers(struct out *o, uint32_t *n, const struct resume *r)
{
	uint64_t	half[2];
	uint32_t	i;

	for (i = 0; i < r->npeers; i++) {
		memcpy(half, r->peers[i].ip, sizeof(half));
		put_setting(o, n, RESUME_PEER_NET, le64toh(half[0]));
		put_setting(o, n, RESUME_PEER_HOST, le64toh(half[1]));
		put_setting(o, n, RESUME_PEER_PORT, r->peers[i].port);
	}
}

static void
put_trackers(struct out *o, uint32_t *n, const struct tracker_list *list)
{
	uint32_t	i;

	put_setting(o, n, RESUME_TRACKERS, list != NULL);
	for (i = 0; list != NULL && i < list->n; i++)
		put_text(o, n, RESUME_TRACKER, list->v[i].tier + 1U,
		    list->v[i].url);
}

static uint32_t
put_settings(struct out *o, const struct resume *r)
{
	uint32_t	i, n = 0;

	put_setting(o, &n, RESUME_UP_LIMIT, r->up_limit);
	put_setting(o, &n, RESUME_DOWN_LIMIT, r->down_limit);
	put_setting(o, &n, RESUME_MAX_PEERS, r->max_peers);
	put_setting(o, &n, RESUME_MODES, r->modes);
	put_setting(o, &n, RESUME_PROMISED, r->promised);
	put_setting(o, &n, RESUME_ACTIVE, r->active);
	put_setting(o, &n, RESUME_UNSYNCED, r->unsynced);
	put_setting(o, &n, RESUME_SCRUBBED, r->scrubbed);
	put_setting(o, &n, RESUME_SCRUB_NEXT, r->scrub_next);
	for (i = 0; r->prios != NULL && i < r->nfiles; i++)
		if (r->prios[i] != FILE_PRIO_NORMAL)
			put_setting(o, &n, RESUME_FILE_PRIO,
			    (uint64_t)i << 8 | FILE_PRIO_SET | r->prios[i]);
	for (i = 0; r->parted != NULL && i < r->nfiles; i++)
		if (bitfield_get(r->parted, i))
			put_setting(o, &n, RESUME_PARTED, (uint64_t)i + 1);
	put_setting(o, &n, RESUME_PART_SIZE, r->part.size);
	put_setting(o, &n, RESUME_PART_MTIME, (uint64_t)r->part.mtime);
	put_setting(o, &n, RESUME_PART_INO, r->part.ino);
	put_places(o, &n, r);
	put_peers(o, &n, r);
	put_trackers(o, &n, r->trackers);
	return n;
}

static void
put_record(struct out *o, const struct resume *r)
{
	struct out	count = { .p = NULL };
	uint32_t	i, flags = 0;

	if (r->paused)
		flags |= RESUME_FLAG_PAUSED;
	if (r->clean)
		flags |= RESUME_FLAG_CLEAN;
	put32(o, r->id);
	put(o, r->infohash, sizeof(r->infohash));
	put32(o, flags);
	put64(o, r->added);
	put64(o, r->completed);
	put64(o, r->downloaded);
	put64(o, r->uploaded);
	put64(o, r->wasted);
	put_str(o, r->root);
	put_str(o, r->subdir);
	put32(o, r->npieces);
	put(o, r->have, bitfield_size(r->npieces));
	put32(o, r->nfiles);
	for (i = 0; i < r->nfiles; i++) {
		put64(o, r->files[i].size);
		put64(o, (uint64_t)r->files[i].mtime);
		put64(o, r->files[i].ino);
	}
	put32(o, put_settings(&count, r));
	put_settings(o, r);
}

uint8_t *
resume_encode(const struct resume *r, size_t *len)
{
	struct out	 count = { .p = NULL }, o = { .p = NULL };
	uint8_t		*buf;

	put_record(&count, r);
	*len = RESUME_HEAD + count.n + SHA1_LEN;
	buf = o.p = xmalloc(*len);
	put(&o, RESUME_MAGIC, RESUME_MAGIC_LEN);
	put32(&o, RESUME_VERSION);
	put32(&o, (uint32_t)count.n);
	put_record(&o, r);
	hash_sha1(buf, o.n, buf + o.n);
	return buf;
}
