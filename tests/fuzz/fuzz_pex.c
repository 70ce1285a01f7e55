/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "peer/pex.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A message, and what is left of it by who told it; ours is read as meant. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const	tellers[] = { "8.8.8.8", "10.0.0.1" };
	static struct pex_msg		m, again;
	struct addr			teller;
	uint8_t				out[PEX_OUT_MAX];
	uint32_t			i, n;

	if (size == 0 || pex_parse(&m, data + 1, size - 1) == -1)
		return 0;
	n = m.nadded;
	if (n > 2 * PEX_READ_MAX)
		abort();
	if (addr_parse(&teller, tellers[data[0] % 2], 1) == -1)
		abort();
	pex_sift(&teller, &m);
	if (m.nadded > n)
		abort();
	for (i = 0; i < m.nadded; i++)
		if (m.added[i].addr.port == 0 ||
		    addr_class(&m.added[i].addr) == ADDR_UNUSABLE)
			abort();
	if (m.nadded > PEX_ADDED_MAX)
		m.nadded = PEX_ADDED_MAX;
	if (pex_parse(&again, out, pex_build(out, &m)) == -1 ||
	    again.nadded > m.nadded)
		abort();
	return 0;
}
