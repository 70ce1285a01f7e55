/* SPDX-License-Identifier: ISC */
/*
 * What is remembered of download directories: what is taken of a file is
 * written again as it was.  And the mounts that a text tells of.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "disk/volumes.h"
#include "mounts.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct volumes	 v, w;
	char			*text, *again;
	size_t			 n, m;

	if (volumes_decode(&v, (const char *)data, size) == 0) {
		text = volumes_encode(&v, &n);
		if (volumes_decode(&w, text, n) != 0 || w.n != v.n)
			abort();
		again = volumes_encode(&w, &m);
		if (n != m || memcmp(text, again, n) != 0)
			abort();
		free(text);
		free(again);
		volumes_clear(&v);
		volumes_clear(&w);
	}
	text = malloc(size + 1);
	memcpy(text, data, size);
	text[size] = '\0';
	mounts_holding(text, "/srv/torrents/a b");
	free(text);
	return 0;
}
