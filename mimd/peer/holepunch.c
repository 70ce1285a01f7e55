/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "holepunch.h"
#include "wire.h"

#define V4_LEN	8U		/* type, family, address, port */
#define V6_LEN	20U
#define ERR_LEN	4U

int
holepunch_parse(struct holepunch *h, const uint8_t *p, size_t n)
{
	size_t	len;

	if (n < 2 || p[0] > HOLEPUNCH_ERROR || p[1] > 1)
		return -1;
	len = p[1] == 0 ? V4_LEN : V6_LEN;
	if (n != len + ERR_LEN && (n != len || p[0] == HOLEPUNCH_ERROR))
		return -1;
	h->type = p[0];
	if (p[1] == 0)
		addr_from_compact4(&h->addr, p + 2);
	else
		addr_from_compact6(&h->addr, p + 2);
	h->error = h->type == HOLEPUNCH_ERROR ? wire_get32(p + len) : 0;
	return 0;
}

size_t
holepunch_build(uint8_t out[HOLEPUNCH_OUT_MAX], const struct holepunch *h)
{
	bool	v4 = addr_is_v4(&h->addr);
	size_t	len = v4 ? 4 : 16;

	out[0] = h->type;
	out[1] = v4 ? 0 : 1;
	memcpy(out + 2, v4 ? h->addr.ip + 12 : h->addr.ip, len);
	out[2 + len] = (uint8_t)(h->addr.port >> 8);
	out[3 + len] = (uint8_t)h->addr.port;
	wire_put32(out + 4 + len, h->error);
	return len + 4 + ERR_LEN;
}

bool
holepunch_may(struct holepunch_budget *b, uint64_t now)
{
	uint64_t	back = (now - b->at) / HOLEPUNCH_MS;

	if (b->spent == 0 || back >= b->spent) {
		b->spent = 0;
		b->at = now;
	} else {
		b->spent = (uint8_t)(b->spent - back);
		b->at += back * HOLEPUNCH_MS;
	}
	if (b->spent == HOLEPUNCH_BURST)
		return false;
	b->spent++;
	return true;
}
