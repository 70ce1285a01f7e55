/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "magnet.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What a link says is said again by the link made from it. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct magnet	*m, *again;
	char		 err[MAGNET_ERR_MAX], *s, *link, *relink;

	s = malloc(size + 1);
	memcpy(s, data, size);
	s[size] = '\0';
	magnet_looks_like(s);
	if ((m = magnet_parse(s, size, err)) != NULL) {
		link = magnet_format(m);
		again = magnet_parse(link, strlen(link), err);
		if (again == NULL || again->ntrackers != m->ntrackers ||
		    again->npeers != m->npeers ||
		    again->nranges != m->nranges ||
		    memcmp(again->infohash, m->infohash, SHA1_LEN) != 0)
			abort();
		relink = magnet_format(again);
		if (strcmp(link, relink) != 0)
			abort();
		free(relink);
		free(link);
		magnet_free(again);
		magnet_free(m);
	} else if (err[0] == '\0')
		abort();
	free(s);
	return 0;
}
