/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fmt.h"
#include "info.h"
#include "mem.h"
#include "utf8.h"

static const char *
attr_letters(uint8_t attr, char buf[8])
{
	snprintf(buf, 8, "%s%s%s%s", attr & MI_PAD ? "p" : "",
	    attr & MI_EXEC ? "x" : "", attr & MI_HIDDEN ? "h" : "",
	    attr & MI_SYMLINK ? "l" : "");
	return buf;
}

/* Bytes that are no UTF-8 are escaped as on a terminal; NULL is null. */
json_t *
info_json_text(const char *s)
{
	char	*safe;
	json_t	*json;
	size_t	 len;

	if (s == NULL)
		return json_null();
	len = strlen(s);
	if (utf8_valid(s, len))
		return json_stringn(s, len);
	safe = xreallocarray(NULL, len + 1, 4);
	json = json_string(fmt_safe(s, len, safe, 4 * (len + 1)));
	free(safe);
	return json;
}

json_t *
info_json_hash(bool known, const uint8_t *hash, size_t len)
{
	char	hex[2 * SHA256_LEN + 1];

	return known ? json_string(hash_hex(hash, len, hex)) : json_null();
}

static json_t *
json_files(const struct metainfo *mi)
{
	const struct mi_file	*f;
	json_t			*list = json_array();
	char			 attr[8];
	uint32_t		 i;

	for (i = 0; i < mi->nfiles; i++) {
		f = &mi->files[i];
		json_array_append_new(list, json_pack(
		    "{s:I, s:o, s:I, s:I, s:s, s:b}",
		    "index", (json_int_t)i,
		    "path", info_json_text(f->path),
		    "size", (json_int_t)f->length,
		    "offset", (json_int_t)f->offset,
		    "attr", attr_letters(f->attr, attr),
		    "renamed", f->renamed));
	}
	return list;
}

static json_t *
json_trackers(const struct info_options *opt, const struct metainfo *mi)
{
	json_t		*list = json_array();
	char		 url[METAINFO_URL_MAX + 1];
	uint32_t	 i;

	for (i = 0; i < mi->ntrackers; i++)
		json_array_append_new(list, json_pack("{s:i, s:o}",
		    "tier", mi->trackers[i].tier,
		    "url", info_json_text(info_tracker_url(opt,
		    mi->trackers[i].url, url))));
	return list;
}

static json_t *
json_list(char **strings, uint32_t n)
{
	json_t		*list = json_array();
	uint32_t	 i;

	for (i = 0; i < n; i++)
		json_array_append_new(list, info_json_text(strings[i]));
	return list;
}

json_t *
info_json(const struct info_options *opt, const struct metainfo *mi)
{
	return json_pack("{s:o, s:o, s:o, s:s, s:b, s:b, s:I, s:I, s:I, s:I,"
	    " s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
	    "name", info_json_text(mi->name),
	    "infohash", info_json_hash(mi->v1, mi->infohash, SHA1_LEN),
	    "infohash_v2", info_json_hash(mi->v2, mi->infohash2, SHA256_LEN),
	    "version", info_version(mi),
	    "downloadable", mi->v1,
	    "private", mi->private,
	    "size", (json_int_t)info_size(mi),
	    "payload", (json_int_t)mi->payload,
	    "piece_length", (json_int_t)mi->geom.piece_length,
	    "pieces", (json_int_t)mi->geom.npieces,
	    "renamed", mi->renamed,
	    "comment", info_json_text(mi->comment),
	    "created_by", info_json_text(mi->created_by),
	    "creation_date", mi->creation_date != 0 ?
	    json_integer(mi->creation_date) : json_null(),
	    "source", info_json_text(mi->source),
	    "trackers", json_trackers(opt, mi),
	    "webseeds", json_list(mi->webseeds, mi->nwebseeds),
	    "nodes", json_list(mi->nodes, mi->nnodes),
	    "files", json_files(mi));
}

void
info_json_print(json_t *list)
{
	json_t	*root;

	if (json_array_size(list) == 1)
		root = json_incref(json_array_get(list, 0));
	else
		root = json_pack("{s:O}", "torrents", list);
	json_dumpf(root, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(root);
}
