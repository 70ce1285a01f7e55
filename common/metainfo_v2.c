/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "merkle.h"
#include "metainfo_parse.h"

#define PIECE_LEN_MIN	16384U
#define FILES_FIRST	64U

/* An entry of piece layers. */
struct layer {
	const uint8_t	*root;
	const uint8_t	*hashes;
	size_t		 len;
	bool		 used;		/* some file has this root */
	bool		 good;		/* and its hashes lead to it */
};

/* A file as the tree tells it. */
struct leaf {
	uint64_t	 length;
	const uint8_t	*root;		/* NULL if empty */
	uint8_t		 attr;
};

/* A directory of the tree being walked. */
struct branch {
	ben_ref		 dict;
	ben_ref		 next;		/* the key to see next */
	ben_ref		 name;		/* the key in hand */
};

struct walk {
	struct parse	*p;
	struct branch	 stack[BEN_DEPTH_MAX];
	unsigned	 depth;
	uint64_t	 end;		/* of the last file that has data */
	uint32_t	 nleaves;
	bool		 lone;		/* the first file is the name itself */
	struct layer	*layers;
	size_t		 nlayers;
	/* Hybrids: what the v1 half has next. */
	ben_ref		 v1_list, v1_entry;
	uint32_t	 v1_index;
	uint32_t	 size;		/* v2 alone: files allocated */
};

static bool
same_string(const struct ben *b, ben_ref x, ben_ref y)
{
	const uint8_t	*xs, *ys;
	size_t		 xlen, ylen;

	xs = ben_str(b, x, &xlen);
	ys = ben_str(b, y, &ylen);
	return xlen == ylen && memcmp(xs, ys, xlen) == 0;
}

static bool
is_empty_key(const struct ben *b, ben_ref key)
{
	size_t	len;

	ben_str(b, key, &len);
	return len == 0;
}

/* How far above the leaves the hashes of whole pieces stand. */
static unsigned
piece_level(uint32_t piece_length)
{
	unsigned	level = 0;

	while ((PIECE_LEN_MIN << level) < piece_length)
		level++;
	return level;
}

static int
compare_root(const void *key, const void *entry)
{
	const struct layer	*layer = entry;

	return memcmp(key, layer->root, SHA256_LEN);
}

static int
load_layers(struct walk *w)
{
	struct ben	*b = &w->p->b;
	struct layer	*layer;
	ben_ref		 dict, k, v;
	size_t		 len;

	dict = ben_get(b, BEN_ROOT, "piece layers");
	if (dict == BEN_NONE)
		return 0;
	if (!ben_is(b, dict, BEN_DICT))
		return parse_fail(w->p, "piece layers: not a dictionary");
	if (!ben_is_sorted(b, dict))
		return parse_fail(w->p, "piece layers: keys not in order");
	w->layers = xcalloc(b->tok[dict].next - dict, sizeof(*w->layers));
	for (k = ben_first(b, dict); k != BEN_NONE; k = ben_next(b, dict, v)) {
		v = ben_next(b, dict, k);
		layer = &w->layers[w->nlayers++];
		layer->root = ben_str(b, k, &len);
		if (len != SHA256_LEN || !ben_is(b, v, BEN_STR))
			return parse_fail(w->p, "piece layers: an entry is "
			    "no root and layer");
		layer->hashes = ben_str(b, v, &layer->len);
	}
	return 0;
}

/* Files with the same contents share a layer, which is checked once. */
static int
check_layer(struct walk *w, const struct leaf *leaf)
{
	uint8_t		 root[SHA256_LEN];
	struct layer	*layer;
	uint64_t	 n;
	uint32_t	 piece_length = w->p->mi->geom.piece_length;

	if (leaf->root == NULL || w->nlayers == 0)
		return 0;
	layer = bsearch(leaf->root, w->layers, w->nlayers, sizeof(*layer),
	    compare_root);
	if (layer == NULL)
		return 0;
	layer->used = true;
	if (leaf->length <= piece_length)
		return 0;
	n = (leaf->length - 1) / piece_length + 1;
	if (layer->len != n * SHA256_LEN)
		return parse_fail(w->p, "piece layers: %zu bytes where %llu "
		    "hashes are needed", layer->len, (unsigned long long)n);
	if (layer->good)
		return 0;
	merkle_root(layer->hashes, n, piece_level(piece_length), 0, root);
	if (memcmp(root, layer->root, SHA256_LEN) != 0)
		return parse_fail(w->p, "piece layers: root mismatch");
	layer->good = true;
	return 0;
}

static int
check_layers_used(const struct walk *w)
{
	size_t	i;

	for (i = 0; i < w->nlayers; i++)
		if (!w->layers[i].used)
			return parse_fail(w->p, "piece layers: root of no "
			    "file");
	return 0;
}

static int
parse_leaf(struct walk *w, ben_ref dict, struct leaf *leaf)
{
	struct parse	*p = w->p;
	int64_t		 length;
	size_t		 len;

	if (!ben_is(&p->b, dict, BEN_DICT))
		return parse_fail(p, "file tree: a file is no dictionary");
	if (ben_int(&p->b, ben_get(&p->b, dict, "length"), &length) == -1)
		return parse_fail(p, "length missing or not an integer");
	if (length < 0)
		return parse_fail(p, "negative length");
	leaf->length = (uint64_t)length;
	leaf->attr = parse_attr(p, dict);
	if (leaf->attr & MI_PAD)
		return parse_fail(p, "file tree: a pad file");
	if ((leaf->attr & MI_SYMLINK) && length > 0)
		return parse_fail(p, "file tree: a symbolic link with data");
	leaf->root = NULL;
	if (length == 0)
		return 0;
	leaf->root = ben_str(&p->b, ben_get(&p->b, dict, "pieces root"), &len);
	if (len != SHA256_LEN)
		return parse_fail(p, "pieces root missing or not %d bytes",
		    SHA256_LEN);
	return 0;
}

/* Every file with data begins at the start of a piece. */
static int
place(struct walk *w, const struct leaf *leaf, uint64_t *offset)
{
	uint64_t	piece_length = w->p->mi->geom.piece_length, gap;

	*offset = w->end;
	if (leaf->length == 0)
		return 0;
	gap = (piece_length - w->end % piece_length) % piece_length;
	if (leaf->length > INT64_MAX - piece_length ||
	    w->end > INT64_MAX - piece_length - leaf->length)
		return parse_fail(w->p, "total size above 2^63");
	*offset = w->end + gap;
	w->end = *offset + leaf->length;
	return 0;
}

/* v2 alone: list the file. */
static int
collect(struct walk *w, const struct leaf *leaf, uint64_t offset)
{
	struct path_buf	 path;
	struct parse	*p = w->p;
	struct metainfo	*mi = p->mi;
	struct mi_file	*f;
	unsigned	 i;

	if (mi->nfiles == METAINFO_FILES_MAX)
		return parse_fail(p, "more than %u files", METAINFO_FILES_MAX);
	if (mi->nfiles == w->size) {
		w->size = w->size == 0 ? FILES_FIRST : w->size * 2;
		mi->files = xreallocarray(mi->files, w->size,
		    sizeof(*mi->files));
	}
	f = &mi->files[mi->nfiles++];
	memset(f, 0, sizeof(*f));
	f->offset = offset;
	f->length = leaf->length;
	f->attr = leaf->attr;
	path_buf_start(&path, mi);
	for (i = 0; i < w->depth; i++)
		if (path_buf_add(p, &path, w->stack[i].name) == -1)
			return -1;
	return path_buf_keep(p, &path, f);
}

/* The same path, name for name and byte for byte, in both halves? */
static bool
same_path(const struct walk *w)
{
	struct ben	*b = &w->p->b;
	ben_ref		 list, r;
	unsigned	 i = 0;

	if (w->p->mi->single)
		return w->depth == 1 && same_string(b, w->stack[0].name,
		    parse_get_utf8(w->p, w->p->info, "name", BEN_STR));
	list = parse_get_utf8(w->p, w->v1_entry, "path", BEN_LIST);
	for (r = ben_first(b, list); r != BEN_NONE; r = ben_next(b, list, r))
		if (i == w->depth || !same_string(b, w->stack[i++].name, r))
			return false;
	return i == w->depth;
}

static void
next_v1(struct walk *w)
{
	w->v1_index++;
	if (w->v1_entry != BEN_NONE)
		w->v1_entry = ben_next(&w->p->b, w->v1_list, w->v1_entry);
}

static void
skip_v1_pads(struct walk *w)
{
	struct metainfo	*mi = w->p->mi;

	while (w->v1_index < mi->nfiles &&
	    (mi->files[w->v1_index].attr & MI_PAD))
		next_v1(w);
}

/* Hybrid: the v1 half must have the same file at the same place. */
static int
compare(struct walk *w, const struct leaf *leaf, uint64_t offset)
{
	struct parse	*p = w->p;
	struct metainfo	*mi = p->mi;
	struct mi_file	*f;

	skip_v1_pads(w);
	if (w->v1_index == mi->nfiles)
		return parse_fail(p, "hybrid: the v1 half has fewer files");
	f = &mi->files[w->v1_index];
	if (!same_path(w))
		return parse_fail(p, "hybrid: names or order of files differ "
		    "at file %u", w->v1_index);
	if (f->length != leaf->length)
		return parse_fail(p, "hybrid: sizes of file %u differ",
		    w->v1_index);
	if (f->length > 0 && f->offset != offset)
		return parse_fail(p, "hybrid: file %u does not begin a piece "
		    "in the v1 half", w->v1_index);
	next_v1(w);
	return 0;
}

static int
on_file(struct walk *w, ben_ref dict)
{
	struct leaf	leaf = { 0 };
	uint64_t	offset;

	if (parse_leaf(w, dict, &leaf) == -1 ||
	    place(w, &leaf, &offset) == -1 ||
	    check_layer(w, &leaf) == -1)
		return -1;
	if (w->nleaves++ == 0)
		w->lone = w->depth == 1 && same_string(&w->p->b,
		    w->stack[0].name,
		    parse_get_utf8(w->p, w->p->info, "name", BEN_STR));
	return w->p->mi->v1 ? compare(w, &leaf, offset) :
	    collect(w, &leaf, offset);
}

static void
enter(struct walk *w, ben_ref dict)
{
	struct branch	*branch = &w->stack[w->depth++];

	branch->dict = dict;
	branch->next = ben_first(&w->p->b, dict);
}

/* A key of a directory: a file if what it holds begins with the key "". */
static int
on_entry(struct walk *w, ben_ref name, ben_ref value)
{
	struct ben	*b = &w->p->b;
	ben_ref		 first, dict;

	if (is_empty_key(b, name))
		return parse_fail(w->p, "file tree: a file without a name");
	if (!ben_is(b, value, BEN_DICT))
		return parse_fail(w->p, "file tree: an entry is no "
		    "dictionary");
	first = ben_first(b, value);
	if (first == BEN_NONE || !is_empty_key(b, first)) {
		enter(w, value);
		return 0;
	}
	dict = ben_next(b, value, first);
	if (ben_next(b, value, dict) != BEN_NONE)
		return parse_fail(w->p, "file tree: a file is a directory, "
		    "too");
	return on_file(w, dict);
}

/* Depth first, in the order of keys; bencode bounds the depth. */
static int
walk_tree(struct walk *w, ben_ref tree)
{
	struct ben	*b = &w->p->b;
	struct branch	*top;
	ben_ref		 value;

	enter(w, tree);
	while (w->depth > 0) {
		top = &w->stack[w->depth - 1];
		if (top->next == BEN_NONE) {
			w->depth--;
			continue;
		}
		top->name = top->next;
		value = ben_next(b, top->dict, top->name);
		top->next = ben_next(b, top->dict, value);
		if (on_entry(w, top->name, value) == -1)
			return -1;
	}
	return 0;
}

static int
finish(struct walk *w)
{
	struct metainfo	*mi = w->p->mi;

	if (check_layers_used(w) == -1)
		return -1;
	if (!mi->v1) {
		if (mi->nfiles == 1 && w->lone) {
			mi->single = true;
			mi->files->path = mi->name;
			mi->files->renamed = mi->renamed;
		}
		return parse_geom(w->p, w->end);
	}
	skip_v1_pads(w);	/* a pad after the last file is optional */
	if (w->v1_index != mi->nfiles)
		return parse_fail(w->p, "hybrid: the v1 half has more files");
	return 0;
}

static int
check_form(struct parse *p)
{
	uint32_t	n = p->mi->geom.piece_length;

	if (n < PIECE_LEN_MIN || (n & (n - 1)) != 0)
		return parse_fail(p, "piece length not a power of two from "
		    "16 KiB on, as version 2 has it");
	if (!ben_is_sorted(&p->b, p->info))
		return parse_fail(p, "info: keys not in order, as version 2 "
		    "has them");
	return 0;
}

int
parse_v2(struct parse *p)
{
	struct walk	w = { .p = p, .v1_entry = BEN_NONE };
	ben_ref		tree;
	int		error = -1;

	if (check_form(p) == -1)
		return -1;
	tree = ben_get_type(&p->b, p->info, "file tree", BEN_DICT);
	if (tree == BEN_NONE)
		return parse_fail(p, "file tree missing or not a dictionary");
	if (p->mi->v1 && !p->mi->single) {
		w.v1_list = ben_get(&p->b, p->info, "files");
		w.v1_entry = ben_first(&p->b, w.v1_list);
	}
	if (load_layers(&w) == 0 && walk_tree(&w, tree) == 0)
		error = finish(&w);
	free(w.layers);
	return error;
}
