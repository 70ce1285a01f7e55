/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "mem.h"
#include "metainfo.h"
#include "metainfo_parse.h"
#include "url.h"

/* Names as they are in the torrent, where ours are others: for web seeds. */
#define ORIGIN_MAX	4096U	/* bytes of a path in a URL */

static struct mi_origin *
origin_of(struct metainfo *mi, uint32_t file, uint32_t nfiles)
{
	if (mi->origins == NULL)
		mi->origins = xcalloc(nfiles, sizeof(*mi->origins));
	return &mi->origins[file];
}

/* Add a name; one that is too long for a URL leaves nothing. */
static int
add_name(struct parse *p, ben_ref name, char *buf, int len)
{
	const uint8_t	*raw;
	size_t		 rawlen;
	int		 n;

	raw = ben_str(&p->b, name, &rawlen);
	if (len > 0)
		buf[len++] = '/';
	n = url_escape(raw, rawlen, false, buf + len,
	    ORIGIN_MAX - (size_t)len);
	return n == -1 ? -1 : len + n;
}

int
parse_keep_origin(struct parse *p, const struct path_buf *path,
    uint32_t file)
{
	struct mi_origin	*o = origin_of(p->mi, file, p->files_max);
	char			 buf[ORIGIN_MAX];
	unsigned int		 i;
	int			 len;

	len = add_name(p, parse_get_utf8(p, p->info, "name", BEN_STR), buf,
	    0);
	for (i = 1; path != NULL && i < path->depth && len != -1; i++)
		len = add_name(p, path->raw[i], buf, len);
	if (len == -1)
		len = 0;
	p->path_bytes += (size_t)len;
	if (p->path_bytes > METAINFO_PATHS_MAX)
		return parse_fail(p, "paths of more than %u bytes in all",
		    METAINFO_PATHS_MAX);
	o->path = mi_string(p->mi, buf, (size_t)len);
	o->escaped = true;
	return 0;
}

void
metainfo_keep_origin(struct metainfo *mi, uint32_t file)
{
	struct mi_origin	*o = origin_of(mi, file, mi->nfiles);

	if (o->path == NULL)
		o->path = mi->files[file].path;
}

int
metainfo_url_path(const struct metainfo *mi, uint32_t file, char *buf,
    size_t size)
{
	const char	*path = mi->files[file].path;

	if (mi->origins != NULL && mi->origins[file].path != NULL) {
		path = mi->origins[file].path;
		if (mi->origins[file].escaped)
			return *path == '\0' ||
			    strlcpy(buf, path, size) >= size ? -1 :
			    (int)strlen(buf);
	}
	return url_escape(path, strlen(path), true, buf, size);
}
