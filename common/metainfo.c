/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "metainfo.h"
#include "metainfo_parse.h"
#include "path.h"

#define CHUNK_MIN	256U		/* the usual torrent has one file, */
#define CHUNK_MAX	(16U << 10)	/* others thousands */

/* Strings of one torrent; many in a chunk, freed at once. */
struct mi_chunk {
	struct mi_chunk	*next;		/* metainfo::strings */
	size_t		 used, size;
	char		 data[];
};

static int	parse_all(struct parse *, const void *, size_t);

struct metainfo *
metainfo_parse(const void *buf, size_t len, char err[METAINFO_ERR_MAX])
{
	struct parse	p = { .err = err };
	int		error;

	err[0] = '\0';
	p.mi = xcalloc(1, sizeof(*p.mi));
	error = parse_all(&p, buf, len);
	ben_free(&p.b);
	if (error == -1) {
		metainfo_free(p.mi);
		return NULL;
	}
	return p.mi;
}

void
metainfo_free(struct metainfo *mi)
{
	struct mi_chunk	*chunk;

	if (mi == NULL)
		return;
	while ((chunk = mi->strings) != NULL) {
		mi->strings = chunk->next;
		free(chunk);
	}
	free(mi->pieces);
	free(mi->files);
	free(mi->origins);
	free(mi->trackers);
	free(mi->webseeds);
	free(mi->nodes);
	free(mi);
}

uint32_t
metainfo_file_at(const struct metainfo *mi, uint64_t off)
{
	uint32_t	lo = 0, hi = mi->nfiles, mid;

	/* The last file that begins at or before off ... */
	while (hi - lo > 1) {
		mid = lo + (hi - lo) / 2;
		if (mi->files[mid].offset <= off)
			lo = mid;
		else
			hi = mid;
	}
	/* ... or, where it is empty, the one whose end it stands at. */
	while (lo > 0 && mi->files[lo].length == 0)
		lo--;
	return lo;
}

int
parse_fail(struct parse *p, const char *fmt, ...)
{
	va_list	ap;

	va_start(ap, fmt);
	vsnprintf(p->err, METAINFO_ERR_MAX, fmt, ap);
	va_end(ap);
	return -1;
}

char *
mi_string(struct metainfo *mi, const void *s, size_t len)
{
	struct mi_chunk	*chunk = mi->strings;
	char		*copy;
	size_t		 size;

	if (chunk == NULL || chunk->size - chunk->used <= len) {
		size = chunk == NULL ? CHUNK_MIN : chunk->size * 2;
		if (size > CHUNK_MAX)
			size = CHUNK_MAX;
		if (size <= len)
			size = len + 1;
		chunk = xmalloc(sizeof(*chunk) + size);
		chunk->next = mi->strings;
		chunk->used = 0;
		chunk->size = size;
		mi->strings = chunk;
	}
	copy = chunk->data + chunk->used;
	memcpy(copy, s, len);
	copy[len] = '\0';
	chunk->used += len + 1;
	return copy;
}

ben_ref
parse_get_utf8(struct parse *p, ben_ref dict, const char *key,
    enum ben_type type)
{
	char	utf8[32];
	ben_ref	r;

	snprintf(utf8, sizeof(utf8), "%s.utf-8", key);
	r = ben_get_type(&p->b, dict, utf8, type);
	return r != BEN_NONE ? r : ben_get_type(&p->b, dict, key, type);
}

void
path_buf_start(struct path_buf *path, const struct metainfo *mi)
{
	path->len = strlcpy(path->s, mi->name, sizeof(path->s));
	path->depth = 1;
	path->renamed = false;
}

int
path_buf_add(struct parse *p, struct path_buf *path, ben_ref name)
{
	char		 safe[PATH_COMPONENT_MAX + 1];
	const uint8_t	*raw;
	size_t		 len, rawlen;

	if (!ben_is(&p->b, name, BEN_STR))
		return parse_fail(p, "path has an element that is no string");
	raw = ben_str(&p->b, name, &rawlen);
	len = path_component(raw, rawlen, safe);
	if (++path->depth > PATH_DEPTH_MAX)
		return parse_fail(p, "path of more than %u elements",
		    PATH_DEPTH_MAX);
	if (len + 1 > METAINFO_PATH_MAX - path->len)
		return parse_fail(p, "path of more than %u bytes",
		    METAINFO_PATH_MAX);
	path->s[path->len++] = '/';
	memcpy(path->s + path->len, safe, len + 1);
	path->len += len;
	path->raw[path->depth - 1] = name;
	if (len != rawlen || memcmp(safe, raw, len) != 0)
		path->renamed = true;
	return 0;
}

int
path_buf_keep(struct parse *p, const struct path_buf *path,
    struct mi_file *file)
{
	p->path_bytes += path->len;
	if (p->path_bytes > METAINFO_PATHS_MAX)
		return parse_fail(p, "paths of more than %u bytes in all",
		    METAINFO_PATHS_MAX);
	file->path = mi_string(p->mi, path->s, path->len);
	file->renamed = path->renamed;
	if (p->mi->v1 && (path->renamed || p->mi->renamed))
		return parse_keep_origin(p, path,
		    (uint32_t)(file - p->mi->files));
	return 0;
}

uint8_t
parse_attr(struct parse *p, ben_ref dict)
{
	const uint8_t	*s;
	size_t		 i, len;
	uint8_t		 attr = 0;

	s = ben_str(&p->b, ben_get(&p->b, dict, "attr"), &len);
	for (i = 0; i < len; i++)
		switch (s[i]) {
		case 'p':
			attr |= MI_PAD;
			break;
		case 'x':
			attr |= MI_EXEC;
			break;
		case 'h':
			attr |= MI_HIDDEN;
			break;
		case 'l':
			attr |= MI_SYMLINK;
			break;
		}
	return attr;
}

int
parse_geom(struct parse *p, uint64_t size)
{
	struct geom	*geom = &p->mi->geom;
	uint64_t	 n;

	if (size == 0)
		return parse_fail(p, "no data: total size is 0");
	n = size / geom->piece_length + (size % geom->piece_length != 0);
	if (n > METAINFO_PIECES_MAX)
		return parse_fail(p, "more than %u pieces",
		    METAINFO_PIECES_MAX);
	geom->size = size;
	geom->npieces = (uint32_t)n;
	return 0;
}

static int
parse_piece_length(struct parse *p)
{
	int64_t	n;

	if (ben_int(&p->b, ben_get(&p->b, p->info, "piece length"), &n) == -1)
		return parse_fail(p, "piece length missing or not an integer");
	if (n <= 0)
		return parse_fail(p, "piece length not positive");
	if (n > METAINFO_PIECE_LEN_MAX)
		return parse_fail(p, "piece length above %u MiB",
		    METAINFO_PIECE_LEN_MAX >> 20);
	p->mi->geom.piece_length = (uint32_t)n;
	return 0;
}

/*
 * A name that says nothing would make all such torrents meet at one path:
 * the info-hash serves instead.
 */
static int
parse_name(struct parse *p)
{
	struct metainfo	*mi = p->mi;
	char		 safe[PATH_COMPONENT_MAX + 1];
	const uint8_t	*raw;
	ben_ref		 name;
	size_t		 len, rawlen;

	name = parse_get_utf8(p, p->info, "name", BEN_STR);
	if (name == BEN_NONE)
		return parse_fail(p, "name missing or not a string");
	raw = ben_str(&p->b, name, &rawlen);
	if (rawlen <= 2 && memcmp(raw, "..", rawlen) == 0) {
		hash_hex(mi->v1 ? mi->infohash : mi->infohash2, SHA1_LEN,
		    safe);
		len = strlen(safe);
	} else
		len = path_component(raw, rawlen, safe);
	mi->name = mi_string(mi, safe, len);
	mi->renamed = len != rawlen || memcmp(safe, raw, len) != 0;
	return 0;
}

/* Find out which versions of BitTorrent this is for, and its hashes. */
static int
parse_version(struct parse *p)
{
	struct metainfo		*mi = p->mi;
	const struct ben_token	*t = &p->b.tok[p->info];
	int64_t			 version = 1;

	mi->info_off = t->off;
	mi->info_len = t->len;
	ben_int(&p->b, ben_get(&p->b, p->info, "meta version"), &version);
	if (version > 2)
		return parse_fail(p, "meta version %lld: made for a newer "
		    "version of BitTorrent", (long long)version);
	mi->v2 = version == 2;
	mi->v1 = !mi->v2 || ben_get(&p->b, p->info, "pieces") != BEN_NONE ||
	    ben_get(&p->b, p->info, "length") != BEN_NONE ||
	    ben_get(&p->b, p->info, "files") != BEN_NONE;
	if (mi->v1)
		hash_sha1(p->b.buf + t->off, t->len, mi->infohash);
	if (mi->v2)
		hash_sha256(p->b.buf + t->off, t->len, mi->infohash2);
	return 0;
}

static char *
keep_path(const char *path, size_t len, void *arg)
{
	return mi_string(arg, path, len);
}

/* Give clashing files other names, and sum up. */
static void
resolve_paths(struct metainfo *mi)
{
	struct mi_file	*f;
	char		**paths;
	uint32_t	 i;

	paths = xcalloc(mi->nfiles, sizeof(*paths));
	for (i = 0; i < mi->nfiles; i++)
		if (!(mi->files[i].attr & MI_PAD))
			paths[i] = mi->files[i].path;
	path_resolve(paths, mi->nfiles, keep_path, mi);
	for (i = 0; i < mi->nfiles; i++) {
		f = &mi->files[i];
		if (f->attr & MI_PAD)
			continue;
		if (paths[i] != f->path) {
			metainfo_keep_origin(mi, i);
			f->path = paths[i];
			f->renamed = true;
		}
		mi->renamed |= f->renamed;
		mi->payload += f->length;
	}
	free(paths);
}

static int
parse_all(struct parse *p, const void *buf, size_t len)
{
	const char	*why;

	if (len > METAINFO_SIZE_MAX)
		return parse_fail(p, "larger than %u MiB",
		    METAINFO_SIZE_MAX >> 20);
	if (ben_parse(&p->b, buf, len, &why) == -1)
		return parse_fail(p, "not a torrent file (%s at offset %zu)",
		    why, p->b.bad);
	p->info = ben_get_type(&p->b, BEN_ROOT, "info", BEN_DICT);
	if (p->info == BEN_NONE)
		return parse_fail(p, "info is missing or not a dictionary");
	if (ben_has_duplicates(&p->b, p->info))
		return parse_fail(p, "info has a key twice");
	if (parse_version(p) == -1 || parse_name(p) == -1 ||
	    parse_piece_length(p) == -1)
		return -1;
	if (p->mi->v1 && parse_v1(p) == -1)
		return -1;
	if (p->mi->v2 && parse_v2(p) == -1)
		return -1;
	resolve_paths(p->mi);
	parse_extras(p);
	return 0;
}
