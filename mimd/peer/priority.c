/* SPDX-License-Identifier: ISC */
#include <stddef.h>
#include <string.h>

#include "crc32c.h"
#include "priority.h"

#define KEEP_V4		2	/* bytes that always count */
#define KEEP_V6		6
#define MASK		0x55	/* of the others */

static uint32_t
crc_pair(const uint8_t *a, const uint8_t *b, size_t n)
{
	uint8_t	buf[32];
	int	swap = memcmp(a, b, n) > 0;

	memcpy(buf, swap ? b : a, n);
	memcpy(buf + n, swap ? a : b, n);
	return crc32c(buf, 2 * n);
}

static uint32_t
crc_ports(uint16_t a, uint16_t b)
{
	uint8_t	pa[2] = { (uint8_t)(a >> 8), (uint8_t)a };
	uint8_t	pb[2] = { (uint8_t)(b >> 8), (uint8_t)b };

	return crc_pair(pa, pb, sizeof(pa));
}

uint32_t
peer_priority(const struct addr *a, const struct addr *b)
{
	uint8_t	ma[16], mb[16];
	size_t	from = 0, keep = KEEP_V6, i;

	if (addr_cmp_ip(a, b) == 0)
		return crc_ports(a->port, b->port);
	if (addr_is_v4(a) && addr_is_v4(b)) {
		from = 12;
		keep = KEEP_V4;
	}
	memcpy(ma, a->ip, sizeof(ma));
	memcpy(mb, b->ip, sizeof(mb));
	/* All that agrees counts, and the first byte that does not. */
	for (i = from; ma[i] == mb[i]; i++)
		;
	if (i - from >= keep)
		keep = i - from + 1;
	for (i = from + keep; i < sizeof(ma); i++) {
		ma[i] &= MASK;
		mb[i] &= MASK;
	}
	return crc_pair(ma + from, mb + from, sizeof(ma) - from);
}
