/* SPDX-License-Identifier: ISC */
#include "resume.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "bitfield.h"
#include "mem.h"
#include "resume_keys.h"
#include "tracker_list.h"

struct in {
	const uint8_t	*p;
	size_t		 left;
	bool		 bad;
	size_t		 ntext;		/* bytes of the string that comes */
	char		 text[PATH_LEN_MAX + sizeof(uint64_t)];
	uint8_t		 ip[16];	/* of the address that comes */
};

static const uint8_t *
get(struct in *in, size_t len)
{
	const uint8_t	*p = in->p;

	if (in->bad || len > in->left) {
		in->bad = true;
		return NULL;
	}
	in->p += len;
	in->left -= len;
	return p;
}

static uint32_t
get32(struct in *in)
{
	const uint8_t	*p = get(in, 4);
	uint32_t	 v = 0;

	if (p != NULL)
		memcpy(&v, p, sizeof(v));
	return le32toh(v);
}

static uint64_t
get64(struct in *in)
{
	const uint8_t	*p = get(in, 8);
	uint64_t	 v = 0;

	if (p != NULL)
		memcpy(&v, p, sizeof(v));
	return le64toh(v);
}

/* What travels in messages must fit their bounds. */
static uint64_t
get_count(struct in *in)
{
	uint64_t	v = get64(in);

	if (v > INT64_MAX)
		in->bad = true;
	return v;
}

static char *
get_str(struct in *in)
{
	uint32_t	 len = get32(in);
	const uint8_t	*p;

	if (len > PATH_LEN_MAX || (p = get(in, len)) == NULL ||
	    memchr(p, '\0', len) != NULL) {
		in->bad = true;
		return NULL;
	}
	return xstrndup((const char *)p, len);
}

static void
get_have(struct in *in, struct resume *r)
{
	const uint8_t	*p;
	size_t		 size;

	r->npieces = get32(in);
	if (r->npieces > PIECES_MAX)
		in->bad = true;
	if (r->npieces == 0 || in->bad)
		return;
	size = bitfield_size(r->npieces);
	if ((p = get(in, size)) == NULL)
		return;
	r->have = xmalloc(size);
	memcpy(r->have, p, size);
	if (bitfield_trim(r->have, r->npieces))
		in->bad = true;
}

static void
get_files(struct in *in, struct resume *r)
{
	uint32_t	i, n = get32(in);

	if (in->bad || (n == 0) != (r->npieces == 0) || n > FILES_MAX ||
	    n > in->left / RESUME_FILE_LEN) {
		in->bad = true;
		return;
	}
	r->nfiles = n;
	if (n == 0)
		return;
	r->files = xcalloc(n, sizeof(*r->files));
	for (i = 0; i < n; i++) {
		r->files[i].size = get64(in);
		r->files[i].mtime = (int64_t)get64(in);
		r->files[i].ino = get64(in);
	}
}

static void
get_file_prio(struct in *in, struct resume *r, uint64_t value)
{
	uint8_t	prio = value & 0x7f;

	if (value >> 8 >= r->nfiles || prio > FILE_PRIO_MAX) {
		in->bad = true;
		return;
	}
	if (r->prios == NULL) {
		r->prios = xmalloc(r->nfiles);
		memset(r->prios, FILE_PRIO_NORMAL, r->nfiles);
	}
	r->prios[value >> 8] = prio;
}

static void
get_part(struct in *in, struct resume *r, uint32_t key, uint64_t value)
{
	switch (key) {
	case RESUME_PARTED:
		if (value == 0 || value > r->nfiles) {
			in->bad = true;
			return;
		}
		if (r->parted == NULL)
			r->parted = xcalloc(1, bitfield_size(r->nfiles));
		bitfield_set(r->parted, (uint32_t)(value - 1));
		break;
	case RESUME_PART_SIZE:
		r->part.size = value;
		break;
	case RESUME_PART_MTIME:
		r->part.mtime = (int64_t)value;
		break;
	case RESUME_PART_INO:
		r->part.ino = value;
		break;
	}
}

static void
get_peer(struct in *in, struct resume *r, uint32_t key, uint64_t value)
{
	uint64_t	half = htole64(value);

	switch (key) {
	case RESUME_PEER_NET:
		memcpy(in->ip, &half, sizeof(half));
		break;
	case RESUME_PEER_HOST:
		memcpy(in->ip + 8, &half, sizeof(half));
		break;
	case RESUME_PEER_PORT:
		if (value == 0 || value > UINT16_MAX ||
		    r->npeers == RESUME_PEERS_MAX) {
			in->bad = true;
			return;
		}
		memcpy(r->peers[r->npeers].ip, in->ip, sizeof(in->ip));
		r->peers[r->npeers++].port = (uint16_t)value;
		memset(in->ip, 0, sizeof(in->ip));
		break;
	}
}

/* Eight more bytes of a string; what follows its end is 0. */
static void
get_text(struct in *in, uint64_t value)
{
	if (in->ntext > PATH_LEN_MAX - 1)
		in->bad = true;
	for (; value != 0 && !in->bad; value >>= 8) {
		if ((uint8_t)value == 0)
			in->bad = true;
		in->text[in->ntext++] = (char)value;
	}
}

/* The string that came; one that is there already gives way to it. */
static void
take_text(struct in *in, char **s)
{
	if (in->ntext > PATH_LEN_MAX)
		in->bad = true;
	if (in->bad)
		return;
	free(*s);
	*s = xstrndup(in->text, in->ntext);
}

static void
get_name(struct in *in, struct resume *r, uint64_t value)
{
	struct resume_name	*n;

	if (value == 0 || (value - 1 != RESUME_TOP && value > r->nfiles) ||
	    in->ntext == 0 || r->nnames > r->nfiles) {
		in->bad = true;
		return;
	}
	/* Doubled when it is a power of two. */
	if ((r->nnames & (r->nnames - 1)) == 0)
		r->names = xreallocarray(r->names,
		    r->nnames == 0 ? 1 : 2 * (size_t)r->nnames,
		    sizeof(*r->names));
	n = &r->names[r->nnames++];
	n->index = (uint32_t)(value - 1);
	n->name = NULL;
	take_text(in, &n->name);
}

static void
get_move_name(struct in *in, struct resume *r, uint64_t value)
{
	if (value == 0 || (value - 1 != RESUME_TOP && value > r->nfiles) ||
	    in->ntext == 0) {
		in->bad = true;
		return;
	}
	r->move.index = (uint32_t)(value - 1);
	take_text(in, &r->move.name);
}

static void
get_tracker(struct in *in, struct resume *r, uint64_t value)
{
	char	*url = NULL;

	if (value == 0 || value - 1 > UINT8_MAX || in->ntext == 0 ||
	    in->ntext > URL_MAX || r->trackers == NULL ||
	    r->trackers->n == TRACKERS_MAX) {
		in->bad = true;
		return;
	}
	take_text(in, &url);
	if (url != NULL)
		tracker_list_add(r->trackers, (uint8_t)(value - 1), url);
	free(url);
}

static void
get_place(struct in *in, struct resume *r, uint32_t key, uint64_t value)
{
	switch (key) {
	case RESUME_TEXT:
		get_text(in, value);
		return;
	case RESUME_NAME:
		get_name(in, r, value);
		break;
	case RESUME_HOME_ROOT:
		take_text(in, &r->home_root);
		break;
	case RESUME_HOME_SUBDIR:
		take_text(in, &r->home_subdir);
		break;
	case RESUME_MOVE_PHASE:
		r->move.phase = (uint8_t)value;
		if (value > UINT8_MAX)
			in->bad = true;
		break;
	case RESUME_MOVE_ROOT:
		take_text(in, &r->move.root);
		break;
	case RESUME_MOVE_SUBDIR:
		take_text(in, &r->move.subdir);
		break;
	case RESUME_MOVE_NAME:
		get_move_name(in, r, value);
		break;
	case RESUME_TRACKER:
		get_tracker(in, r, value);
		break;
	}
	in->ntext = 0;
}

/* Numbers that are not known come from a later mimd. */
static void
get_setting(struct in *in, struct resume *r)
{
	uint32_t	key = get32(in);
	uint64_t	value = get64(in);

	switch (key) {
	case RESUME_UP_LIMIT:
		r->up_limit = value;
		break;
	case RESUME_DOWN_LIMIT:
		r->down_limit = value;
		break;
	case RESUME_MAX_PEERS:
		r->max_peers = (uint32_t)value;
		if (value > PEERS_MAX)
			in->bad = true;
		break;
	case RESUME_FILE_PRIO:
		get_file_prio(in, r, value);
		break;
	case RESUME_PROMISED:
		r->promised = value == 1;
		break;
	case RESUME_UNSYNCED:
		r->unsynced = value == 1;
		break;
	case RESUME_ACTIVE:
		r->active = value > UINT32_MAX ? 0 : (uint32_t)value;
		break;
	case RESUME_TRACKERS:
		if (r->trackers == NULL)
			r->trackers = tracker_list_new();
		break;
	case RESUME_PARTED:
	case RESUME_PART_SIZE:
	case RESUME_PART_MTIME:
	case RESUME_PART_INO:
		get_part(in, r, key, value);
		break;
	case RESUME_PEER_NET:
	case RESUME_PEER_HOST:
	case RESUME_PEER_PORT:
		get_peer(in, r, key, value);
		break;
	case RESUME_SCRUBBED:
		r->scrubbed = value > UINT32_MAX ? 0 : (uint32_t)value;
		break;
	case RESUME_SCRUB_NEXT:
		r->scrub_next = value < r->npieces ? (uint32_t)value : 0;
		break;
	case RESUME_MODES:
		r->modes = value & TMODES_ALL;
		break;
	default:
		get_place(in, r, key, value);
	}
	if (r->up_limit > RATE_MAX || r->down_limit > RATE_MAX)
		in->bad = true;
}

static void
get_settings(struct in *in, struct resume *r)
{
	uint32_t	n = get32(in);

	if (n != in->left / RESUME_SETTING_LEN)
		in->bad = true;
	while (n-- > 0 && !in->bad)
		get_setting(in, r);
	/* Half a place is none. */
	if ((r->home_root == NULL) != (r->home_subdir == NULL) ||
	    (r->move.phase != 0 && (r->move.root == NULL ||
	    r->move.subdir == NULL)))
		in->bad = true;
}

static void
get_record(struct in *in, struct resume *r, uint32_t version)
{
	const uint8_t	*p;
	uint32_t	 flags;

	if ((r->id = get32(in)) == 0)
		in->bad = true;
	if ((p = get(in, SHA1_LEN)) != NULL)
		memcpy(r->infohash, p, SHA1_LEN);
	flags = get32(in);
	if ((flags & ~(uint32_t)RESUME_FLAGS) != 0)
		in->bad = true;
	r->paused = (flags & RESUME_FLAG_PAUSED) != 0;
	r->clean = (flags & RESUME_FLAG_CLEAN) != 0;
	r->added = get_count(in);
	r->completed = get_count(in);
	r->downloaded = get_count(in);
	r->uploaded = get_count(in);
	r->wasted = get_count(in);
	r->root = get_str(in);
	r->subdir = get_str(in);
	get_have(in, r);
	get_files(in, r);
	if (version > 1)
		get_settings(in, r);
}

/* NULL if the envelope of the record is sound, else what is wrong. */
static const char *
check_envelope(const uint8_t *buf, size_t len, uint32_t *version)
{
	uint8_t		digest[SHA1_LEN];
	uint32_t	v;

	if (len < RESUME_HEAD + SHA1_LEN || len > RESUME_SIZE_MAX)
		return "too short or too long";
	if (memcmp(buf, RESUME_MAGIC, RESUME_MAGIC_LEN) != 0)
		return "not a resume record";
	memcpy(&v, buf + RESUME_MAGIC_LEN, sizeof(v));
	*version = le32toh(v);
	if (*version == 0 || *version > RESUME_VERSION)
		return "of an unknown version";
	memcpy(&v, buf + RESUME_MAGIC_LEN + 4, sizeof(v));
	if (le32toh(v) != len - RESUME_HEAD - SHA1_LEN)
		return "of a wrong length";
	hash_sha1(buf, len - SHA1_LEN, digest);
	if (memcmp(digest, buf + len - SHA1_LEN, SHA1_LEN) != 0)
		return "damaged (checksum)";
	return NULL;
}

int
resume_decode(struct resume *r, const void *buf, size_t len, const char **why)
{
	struct in	in;
	uint32_t	version;

	memset(r, 0, sizeof(*r));
	if ((*why = check_envelope(buf, len, &version)) != NULL)
		return -1;
	in.p = (const uint8_t *)buf + RESUME_HEAD;
	in.left = len - RESUME_HEAD - SHA1_LEN;
	in.bad = false;
	in.ntext = 0;
	memset(in.ip, 0, sizeof(in.ip));
	get_record(&in, r, version);
	if (in.bad || in.left != 0) {
		resume_clear(r);
		*why = "malformed";
		return -1;
	}
	return 0;
}

void
resume_clear(struct resume *r)
{
	free(r->root);
	free(r->subdir);
	free(r->have);
	free(r->files);
	free(r->prios);
	free(r->parted);
	free(r->home_root);
	free(r->home_subdir);
	while (r->nnames > 0)
		free(r->names[--r->nnames].name);
	free(r->names);
	free(r->move.root);
	free(r->move.subdir);
	free(r->move.name);
	tracker_list_free(r->trackers);
	memset(r, 0, sizeof(*r));
}
