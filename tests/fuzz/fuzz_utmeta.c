/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "peer/utmeta.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A message of ut_metadata; ours is read as it was meant. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct utmeta	m, again;
	uint8_t		out[UTMETA_HEAD_MAX];
	size_t		n;

	if (utmeta_parse(&m, data, size) == -1)
		return 0;
	if (m.len > size || m.data + m.len != data + size)
		abort();
	if (m.type == UTMETA_OTHER)
		return 0;
	n = utmeta_build(out, m.type, m.piece, m.total);
	if (n >= sizeof(out) || utmeta_parse(&again, out, n) == -1 ||
	    again.type != m.type || again.piece != m.piece ||
	    (m.type == UTMETA_DATA && again.total != m.total))
		abort();
	return 0;
}
