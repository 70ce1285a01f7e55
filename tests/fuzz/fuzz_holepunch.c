/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "peer/holepunch.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct holepunch	h, again;
	uint8_t			out[HOLEPUNCH_OUT_MAX];

	if (holepunch_parse(&h, data, size) == -1)
		return 0;
	if (h.type > HOLEPUNCH_ERROR ||
	    (h.type != HOLEPUNCH_ERROR && h.error != 0))
		abort();
	if (holepunch_parse(&again, out, holepunch_build(out, &h)) == -1 ||
	    again.type != h.type || again.error != h.error ||
	    addr_cmp(&again.addr, &h.addr) != 0)
		abort();
	return 0;
}
