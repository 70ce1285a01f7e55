/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "peer/lsd.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A packet; what it says is read again from a packet of ours. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct lsd_msg	m, again;
	const uint8_t		*hashes[LSD_HASHES_MAX];
	char			out[LSD_PACKET_MAX];
	uint32_t		i;

	if (lsd_parse(&m, (const char *)data, size, "cookie") == -1)
		return 0;
	if (m.port == 0 || m.nhashes == 0 || m.nhashes > LSD_READ_MAX)
		abort();
	for (i = 0; i < m.nhashes && i < LSD_HASHES_MAX; i++)
		hashes[i] = m.hashes[i];
	if (lsd_parse(&again, out, lsd_build(out, size % 2, m.port, hashes, i,
	    "cookie"), "cookie") == -1 || again.nhashes != i ||
	    !again.ours || again.port != m.port ||
	    memcmp(again.hashes, m.hashes, 20 * (size_t)i) != 0)
		abort();
	return 0;
}
