/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "crc32c.h"
#include "nodeid.h"

int
id_cmp(const uint8_t *target, const uint8_t *a, const uint8_t *b)
{
	uint8_t	x, y;
	int	i;

	for (i = 0; i < ID_LEN; i++) {
		if (a[i] == b[i])
			continue;
		x = a[i] ^ target[i];
		y = b[i] ^ target[i];
		return x < y ? -1 : 1;
	}
	return 0;
}

unsigned
id_common(const uint8_t *a, const uint8_t *b)
{
	unsigned	n;
	uint8_t		x;

	for (n = 0; n < ID_LEN && a[n] == b[n]; n++)
		;
	if (n == ID_LEN)
		return ID_BITS;
	x = a[n] ^ b[n];
	return n * 8 + (unsigned)__builtin_clz(x) - 24;
}

/* The bits of the address that count, and r's three. */
static uint32_t
id_crc(const struct addr *a, uint8_t r)
{
	static const uint8_t	v4[] = { 0x03, 0x0f, 0x3f, 0xff };
	static const uint8_t	v6[] = {
		0x01, 0x03, 0x07, 0x0f, 0x1f, 0x3f, 0x7f, 0xff
	};
	bool			is_v4 = addr_is_v4(a);
	const uint8_t		*mask = is_v4 ? v4 : v6;
	const uint8_t		*ip = is_v4 ? a->ip + 12 : a->ip;
	uint8_t			buf[sizeof(v6)];
	size_t			i, n = is_v4 ? sizeof(v4) : sizeof(v6);

	for (i = 0; i < n; i++)
		buf[i] = ip[i] & mask[i];
	buf[0] |= (uint8_t)((r & 7) << 5);
	return crc32c(buf, n);
}

void
id_bind(uint8_t id[ID_LEN], const struct addr *a)
{
	uint32_t	crc = id_crc(a, id[ID_LEN - 1]);

	id[0] = (uint8_t)(crc >> 24);
	id[1] = (uint8_t)(crc >> 16);
	id[2] = (uint8_t)((crc >> 8 & 0xf8) | (id[2] & 7));
}

bool
id_fits(const uint8_t *id, const struct addr *a)
{
	uint32_t	crc;

	if (addr_class(a) != ADDR_GLOBAL)
		return true;
	crc = id_crc(a, id[ID_LEN - 1]);
	return id[0] == (uint8_t)(crc >> 24) &&
	    id[1] == (uint8_t)(crc >> 16) &&
	    (id[2] & 0xf8) == (crc >> 8 & 0xf8);
}

void
id_beside(uint8_t id[ID_LEN], const uint8_t *own, unsigned common)
{
	unsigned	n = common / 8, bit = common % 8;
	uint8_t		keep;

	memcpy(id, own, n);
	if (n == ID_LEN)
		return;
	/* The bits before are the same, this one is not, the rest any. */
	keep = (uint8_t)(0xff00 >> bit);
	id[n] = (uint8_t)((own[n] & keep) | (id[n] & ~keep));
	id[n] = (uint8_t)((id[n] & ~(0x80 >> bit)) |
	    (~own[n] & 0x80 >> bit));
}
