/* SPDX-License-Identifier: ISC */
#include "crc32c.h"

uint32_t
crc32c(const uint8_t *p, size_t n)
{
	uint32_t	crc = UINT32_MAX;
	int		bit;

	for (; n > 0; n--) {
		crc ^= *p++;
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78U : 0);
	}
	return ~crc;
}
