/* SPDX-License-Identifier: ISC */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "metainfo.h"
#include "path.h"
#include "utf8.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check(int ok)
{
	if (!ok)
		abort();
}

static void
check_path(const char *path)
{
	const char	*s, *end;
	size_t		 len;

	check(strlen(path) <= METAINFO_PATH_MAX + 32);
	check(utf8_valid(path, strlen(path)));
	for (s = path; ; s = end + 1) {
		len = strcspn(s, "/");
		end = s + len;
		check(len > 0 && len <= PATH_COMPONENT_MAX);
		check(!(len <= 2 && strncmp(s, "..", len) == 0));
		if (*end == '\0')
			break;
	}
}

static void
check_files(const struct metainfo *mi)
{
	const struct mi_file	*f;
	uint64_t		 end = 0, payload = 0;
	uint32_t		 i;

	for (i = 0; i < mi->nfiles; i++) {
		f = &mi->files[i];
		check_path(f->path);
		check(f->offset >= end && (!mi->v1 || f->offset == end));
		end = f->offset + f->length;
		if (!(f->attr & MI_PAD))
			payload += f->length;
	}
	check(end == mi->geom.size && payload == mi->payload);
	i = metainfo_file_at(mi, mi->geom.size - 1);
	check(i < mi->nfiles && mi->files[i].length > 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct metainfo	*mi;
	char		 err[METAINFO_ERR_MAX];
	uint32_t	 i;

	mi = metainfo_parse(data, size, err);
	if (mi == NULL) {
		check(err[0] != '\0' && strchr(err, '\n') == NULL);
		return 0;
	}
	check(mi->nfiles > 0 && mi->nfiles <= METAINFO_FILES_MAX);
	check(mi->geom.npieces > 0 && mi->geom.npieces <= METAINFO_PIECES_MAX);
	check(mi->geom.npieces == geom_npieces(mi->geom.size,
	    mi->geom.piece_length));
	check_path(mi->name);
	check_files(mi);
	for (i = 0; i < mi->ntrackers; i++)
		check(strlen(mi->trackers[i].url) <= METAINFO_URL_MAX);
	metainfo_free(mi);
	return 0;
}
