/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "peer/utp_refuse.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is answered was an ST_SYN, and the answer has none. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t	out[UTP_HEADER], again[UTP_HEADER];

	if (!utp_refuse(out, data, size))
		return 0;
	if (size < UTP_HEADER || size > UTP_SYN_MAX || data[0] != 0x41 ||
	    out[0] != 0x31 || memcmp(out + 2, data + 2, 2) != 0 ||
	    memcmp(out + 18, data + 16, 2) != 0 ||
	    utp_refuse(again, out, sizeof(out)))
		abort();
	return 0;
}
