/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "mem.h"
#include "metainfo_parse.h"

/* How BitComet names its pads, which have no attribute. */
#define BITCOMET_PAD	"_____padding_file_"

static int
parse_length(struct parse *p, ben_ref dict, uint64_t *length)
{
	int64_t	n;

	if (ben_int(&p->b, ben_get(&p->b, dict, "length"), &n) == -1)
		return parse_fail(p, "length missing or not an integer");
	if (n < 0)
		return parse_fail(p, "negative length");
	*length = (uint64_t)n;
	return 0;
}

static bool
is_bitcomet_pad(struct parse *p, ben_ref name)
{
	const uint8_t	*s;
	size_t		 len;

	s = ben_str(&p->b, name, &len);
	return len >= strlen(BITCOMET_PAD) &&
	    memcmp(s, BITCOMET_PAD, strlen(BITCOMET_PAD)) == 0;
}

/* Pads need no path; they get one that says what they are. */
static int
parse_path(struct parse *p, ben_ref dict, struct mi_file *f)
{
	struct path_buf	path;
	ben_ref		list, r, last = BEN_NONE;

	path_buf_start(&path, p->mi);
	list = parse_get_utf8(p, dict, "path", BEN_LIST);
	if (list == BEN_NONE || (r = ben_first(&p->b, list)) == BEN_NONE) {
		if (!(f->attr & MI_PAD))
			return parse_fail(p, "path missing or empty");
		path.len += (size_t)snprintf(path.s + path.len,
		    sizeof(path.s) - path.len, "/.pad/%llu",
		    (unsigned long long)f->length);
		return path_buf_keep(p, &path, f);
	}
	for (; r != BEN_NONE; r = ben_next(&p->b, list, r)) {
		if (path_buf_add(p, &path, r) == -1)
			return -1;
		last = r;
	}
	if (is_bitcomet_pad(p, last))
		f->attr |= MI_PAD;
	return path_buf_keep(p, &path, f);
}

static int
parse_file(struct parse *p, ben_ref dict, struct mi_file *f)
{
	if (!ben_is(&p->b, dict, BEN_DICT))
		return parse_fail(p, "files has an entry that is no "
		    "dictionary");
	if (parse_length(p, dict, &f->length) == -1)
		return -1;
	f->attr = parse_attr(p, dict);
	if (f->attr & MI_SYMLINK)
		f->length = 0;
	return parse_path(p, dict, f);
}

static int
parse_files(struct parse *p, ben_ref list, uint64_t *size)
{
	struct metainfo	*mi = p->mi;
	struct mi_file	*f;
	ben_ref		 r;
	uint32_t	 n = 0;

	if (!ben_is(&p->b, list, BEN_LIST))
		return parse_fail(p, "files is not a list");
	for (r = ben_first(&p->b, list); r != BEN_NONE;
	    r = ben_next(&p->b, list, r))
		n++;
	if (n == 0)
		return parse_fail(p, "files is empty");
	if (n > METAINFO_FILES_MAX)
		return parse_fail(p, "more than %u files", METAINFO_FILES_MAX);
	p->files_max = n;
	mi->files = xcalloc(n, sizeof(*mi->files));
	for (r = ben_first(&p->b, list); r != BEN_NONE;
	    r = ben_next(&p->b, list, r)) {
		f = &mi->files[mi->nfiles++];
		if (parse_file(p, r, f) == -1)
			return -1;
		if (f->length > INT64_MAX - *size)
			return parse_fail(p, "total size above 2^63");
		f->offset = *size;
		*size += f->length;
	}
	return 0;
}

static int
parse_single(struct parse *p, uint64_t *size)
{
	struct metainfo	*mi = p->mi;

	if (parse_length(p, p->info, size) == -1)
		return -1;
	p->files_max = 1;
	mi->files = xcalloc(1, sizeof(*mi->files));
	mi->nfiles = 1;
	mi->single = true;
	mi->files->path = mi->name;
	mi->files->length = *size;
	mi->files->attr = parse_attr(p, p->info) & (MI_EXEC | MI_HIDDEN);
	mi->files->renamed = mi->renamed;
	return mi->renamed ? parse_keep_origin(p, NULL, 0) : 0;
}

static int
parse_pieces(struct parse *p)
{
	struct metainfo	*mi = p->mi;
	const uint8_t	*s;
	ben_ref		 pieces;
	size_t		 len;

	pieces = ben_get_type(&p->b, p->info, "pieces", BEN_STR);
	if (pieces == BEN_NONE)
		return parse_fail(p, "pieces missing or not a string");
	s = ben_str(&p->b, pieces, &len);
	if (len % SHA1_LEN != 0)
		return parse_fail(p, "pieces length not a multiple of %d",
		    SHA1_LEN);
	if (len / SHA1_LEN != mi->geom.npieces)
		return parse_fail(p, "'pieces' and size mismatch: %zu hashes, "
		    "%u needed", len / SHA1_LEN, mi->geom.npieces);
	mi->pieces = xmalloc(len);
	memcpy(mi->pieces, s, len);
	return 0;
}

int
parse_v1(struct parse *p)
{
	ben_ref		files;
	uint64_t	size = 0;
	int		error;

	files = ben_get(&p->b, p->info, "files");
	if (files == BEN_NONE)
		error = parse_single(p, &size);
	else if (ben_get(&p->b, p->info, "length") != BEN_NONE)
		error = parse_fail(p, "both length and files");
	else
		error = parse_files(p, files, &size);
	if (error == -1 || parse_geom(p, size) == -1)
		return -1;
	return parse_pieces(p);
}
